"""Invented references: taken over, contradicting themselves, contradicting the register."""

import csv
from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from okmo_portal.audit.models import AuditEvent
from okmo_portal.organisations import mo_ref
from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.models import Municipality, MunicipalityChange, TerritoryCode
from okmo_portal.organisations.services.transformation_import import import_transformations
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
    undo_transformation,
)
from tests.factories import people

HEADERS = [*mo_ref.COLUMNS, "municipal_district_center"]


def workbook(rows, headers=HEADERS):
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([headers, *rows]):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


def row(code, name, kind, years, territory, before="", after=""):
    """One line of the reference; ``after`` is the id under which it was transformed."""
    return [code, name, kind, years[0], years[1], territory, before, after, "с Новое"]


DISTRICT, OKRUG, TOWN = "муниципальный район", "муниципальный округ", "городской округ"


def take(rows, dry_run=False):
    reference = mo_ref.read(workbook(rows))
    return import_transformations(reference=reference, by=None, dry_run=dry_run)


def reasons(result):
    return [(remark.line, remark.refused, remark.reason) for remark in result.remarks]


def district(number, name, **fields):
    return people.MunicipalityFactory(oktmo=f"296{number:02d}000", name=name, **fields)


@pytest.mark.django_db
def test_union_split_and_change_of_kind_from_a_file():
    one, two = district(1, "Алексинский район"), district(2, "Борисовский район")
    three = district(3, "Веневский район")
    village = people.MunicipalityFactory(
        oktmo="29603401", kind="rural_settlement", parent=three, name="Село"
    )
    result = take(
        [
            row(
                "29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1", after="union_1"
            ),
            row(
                "29-602-000-000", "Борисовский район", DISTRICT, (2018, 2020), "2", after="union_1"
            ),
            row("29-501-000-000", "Общий округ", OKRUG, (2020, 9999), "4", before="union_1"),
            row("29-603-000-000", "Веневский район", DISTRICT, (2018, 2021), "3"),
            row("29-503-000-000", "Веневский округ", OKRUG, (2021, 9999), "3"),
        ]
    )
    assert (result.register_year, result.matched, result.created) == (2018, 3, 2)
    assert dict(result.events) == {ChangeKind.MERGE: 1, ChangeKind.KIND: 1}
    assert (result.settlements_joined, result.remarks) == (1, [])
    merged = MunicipalityChange.objects.get(kind="merge")
    assert set(merged.predecessors.all()) == {one, two}
    assert merged.successors.get().valid_from == date(2020, 1, 1)
    assert merged.successors.get().centre == "с Новое"
    village.refresh_from_db()
    assert (village.valid_to, village.parent) == (date(2021, 1, 1), three)
    assert AuditEvent.objects.filter(action="organisations.transformations_imported").exists()


@pytest.mark.django_db
def test_imported_change_can_be_undone_only_while_its_codes_are_not_used():
    one = district(1, "Алексинский район")
    take(
        [
            row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1"),
            row("29-501-000-000", "Алексинский округ", OKRUG, (2020, 9999), "1"),
        ]
    )
    change = MunicipalityChange.objects.get()
    assert change.effects["ended"] == [one.pk]
    with pytest.raises(Exception, match="коды территорий: 1"):
        undo_transformation(change=change, by=None, reason="Проба")
    TerritoryCode.objects.filter(municipality=change.successors.get()).delete()
    undo_transformation(change=change, by=None, reason="Проба")
    one.refresh_from_db()
    assert (one.valid_to, one.status) == (None, "active")


@pytest.mark.django_db
def test_newer_edition_adds_only_what_is_new():
    district(1, "Алексинский район")
    first = [row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 9999), "1")]
    take(first)
    second = [
        row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 2025), "1"),
        row("29-501-000-000", "Алексинский округ", OKRUG, (2025, 9999), "1"),
    ]
    result = take(second)
    assert (result.known, result.created, result.codes_changed, result.codes_added) == (1, 1, 1, 1)
    assert dict(result.events) == {ChangeKind.KIND: 1}
    codes = TerritoryCode.objects.filter(code="1")
    assert [(code.year_from, code.year_to) for code in codes] == [(2018, 2025), (2025, None)]


