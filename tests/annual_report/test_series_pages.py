"""Public pages of series: only published values, transformations with their law, both languages."""

import csv
import io
from datetime import date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from annual_report.models import (
    Answer,
    AnswerRevision,
    Campaign,
    Correction,
    Dataset,
    Indicator,
    IndicatorVersion,
    Observation,
    Report,
    Snapshot,
    Submission,
)
from annual_report.services.campaigns import create_submissions
from okmo_portal.documents.services import store_bytes
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
)
from tests.factories import people
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db

LAW = "Закон Калужской области от 01.12.2023 № 401-ОЗ"
FROZEN = datetime(2030, 1, 1, tzinfo=timezone.get_default_timezone())


class Reports:
    """Published years made in bulk: municipality → indicator code → value."""

    def __init__(self):
        self.form = make_form()
        self.staff = people.congress_staff()
        self.indicators = {item.code: item for item in Indicator.objects.all()}

    def publish(self, year, filed, *, published=True, state="approved"):
        campaign = Campaign.objects.create(
            form=self.form, year=year, title=f"Доклад за {year} год", state="closed",
            register_date=date(year + 1, 1, 1), opens_on=date(year + 1, 1, 20),
            municipality_deadline=date(year + 1, 3, 1), council_deadline=date(year + 1, 4, 1),
            congress_deadline=date(year + 1, 5, 1),
        )  # fmt: skip
        for municipality, values in filed.items():
            submission = Submission.objects.create(
                campaign=campaign, municipality=municipality, region=municipality.region,
                state=state, submitted_at=FROZEN, submitted_by=self.staff,
                decided_at=datetime(2029, 1, 1, tzinfo=FROZEN.tzinfo), decided_by=self.staff,
            )  # fmt: skip
            for code, value in values.items():
                Answer.objects.create(
                    submission=submission, indicator=self.indicators[code], value=value
                )
        snapshot = Snapshot.objects.create(
            campaign=campaign, path=f"snapshots/{year}", sha256="0" * 64, rows=1, municipalities=1,
            expected=1, created_by=self.staff,
        )  # fmt: skip
        report = Report.objects.create(
            campaign=campaign, title="Доклад", title_en="Report", summary="", summary_en="",
            snapshot=snapshot,
        )  # fmt: skip
        if published:
            report.pdf = store_bytes(
                content=b"%PDF-1.4", name="report.pdf", content_type="application/pdf",
                by=self.staff, subject=report,
            )  # fmt: skip
            report.state, report.published_at = "published", FROZEN
            report.save()
        # The snapshot is of now; everything above was approved long after, so move time back.
        Submission.objects.filter(campaign=campaign).update(
            decided_at=snapshot.created_at, submitted_at=snapshot.created_at
        )
        return campaign


@pytest.fixture
def published():
    return Reports()


@pytest.fixture
def districts():
    return (
        people.MunicipalityFactory(oktmo="29611000", name="Первый район"),
        people.MunicipalityFactory(oktmo="29612000", name="Второй район"),
    )


def merge(*old, day=date(2024, 6, 1)):
    return record_transformation(
        kind="merge", date=day, law=LAW, predecessors=old, by=None,
        successors=[NewMunicipality("29511000", "Общий округ", Kind.MUNICIPAL_OKRUG)],
    ).successors.get()  # fmt: skip


@pytest.fixture
def story(published, districts):
    """Two districts reported 2022 and 2023; since June 2024 one okrug, which reported 2024."""
    one, two = districts
    published.publish(2022, {one: {"C01": 10, "C02": 5}, two: {"C01": 100, "C02": 90}})
    published.publish(2023, {one: {"C01": 12, "C02": 6}, two: {"C01": 98, "C02": 80}})
    okrug = merge(one, two)
    published.publish(2024, {okrug: {"C01": 105, "C02": 84}})
    return okrug


