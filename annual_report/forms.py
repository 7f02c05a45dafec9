"""Reading what people typed into a form's cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annual_report.enums import (  # noqa: F401
    NO_DATA_REASONS,
    Direction,
    RuleKind,
    Severity,
    ValueType,
)
from annual_report.filled_form import Cell
from annual_report.rules import RuleSyntaxError
from annual_report.services.answers import CellInput
from annual_report.services.checks import limit_message
from okmo_portal.core.text import clean_text, parse_number_ru
from okmo_portal.organisations.enums import MunicipalityKind

MAX_NOTE, MAX_REASON, MAX_EXPLANATION = 500, 300, 1000
RULE_ID = re.compile(r"^[0-9]{1,15}$")
PLANS = ("plan_1", "plan_2", "plan_3")


def read_value(cell: Cell, text: str) -> Decimal | None:
    """The typed text as a number; raises ValueError with a message in Russian."""
    if not text.strip():
        return None
    indicator = cell.indicator
    value = parse_number_ru(text)
    if indicator.value_type == ValueType.INTEGER and value != value.to_integral_value():
        raise ValueError("Нужно целое число, без дробной части.")
    if abs(value.as_tuple().exponent) > 6 and value != round(value, 6):
        raise ValueError("Не больше шести знаков после запятой.")
    if message := limit_message(indicator, value):
        raise ValueError(f"{indicator.title}: {message}")
    return value


@dataclass
class SectionInput:
    """Posted cells: what can be saved, and what was typed wrong, by code."""

    cells: dict[str, CellInput] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, dict[str, str]] = field(default_factory=dict)

    def update(self, other: SectionInput) -> None:
        self.cells |= other.cells
        self.errors |= other.errors
        self.typed |= other.typed


def read_cells(
    cells: Iterable[Cell], data: Mapping[str, Any], *, confirm_known: bool = False
) -> SectionInput:
    """The cells that ``data`` speaks of; right ones are kept beside wrong ones.

    A part that was not sent (its input was closed) stays as it is. ``seen`` of the page holds for
    cells without one of their own. What federal data hold is passed over while it stands as it was
    shown: pressing "save" for other cells does not confirm it.
    """
    result, page_seen = SectionInput(), str(data.get("seen", ""))
    for cell in cells:
        code = cell.indicator.code
        if f"value-{code}" not in data and f"reason-{code}" not in data:
            continue
        texts = {
            "value": str(data.get(f"value-{code}", "")),
            "reason": str(data.get(f"reason-{code}", "")),
            "note": str(data.get(f"note-{code}", cell.note)),
        }
        if cell.indicator.asks_plan:
            for name, now in zip(PLANS, cell.typed_plans, strict=True):
                texts[name] = str(data.get(f"{name}-{code}", now))
        read_cell(
            result,
            cell,
            texts,
            seen=str(data.get(f"seen-{code}", page_seen)),
            overwrite=bool(data.get(f"overwrite-{code}")),
        )
        if cell.is_known and not confirm_known and is_as_shown(cell, result.cells.get(code)):
            del result.cells[code]
    return result


def is_as_shown(cell: Cell, given: CellInput | None) -> bool:
    return given is not None and given[:3] == (cell.value, cell.no_data_reason, cell.note)


def read_cell(
    result: SectionInput,
    cell: Cell,
    texts: Mapping[str, str],
    *,
    seen: str = "",
    overwrite: bool = False,
) -> None:
    """Read one cell's texts into ``result``: as an input that can be saved, or as an error."""
    code, reason, note = cell.indicator.code, texts["reason"].strip(), texts["note"].strip()
    result.typed[code] = dict(texts)
    if len(reason) > MAX_REASON or len(note) > MAX_NOTE:
        result.errors[code] = (
            f"Сократите: причина — до {MAX_REASON}, примечание — до {MAX_NOTE} знаков."
        )
        return
    try:
        number = read_value(cell, texts["value"])
        plans = [read_plan(cell, texts[name], name) for name in PLANS if name in texts]
    except ValueError as error:
        result.errors[code] = str(error)
        return
    if number is not None and reason:
        result.errors[code] = "Есть и значение, и причина «нет данных». Оставьте что-то одно."
        return
    result.cells[code] = CellInput(number, reason, note, read_moment(seen), overwrite, *plans)


