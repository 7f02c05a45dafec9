"""The real population, migration and market access of SberIndex's municipal data set.

They stand on ``mo_ref.xlsx``: municipalities of the first level with their years and ids.
"""

from datetime import date
from decimal import Decimal

import pytest
import python_calamine as calamine
from django.db.models import Max, Min, Sum

from annual_report.models import ImportMapping, Indicator, Observation, Section
from okmo_portal.organisations.models import Municipality, Region, TerritoryCode
from okmo_portal.organisations.oktmo import check_digit
from tests.annual_report.test_observations_import import Import
from tests.factories.observations import make_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def folder(shared_data):
    folder = shared_data / "sberindex-bdmo"
    if not (folder / "2_bdmo_population.parquet").is_file():
        pytest.skip("the folder shared/data/sberindex-bdmo with real observations is not here")
    return folder


def mo_ref(folder):
    rows = calamine.CalamineWorkbook.from_path(folder / "mo_ref.xlsx").get_sheet_by_index(0)
    header, *records = rows.to_python()
    return [dict(zip(header, record, strict=True)) for record in records]


@pytest.fixture
def register(folder):
    """Every record of mo_ref as a municipality of its years, under its own id."""
    region = Region.objects.get(code="40")
    municipalities, codes = [], []
    for row in mo_ref(folder):
        code = row["oktmo"].replace("-", "")[:8]
        begins, ends = int(row["year_from"]), int(row["year_to"])
        municipality = Municipality(
            oktmo=code, check_digit=check_digit(code), name=row["municipal_district_name"],
            kind="municipal_district", region=region, sort_key=row["municipal_district_name"],
            valid_from=date(begins, 1, 1), valid_to=date(ends, 1, 1) if ends < 9999 else None,
        )  # fmt: skip
        municipalities.append(municipality)
        codes.append(
            TerritoryCode(
                system="mo_ref",
                code=str(int(row["territory_id"])),
                municipality=municipality,
                year_from=begins,
                year_to=ends if ends < 9999 else None,
            )
        )
    Municipality.objects.bulk_create(municipalities)
    TerritoryCode.objects.bulk_create(codes)


@pytest.fixture
def take(tmp_path, register):
    section = Section.objects.create(code="A", title="Территория", title_en="Territory", order=1)
    common = {
        "section": section, "definition": "Определение.", "unit_en": "people", "source": "Росстат",
        "owner": "отдел", "aggregation": "sum", "title_en": "T",
    }  # fmt: skip
    for code, title, kind, least, most in (
        ("A05", "Население на 1 января", "integer", 0, 15_000_000),
        ("A14", "Миграционный прирост", "integer", -1_000_000, 1_000_000),
        ("A15", "Доступность рынков", "decimal", 0, 1000),
    ):
        Indicator.objects.create(
            code=code, title=title, unit="чел.", value_type=kind, decimals=1,
            min_value=least, max_value=most, **common,
        )  # fmt: skip
    return Import(tmp_path)


def make_mapping(name, indicator, *, options=None, territory=None, period=None, value="value"):
    dataset = make_dataset(name, is_federal=True)
    columns = {
        "territory": territory or {"column": "territory_id", "system": "mo_ref"},
        "indicator": {"code": indicator},
        "period": period or {"column": "year"},
        "values": [{"column": value}],
    }
    return ImportMapping.objects.create(
        name=name, dataset=dataset, columns=columns, options=options or {}
    )


TOTAL = {
    "filters": [{"column": "age", "values": ["Всего"]}],
    "sum_over": [{"column": "gender", "values": ["Мужчины", "Женщины"]}],
}


def link(take, folder, name):
    (take.folder / name).symlink_to(folder / name)
    return name


def counts(run):
    return {
        name: getattr(run, name)
        for name in ("read", "new", "unchanged", "folded", "duplicates", "left_out", "refused")
        if getattr(run, name)
    }


def total(dataset, year):
    rows = Observation.objects.filter(dataset__code=dataset, year=year)
    return int(rows.aggregate(total=Sum("value"))["total"])


def test_real_files_give_exact_counts(take, folder):
    """The figures were counted apart from the portal, with pandas over the same files."""
    population(take, folder)
    migration(take, folder)
    market_access(take, folder)


def population(take, folder):
    mapping = make_mapping(
        "population", "A05", options=TOTAL, period={"column": "year", "shift": -1}
    )
    name = link(take, folder, "2_bdmo_population.parquet")
    run = take(None, name=name, mapping="population")
    assert counts(run) == {
        "read": 700215, "new": 4788, "folded": 4788, "duplicates": 16, "left_out": 690581,
        "refused": 42,
    }  # fmt: skip
    assert run.refused_by == {"not_in_year": 24, "empty": 16, "incomplete_sum": 2}
    assert (total("population", 2022), total("population", 2023)) == (134754554, 132156864)
    # Павловский Посад stands twice, under the id it had before 2024 and under the one it got.
    refused = {
        row["Код территории"] for row in take.rejected if "не было" in row["Почему отклонено"]
    }
    assert refused == {"728", "955", "1455", "1470", "1471", "2102", "3014"}
    assert counts(take(None, name=name, mapping="population"))["unchanged"] == 4788
    # The same figures by OKTMO code, from the derived CSV, name the same municipalities.
    mapping.columns["territory"] = {"column": "oktmo8"}
    mapping.options = {"sum_over": TOTAL["sum_over"]}
    mapping.save()
    run = take(None, name=link(take, folder, "population_total_DERIVED.csv"), mapping="population")
    assert counts(run) == {"read": 9594, "unchanged": 4788, "folded": 4788, "refused": 18}
    assert run.refused_by == {"empty": 16, "incomplete_sum": 2}


def migration(take, folder):
    mapping = make_mapping("migration", "A14", options=TOTAL)
    run = take(None, name=link(take, folder, "3_bdmo_migration.parquet"), mapping="migration")
    assert counts(run) == {
        "read": 106224, "new": 2469, "folded": 2469, "duplicates": 10, "left_out": 101207,
        "refused": 69,
    }  # fmt: skip
    assert run.refused_by == {"incomplete_sum": 29, "empty": 28, "not_in_year": 12}
    assert total("migration", 2023) == 280157
    mapping.columns["territory"] = {"column": "oktmo8"}
    mapping.options = {"sum_over": TOTAL["sum_over"]}
    mapping.save()
    run = take(None, name=link(take, folder, "migration_total_DERIVED.csv"), mapping="migration")
    assert counts(run) == {"read": 4995, "unchanged": 2469, "folded": 2469, "refused": 57}


def market_access(take, folder):
    make_mapping("market", "A15", period={"year": 2024}, value="market_access")
    run = take(None, name=link(take, folder, "1_market_access.parquet"), mapping="market")
    assert counts(run) == {"read": 2571, "new": 2571}
    values = Observation.objects.filter(dataset__code="market").aggregate(
        Min("value"), Max("value")
    )
    assert values == {"value__min": Decimal("110.3"), "value__max": 1000}