@pytest.mark.django_db
def test_change_that_staff_entered_with_its_law_stands():
    one, two = district(1, "Алексинский район"), district(2, "Борисовский район")
    entered = record_transformation(
        kind="merge", date=date(2020, 1, 1), law="Закон от 01.11.2019 № 5-ОЗ",
        predecessors=[one, two], by=None,
        successors=[NewMunicipality("29501000", "Общий округ", "municipal_okrug")],
    )  # fmt: skip
    result = take(
        [
            row(
                "29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1", after="union_1"
            ),
            row(
                "29-602-000-000", "Борисовский район", DISTRICT, (2018, 2020), "2", after="union_1"
            ),
            row("29-501-000-000", "Общий округ", OKRUG, (2020, 9999), "4", before="union_1"),
        ]
    )
    assert (result.events_known, sum(result.events.values()), result.created) == (1, 0, 0)
    assert list(MunicipalityChange.objects.all()) == [entered]
    assert TerritoryCode.objects.get(code="4").municipality == entered.successors.get()


@pytest.mark.django_db
def test_dry_run_writes_nothing():
    district(1, "Алексинский район")
    result = take(
        [
            row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1"),
            row("29-501-000-000", "Алексинский округ", OKRUG, (2020, 9999), "1"),
        ],
        dry_run=True,
    )
    assert dict(result.events) == {ChangeKind.KIND: 1}
    assert Municipality.objects.count() == 1
    assert MunicipalityChange.objects.count() == TerritoryCode.objects.count() == 0
    assert Municipality.objects.get().valid_to is None


GOOD = row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 9999), "1")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("29-601", "Район", DISTRICT, (2018, 9999), "2")], "код ОКТМО не из 8 или 11 цифр"),
        ([row(9602000000, "Район", DISTRICT, (2018, 9999), "2")], "код ОКТМО не из 8 или 11 цифр"),
        ([row("29-600-000-000", "Раздел", DISTRICT, (2018, 9999), "2")], "не называет"),
        ([row("29-602-000-000", "Район", "волость", (2018, 9999), "2")], "вид «волость» не известен"),
        ([row("29-602-000-000", "Район", DISTRICT, (2020, 2019), "2")], "не составляют срока"),
        ([row("29-602-000-000", "Район", DISTRICT, ("XXI", 9999), "2")], "не составляют срока"),
        ([row("29-602-000-000", "", DISTRICT, (2018, 9999), "2")], "нет названия"),
        ([row("29-602-000-000", "Район", DISTRICT, (2018, 9999), "1")], "territory_id в те же годы"),
        ([row("29-601-000-000", "Район", DISTRICT, (2019, 9999), "2")], "код в те же годы"),
        ([row("29-501-000-000", "Алексинский округ", OKRUG, (2018, 9999), "9", "", "fire_1")],
         "обозначение не опознано"),
        ([row("29-602-000-000", "Район", DISTRICT, (2018, 2020), "2", "", "union_1")],
         "предшественников 1, а нужно не меньше 2"),
        ([row("29-602-000-000", "Район", DISTRICT, (2018, 2020), "2", "", "union_1"),
          row("29-603-000-000", "Иной", DISTRICT, (2018, 2021), "3", "", "union_1"),
          row("29-503-000-000", "Округ", OKRUG, (2020, 9999), "4", "union_1")], "в разные годы"),
        ([row("29-602-000-000", "Район", DISTRICT, (2018, 2020), "2")], "преемника в файле нет"),
        ([row("29-602-000-000", "Район", DISTRICT, (2020, 9999), "2")], "предшественника в файле нет"),
        ([row("29-602-000-000", "Район", DISTRICT, (2018, 2019), "2"),
          row("29-502-000-000", "Округ", OKRUG, (2020, 9999), "2")], "с разрывом в годах"),
    ],
)  # fmt: skip
def test_contradictory_record_is_reported_and_the_rest_is_taken(rows, words):
    good = district(1, "Алексинский район")
    result = take([GOOD, *rows])
    assert any(words in reason for _line, _refused, reason in reasons(result)), reasons(result)
    assert TerritoryCode.objects.get(code="1").municipality == good
    assert MunicipalityChange.objects.count() == 0


