"""Reading what people typed into a row: numbers as they come, words, dates that were numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from annual_report.enums import ValueType
from annual_report.workbooks.content import EMPTY, PLANS, Saved, show
from annual_report.workbooks.layout import Field
from annual_report.workbooks.reader import RawRow, plain_text, same_number
from annual_report.workbooks.texts import wanted
from okmo_portal.core.text import clean_text, format_number, parse_number_ru, sort_key

MAX_REASON, MAX_NOTE = 300, 500
#: What people put where there is nothing to say.
DASHES = frozenset({"-", "–", "—", "−", "--", "---", "_", ".", "х", "x"})
NO_WORDS = frozenset({"нет", "нет данных", "н/д", "нд", "n/a", "na", "не имеется", "отсутствует"})
YES, NO = (
    frozenset({"да", "1", "истина", "true", "yes", "+"}),
    frozenset({"нет", "0", "ложь", "false", "no", "-", "–", "—"}),
)
_EXCEL_ERROR = re.compile(r"^#[A-ZА-Я/0-9!?]+[!?]?$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
#: Day 0 of Excel's calendar.
_EPOCH = date(1899, 12, 30)
#: A change by more than this many times is worth a look: thousands where units are asked.
JUMP = 100


@dataclass(frozen=True)
class CellError:
    """What is wrong with one cell of the file and how to mend it."""

    place: str
    found: str
    expected: str
    hint: str


@dataclass(frozen=True)
class Typed:
    """One indicator as the workbook has it; with errors nothing of it is taken."""

    saved: Saved
    errors: tuple[CellError, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass
class _Reader:
    """Reads one row; what is like the base stays the base to the last digit."""

    field: Field
    row: RawRow
    base: Saved
    previous: Decimal | None
    errors: list[CellError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def fail(self, key: str, expected: str, hint: str) -> None:
        self.errors.append(
            CellError(self.row.place(key), show_raw(self.row.cells[key]), expected, hint)
        )

    def read(self) -> Typed:
        reason = self.text("reason", self.base.reason, MAX_REASON, NO_WORDS)
        note = self.text("note", self.base.note, MAX_NOTE)
        value = self.number("value", self.base.value, bool(reason))
        if value is not None and reason:
            self.fail(
                "reason",
                "Что-то одно: значение или причина, почему его нет.",
                "Если значение верно, сотрите причину.",
            )
        plans: Sequence[Decimal | None] = self.base.plans
        if self.field.asks_plan:
            plans = [
                self.number(key, before, False)
                for key, before in zip(PLANS, self.base.plans, strict=True)
            ]
        if value is not None and value != self.base.value:
            self.look_twice(value)
        first, second, third = plans
        saved = Saved(value, reason, note, (first, second, third), self.base.at)
        return Typed(saved, tuple(self.errors), tuple(self.notices))

    def text(self, key: str, before: str, limit: int, nothing: frozenset[str] = frozenset()) -> str:
        raw = self.row.cells[key]
        found = clean(raw)
        if found == clean(before):
            return before
        if found.casefold() in DASHES or found.casefold() in nothing:
            return ""
        if len(found) > limit:
            self.fail(key, f"Не больше {limit} знаков.", "Сократите текст.")
        return found

    def number(self, key: str, before: Decimal | None, has_reason: bool) -> Decimal | None:
        raw = self.row.cells.get(key, "")
        if is_unchanged(self.field, raw, before):
            return before
        try:
            return read_number(self.field, raw, has_reason)
        except ValueError as error:
            self.fail(key, wanted(self.field), str(error))
            return None

    def look_twice(self, value: Decimal) -> None:
        """What is no error and yet looks like a slip; the person decides."""
        if self.field.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
            return
        day = as_date(value)
        before = self.previous
        far = not before or not Decimal("0.5") <= value / before <= 2
        if day is not None and abs((day - date.today()).days) <= 550 and far:
            self.notices.append(
                f"Похоже на дату {day:%d.%m.%Y}: Excel мог превратить в неё число с точкой. "
                "Проверьте."
            )
        elif self.field.unit == "%" and 0 < value < 1 and before and before >= 1:
            self.notices.append("Похоже на долю вместо процентов: 0,45 вместо 45. Проверьте.")
        elif before and value and not 1 / Decimal(JUMP) < abs(value / before) < JUMP:
            self.notices.append(
                f"Год назад было {format_number(before, self.field.decimals)}: отличается больше "
                f"чем в {JUMP} раз. Проверьте единицу измерения."
            )


def read_row(
    field_: Field, row: RawRow, base: Saved = EMPTY, previous: Decimal | None = None
) -> Typed:
    """What the row says of the indicator; ``base`` is what stood in it when the file was made."""
    return _Reader(field_, row, base, previous).read()


def is_unchanged(field_: Field, raw: Any, before: Decimal | None) -> bool:
    shown = show(field_, before)
    if isinstance(shown, float):
        is_number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
        return is_number and same_number(float(raw), shown)
    return sort_key(clean(raw)) == sort_key(shown or "")


def read_number(field_: Field, raw: Any, has_reason: bool = False) -> Decimal | None:
    """The cell's value; raises ValueError that says how to mend it."""
    if isinstance(raw, (datetime, date, time, timedelta)):
        raise ValueError(_date_advice(raw))
    words = clean(raw)
    if not words or (has_reason and (words in DASHES or words.casefold() in NO_WORDS)):
        return None
    if field_.value_type == ValueType.BOOLEAN:
        return _read_yes_no(words)
    if field_.value_type == ValueType.CHOICE:
        return _read_choice(field_, words)
    if isinstance(raw, bool):
        raise ValueError("Введите число цифрами.")
    number = _from_float(raw) if isinstance(raw, (int, float)) else _from_text(field_, words)
    if field_.value_type == ValueType.INTEGER and number != number.to_integral_value():
        raise ValueError("Уберите дробную часть: здесь считают целыми.")
    return round(number, 6)


