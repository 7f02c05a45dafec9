"""What is wrong with a form, in words that say how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from annual_report.enums import Severity, ValueType
from annual_report.form_rules import FormRule, FormRules, get_form_rules
from annual_report.models import Explanation
from annual_report.operands import operands_of
from annual_report.rules import messages, server, split_key
from annual_report.selectors import Cell, FilledForm, show_value
from okmo_portal.core.text import format_number


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

    def others(self, code: str) -> tuple[str, ...]:
        """The other cells that it concerns, seen from the cell ``code``."""
        return tuple(other for other in self.codes if other != code)


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
    """All findings on a form: missing values, limits, control rules; the gravest first.

    No finding asks for what another one forbids: a cell that its own limits refuse is in no rule's
    finding, and what a graver rule says of some values silences a milder one about the same.
    """
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
    limits = [problem for cell in cells.values() if (problem := check_cell(cell))]
    impossible = {code for problem in limits for code in problem.codes}
    rules = rules_of(form)
    broken = [rule for rule in broken_rules(form, rules) if not impossible & set(rule.codes)]
    told = {key for rule in broken for key in rule.expression.keys}
    problems += limits
    problems += [
        problem
        for cell in form.known_otherwise
        if f"outside:{cell.code}" not in told and (problem := check_federal(cell))
    ]
    problems += describe_rules(form, broken)
    order = list(Severity)
    return sorted(problems, key=lambda problem: (order.index(problem.severity), problem.code))


def rules_of(form: FilledForm) -> FormRules:
    spec = form.spec
    return get_form_rules(spec.form_id, spec.year, spec.stamp)


def values_of(form: FilledForm, rules: FormRules) -> dict[str, Decimal]:
    """Every value that the rules read, by key; what is missing has no key."""
    if form.operands is None:
        form.operands = operands_of(form, rules)
    own = {cell.code: value for cell in form.asked if (value := cell.value) is not None}
    return own | form.operands


def broken_rules(form: FilledForm, rules: FormRules) -> list[FormRule]:
    """Rules that do not hold, the gravest first; one whose values are missing gives no verdict."""
    values, kind = server.floats(values_of(form, rules)), form.spec.kind
    broken = [rule for rule in rules.rules if rule.expression.verdict(values, kind) is False]
    gravest: dict[frozenset[str], str] = {}
    for rule in broken:
        gravest.setdefault(frozenset(rule.expression.keys), rule.severity)
    return [rule for rule in broken if rule.severity == gravest[frozenset(rule.expression.keys)]]


def describe_rules(form: FilledForm, broken: Iterable[FormRule]) -> list[Problem]:
    """The findings of broken rules, with what was explained."""
    broken = list(broken)
    texts: dict[int, str] = {}
    if any(rule.severity == Severity.EXPLAIN for rule in broken):
        texts = dict(
            Explanation.objects.filter(submission=form.submission).values_list("rule_id", "text")
        )
    return [
        Problem(
            Severity(rule.severity),
            rule.code,
            messages.fill(rule.message, lambda key: show_operand(form, key)),
            rule.hint,
            tuple(code for code in rule.codes if code in form.cells),
            rule.pk,
            texts.get(rule.pk, ""),
        )
        for rule in broken
    ]


def show_operand(form: FilledForm, key: str) -> str:
    """A value in words: the form's own, last year's, or what others say."""
    prefix, code = split_key(key)
    cell = form.cells.get(code)
    if cell is not None and prefix in ("", "prev"):
        return cell.shown_previous if prefix else cell.shown
    value = (form.operands or {}).get(key)
    if cell is not None and prefix != "other":
        return show_value(cell.indicator, value)
    return format_number(value)


def browser_rules(form: FilledForm) -> dict[str, Any]:
    """What static/annual_report/rules.js needs to check the form while it is filled.

    ``known`` are numbers that do not change on the page (other years, forms, sources), ``shown``
    the same in words; the page adds its own cells' numbers under their codes.
    """
    rules = rules_of(form)
    values = values_of(form, rules)
    known = {key: value for key, value in values.items() if split_key(key)[0]}
    return {
        "kind": form.spec.kind,
        "known": server.floats(known),
        "shown": {key: show_operand(form, key) for key in rules.keys if split_key(key)[0]},
        "rules": rules.payload,
    }
