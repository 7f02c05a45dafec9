"""Reading what people typed into a form's cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms

from annual_report.enums import SubmissionState, ValueType
from annual_report.selectors import Cell, FormSection
from annual_report.services.answers import CellInput
from annual_report.services.checks import limit_message
from okmo_portal.core.text import parse_number_ru
from okmo_portal.organisations.enums import MunicipalityKind

MAX_NOTE, MAX_REASON = 500, 300


def read_value(cell: Cell, text: str) -> Decimal | None:
    """The typed text as a number; raises ValueError with a message in Russian."""
    if not text.strip():
        return None
    value = parse_number_ru(text)
    if cell.indicator.value_type == ValueType.INTEGER and value != value.to_integral_value():
        raise ValueError("Нужно целое число, без дробной части.")
    if abs(value.as_tuple().exponent) > 6 and value != round(value, 6):
        raise ValueError("Не больше шести знаков после запятой.")
    if message := limit_message(cell.indicator, value):
        raise ValueError(f"{cell.indicator.title}: {message}")
    return value


@dataclass
class SectionInput:
    """A section's posted cells: what can be saved, and what was typed wrong, by code."""

    cells: dict[str, CellInput] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, dict[str, str]] = field(default_factory=dict)


def read_section(section: FormSection, data: Mapping[str, Any]) -> SectionInput:
    """Every asked cell of the section from ``data``; right cells are kept beside wrong ones."""
    result = SectionInput()
    for cell in section.asked:
        code = cell.indicator.code
        if f"value-{code}" not in data and f"reason-{code}" not in data:
            continue
        read_cell(
            result,
            cell,
            value=str(data.get(f"value-{code}", "")),
            reason=str(data.get(f"reason-{code}", "")),
            note=str(data.get(f"note-{code}", "")),
            seen=str(data.get(f"seen-{code}", "")),
            overwrite=bool(data.get(f"overwrite-{code}")),
        )
    return result


def read_cell(
    result: SectionInput,
    cell: Cell,
    *,
    value: str,
    reason: str,
    note: str,
    seen: str,
    overwrite: bool = False,
) -> None:
    code = cell.indicator.code
    result.typed[code] = {"value": value, "reason": reason, "note": note}
    if len(reason) > MAX_REASON or len(note) > MAX_NOTE:
        result.errors[code] = (
            f"Сократите: причина — до {MAX_REASON}, примечание — до {MAX_NOTE} знаков."
        )
        return
    try:
        number = read_value(cell, value)
    except ValueError as error:
        result.errors[code] = str(error)
        return
    if number is not None and reason.strip():
        result.errors[code] = "Есть и значение, и причина «нет данных». Оставьте что-то одно."
        return
    result.cells[code] = CellInput(
        number, reason.strip(), note.strip(), read_moment(seen), overwrite
    )


def read_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class SubmitForm(forms.Form):
    certified = forms.BooleanField(
        label="Подтверждаю, что данные проверены и достоверны",
        error_messages={"required": "Поставьте отметку: без неё форма не отправляется."},
    )


class ReturnForm(forms.Form):
    comment = forms.CharField(
        label="Что исправить",
        widget=forms.Textarea,
        max_length=2000,
        help_text="Назовите показатели и то, что в них не так. Текст увидит муниципалитет.",
    )


class ReviewFilterForm(forms.Form):
    """Filters of the council's queue; an unknown value is no filter."""

    STATES = (
        ("", "Любое"),
        ("not_filed", "Не сдали"),
        *SubmissionState.choices,
    )
    state = forms.ChoiceField(label="Состояние", choices=STATES, required=False)
    kind = forms.ChoiceField(
        label="Вид", choices=[("", "Любой"), *MunicipalityKind.choices], required=False
    )
    q = forms.CharField(label="Название", required=False, max_length=100)