def _read_yes_no(words: str) -> Decimal:
    if words.casefold() in YES:
        return Decimal(1)
    if words.casefold() in NO:
        return Decimal(0)
    raise ValueError("Выберите из списка «да» или «нет».")


def _read_choice(field_: Field, words: str) -> Decimal:
    for code, label in field_.offered_choices:
        if sort_key(words) in (sort_key(str(label)), str(code)):
            return Decimal(code)
    raise ValueError("Выберите вариант из списка в ячейке.")


def _from_float(raw: float) -> Decimal:
    """To the fifteen digits that a spreadsheet keeps: 0.1 + 0.2 is 0.3."""
    if abs(raw) >= 1e17:
        raise ValueError("Число слишком велико. Проверьте единицу измерения.")
    return Decimal(f"{raw:.15g}")


def _from_text(field_: Field, words: str) -> Decimal:
    """A number that was pasted or typed as text, with its unit or without."""
    if _EXCEL_ERROR.match(words):
        raise ValueError("Формула в ячейке дала ошибку. Впишите число.")
    lowered = words.casefold()
    if lowered in DASHES or lowered in NO_WORDS:
        raise ValueError(
            "Если это ноль, введите 0. Если значения нет, оставьте ячейку пустой и выберите причину "
            "в столбце «Нет данных»."
        )
    unit = field_.unit.casefold()
    if unit and lowered.endswith(unit) and words[: -len(unit)].strip():
        words = words[: -len(unit)]
    return parse_number_ru(words)


def _date_advice(raw: datetime | date | time | timedelta) -> str:
    if isinstance(raw, (datetime, date)):
        return (
            f"В ячейке дата {raw:%d.%m.%Y}: Excel принял за неё число с точкой. Введите число через "
            f"запятую, например {raw.day},{raw.month}, и верните ячейке числовой формат."
        )
    return "В ячейке время. Введите число и верните ячейке числовой формат."


def as_date(value: Decimal) -> date | None:
    """The day that Excel would show for this number, for days around our time."""
    if value != value.to_integral_value() or not 40_000 <= value <= 60_000:
        return None
    return _EPOCH + timedelta(days=int(value))


def clean(raw: Any) -> str:
    """Text of a cell without what one cannot see."""
    if isinstance(raw, bool):
        return "да" if raw else "нет"
    if isinstance(raw, (datetime, date)):
        return f"{raw:%d.%m.%Y}"
    return plain_text(
        _CONTROL.sub("", clean_text(str(raw) if not isinstance(raw, float) else plain_text(raw)))
    )


def show_raw(raw: Any) -> str:
    """What stands in the cell, for a message."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return format_number(f"{raw:.15g}")
    text = clean(raw)
    if not text:
        return "пусто"
    return f"«{text}»" if len(text) <= 60 else f"«{text[:57]}…»"