def get(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def rows_of(client, path):
    text = get(client, path).lstrip("\ufeff")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def today_of(client, oktmo, code):
    rows = rows_of(client, f"/report/municipalities/{oktmo}/{code}/series.csv")
    return {
        int(row["year"]): (row["value"], row["status"]) for row in rows if row["series"] == "today"
    }


def test_page_shows_both_series_with_the_law(client, story):
    text = get(client, "/report/municipalities/29511000/C01/")
    assert "<h1>Должности</h1>" in text
    assert "В нынешних границах" in text
    assert "Сложено из значений предшественников" in text
    assert "Первый район: 10,0; Второй район: 100,0" in text
    assert LAW in text
    assert "Источник: Ежегодный доклад о состоянии местного самоуправления" in text
    assert "stroke-dasharray" in text
    assert today_of(client, "29511000", "C01") == {
        2022: ("110", "summed"), 2023: ("110", "summed"), 2024: ("105", "own"),
    }  # fmt: skip


def test_ratio_on_the_page_is_recomputed(client, story):
    values = today_of(client, "29511000", "C07")
    assert values == {
        2022: ("86.363636", "recomputed"), 2023: ("78.181818", "recomputed"), 2024: ("80", "own"),
    }  # fmt: skip


def test_file_holds_what_each_reported(client, story):
    rows = rows_of(client, "/report/municipalities/29511000/C01/series.csv")
    was = [
        (row["year"], row["oktmo"], row["value"]) for row in rows if row["series"] == "as_it_was"
    ]
    assert was == [
        ("2022", "29611000", "10"), ("2023", "29611000", "12"), ("2022", "29612000", "100"),
        ("2023", "29612000", "98"), ("2024", "29511000", "105"),
    ]  # fmt: skip
    assert rows[0]["made_of"] == "29611000 29612000"


def test_page_speaks_english(client, story):
    with translation.override("ru"):
        text = get(client, "/en/report/municipalities/29511000/C01/")
    for words in ("In today&#x27;s borders", "Summed from the predecessors", "Merger", "Posts"):
        assert words in text, words


def test_gone_municipality_has_its_own_past(client, story, districts):
    assert today_of(client, "29611000", "C01") == {
        2022: ("10", "own"), 2023: ("12", "own"), 2024: ("", "no_data"),
    }  # fmt: skip


def test_unpublished_unapproved_and_later_values_do_not_leak(client, published, districts):
    one, two = districts
    published.publish(2022, {one: {"C01": 10}})
    published.publish(2023, {one: {"C01": 666}}, published=False)
    published.publish(2024, {one: {"C01": 777}}, state="returned")
    late = published.publish(2025, {one: {"C01": 888}})
    Submission.objects.filter(campaign=late).update(decided_at=FROZEN)
    assert today_of(client, "29611000", "C01") == {2022: ("10", "own")}
    for path in ("29611000/C01/", "29611000/series/"):
        text = get(client, f"/report/municipalities/{path}")
        assert not [word for word in ("666", "777", "888") if word in text]


def test_correction_after_the_report_does_not_change_what_was_published(
    client, published, districts
):
    one, _two = districts
    campaign = published.publish(2022, {one: {"C01": 10, "C02": 5}})
    submission = campaign.submissions.get()
    for number, (code, new) in enumerate((("C01", 20), ("C01", 30)), start=1):
        answer = submission.answers.get(indicator__code=code)
        correction = Correction.objects.create(
            submission=submission, number=number, state="applied", reason="Ошибка",
            by=published.staff, decided_by=published.staff, decided_at=FROZEN,
        )  # fmt: skip
        AnswerRevision.objects.create(
            submission=submission, indicator=answer.indicator, revision=answer.revision,
            value=answer.value, replaced_by=correction,
        )  # fmt: skip
        answer.value, answer.revision = new, answer.revision + 1
        answer.save()
    assert today_of(client, "29611000", "C01") == {2022: ("10", "own")}
    assert today_of(client, "29611000", "C07") == {2022: ("50", "own")}


def test_observations_fill_years_without_a_report_and_name_their_source(
    client, published, districts
):
    one, _two = districts
    dataset = Dataset.objects.create(
        code="bdmo", title="БДПМО", publisher="Росстат", source="Росстат, БДПМО",
        source_en="Rosstat, BDMO",
    )  # fmt: skip
    for year, value in ((2021, 8), (2022, 9)):
        Observation.objects.create(
            dataset=dataset, indicator=published.indicators["C01"], municipality=one, year=year,
            value=value,
        )  # fmt: skip
    published.publish(2022, {one: {"C01": 10}})
    assert today_of(client, "29611000", "C01") == {2021: ("8", "own"), 2022: ("10", "own")}
    text = get(client, "/report/municipalities/29611000/C01/")
    assert "Источник: Росстат, БДПМО; Ежегодный доклад" in text.replace(
        "Ежегодный доклад о состоянии местного самоуправления; Росстат, БДПМО",
        "Росстат, БДПМО; Ежегодный доклад",
    )


def test_units_are_converted_and_a_break_is_marked(client, published, districts):
    one, _two = districts
    for year, value in ((2020, 1), (2021, 2), (2022, 3000), (2023, 4000)):
        published.publish(year, {one: {"C01": value}})
    common = {"indicator": published.indicators["C01"], "unit": "ед.", "unit_en": "units"}
    common |= {"title": "Должности", "title_en": "Posts", "definition": "О", "source": "учёт"}
    for number, from_year, conversion in ((1, 2000, None), (2, 2021, None), (3, 2022, 1000)):
        IndicatorVersion.objects.update_or_create(
            indicator=common["indicator"], number=number,
            defaults=common | {"from_year": from_year, "conversion": conversion,
                               "note": f"Причина {number}"},
        )  # fmt: skip
    assert today_of(client, "29611000", "C01") == {
        2020: ("1", "own"), 2021: ("2000", "own"), 2022: ("3000", "own"), 2023: ("4000", "own"),
    }  # fmt: skip
    text = get(client, "/report/municipalities/29611000/C01/")
    assert "разрыв ряда, прежние значения несопоставимы. Причина 2" in text
    assert "прежние значения умножены на 1\u00a0000 (теперь ед.). Причина 3" in text
    assert "≠" in text
    assert "До разрыва ряда" in text


def test_divided_municipality_is_compared_together(client, published):
    whole = people.MunicipalityFactory(oktmo="29715000", name="Целый округ", kind=Kind.URBAN_OKRUG)
    published.publish(2022, {whole: {"C01": 100}})
    parts = record_transformation(
        kind="split", date=date(2023, 1, 1), law=LAW, predecessors=[whole], by=None,
        successors=[
            NewMunicipality("29715000", "Целый округ", Kind.URBAN_OKRUG),
            NewMunicipality("29716000", "Отделённый округ", Kind.URBAN_OKRUG),
        ],
    ).successors.order_by("oktmo")  # fmt: skip
    published.publish(2023, {parts[0]: {"C01": 70}, parts[1]: {"C01": 28}})
    assert today_of(client, "29715000", "C01") == {2022: ("", "divided"), 2023: ("70", "own")}
    text = get(client, "/report/municipalities/29715000/C01/")
    assert "Несопоставимо: территория была разделена" in text
    assert "Отделённый округ" in text
    assert '<td class="num" data-label="Вместе">98,0</td>' in text
    assert "Целый округ: 100,0" in text


def test_list_and_panel_offer_what_there_is(client, story):
    text = get(client, "/report/municipalities/29511000/series/")
    assert "/report/municipalities/29511000/C01/" in text
    assert "/report/municipalities/29511000/C07/" in text
    assert "/report/municipalities/29511000/C04/" not in text
    assert "/report/municipalities/29511000/series/" in get(
        client, "/territory/municipality/29511000/"
    )
    people.MunicipalityFactory(oktmo="29613000", name="Третий район")
    assert "series/" not in get(client, "/territory/municipality/29613000/")
    assert "Значений пока нет" in get(client, "/report/municipalities/29613000/C01/")


def test_record_picks_one_of_a_codes_holders(client, story, districts):
    one, _two = districts
    people.MunicipalityFactory(oktmo="29611000", name="Чужой район", valid_from=date(2025, 1, 1))
    assert "Чужой район" in get(client, "/report/municipalities/29611000/C01/")
    text = get(client, f"/report/municipalities/29611000/C01/?record={one.pk}")
    assert "Первый район" in text
    assert f"series.csv?record={one.pk}" in text
    for record in ("0", "x", str(story.pk)):
        assert (
            client.get(f"/report/municipalities/29611000/C01/?record={record}").status_code == 404
        )


def test_unknown_places_are_not_found(client, story):
    for path in (
        "municipalities/00000000/C01/", "municipalities/29511000/Z99/", "series/region/00/C01/",
        "series/kind/village/C01/", "municipalities/00000000/series/",
    ):  # fmt: skip
        assert client.get(f"/report/{path}").status_code == 404, path


def test_region_and_kind_are_told_of_then_and_of_today(client, story):
    third = people.MunicipalityFactory(oktmo="29613000", name="Третий район")
    assert third.region == story.region
    rows = rows_of(client, "/report/series/kind/municipal_okrug/C01/series.csv")
    told = {(row["year"], row["series"]): (row["value"], row["reported"], row["expected"])
            for row in rows}  # fmt: skip
    assert told[("2022", "as_it_was")] == ("", "0", "0")
    assert told[("2022", "today")] == ("110", "2", "2")
    assert told[("2024", "today")] == ("105", "1", "1")
    text = get(client, "/report/series/kind/municipal_okrug/C01/")
    assert "2 из 2" in text
    region = rows_of(client, "/report/series/region/40/C01/series.csv")
    assert {(row["series"], row["reported"], row["expected"]) for row in region if row["year"] == "2022"} == {
        ("as_it_was", "2", "3"), ("today", "2", "3"),
    }  # fmt: skip


def test_kept_series_is_renewed_by_a_transformation(client, story, districts):
    path = "/report/series/kind/municipal_okrug/C01/series.csv"
    first = rows_of(client, path)
    with CaptureQueriesContext(connection) as queries:
        assert rows_of(client, path) == first
    assert len(queries) <= 8
    record_transformation(
        kind="kind", date=date(2025, 1, 1), law=LAW, predecessors=[story], by=None,
        successors=[NewMunicipality("29711000", "Городской округ", Kind.URBAN_OKRUG)],
    )  # fmt: skip
    assert rows_of(client, path) != first


def test_queries_do_not_grow_with_years_and_predecessors(client, published, districts, story):
    def count():
        with CaptureQueriesContext(connection) as queries:
            get(client, "/report/municipalities/29511000/C01/")
        return len(queries)

    before = count()
    published.publish(2021, {districts[0]: {"C01": 1}, districts[1]: {"C01": 2}})
    published.publish(2020, {districts[0]: {"C01": 1}, districts[1]: {"C01": 2}})
    assert count() == before


def test_campaign_of_a_past_year_asks_those_that_existed_then(published, story, districts):
    """Abolished since: a form for 2019 is still the districts', not the okrug's."""
    campaign = Campaign.objects.create(
        form=published.form, year=2019, title="Доклад за 2019 год", register_date=date(2020, 1, 1),
        opens_on=date(2020, 1, 20), municipality_deadline=date(2020, 3, 1),
        council_deadline=date(2020, 4, 1), congress_deadline=date(2020, 5, 1),
    )  # fmt: skip
    create_submissions(campaign=campaign)
    assert {row.municipality for row in campaign.submissions.all()} == set(districts)
