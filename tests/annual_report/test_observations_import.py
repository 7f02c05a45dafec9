"""The import through the command: what is taken, what is refused and why, to the last row."""

import csv
from decimal import Decimal
from io import StringIO

import polars as pl
import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from annual_report.models import (
    ImportMapping,
    Indicator,
    Observation,
    ObservationImport,
)
from okmo_portal.organisations.models import TerritoryCode
from tests.factories import people
from tests.factories.observations import make_dataset
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db

HEADER = "oktmo,indicator,period,value\n"
#: C01 is a decimal, C04 is whole; both from 0 to a billion here.
ALTAI, KALUGA = "01605000", "29605000"


@pytest.fixture
def dataset():
    make_form()
    Indicator.objects.filter(code__in=["C01", "C04"]).update(max_value=10**9)
    people.MunicipalityFactory(oktmo=ALTAI, name="Алейский район")
    people.MunicipalityFactory(oktmo=KALUGA, name="Боровский район")
    return make_dataset()


class Import:
    """Runs the command on a file; ``counts`` are those of the stored run."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, content, *arguments, name="file.csv", **options):
        path = self.folder / name
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            path.write_bytes(content)
        if "mapping" not in options:
            options.setdefault("dataset", "rosstat")
        out, rejected = StringIO(), self.folder / "rejected.csv"
        call_command(
            "import_observations", str(path), *arguments, stdout=out, rejected=rejected, **options
        )
        self.said = out.getvalue()
        self.rejected = list(
            csv.DictReader(StringIO(rejected.read_text("utf-8-sig")), delimiter=";")
        )
        run = ObservationImport.objects.order_by("-pk").first()
        if run:
            self.refused_by, self.repaired = run.refused_by, run.repaired
            assert run.read == (
                run.new + run.changed + run.unchanged + run.folded + run.duplicates
                + run.left_out + run.refused
            )  # fmt: skip
            assert run.refused == sum(run.refused_by.values()) == len(self.rejected)
        return run

    @property
    def lines(self):
        return [int(row["Строка"]) for row in self.rejected]


@pytest.fixture
def take(tmp_path, dataset):
    return Import(tmp_path)


def stored():
    rows = Observation.objects.order_by("municipality__oktmo", "indicator__code", "year")
    return [
        (row[0], row[1], row[2], row[3].normalize())
        for row in rows.values_list("municipality__oktmo", "indicator__code", "year", "value")
    ]


def counts(run):
    return [run.read, run.new, run.changed, run.unchanged, run.refused]


# --- forms and counts ------------------------------------------------------------------------------


def test_a_second_run_changes_nothing_and_a_revision_keeps_the_old_value(take):
    rows = f"{ALTAI},C01,2023,10\n{ALTAI},C01,2024,11.5\n{KALUGA},C04,2023,7\n"
    assert counts(take(HEADER + rows)) == [3, 3, 0, 0, 0]
    assert stored() == [
        (ALTAI, "C01", 2023, Decimal("10").normalize()),
        (ALTAI, "C01", 2024, Decimal("11.5")),
        (KALUGA, "C04", 2023, 7),
    ]
    first = Observation.objects.order_by("pk").values_list("pk", "taken_from", "value")
    before = list(first)
    assert counts(take(HEADER + rows)) == [3, 0, 0, 3, 0]
    assert list(first.all()) == before
    run = take(HEADER + rows.replace("11.5", "12"))
    assert counts(run) == [3, 0, 1, 2, 0]
    revised = Observation.objects.get(taken_from=run)
    assert (revised.value, revised.events.get().value) == (12, Decimal("11.5"))
    assert "из них изменено: 1" in take.said


def test_dry_run_counts_the_same_and_writes_nothing(take):
    rows = HEADER + f"{ALTAI},C01,2023,10\n99999999,C01,2023,1\n"
    assert take(rows, "--dry-run") is None
    assert Observation.objects.count() == ObservationImport.objects.count() == 0
    assert "прочитано значений: 2" in take.said
    assert "из них новых: 1" in take.said
    assert "отклонено: 1" in take.said
    assert "Пробный запуск: ничего не записано." in take.said
    assert [row["Код территории"] for row in take.rejected] == ["99999999"]


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(";", "utf-8-sig"), (",", "windows-1251"), ("\t", "utf-16"), ("|", "utf-8")],
)
def test_separators_encodings_and_russian_names_of_columns(take, separator, encoding):
    rows = [["Код ОКТМО", "Показатель", "Год", "Значение"], [ALTAI, "c01", "2023 год", "10"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    assert counts(take(text.encode(encoding))) == [1, 1, 0, 0, 0]


def test_parquet_and_workbook_give_what_csv_gives(take, tmp_path):
    frame = pl.DataFrame(
        {"oktmo": [ALTAI, KALUGA], "indicator": ["C01", "C01"], "period": [2023, 2023],
         "value": [10.5, 20.25]}
    )  # fmt: skip
    frame.write_parquet(tmp_path / "a.parquet")
    assert counts(take(None, name="a.parquet")) == [2, 2, 0, 0, 0]
    workbook(tmp_path / "a.xlsx", [frame.columns, *frame.rows()])
    assert counts(take(None, name="a.xlsx")) == [2, 0, 0, 2, 0]
    assert counts(take(frame.write_csv())) == [2, 0, 0, 2, 0]


def workbook(path, rows, merged=()):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Данные")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for area, text in merged:
            sheet.merge_range(area, text)


def test_codes_of_another_system_in_the_long_form(take):
    TerritoryCode.objects.create(
        system="mo_ref", code="525", municipality=people.MunicipalityFactory(oktmo="01512000"),
        year_from=2020, year_to=2024,
    )  # fmt: skip
    text = (
        "territory,code_system,indicator,period,value\n525,mo_ref,C01,2023,1\n"
        f"{ALTAI},oktmo,C01,2023,2\n525,mo_ref,C01,2024,3\n525,other,C01,2023,4\n"
    )
    assert counts(take(text)) == [4, 2, 0, 0, 2]
    assert take.refused_by == {"not_in_year": 1, "unknown_system": 1}
    assert "код действовал с 2020 по 2023" in take.rejected[0]["Подробности"]


def test_an_old_code_means_the_municipality_that_held_it_in_the_year(take):
    old = people.MunicipalityFactory(
        oktmo="29610000", name="Старый", valid_from="2010-01-01", valid_to="2023-05-01"
    )
    new = people.MunicipalityFactory(oktmo="29610000", name="Новый", valid_from="2023-05-01")
    rows = "".join(f"29610000,C01,{year},5\n" for year in (2009, 2010, 2022, 2023, 2024))
    assert take(HEADER + rows).refused_by == {"not_in_year": 1}
    assert dict(Observation.objects.values_list("year", "municipality")) == {
        2010: old.pk, 2022: old.pk, 2023: new.pk, 2024: new.pk,
    }  # fmt: skip


# --- refusals ------------------------------------------------------------------------------------

ROWS = [
    ("1605000,C01,2023,1", "lost_zero"),
    ("01605000.0,C01,2023,1", "fractional_code"),
    ("0160500,C01,2023,1", "bad_code"),
    ("Алейский район,C01,2023,1", "bad_code"),
    (",C01,2023,1", "no_territory"),
    ("29605000101,C01,2023,1", "settlement_code"),
    ("29000000,C01,2023,1", "group_code"),
    ("29999000,C01,2023,1", "unknown_territory"),
    (f"{KALUGA},,2023,1", "no_indicator"),
    (f"{KALUGA},Z99,2023,1", "unknown_indicator"),
    (f"{KALUGA},C01,,1", "no_period"),
    (f"{KALUGA},C01,01.01.2023,1", "bad_period"),
    (f"{KALUGA},C01,1812,1", "year_range"),
    (f"{KALUGA},C01,2099,1", "year_range"),
    (f"{KALUGA},C01,2023,", "empty"),
    (f"{KALUGA},C01,2023,…", "empty"),
    (f"{KALUGA},C01,2023,NaN", "empty"),
    (f"{KALUGA},C01,2023,нет данных", "text"),
    (f"{KALUGA},C01,2023,12 %", "text"),
    (f"{KALUGA},C01,2023,01.05.2023", "date"),
    (f"{KALUGA},C01,2023,1.2E+07", "exponent"),
    (f'{KALUGA},C01,2023,"1,234"', "ambiguous"),
    (f'{KALUGA},C01,2023,"1,234.5"', "ambiguous"),
    (f"{KALUGA},C01,2023,1{'0' * 30}", "too_big"),
    (f"{KALUGA},C04,2023,7.5", "not_whole"),
    (f"{KALUGA},C01,2023,-1", "limits"),
    (f"{KALUGA},C01,2023,2000000000", "limits"),
    (f"{KALUGA},C01,2023", "empty"),
    (f"{KALUGA},C01,2023,1,1", "ragged"),
]


@pytest.mark.parametrize(("row", "reason"), ROWS)
def test_a_bad_row_is_named_and_does_not_keep_the_others_out(take, row, reason):
    run = take(f"{HEADER}{ALTAI},C01,2024,10\n{row}\n{ALTAI},C01,2022,10\n")
    assert counts(run) == [3, 2, 0, 0, 1]
    assert (take.refused_by, take.lines) == ({reason: 1}, [3])
    assert take.rejected[0]["Как исправить"].endswith(".")
    assert f"отклонено, {take.rejected[0]['Почему отклонено']}: 1" in take.said


def test_numbers_as_people_write_them(take):
    given = {
        "1 234,5": "1234.5", "1\u00a0234\u00a0567": "1234567", "12.125": "12.125", "+7": "7",
        "0,5": "0.5", "1\u202f000": "1000", "007": "7", "1.0000004": "1",
    }  # fmt: skip
    rows = "".join(f"{KALUGA};C01;{2010 + n};{text}\n" for n, text in enumerate(given))
    run = take("oktmo;indicator;period;value\n" + rows, "--no-unit-check")
    assert counts(run) == [8, 8, 0, 0, 0]
    assert [row[3] for row in stored()] == [Decimal(text).normalize() for text in given.values()]


def test_equal_repetitions_are_counted_and_contradictions_refused_whole(take):
    rows = (
        f"{ALTAI},C01,2023,10\n{ALTAI},C01,2023,10.0\n{ALTAI},c01,2023,10\n"
        f"{KALUGA},C01,2023,1\n{KALUGA},C01,2023,2\n{KALUGA},C01,2023,1\n{KALUGA},C01,2024,3\n"
    )
    run = take(HEADER + rows)
    assert (run.new, run.duplicates, run.refused) == (2, 2, 3)
    assert (take.refused_by, take.lines) == ({"conflict": 3}, [5, 6, 7])
    assert take.rejected[0]["Подробности"] == "строка 5: 1; строка 6: 2; строка 7: 1"
    assert [row[:3] for row in stored()] == [(ALTAI, "C01", 2023), (KALUGA, "C01", 2024)]


def test_two_codes_of_one_municipality_contradict_too(take):
    rows = f"{ALTAI},C01,2023,1\n1605000,C01,2023,2\n01605000000,C01,2023,1\n"
    run = take(HEADER + rows, repair=["leading_zero"])
    assert (run.new, take.refused_by, take.repaired) == (0, {"conflict": 3}, {"leading_zero": 1})


def test_a_value_beside_an_empty_row_is_nobodys_guess(take):
    rows = f"{ALTAI},C01,2023,10\n{ALTAI},C01,2023,\n{KALUGA},C01,2023,5\n{KALUGA},C01,2023,abc\n"
    run = take(HEADER + rows)
    assert (run.new, take.refused_by) == (0, {"beside_empty": 2, "empty": 1, "text": 1})
    run = take(HEADER + rows, repair=["empty_beside_value"])
    assert (run.new, run.duplicates, take.refused_by) == (1, 1, {"beside_empty": 1, "text": 1})
    assert take.repaired == {"empty_beside_value": 1}


def test_repairs_are_made_only_when_allowed_and_are_counted(take):
    rows = "1605000,C01,2023,1\n29605000.0,C01,2023,2\n29605000101,C01,2024,3\n"
    assert take(HEADER + rows).refused == 3
    run = take(HEADER + rows, repair=["leading_zero", "fractional_code", "settlement"])
    assert (run.new, run.refused) == (3, 0)
    assert take.repaired == {"leading_zero": 1, "fractional_code": 1, "settlement": 1}
    assert "исправлено при чтении, возвращать ноль в начале кода ОКТМО: 1" in take.said


def test_skips_are_counted_apart_from_refusals(take):
    rows = f"29000000,C01,2023,9\n,C01,2023,9\n{ALTAI},Y1,2023,9\n{ALTAI},C01,2023,\n{ALTAI},C01,2024,1\n"
    run = take(
        HEADER + rows,
        skip=["group_codes", "blank_territory", "unknown_indicators", "empty_values"],
    )
    assert (run.read, run.new, run.left_out, run.refused) == (5, 1, 4, 0)


def test_numeric_codes_of_a_workbook_lost_their_zero(take, tmp_path):
    rows = [["oktmo", "indicator", "period", "value"], [1605000, "C01", 2023, 5]]
    workbook(tmp_path / "a.xlsx", rows)
    assert take(None, name="a.xlsx").refused_by == {"lost_zero": 1}
    assert take(None, name="a.xlsx", repair=["leading_zero"]).new == 1


def test_a_quote_that_is_never_closed_spoils_its_own_line_only(take):
    rows = f'{ALTAI},C01,2022,1\n"{ALTAI},C01,2023,2\n{ALTAI},C01,2024,3\n{KALUGA},C01,2024,4\n'
    run = take(HEADER + rows)
    assert (run.read, run.new, take.refused_by, take.lines) == (4, 3, {"bad_code": 1}, [3])


def test_line_breaks_inside_quotes_keep_the_numbering(take):
    rows = f'"{ALTAI}\n",C01,2022,1\n\n{KALUGA},C01,2023,x\n'
    run = take(HEADER + rows)
    assert (run.new, take.lines) == (1, [5])


# --- switched units --------------------------------------------------------------------------------


def series(values, code=KALUGA, first=2015):
    return "".join(f"{code},C01,{first + n},{value}\n" for n, value in enumerate(values))


def test_a_switch_from_thousands_to_roubles_is_refused(take):
    run = take(HEADER + series([1200, 1300, 1400000, 1500]) + series([5, 5000], ALTAI))
    assert (run.new, take.refused_by) == (3, {"other_unit": 3})
    assert take.lines == [4, 6, 7]
    assert take.rejected[0]["Подробности"] == "обычно около 1300 ед."
    assert "похоже на другую единицу" in take.rejected[0]["Почему отклонено"]


def test_a_series_that_breaks_in_the_middle_is_refused_whole(take):
    assert take(HEADER + series([1, 1.1, 1000, 1100])).refused_by == {"other_unit": 4}


def test_stored_neighbours_tell_the_unit(take):
    take(HEADER + series([1200, 1300]))
    run = take(HEADER + series([1350, 1400000], first=2016) + series([0, 8], ALTAI))
    assert (run.new, run.changed, take.lines) == (2, 1, [3])
    assert take(HEADER + series([1200000])).refused_by == {"other_unit": 1}
    run = take(HEADER + series([1200000]), "--no-unit-check", "C01")
    assert (run.changed, run.refused) == (1, 0)


def test_growth_is_no_switch(take):
    run = take(HEADER + series([1, 300]) + series([0, 1000, 0], ALTAI, 2015))
    assert (run.new, run.refused) == (5, 0)


def test_a_change_of_the_catalogues_unit_is_no_switch(take):
    indicator = Indicator.objects.get(code="C01")
    common = {
        "indicator": indicator, "title": "Т", "title_en": "T", "unit_en": "u", "definition": "О",
        "source": "и",
    }  # fmt: skip
    versions = indicator.versions.model.objects
    indicator.versions.all().delete()
    versions.create(number=1, from_year=2010, unit="тыс. руб.", **common)
    versions.create(number=2, from_year=2017, unit="руб.", conversion=1000, **common)
    run = take(HEADER + series([1200, 1300, 1400000, 1500000]))
    assert (run.new, run.refused) == (4, 0)
    assert take(HEADER + series([1200000])).refused_by == {"limits": 1}
    Indicator.objects.filter(code="C01").update(max_value=10**12)
    assert take(HEADER + series([1200000])).refused_by == {"other_unit": 1}


# --- mappings --------------------------------------------------------------------------------------


def make_mapping(dataset, columns, options=None, **fields):
    return ImportMapping.objects.create(
        name="m", dataset=dataset, columns=columns, options=options or {}, **fields
    )


def test_a_wide_sheet_with_two_header_rows_groups_and_totals(take, dataset, tmp_path):
    rows = [
        ["Отчёт", "", "", "", "", ""],
        ["Муниципалитет", "ОКТМО", "Доходы, тыс.", "", "Обучено", ""],
        ["", "", 2022, 2023, 2022, 2023],
        ["Алтайский край", "", 1, 2, 3, 4],
        ["Алейский", "01605000", 10, 20.5, 3, ""],
        ["Калужская область", "29000000", 1, 1, 1, 1],
        ["Боровский", "29605000", "1 030", "н/д", 5, 6],
        ["Итого", "Итого", 5, 5, 5, 5],
    ]
    workbook(tmp_path / "a.xlsx", rows, [("C2:D2", "Доходы, тыс."), ("E2:F2", "Обучено")])
    make_mapping(
        dataset,
        {
            "territory": {"column": "ОКТМО"},
            "values": [
                {"column": "Доходы, тыс. / 2022", "indicator": "C01", "year": 2022, "multiplier": "1000"},
                {"column": "Доходы, тыс. / 2023", "indicator": "C01", "year": 2023, "multiplier": "1000"},
                {"column": "Обучено / 2022", "indicator": "C04", "year": 2022},
                {"column": "Обучено / 2023", "indicator": "C04", "year": 2023},
            ],
        },
        {
            "skip": ["blank_territory", "group_codes"],
            "filters": [{"column": "Муниципалитет", "values": ["Итого"], "mode": "except"}],
        },
        layout="wide", sheet="Данные", header_row=2, header_rows=2,
    )  # fmt: skip
    run = take(None, name="a.xlsx", mapping="m")
    assert stored() == [
        (ALTAI, "C01", 2022, 10000), (ALTAI, "C01", 2023, 20500), (ALTAI, "C04", 2022, 3),
        (KALUGA, "C01", 2022, 1030000), (KALUGA, "C04", 2022, 5), (KALUGA, "C04", 2023, 6),
    ]  # fmt: skip
    assert (run.read, run.left_out, take.refused_by) == (20, 12, {"empty": 2})
    assert [(row["Строка"], row["Столбец"]) for row in take.rejected] == [
        ("5", "Обучено / 2023"), ("7", "Доходы, тыс. / 2023"),
    ]  # fmt: skip


def test_sums_over_categories_are_whole_or_refused(take, dataset):
    make_mapping(
        dataset,
        {
            "territory": {"column": "code"}, "indicator": {"code": "C04"},
            "period": {"column": "year", "shift": -1}, "values": [{"column": "value"}],
        },
        {
            "filters": [{"column": "age", "values": ["Всего"]}],
            "sum_over": [{"column": "sex", "values": ["м", "ж"]}],
        },
    )  # fmt: skip
    text = "code,year,age,sex,value\n" + "".join(
        f"{row}\n"
        for row in (
            f"{ALTAI},2024,Всего,м,10", f"{ALTAI},2024,Всего,ж,12", f"{ALTAI},2024,0-4,м,1",
            f"{ALTAI},2024,Всего,м,10", f"{ALTAI},2024,Всего,оба,22",
            f"{KALUGA},2024,Всего,м,5", f"{KALUGA},2024,Всего,ж,",
            f"{KALUGA},2023,Всего,м,5", f"{KALUGA},2023,Всего,ж,6", f"{KALUGA},2023,Всего,ж,7",
        )
    )  # fmt: skip
    run = take(text, mapping="m")
    assert stored() == [(ALTAI, "C04", 2023, 22)]
    assert (run.read, run.new, run.folded, run.duplicates, run.left_out) == (10, 1, 1, 1, 2)
    assert take.refused_by == {"conflict": 2, "incomplete_sum": 2, "empty": 1}
    assert {row["Подробности"] for row in take.rejected} >= {"есть только: м"}


def test_units_and_names_of_the_source(take, dataset):
    make_mapping(
        dataset,
        {
            "territory": {"column": "oktmo"}, "indicator": {"column": "name"},
            "period": {"column": "year"},
            "unit": {"column": "unit", "multipliers": {"тысяча рублей": "1", "рубль": "0.001"}},
            "values": [{"column": "value"}],
        },
        {"indicators": {"Y48 доходы": "C01"}, "decimal": ",", "thousands": "."},
    )  # fmt: skip
    text = (
        "oktmo;name;year;unit;value\n"
        f"{ALTAI};Y48  Доходы;2022;тысяча рублей;1.234,5\n{ALTAI};y48 доходы;2023;Рубль;1250000\n"
        f"{ALTAI};Y48 доходы;2024;доллар;1\n{ALTAI};Y49;2024;рубль;1\n"
    )
    take(text, mapping="m")
    assert [(row[2], row[3]) for row in stored()] == [(2022, Decimal("1234.5")), (2023, 1250)]
    assert take.refused_by == {"unknown_indicator": 1, "unknown_unit": 1}


def test_a_series_whose_unit_changes_with_the_year(take, dataset):
    make_mapping(
        dataset,
        {
            "territory": {"column": "oktmo"}, "indicator": {"column": "indicator"},
            "period": {"column": "period"}, "values": [{"column": "value"}],
        },
        {"year_multipliers": [{"from": 2009, "multiplier": "0.001"}]},
    )  # fmt: skip
    run = take(HEADER + series([1200, 1300000, 1400000], first=2008), mapping="m")
    assert ([row[3] for row in stored()], run.refused) == ([1200, 1300, 1400], 0)


def test_a_code_that_stands_only_in_the_first_row_of_its_group(take, dataset):
    make_mapping(
        dataset,
        {
            "territory": {"column": "oktmo", "fill_down": True}, "indicator": {"column": "what"},
            "period": {"year": 2023}, "values": [{"column": "value"}],
        },
        {"filters": [{"column": "what", "values": ["C01", "C04"]}]},
    )  # fmt: skip
    text = f"oktmo,what,value\n{ALTAI},x,1\n,C01,2\n,C04,3\n{KALUGA},C01,4\n"
    take(text, mapping="m")
    assert [row[:2] for row in stored()] == [(ALTAI, "C01"), (ALTAI, "C04"), (KALUGA, "C01")]


def test_choices_and_yes_or_no_take_what_the_catalogue_offers(take):
    Indicator.objects.filter(code="C04").update(value_type="boolean")
    Indicator.objects.filter(code="C01").update(value_type="choice", choices=[[1, "а"], [3, "б"]])
    rows = f"{ALTAI},C04,2023,1\n{ALTAI},C04,2024,2\n{ALTAI},C01,2023,3\n{ALTAI},C01,2024,2\n"
    run = take(HEADER + rows)
    assert (run.new, take.refused_by) == (2, {"limits": 1, "not_a_choice": 1})


# --- files and words that are wrong as a whole ------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Файл пуст"),
        (" \n\n", "Файл пуст"),
        ("a,b\n1,2\n", "нужны столбцы oktmo"),
        (b"PAR1xxxx", "Файл Parquet не читается"),
        (b"PK\x03\x04xxxx", "Файл повреждён"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx", "Сохраните книгу как XLSX"),
        (b"\x7fELF\x00\x00", "Это не таблица"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(take, content, message):
    with pytest.raises(CommandError, match=message):
        take(content)
    assert Observation.objects.count() == ObservationImport.objects.count() == 0


def test_the_command_says_what_there_is(take, dataset):
    with pytest.raises(CommandError, match="Нет набора данных «x». Есть: rosstat."):
        take(HEADER, dataset="x")
    with pytest.raises(CommandError, match="Нет сопоставления «x». Есть: пока нет ни одного."):
        take(HEADER, mapping="x")
    make_mapping(dataset, {"territory": {"column": "oktmo"}})
    with pytest.raises(CommandError, match="Укажите хотя бы один столбец со значениями"):
        take(HEADER, mapping="m")
    with pytest.raises(CommandError, match="С --mapping эти ключи не нужны"):
        take(HEADER, mapping="m", repair=["leading_zero"])


def test_a_mapping_for_another_file_is_refused_by_name(take, dataset):
    columns = {
        "territory": {"column": "oktmo"}, "indicator": {"column": "indicator"},
        "period": {"column": "period"}, "values": [{"column": "сумма"}],
    }  # fmt: skip
    make_mapping(dataset, columns)
    with pytest.raises(CommandError, match="нет столбца «сумма». Есть: oktmo, indicator, period"):
        take(HEADER + f"{ALTAI},C01,2023,1\n", mapping="m")
    columns["values"] = [{"column": "value"}]
    ImportMapping.objects.update(
        columns=columns, options={"filters": [{"column": "period", "values": ["год"]}]}
    )
    with pytest.raises(CommandError, match="в столбце «period» нет значения «год». Есть: 2023"):
        take(HEADER + f"{ALTAI},C01,2023,1\n", mapping="m")
