"""Pivot tables: exact figures, coverage, units of other years, and the page that shows them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annual_report.analysis import IndicatorInfo
from annual_report.models import IndicatorVersion
from annual_report.pivot import TOTAL, make_pivot
from annual_report.services import cubes
from annual_report.services import reports as report_services
from annual_report.services.snapshots import create_snapshot
from tests.annual_report.test_reports import built_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people
from tests.factories.report import make_campaign

SUM = IndicatorInfo("C01", "sum", 0, "ед.")
RATIO = IndicatorInfo("C07", "ratio", 1, "%", "C02", "C01", 100.0)
SHARE = IndicatorInfo("B06", "share", 0, "да/нет")
MEDIAN = IndicatorInfo("C05", "median", 0, "руб.")
TOWNS_ONLY = IndicatorInfo("C01", "sum", 0, "ед.", kinds=("urban_okrug",))


def table(rows):
    """Rows of (region, kind, size, C01, C02)."""
    return pl.DataFrame(
        [
            (f"{number:08d}", f"М{number}", kind, region, "ЦФО", "", size, True, c01, c02)
            for number, (region, kind, size, c01, c02) in enumerate(rows)
        ],
        schema={
            "oktmo": pl.String, "name": pl.String, "kind": pl.String, "region": pl.String,
            "district": pl.String, "parent": pl.String, "size": pl.String, "filed": pl.Boolean,
            "C01": pl.Float64, "C02": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


ROWS = [
    ("40", "urban_okrug", "to_1k", 10.0, 5.0),
    ("40", "urban_okrug", "to_1k", 100.0, 10.0),
    ("40", "rural_settlement", "to_1k", 90.0, 25.0),
    ("40", "rural_settlement", "1k_3k", None, 7.0),
    ("29", "rural_settlement", "1k_3k", 4.0, 1.0),
]


def test_sums_and_ratios_of_sums_by_region_and_kind():
    pivot = make_pivot({2025: table(ROWS)}, [SUM, RATIO], rows="region", columns="kind")
    assert pivot.rows == ["29", "40"]
    assert pivot.columns == ["rural_settlement", "urban_okrug"]
    whole = pivot.get("C01", "40")
    assert (whole.value, whole.count, whole.expected) == (200, 3, 4)
    # 40 of 200; the mean of the three ratios would be 29.3, and the 7 without its whole is left out
    assert pivot.get("C07", "40").value == 20
    assert pivot.get("C01", "40", "urban_okrug").value == 110
    assert pivot.get("C01", TOTAL, "rural_settlement").value is None  # 2 of 3 answered: too few
    assert pivot.get("C01", TOTAL).value == 204


def test_group_with_few_answers_is_withheld_and_says_how_many():
    pivot = make_pivot({2025: table(ROWS)}, [SUM], rows="size")
    cell = pivot.get("C01", "1k_3k")
    assert (cell.value, cell.count, cell.expected) == (None, 1, 2)


def test_only_those_whom_the_indicator_concerns_are_expected():
    rows = [(r, k, s, c01 if k == "urban_okrug" else None, c02) for r, k, s, c01, c02 in ROWS]
    pivot = make_pivot({2025: table(rows)}, [TOWNS_ONLY], rows="nation")
    cell = pivot.get("C01", TOTAL)
    assert (cell.value, cell.count, cell.expected) == (110, 2, 2)


def test_filters_narrow_and_years_become_rows():
    tables = {2024: table(ROWS[:3]), 2025: table(ROWS)}
    pivot = make_pivot(tables, [SUM], rows="year", filters={"kind": "urban_okrug", "region": ""})
    assert {row: pivot.get("C01", row).value for row in pivot.rows} == {"2024": 110, "2025": 110}


def test_settlements_are_not_counted_with_their_district_and_alone():
    rows = [
        ("40", "municipal_district", "to_1k", 100.0, 1.0),
        ("40", "rural_settlement", "to_1k", 60.0, 1.0),
        ("40", "rural_settlement", "to_1k", 40.0, 1.0),
        ("40", "rural_settlement", "to_1k", 1.0, 1.0),
        ("40", "urban_okrug", "to_1k", 50.0, 1.0),
    ]
    nested = IndicatorInfo("C01", "sum", 0, "чел.", nested=True)
    whole = make_pivot({2025: table(rows)}, [nested], rows="region").get("C01", "40")
    assert (whole.value, whole.count, whole.expected) == (150, 2, 2)
    pivot = make_pivot({2025: table(rows)}, [nested], rows="kind")
    assert pivot.get("C01", "rural_settlement").value == 101
    assert pivot.get("C01", TOTAL).value == 150
    assert make_pivot({2025: table(rows)}, [SUM], rows="region").get("C01", "40").value == 251


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["29", "40", "77"]),
            st.sampled_from(["urban_okrug", "rural_settlement"]),
            st.sampled_from(["to_1k", "1k_3k"]),
            st.integers(0, 10**6).map(float) | st.none(),
            st.integers(0, 10**6).map(float) | st.none(),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_counts_add_up_to_the_total(rows):
    """Whatever is withheld, the parts' counts make the whole's."""
    pivot = make_pivot({2025: table(rows)}, [SUM, RATIO], rows="region", columns="kind")
    for code in ("C01", "C07"):
        total = pivot.get(code, TOTAL)
        parts = [cell for row in pivot.rows if (cell := pivot.get(code, row))]
        assert sum(cell.count for cell in parts) == total.count
        assert sum(cell.expected for cell in parts) == total.expected == len(rows)
    known = [c01 for *_rest, c01, _c02 in rows if c01 is not None]
    if pivot.get("C01", TOTAL).value is not None:
        assert pivot.get("C01", TOTAL).value == sum(known)


def test_computed_indicators_are_columns_of_the_cube(campaign):
    snapshot = create_snapshot(campaign=campaign, by=None)
    wide = cubes.open_years(snapshot, None, ["C07"])[2025]
    assert wide["C07"].to_list() == [50, 50, 50]


def test_cube_holds_everybody_who_was_asked(campaign):
    silent = people.MunicipalityFactory()
    campaign.submissions.create(municipality=silent, region=silent.region)
    snapshot = create_snapshot(campaign=campaign, by=None)
    wide = cubes.open_years(snapshot, None, ["oktmo", "filed", "C01", "Z99"])[2025]
    assert wide["filed"].sum() == 3
    assert wide.filter(oktmo=silent.oktmo).row(0) == (silent.oktmo, False, None, None)
    assert wide["C01"].sum() == 60


def next_year(campaign, conversion):
    """A snapshot of 2026, in which C01 has a new unit: by a factor, or with a break."""
    indicator = campaign.form.indicators.get(code="C01")
    texts = {"title": "Д", "title_en": "P", "unit": "шт.", "unit_en": "pcs", "definition": "О."}
    for number, year, factor in ((1, 2020, None), (2, 2026, conversion)):
        IndicatorVersion.objects.create(
            indicator=indicator, number=number, from_year=year, conversion=factor, **texts
        )
    campaign.state = "closed"
    campaign.save()
    return create_snapshot(campaign=make_campaign(campaign.form, year=2026), by=None)


@pytest.mark.parametrize(("conversion", "expected"), [("1000", 60_000), (None, None)])
def test_values_before_a_new_unit_are_converted_or_left_out(campaign, conversion, expected):
    create_snapshot(campaign=campaign, by=None)
    later = next_year(campaign, conversion)
    wide = cubes.open_years(later, [2025], ["C01"])[2025]
    assert (wide["C01"].sum() if expected else wide["C01"].null_count()) == (expected or 3)


@pytest.fixture
def published(campaign):
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    return report_services.publish_report(report=report, by=staff)


def test_page_shows_published_figures_to_everybody(published, client):
    text = client.get("/report/tables/?i=C01&rows=region").content.decode()
    assert "Калужская область" in text
    # The region and the total, and the map's table twin.
    assert text.count(">60,0") == 3
    assert published.snapshot.sha256[:12] in text


def test_unpublished_data_are_in_no_table(campaign, client):
    create_snapshot(campaign=campaign, by=None)
    text = client.get("/report/tables/?i=C01&rows=region").content.decode()
    assert "60,0" not in text
    assert "Данных пока нет" in text
    assert client.get("/report/tables/table.csv?i=C01").status_code == 404


def test_municipalities_are_shown_of_one_region(published, client):
    asked = client.get("/report/tables/?i=C01&rows=municipality").content.decode()
    assert "выберите субъект РФ" in asked
    text = client.get("/report/tables/?i=C01&rows=municipality&region=40").content.decode()
    assert text.count("Ясноборский") == 3


def test_years_are_not_added_up(published, client):
    text = client.get("/report/tables/?i=C01&rows=region&year=all").content.decode()
    assert '<th scope="col" class="num">2025</th></tr>' in text


@pytest.mark.parametrize(
    "query", ["i=Z99", "rows=x", "year=1", "region=%00", "cols=region&rows=region"]
)
def test_unknown_choices_fall_back(published, client, query):
    assert client.get(f"/report/tables/?{query}").status_code == 200


def test_downloads_hold_the_numbers_of_the_page(published, client):
    lines = client.get("/report/tables/table.csv?i=C01&rows=region").content.decode("utf-8-sig")
    assert lines.splitlines()[1] == "Калужская область;60.0;3;3"
    book = client.get("/report/tables/table.xlsx?i=C01&rows=region").content
    import io

    from python_calamine import load_workbook

    rows = load_workbook(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[1] == ["Калужская область", 60.0, 3.0, 3.0]


def test_history_of_a_few_is_what_the_wide_tables_hold(campaign):
    snapshot = create_snapshot(campaign=campaign, by=None)
    table = cubes.open_years(snapshot, None, ["oktmo", "C01", "C07"])[2025]
    last, first = table["oktmo"][-1], table["oktmo"][0]
    found = cubes.history_of(snapshot, [last, "00000000", first, "99999999"], ["C07", "C01", "Z99"])
    known = {row["oktmo"]: row for row in table.to_dicts()}
    for name in ("C01", "C07"):
        assert found[name].shape == (4, 1)
        assert found[name][0, 0] == known[last][name]
        assert found[name][2, 0] == known[first][name]
        assert np.isnan(found[name][[1, 3]]).all()
    assert np.isnan(found["Z99"]).all()


@pytest.mark.parametrize("conversion", [1000, None])
def test_history_before_a_new_unit_is_converted_or_left_out(campaign, conversion):
    first = create_snapshot(campaign=campaign, by=None)
    oktmo = cubes.open_years(first, None, ["oktmo"])[2025]["oktmo"][0]
    value = cubes.history_of(first, [oktmo], ["C01"])["C01"][0, 0]
    later = next_year(campaign, conversion)
    history = cubes.history_of(later, [oktmo], ["C01"])["C01"]
    expected = np.nan if conversion is None else value * 1000
    np.testing.assert_array_equal(history[0], [expected, np.nan])