@pytest.mark.django_db
def test_same_code_of_another_kind_or_place_is_refused():
    district(1, "Алексинский район")
    district(2, "Совсем другой район")
    district(3, "Веневский район")
    result = take(
        [
            row("29-601-000-000", "городской округ Алексин", TOWN, (2018, 9999), "1"),
            row("29-602-000-000", "Борисовский район", DISTRICT, (2018, 9999), "2"),
            row("29-603-000-000", "Веневский район", DISTRICT, (2018, 9999), "3"),
        ]
    )
    assert [reason for _line, refused, reason in reasons(result) if refused] == [
        "в реестре портала это муниципальный район, в файле городской округ",
        "в реестре портала под этим кодом «Совсем другой район»",
    ]
    assert list(TerritoryCode.objects.values_list("code", flat=True)) == ["3"]


@pytest.mark.django_db
def test_transformation_against_the_register_is_refused_whole():
    gone = district(1, "Алексинский район", valid_to=date(2019, 5, 1), status="abolished")
    district(2, "Борисовский район")
    result = take(
        [
            row(
                "29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1", after="union_1"
            ),
            row(
                "29-602-000-000", "Борисовский район", DISTRICT, (2018, 2020), "2", after="union_1"
            ),
            row("29-501-000-000", "Общий округ", OKRUG, (2020, 9999), "4", before="union_1"),
        ]
    )
    assert result.events_refused == 1
    assert not Municipality.objects.filter(oktmo="29501000").exists()
    assert Municipality.objects.get(oktmo="29602000").valid_to is None
    gone.refresh_from_db()
    assert gone.valid_to == date(2019, 5, 1)


@pytest.mark.django_db
def test_file_without_any_known_code_asks_for_the_register_first():
    with pytest.raises(mo_ref.MoRefFileError, match="import_oktmo"):
        take([GOOD])
    assert Municipality.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "не книга Excel"),
        (b"oktmo;name\n1;2\n", "не книга Excel"),
        (workbook([], ["a", "b"]), "Строка заголовков не найдена"),
        (workbook([], ["oktmo", "territory_id"]), "нет столбцов: municipal_district_name"),
        (workbook([]), "ни одной записи"),
    ],
    # The bytes hold the time of their writing; parallel processes must agree on the names.
    ids=["empty", "text", "other head", "columns missing", "no rows"],
)
def test_other_files_are_refused_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_transformations", str(path))
    with pytest.raises(CommandError, match="не открывается"):
        call_command("import_transformations", str(tmp_path / "нет.xlsx"))


@pytest.mark.django_db
def test_command_reports_counts_and_writes_what_was_refused(tmp_path, capsys):
    district(1, "Алексинский район")
    path, rejected = tmp_path / "mo_ref.xlsx", tmp_path / "rejected.csv"
    path.write_bytes(workbook([GOOD, row("29-602-000-000", "=1+1", "волость", (2018, 9999), "2")]))
    call_command("import_transformations", str(path), "--dry-run", "--rejected", str(rejected))
    out = capsys.readouterr().out
    assert "прочитано записей: 2" in out
    assert "записей отклонено: 1" in out
    assert "отклонено: строка 3, 29-602-000-000 «=1+1»: вид «волость» не известен." in out
    assert out.rstrip().endswith("Пробный запуск: ничего не записано.")
    with rejected.open(encoding="utf-8-sig", newline="") as handle:
        lines = list(csv.reader(handle, delimiter=";"))
    assert lines[1][:4] == ["3", "29-602-000-000", "'=1+1", "нет"]
    assert TerritoryCode.objects.count() == 0


cells = st.one_of(
    st.none(), st.text(max_size=12), st.integers(-5, 99_999_999), st.floats(allow_nan=False),
    st.sampled_from(["29-601-000-000", DISTRICT, OKRUG, 2018, 2020, 9999, "union_1", "1", "Район"]),
)  # fmt: skip


@given(st.lists(st.lists(cells, min_size=0, max_size=10), max_size=5))
@settings(max_examples=60)
def test_any_cells_are_records_or_remarks(rows):
    clean = [[_writable(cell) for cell in line] for line in rows]
    reference = mo_ref.read(workbook([GOOD, *clean]))
    assert reference.read == len(reference.records) + len(
        {remark.line for remark in reference.remarks if remark.refused}
        - {record.line for record in reference.records}
    )
    assert all(record.year_from < (record.year_to or 9999) for record in reference.records)


def _writable(cell):
    """What a spreadsheet can hold: no infinities and no control characters."""
    if isinstance(cell, float) and cell in (float("inf"), float("-inf")):
        return 0
    if isinstance(cell, str):
        return "".join(letter for letter in cell if letter.isprintable())
    return cell
