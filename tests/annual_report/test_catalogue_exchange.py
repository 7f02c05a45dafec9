"""The catalogue goes out as a workbook, is changed in a spreadsheet, and comes in again."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annual_report.exchange.book import export_book, export_tables, import_book
from annual_report.exchange.files import (
    CsvFormat,
    UnreadableFile,
    XlsxFormat,
    make_dataset,
    read_csv,
    read_xlsx,
    write_xlsx,
)
from annual_report.exchange.resources import TABLES, LegalBasisResource, RuleResource
from annual_report.models import (
    ControlRule,
    FieldMove,
    Form,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Section,
)
from annual_report.services.catalogue import load_catalogue
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db

MODELS = (Section, Indicator, IndicatorVersion, LegalBasis, Form, FormField, ControlRule)


def contents():
    """Everything but the database's own numbers and times."""
    return {resource.title: resource().export().csv for resource in TABLES}


def edit(title, **changes):
    """The exported book with cells of one table changed: ``{(key column value): {column: text}}``."""
    tables = export_tables()
    for table in tables:
        if table.title == title:
            rows = [list(row) for row in table]
            for key, cells in changes["rows"].items():
                row = next(row for row in rows if row[: len(key)] == list(key))
                for column, text in cells.items():
                    row[table.headers.index(column)] = text
            rows += changes.get("extra", [])
            fresh = make_dataset([table.headers, *rows], title)
            tables[tables.index(table)] = fresh
    return write_xlsx(tables)


def test_round_trip_of_the_shipped_catalogue_changes_nothing():
    load_catalogue()
    before = contents()
    report = import_book(content=export_book(), by=None)
    assert report.saved
    assert report.refused == report.changes == 0
    assert {table.title: table.read for table in report.tables} == {
        resource.title: len(resource().export()) for resource in TABLES if len(resource().export())
    } | {table.title: 0 for table in report.tables if not table.read}
    assert contents() == before


def test_the_book_fills_an_empty_portal_with_the_same_catalogue():
    load_catalogue()
    before, book = contents(), export_book()
    for model in (ControlRule, FormField, Form, LegalBasis, IndicatorVersion):
        model.objects.all().delete()
    Indicator.objects.filter(numerator__isnull=False).delete()
    Indicator.objects.all().delete()
    Section.objects.all().delete()
    report = import_book(content=book, by=None)
    assert [row for table in report.tables for row in table.refused] == []
    assert report.saved
    assert contents() == before


@pytest.mark.parametrize("resource", TABLES, ids=lambda item: item.title)
@pytest.mark.parametrize("file_format", [CsvFormat, XlsxFormat])
def test_each_table_alone_goes_round_in_both_formats(resource, file_format):
    load_catalogue()
    form, source = Form.objects.get(code="okmo-1"), Indicator.objects.get(code="A18")
    FieldMove.objects.create(form=form, source=source, factor="0.5", note="Проверка")
    exported = resource().export()
    written = file_format().export_data(exported)
    read = file_format().create_dataset(written)
    result = resource().import_data(read, dry_run=False, raise_errors=True)
    assert result.totals["skip"] == len(exported) > 0
    assert result.totals["update"] == result.totals["new"] == 0


def test_dry_run_counts_and_saves_nothing():
    load_catalogue()
    book = edit("Показатели", rows={("A01",): {"подсказка при заполнении": "Новая подсказка"}})
    report = import_book(content=book, by=None, dry_run=True)
    assert (report.changes, report.saved) == (1, False)
    assert Indicator.objects.get(code="A01").hint == "Считайте и те, где никто не живёт"
    assert import_book(content=book, by=None).saved
    assert Indicator.objects.get(code="A01").hint == "Новая подсказка"


@pytest.mark.parametrize(
    ("title", "key", "cells", "reason"),
    [
        ("Показатели", ("A01",), {"формула": "A02 /"}, "формула:"),
        ("Показатели", ("A01",), {"вид значения": "цифра"}, "вид значения: «цифра»: нужно одно из"),
        ("Показатели", ("A01",), {"множитель": "много"}, "множитель: «много» — не число."),
        ("Показатели", ("A01",), {"раздел": "Z"}, "раздел: Раздела «Z» нет в каталоге."),
        ("Показатели", ("A01",), {"раздел": "B"}, "код начинается с буквы раздела"),
        ("Показатели", ("A13",), {"числитель": "Z99"}, "Показателя «Z99» нет в каталоге."),
        ("Показатели", ("A01",), {"для каких видов": "город"}, "«город»: нужно одно из"),
        ("Показатели", ("B11",), {"варианты": "1 выборы"}, "нужен номер и вариант"),
        ("Показатели", ("A01",), {"название": ""}, "название: Это поле не может быть пустым."),
        ("Правовые основания", ("A10",), {"действует до": "вчера"}, "нужна дата, например 01.01.2027"),
        ("Контрольные соотношения", ("okmo-1", "K01"), {"условие": "A02 <= Z01"},
         "условие: Показателя Z01 нет в каталоге."),
        ("Контрольные соотношения", ("okmo-1", "K01"), {"условие": "A02 + 1"}, "условие"),
        ("Контрольные соотношения", ("okmo-1", "K01"), {"важность": "очень"}, "нужно одно из"),
        ("Поля форм", ("okmo-1", "A01"), {"обязательный": "наверное"}, "нужно «да» или «нет»"),
        ("Версии", ("A07", "2"), {"с отчётного года": "давно"}, "не число"),
    ],
)  # fmt: skip
def test_wrong_row_refuses_the_book_and_names_row_and_reason(title, key, cells, reason):
    load_catalogue()
    before = contents()
    report = import_book(content=edit(title, rows={key: cells}), by=None)
    [row] = [row for table in report.tables for row in table.refused]
    assert reason in row.reason
    assert row.key.startswith(key[0])
    assert row.number >= 2
    assert not report.saved
    assert contents() == before


