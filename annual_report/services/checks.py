"""What is wrong with a form, in words that say how to mend it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from annual_report.enums import Severity, ValueType
from annual_report.models import ControlRule, Explanation
from annual_report.rules import parse
from annual_report.selectors import Cell, FilledForm, show_value

_PLACEHOLDER = re.compile(r"\{(prev )?([A-Z]\d{2})\}")


@dataclass(frozen=True)
class Problem:
    """One finding; ``codes`` are the indicators to look at, the first is where to go."""

    severity: Severity
    code: str
    message: str
    hint: str
    codes: tuple[str, ...]
    rule_id: int | None = None
    explanation: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the form cannot be sent because of it."""
        return self.severity == Severity.CRITICAL or (
            self.severity == Severity.EXPLAIN and not self.explanation
        )


def check_cell(cell: Cell) -> Problem | None:
    """The indicator's own limits: whole numbers, least and greatest value."""
    indicator, value = cell.indicator, cell.value
    if value is None or indicator.formula:
        return None
    text = limit_message(indicator, value)
    if not text:
        return None
    return Problem(
        Severity.CRITICAL,
        f"L-{indicator.code}",
        f"{indicator.title}: {text}",
        "Проверьте значение и единицу измерения.",
        (indicator.code,),
    )


def check_federal(cell: Cell) -> Problem | None:
    """A value that departs from federal data needs a note that says why."""
    if not cell.differs_from_federal or cell.note or cell.federal is None:
        return None
    indicator, shown = cell.indicator, show_value(cell.indicator, cell.federal.value)
    return Problem(
        Severity.EXPLAIN,
        f"F-{indicator.code}",
        f"{indicator.title}: в форме {cell.no_data_reason or cell.shown}, в федеральных данных {shown}.",
        "Если верно Ваше значение, напишите в примечании к показателю, почему оно другое.",
        (indicator.code,),
    )


def limit_message(indicator, value: Decimal) -> str:
    """Why ``value`` cannot be right for ``indicator``, or an empty string."""
    if indicator.value_type == ValueType.INTEGER and value != value.to_integral_value():
        return "нужно целое число, без дробной части."
    if indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
        allowed = (
            {0, 1}
            if indicator.value_type == ValueType.BOOLEAN
            else {code for code, _label in indicator.offered_choices}
        )
        return "" if value in allowed else "выберите один из предложенных вариантов."
    if indicator.min_value is not None and value < indicator.min_value:
        return f"не может быть меньше {show_value(indicator, indicator.min_value)}."
    if indicator.max_value is not None and value > indicator.max_value:
        return (
            f"не может быть больше {show_value(indicator, indicator.max_value)} {indicator.unit}."
        )
    return ""


def check_form(form: FilledForm) -> list[Problem]:
    """All findings on a form: missing values, limits, control rules; the gravest first."""
    cells = form.cells
    problems = [
        Problem(
            Severity.CRITICAL,
            f"M-{code}",
            f"Не заполнено: {cell.indicator.title}.",
            "Введите значение или отметьте «Нет данных» и укажите причину.",
            (code,),
        )
        for code, cell in cells.items()
        if cell.is_required and not cell.is_filled
    ]
    problems += [problem for cell in cells.values() if (problem := check_cell(cell))]
    problems += [problem for cell in form.known_otherwise if (problem := check_federal(cell))]
    problems += check_rules(form)
    order = list(Severity)
    return sorted(problems, key=lambda problem: (order.index(problem.severity), problem.code))


def check_rules(form: FilledForm) -> list[Problem]:
    """Control rules that do not hold; one whose values are missing gives no verdict."""
    submission = form.submission
    rules = ControlRule.objects.filter(form_id=submission.campaign.form_id, is_active=True)
    explanations = dict(
        Explanation.objects.filter(submission=submission).values_list("rule_id", "text")
    )
    values, previous, cells = form.values, form.previous, form.cells
    problems = []
    for rule in rules:
        expression = parse(rule.expression)
        if expression.evaluate(values, previous, submission.municipality.kind) is not False:
            continue
        named = re.findall(r"[A-Z]\d{2}", rule.expression)
        codes = tuple(dict.fromkeys(code for code in named if code in cells))
        problems.append(
            Problem(
                Severity(rule.severity),
                rule.code,
                fill_message(rule.message, form),
                rule.hint,
                codes,
                rule.pk,
                explanations.get(rule.pk, ""),
            )
        )
    return problems


def fill_message(message: str, form: FilledForm) -> str:
    """Put values into a rule's message: {A05} this year's, {prev A05} last year's."""
    cells = form.cells

    def value(match: re.Match) -> str:
        cell = cells.get(match.group(2))
        if cell is None:
            return "—"
        return cell.shown_previous if match.group(1) else cell.shown

    return _PLACEHOLDER.sub(value, message)
