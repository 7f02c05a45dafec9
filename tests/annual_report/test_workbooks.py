"""Making a workbook and reading it back, without a page."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annual_report.form_spec import FieldSpec, SectionSpec
from annual_report.rules import parse
from annual_report.rules.messages import places
from annual_report.workbooks.content import Content, Saved, make_slots
from annual_report.workbooks.diff import State, merge
from annual_report.workbooks.layout import FIRST_ROW, Rule, letters, make_layout, sheet_names
from annual_report.workbooks.reader import WorkbookRefused, read_workbook
from annual_report.workbooks.stamp import make_template
from annual_report.workbooks.values import read_row
from annual_report.workbooks.writer import write_workbook
from tests.annual_report.workbook_files import edit, read_cells, rename_sheet, replace_part

BUDGET, BODIES = SectionSpec(1, "D", "Бюджет"), SectionSpec(2, "B", "Органы и выборы: всё [о них]")
CHOICES = ((1, "выборы"), (2, "конкурс"), (3, "прежний порядок"))
NOW = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


def make_field(code, section=BUDGET, **changes):
    spec = FieldSpec(
        pk=1, code=code, section=section, title=f"Показатель {code}", unit="тыс. руб.", hint="",
        definition="", legal_base="", source="", owner="", federal_form="", value_type="decimal",
        decimals=1, choices=(), retired_choices=frozenset(), min_value=None, max_value=None,
        formula="", direction="none", aggregation="sum", is_required=True, asks_plan=False,
        prefill="none", before=(),
    )  # fmt: skip
    return replace(spec, **changes)


FIELDS = [
    make_field("D01", min_value=Decimal(0), max_value=Decimal(100000), hint="Все доходы"),
    make_field("D02", asks_plan=True),
    make_field("D03", value_type="integer", decimals=0, unit="ед.", min_value=Decimal(0)),
    make_field("D04", unit="%", is_required=False),
    make_field("D09", formula="D02 / D01 * 100", unit="%"),
    make_field("B01", BODIES, value_type="boolean", unit="да/нет"),
    make_field(
        "B02", BODIES, value_type="choice", unit="код", choices=CHOICES,
        retired_choices=frozenset({3}),
    ),
]  # fmt: skip


def make_rule(code, severity, text, message, hint, *codes):
    return Rule(code, severity, parse(text), message, hint, codes, places(message))


RULES = [
    make_rule("K1", "critical", "D02 <= D01", "Часть {D02} больше целого {D01}.", "Сверьте.", "D02",
              "D01"),
    make_rule("K2", "explain", 'D01 <= 2 * prev("D01")', "Было {prev D01}, стало {D01}.",
              "Поясните.", "D01"),
    make_rule("K3", "notice", 'D01 == outside("D01")', "У казначейства {outside D01}.", "", "D01"),
]  # fmt: skip


@pytest.fixture(scope="module")
def layout():
    return make_layout(
        form="okmo-1", version=2, title="Форма ОКМО-1", year=2025, kind="municipal_district",
        fields=FIELDS, rules=RULES,
    )  # fmt: skip


@pytest.fixture(scope="module")
def template(layout):
    return make_template(layout)


def make_content(saved=None, previous=None, **changes):
    content = Content(
        campaign=7, oktmo="29608000", municipality="Боровский район", region="Калужская область",
        due=date(2026, 3, 5), made_at=NOW, saved=saved or {}, previous=previous or {},
    )  # fmt: skip
    return replace(content, **changes)


def typed_rows(layout, content):
    """Every asked row as it is read back from the file."""
    uploaded = read_workbook(content)
    return {
        code: read_row(
            row.field, uploaded.rows[code], uploaded.meta.base.get(code, Saved()),
            uploaded.meta.previous.get(code),
        )
        for code, row in layout.rows.items()
        if not row.field.formula
    }  # fmt: skip


def read_one(layout, template, code, column, value, saved=None, previous=None):
    """One cell typed over in an otherwise untouched copy."""
    content = template.copy(make_content(saved, previous))
    row = layout.rows[code]
    changed = edit(content, {f"{row.sheet.name}!{row.letter(column)}{row.number}": value})
    return typed_rows(layout, changed)[code]


# --- layout --------------------------------------------------------------------------------------------


def test_sheet_names_are_taken_by_excel():
    names = sheet_names(
        {
            "A": "Проверка",
            "B": "Органы: [выборы] / главы?",
            "C": "Очень длинное название раздела о муниципальной службе",
            "D": "очень длинное название раздела о чём-то другом",
            "E": "History",
            "F": "'",
        }
    )
    assert names == {
        "A": "A Проверка",
        "B": "Органы   выборы    главы",
        "C": "Очень длинное название раздела",
        "D": "D очень длинное название раздел",
        "E": "E History",
        "F": "F",
    }


@pytest.mark.parametrize(("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_column_letters(number, text):
    assert letters(number) == text


def test_plan_columns_stand_only_where_a_plan_is_asked(layout):
    budget, bodies = layout.sheets
    assert [column.title for column in budget.heads] == [
        "Код", "Показатель", "Единица", "2024 год", "2025 год", "План на 2026 год",
        "План на 2027 год", "План на 2028 год", "Нет данных, потому что", "Примечание", "Проверка",
    ]  # fmt: skip
    assert [column.key for column in bodies.heads][5:] == ["reason", "note", "check"]
    assert layout.rows["D02"].place("value") == "Бюджет!E6"


def test_fingerprint_follows_everything_that_a_copy_shows(layout):
    changed = [replace(FIELDS[0], max_value=Decimal(5)), *FIELDS[1:]]
    other = make_layout(
        form="okmo-1", version=2, title="Форма ОКМО-1", year=2025, kind="municipal_district",
        fields=changed, rules=RULES,
    )  # fmt: skip
    assert other.fingerprint != layout.fingerprint
    assert other.static_meta == layout.static_meta


# --- writing -------------------------------------------------------------------------------------------


def test_filled_template_holds_what_a_full_write_holds(layout, template):
    saved = {
        "D01": Saved(Decimal("1234.5"), note="по <отчёту> & «ф. 0503117»"),
        "D02": Saved(None, "Данные ещё не готовы", "", (Decimal(1), None, Decimal("2.5"))),
        "B01": Saved(Decimal(0)),
        "B02": Saved(Decimal(3)),
    }
    content = make_content(
        saved, {"D01": Decimal("0.1"), "B02": Decimal(1)},
        explained={"K2": "Передали полномочия"}, known={"outside:D01": Decimal(9)},
    )  # fmt: skip
    full = write_workbook(layout, make_slots(layout, content))
    assert read_cells(template.copy(content)) == read_cells(full)


def test_copies_of_the_same_content_are_the_same_bytes(layout, template):
    content = make_content({"D01": Saved(Decimal(5))})
    assert template.copy(content) == make_template(layout).copy(content)


def test_cells_hold_numbers_words_and_the_years(template):
    saved = {"D01": Saved(Decimal("1234.50")), "B01": Saved(Decimal(0)), "B02": Saved(Decimal(3))}
    cells = read_cells(template.copy(make_content(saved, {"D01": Decimal(1000)})))
    assert cells["Бюджет"][FIRST_ROW - 1][:5] == [
        "D01", "Показатель D01", "тыс. руб.", 1000.0, 1234.5,
    ]  # fmt: skip
    assert [row[4] for row in cells["Органы и выборы  всё  о них"][FIRST_ROW - 1 :]] == [
        "нет", "прежний порядок",
    ]  # fmt: skip
    assert cells["Как заполнить"][0][0] == "Боровский район: форма за 2025 год"


# --- reading back --------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60).map(str.strip)
numbers = st.decimals(-(10**17), 10**17, places=6, allow_nan=False, allow_infinity=False)


@st.composite
def saved_cells(draw, field):
    if field.value_type == "boolean":
        value = draw(st.sampled_from([Decimal(0), Decimal(1), None]))
    elif field.value_type == "choice":
        value = draw(st.sampled_from([Decimal(1), Decimal(2), Decimal(3), None]))
    elif field.value_type == "integer":
        value = draw(st.one_of(st.none(), st.integers(-(10**17), 10**17).map(Decimal)))
    else:
        value = draw(st.one_of(st.none(), numbers))
    plans = (None, None, None)
    if field.asks_plan:
        plans = draw(st.tuples(*[st.one_of(st.none(), numbers)] * 3))
    reason = "" if value is not None else draw(texts)
    return Saved(value, reason, draw(texts), plans, draw(st.sampled_from(["", NOW.isoformat()])))


@settings(max_examples=40)
@given(data=st.data())
def test_any_saved_values_come_back_as_they_were(layout, template, data):
    asked = [field for field in FIELDS if not field.formula]
    saved = {field.code: data.draw(saved_cells(field)) for field in asked}
    previous = {field.code: data.draw(numbers) for field in asked[:3]}
    typed = typed_rows(layout, template.copy(make_content(saved, previous)))
    for code, before in saved.items():
        assert typed[code].errors == ()
        assert merge(before, before, typed[code].saved).state == State.SAME
        assert typed[code].saved == before


@pytest.mark.parametrize(
    ("code", "raw", "value"),
    [
        ("D01", 12.5, "12.5"),
        ("D01", 0.1 + 0.2, "0.3"),
        ("D01", "1\u00a0234,5", "1234.5"),
        ("D01", " 12 тыс. руб. ", "12"),
        ("D01", "12", "12"),
        ("D01", "\u2212 0", "0"),
        ("D04", "45 %", "45"),
        ("D03", "7,0", "7"),
        ("B01", "ДА", "1"),
        ("B01", " нет ", "0"),
        ("B01", True, "1"),
        ("B01", 0, "0"),
        ("B02", "Конкурс", "2"),
        ("B02", 2, "2"),
    ],
)
def test_values_are_read_as_people_type_them(layout, template, code, raw, value):
    typed = read_one(layout, template, code, "value", raw)
    assert typed.errors == ()
    assert typed.saved.value == Decimal(value)


@pytest.mark.parametrize("raw", ["", " ", "\u00a0", "\u200b", "\n", None])
def test_cells_that_look_empty_are_empty(layout, template, raw):
    saved = {"D01": Saved(Decimal(5), note="было")}
    for column in ("value", "note"):
        typed = read_one(layout, template, "D01", column, raw, saved)
        assert typed.errors == ()
        assert (typed.saved.value is None, typed.saved.note == "") == (
            column == "value", column == "note",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "raw", "found", "hint"),
    [
        ("D01", "двенадцать", "«двенадцать»", "не число"),
        ("D01", "-", "«-»", "введите 0"),
        ("D01", "н/д", "«н/д»", "выберите причину"),
        ("D01", "12 %", "«12 %»", "без знака процента"),
        ("D01", "1.234,5", "«1.234,5»", "дробная часть"),
        ("D01", "#DIV/0!", "«#DIV/0!»", "Формула в ячейке дала ошибку"),
        ("D01", date(2026, 5, 12), "«12.05.2026»", "дата 12.05.2026"),
        ("D01", True, "«да»", "цифрами"),
        ("D01", 1e20, None, "слишком велико"),
        ("D03", 2.5, "2,5", "Уберите дробную часть"),
        ("B01", "возможно", "«возможно»", "«да» или «нет»"),
        ("B02", "прежний порядок", "«прежний порядок»", "из списка"),
    ],
)
def test_wrong_values_are_told_at_their_cell(layout, template, code, raw, found, hint):
    typed = read_one(layout, template, code, "value", raw)
    (error,) = typed.errors
    assert error.place == layout.rows[code].place("value")
    assert found is None or error.found == found
    assert error.expected.startswith("Нуж")
    assert hint in error.hint


def test_a_dash_with_a_reason_is_no_value(layout, template):
    row = layout.rows["D01"]
    content = edit(
        template.copy(make_content()),
        {row.place("value"): "-", row.place("reason"): "Учёт не ведётся"},
    )
    typed = typed_rows(layout, content)["D01"]
    assert (typed.errors, typed.saved.value, typed.saved.reason) == ((), None, "Учёт не ведётся")


def test_value_and_reason_together_are_refused_at_the_reason(layout, template):
    typed = read_one(
        layout, template, "D01", "reason", "Учёт не ведётся", {"D01": Saved(Decimal(5))}
    )
    assert [error.place for error in typed.errors] == ["Бюджет!I5"]


@pytest.mark.parametrize(
    ("code", "raw", "previous", "words"),
    [
        ("D04", 0.45, "44", "долю вместо процентов"),
        ("D01", 12000.0, "12", "отличается больше чем в 100 раз"),
        ("D01", 12.0, "13", None),
    ],
)
def test_probable_slips_are_pointed_at_and_left_to_the_person(
    layout, template, code, raw, previous, words
):
    typed = read_one(layout, template, code, "value", raw, None, {code: Decimal(previous)})
    assert typed.saved.value == Decimal(str(raw))
    assert len(typed.notices) == (words is not None)
    assert words is None or words in typed.notices[0]


def test_a_number_that_was_a_date_is_pointed_at(layout, template):
    serial = float((date.today() - date(1899, 12, 30)).days)
    typed = read_one(layout, template, "D01", "value", serial, None, {"D01": Decimal(12)})
    assert f"Похоже на дату {date.today():%d.%m.%Y}" in typed.notices[0]


# --- refusals ------------------------------------------------------------------------------------------


def refusal(content):
    with pytest.raises(WorkbookRefused) as caught:
        read_workbook(content)
    return caught.value


def test_changed_locked_cells_are_named(layout, template):
    content = template.copy(make_content(None, {"D01": Decimal(10)}))
    for place, value in (("Бюджет!A6", "D07"), ("Бюджет!B6", "Другое"), ("Бюджет!D5", 11.0)):
        error = refusal(edit(content, {place: value}))
        assert error.code == "locked"
        assert f"«{place}»" in str(error)


def test_broken_checksum_is_refused(template):
    content = template.copy(make_content({"D01": Saved(Decimal(5))}))
    cells = read_cells(content)
    changed = cells["_okmo"][1][1].replace('"29608000"', '"29610000"')
    error = refusal(edit(content, {"_okmo!B2": changed}))
    assert (error.code, "Служебный лист книги изменён" in str(error)) == ("meta", True)


def test_renamed_sheet_is_named(template):
    error = refusal(rename_sheet(template.copy(make_content()), "Бюджет", "Бюджет (2)"))
    assert "В книге нет листа «Бюджет»" in str(error)


def test_a_stray_value_far_away_is_refused_before_it_fills_the_memory(template):
    content = replace_part(
        template.copy(make_content()), "xl/worksheets/sheet2.xml", "</sheetData>",
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
    )  # fmt: skip
    assert "в ячейке XFD1048576" in str(refusal(content))


def test_formatted_empty_cells_far_away_do_no_harm(layout, template):
    content = replace_part(
        template.copy(make_content()), "xl/worksheets/sheet2.xml", "</sheetData>",
        '<row r="1048576"><c r="E1048576" s="1"/></row></sheetData>',
    )  # fmt: skip
    assert typed_rows(layout, content)["D01"].errors == ()


@settings(max_examples=150)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_a_workbook_or_refused_in_a_sentence(content):
    assert str(refusal(content)).endswith(".")


@settings(max_examples=100)
@given(
    places=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5
    ),
    kept=st.sampled_from([1, 0.5]),
)
def test_a_damaged_workbook_is_read_or_refused_in_a_sentence(template, places, kept):
    content = bytearray(template.copy(make_content({"D01": Saved(Decimal(5))})))
    for place, byte in places:
        content[int(place * len(content))] = byte
    try:
        message = "" if read_workbook(bytes(content[: int(kept * len(content))])) else "nothing"
    except WorkbookRefused as error:
        message = str(error)
    assert message == "" or message.endswith(".")


def test_other_files_are_refused_with_what_to_do():
    assert "пуст" in str(refusal(b""))
    assert "XLS или закрыта паролем" in str(refusal(b"\xd0\xcf\x11\xe0" + b"\0" * 600))
    assert "не книга Excel" in str(refusal(b"%PDF-1.4"))
    assert "больше 5 МБ" in str(refusal(b"PK\x03\x04" + b"\0" * 6_000_000))