def read_plan(cell: Cell, text: str, name: str) -> Decimal | None:
    try:
        return read_value(cell, text)
    except ValueError as error:
        raise ValueError(f"План, {name[-1]}-й год: {error}") from error


def read_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def read_explanations(data: Mapping[str, Any]) -> dict[int, str]:
    """Texts of ``explain-<rule id>``."""
    found = {
        key.removeprefix("explain-"): str(text)[:MAX_EXPLANATION]
        for key, text in data.items()
        if key.startswith("explain-")
    }
    return {int(key): clean_text(text) for key, text in found.items() if RULE_ID.match(key)}


class SubmitForm(forms.Form):
    certified = forms.BooleanField(
        label="Подтверждаю, что данные проверены и достоверны",
        error_messages={"required": "Поставьте отметку: без неё форма не отправляется."},
    )


class TakeBackForm(forms.Form):
    comment = forms.CharField(
        label="Что исправить исполнителю",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )


# --- control rules


class RuleFilterForm(forms.Form):
    """Filters of the rules' page; an unknown value is no filter."""

    SHOWN = (("", "Нарушенные"), ("all", "Все"))
    severity = forms.ChoiceField(
        label="Важность", choices=[("", "Любая"), *Severity.choices], required=False
    )
    kind = forms.ChoiceField(
        label="Что сверяет", choices=[("", "Всё"), *RuleKind.choices], required=False
    )
    show = forms.ChoiceField(label="Показать", choices=SHOWN, required=False)


class FindingFilterForm(forms.Form):
    """Filters of the forms that break one rule; an unknown value is no filter."""

    state = forms.ChoiceField(
        label="Формы",
        choices=[("", "Все"), ("filed", "Сданные"), ("working", "В работе")],
        required=False,
    )
    explained = forms.ChoiceField(
        label="Пояснение",
        choices=[("", "Не важно"), ("no", "Нет"), ("yes", "Есть")],
        required=False,
    )


class RuleTryForm(forms.Form):
    expression = forms.CharField(
        label="Условие, которое должно выполняться",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        max_length=500,
        help_text='Например: C02 <= C01 или abs(A05 - prev("A05")) <= 0.1 * prev("A05").',
    )

    def __init__(self, *args, rules, **kwargs):
        """``rules`` are those of the form that the condition is to be checked on."""
        super().__init__(*args, **kwargs)
        self.rules = rules

    def clean_expression(self):
        text = self.cleaned_data["expression"]
        try:
            self.rules.expression(text)
        except RuleSyntaxError as error:
            raise forms.ValidationError(str(error)) from error
        return text


# --- catalogue


class CatalogueFilterForm(forms.Form):
    """Filters of the public catalogue; an unknown value is no filter."""

    q = forms.CharField(label=_("Слово или код"), required=False, max_length=100)
    section = forms.ChoiceField(label=_("Раздел"), required=False)
    kind = forms.ChoiceField(
        label=_("Вид муниципалитета"),
        choices=[("", _("Любой")), *MunicipalityKind.choices],
        required=False,
    )
    direction = forms.ChoiceField(
        label=_("Направление"),
        choices=[("", _("Любое")), *Direction.choices],
        required=False,
    )
    year = forms.IntegerField(
        label=_("Действует за год"), required=False, min_value=1990, max_value=2100
    )
    retired = forms.BooleanField(label=_("и те, что больше не собираются"), required=False)

    def __init__(self, *args, sections, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = [
            ("", _("Любой")),
            *((section.code, f"{section.code}. {section.local_title}") for section in sections),
        ]