@pytest.fixture
def filed():
    """A small catalogue on whose posts values of 2025 stand."""
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(make_form(), year=2025)
    fill(campaign.submissions.get(), people.municipality_head(municipality), C01=10)
    Indicator.objects.get(code="C01").versions.all().delete()
    for indicator in Indicator.objects.all():
        IndicatorVersion.objects.create(
            indicator=indicator, from_year=2000, title=indicator.title, unit=indicator.unit,
            title_en=indicator.title_en, unit_en=indicator.unit_en, definition=indicator.definition,
            source=indicator.source, decimals=indicator.decimals, formula=indicator.formula,
        )  # fmt: skip
    return campaign


def test_unit_of_filed_values_is_not_changed_by_a_file(filed):
    book = edit("Показатели", rows={("C01",): {"единица": "тыс. ед."}})
    report = import_book(content=book, by=None)
    [row] = [row for table in report.tables for row in table.refused]
    assert "добавьте новую версию" in row.reason
    book = edit("Версии", rows={("C01", "1"): {"единица": "тыс. ед."}})
    [row] = [row for table in import_book(content=book, by=None).tables for row in table.refused]
    assert "«единица» не меняются" in row.reason


def new_version(year):
    return ["C01", "2", year, "Должности", "Posts", "тыс. ед.", "thousand", "1", "Определение.",
            "", "учёт", "", "", "", "0,001", "Собирается в тысячах", ""]  # fmt: skip


def test_a_new_version_comes_in_with_the_newest_texts(filed):
    tables = {table.title: table for table in export_tables()}
    rows = [list(row) for row in tables["Показатели"]]
    place = tables["Показатели"].headers.index
    for row in rows:
        if row[0] == "C01":
            row[place("единица")], row[place("единица по-английски")] = "тыс. ед.", "thousand"
    tables["Показатели"] = make_dataset([tables["Показатели"].headers, *rows], "Показатели")
    versions = tables["Версии"]
    for year, refused in (("2025", 1), ("2026", 0)):
        tables["Версии"] = make_dataset([versions.headers, *versions, new_version(year)], "Версии")
        report = import_book(content=write_xlsx(tables.values()), by=None)
        reasons = [row.reason for table in report.tables for row in table.refused]
        assert (
            len([text for text in reasons if "Начните новую версию с 2026 года" in text]) == refused
        )
        assert report.saved is not bool(refused)
    indicator = Indicator.objects.get(code="C01")
    assert indicator.unit == "тыс. ед."
    assert [item.unit for item in indicator.versions.all()] == ["ед.", "тыс. ед."]


def test_locked_form_takes_only_mended_words_of_rules(filed):
    book = edit("Поля форм", rows={("test", "C01"): {"обязательный": "нет"}})
    [row] = [row for table in import_book(content=book, by=None).tables for row in table.refused]
    assert "закрыта для правки" in row.reason
    book = edit("Контрольные соотношения", rows={("test", "K1"): {"условие": "C02 <= 2 * C01"}})
    assert import_book(content=book, by=None).refused == 1
    book = edit("Контрольные соотношения", rows={("test", "K1"): {"действует": "нет"}})
    assert import_book(content=book, by=None).saved
    assert not ControlRule.objects.get(code="K1").is_active


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "не читается как книга Excel"),
        (b"PK\x03\x04broken", "не читается как книга Excel"),
        (write_xlsx([make_dataset([["а", "б"], ["1", "2"]], "Чужой")]), "Незнакомые листы: Чужой"),
    ],
    # The bytes hold the time at which they were written, and parallel processes must agree on names.
    ids=["empty", "broken", "foreign"],
)
def test_foreign_file_is_refused_in_words(content, reason):
    with pytest.raises(UnreadableFile, match=reason):
        import_book(content=content, by=None)


def test_missing_and_strange_columns_are_named():
    book = write_xlsx([make_dataset([["код", "цвет"], ["A01", "синий"]], "Показатели")])
    [table] = import_book(content=book, by=None).tables
    assert "незнакомые столбцы: цвет" in table.refused[0].reason
    book = write_xlsx([make_dataset([["условие"], ["A01 > 0"]], "Контрольные соотношения")])
    [table] = import_book(content=book, by=None).tables
    assert "нет столбцов: форма, код" in table.refused[0].reason


def test_repeated_column_is_refused():
    with pytest.raises(UnreadableFile, match="без повторов"):
        read_csv("код;код\nA01;A02\n".encode())


def test_windows_encoding_and_commas_are_read():
    table = read_csv("код,название\nA01,Населённые пункты\n".encode("cp1251"))
    assert table.dict == [{"код": "A01", "название": "Населённые пункты"}]


cells = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u00a0\ufeff"), max_size=20
).map(str.strip).filter(lambda text: not text.startswith("'"))  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_any_text_survives_both_formats(rows):
    table = make_dataset([["код", "текст"], *[["x" + one, two] for one, two in rows]], "Лист")
    assert CsvFormat().create_dataset(CsvFormat().export_data(table)).dict == table.dict
    assert read_xlsx(write_xlsx([table]))["Лист"].dict == table.dict


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_russian(content):
    for read in (read_csv, read_xlsx):
        message = "прочитано"
        try:
            read(content)
        except UnreadableFile as error:
            message = str(error)
        assert any("а" <= letter <= "я" for letter in message)


def test_rules_and_law_keep_their_keys():
    assert RuleResource.keys == ("form", "code")
    assert "valid_from" in LegalBasisResource.keys
