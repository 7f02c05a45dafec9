"""What the pages of control rules read: counts of the last run, and its findings in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from annual_report.enums import Severity
from annual_report.filled_form import show_value
from annual_report.form_rules import FormRule, FormRules, get_form_rules
from annual_report.form_spec import FieldSpec, get_form_spec
from annual_report.models import (
    Campaign,
    ControlRule,
    Explanation,
    Indicator,
    RuleFinding,
    RuleRun,
    RuleTally,
    Submission,
)
from annual_report.operands import CampaignValues, load_values
from annual_report.rules import Expression, messages, split_key
from annual_report.rules.tree import inline
from okmo_portal.core.text import format_number
from okmo_portal.organisations.models import Region

#: How an operand is named where it has no value.
NAMES = {
    "": "{code}",
    "prev": "{code} год назад",
    "prev2": "{code} два года назад",
    "prev3": "{code} три года назад",
    "outside": "{code} у внешнего источника",
    "other": "{code} другой формы",
    "children": "{code} в сумме по поселениям",
}


def name_operand(key: str) -> str:
    prefix, code = split_key(key)
    return NAMES[prefix].format(code=code)


@dataclass(frozen=True)
class RuleCounts:
    """One rule over the chosen regions; ``broken`` includes ``explained``."""

    rule: ControlRule
    filed: int = 0
    working: int = 0
    explained: int = 0
    held: int = 0
    unknown: int = 0

    @property
    def broken(self) -> int:
        return self.filed + self.working

    @property
    def message(self) -> str:
        """What the rule says, with the operands' names in the places of values."""
        return messages.fill(self.rule.message, lambda key: f"[{name_operand(key)}]")


def legend(codes: Iterable[str]) -> list[tuple[str, str, str]]:
    """Code, title and unit of the indicators that a condition names."""
    rows = Indicator.objects.filter(code__in=list(codes)).order_by("code")
    return list(rows.values_list("code", "title", "unit"))


@dataclass(frozen=True)
class RuleGroup:
    """Rules of one severity, the most broken first."""

    severity: Severity
    rows: list[RuleCounts]

    @property
    def broken(self) -> int:
        return sum(row.broken for row in self.rows)

    @property
    def explained(self) -> int:
        return sum(row.explained for row in self.rows)


def count_by_rule(run: RuleRun, region: Region | None) -> dict[int, dict[str, int]]:
    """Sums of the tallies by rule: filed, working, explained, held, unknown."""
    tallies = RuleTally.objects.filter(run=run)
    if region is not None:
        tallies = tallies.filter(region=region)
    rows = tallies.values_list("rule_id", "is_filed").annotate(
        Sum("broken"), Sum("explained"), Sum("held"), Sum("unknown")
    )
    found: dict[int, dict[str, int]] = {}
    for rule, is_filed, broken, explained, held, unknown in rows:
        counts = found.setdefault(
            rule, dict.fromkeys(("filed", "working", "explained", "held", "unknown"), 0)
        )
        counts["filed" if is_filed else "working"] += broken
        counts["explained"] += explained
        counts["held"] += held
        counts["unknown"] += unknown
    return found


def group_by_severity(
    rules: Iterable[ControlRule], counts: Mapping[int, dict[str, int]]
) -> list[RuleGroup]:
    """The gravest group first; rules that the run did not know count nothing."""
    rows = [RuleCounts(rule, **counts.get(rule.pk, {})) for rule in rules]
    rows.sort(key=lambda row: (-row.broken, row.rule.code))
    groups = [
        RuleGroup(severity, [row for row in rows if row.rule.severity == severity])
        for severity in Severity
    ]
    return [group for group in groups if group.rows]


def chosen_rules(campaign: Campaign, severity: str, kind: str) -> QuerySet[ControlRule]:
    rules = ControlRule.objects.filter(form_id=campaign.form_id, is_active=True)
    if severity:
        rules = rules.filter(severity=severity)
    if kind:
        rules = rules.filter(kind=kind)
    return rules


@dataclass(frozen=True)
class Finding:
    """A form that breaks a rule, as a page or a file shows it."""

    submission: Submission
    message: str
    explanation: str


def describe_findings(campaign: Campaign, rule_id: int, rows: list[RuleFinding]) -> list[Finding]:
    """The rule's words with each form's values, and what was explained; in the rows' order.

    ``rows`` have their submission, municipality and region selected. A constant number of queries.
    """
    rules = get_form_rules(campaign.form_id, campaign.year)
    rule = next((rule for rule in rules.rules if rule.pk == rule_id), None)
    numbers = [row.submission_id for row in rows]
    texts = dict(
        Explanation.objects.filter(rule_id=rule_id, submission__in=numbers).values_list(
            "submission_id", "text"
        )
    )
    said = {} if rule is None else _say(campaign, rules, rule, numbers)
    return [
        Finding(row.submission, said.get(row.submission_id, ""), texts.get(row.submission_id, ""))
        for row in rows
    ]


def _say(
    campaign: Campaign, rules: FormRules, rule: FormRule, submissions: list[int]
) -> dict[int, str]:
    """The filled message by submission; computed indicators are computed from the form's values."""
    shown = {key: Expression(key, inline(key, rules.formulas), False) for key in rule.shown}
    keys = {key for expression in shown.values() for key in expression.keys}
    values = load_values(campaign, rules, keys, submissions)
    fields = fields_of(rules, values.frame["kind"].cat.categories)
    said = {}
    for row, submission in enumerate(values.forms["submission"].tolist()):
        known = decimals_of(values, row)
        texts = {
            key: show_operand(key, expression.number(known), fields)
            for key, expression in shown.items()
        }
        said[submission] = messages.fill(rule.message, texts.__getitem__)
    return said


def decimals_of(values: CampaignValues, row: int) -> dict[str, Decimal]:
    """One form's values by key; those that are missing have no key."""
    cells = values.frame.drop(columns="kind").iloc[row]
    return {str(key): Decimal(str(value)) for key, value in cells.items() if value == value}


def fields_of(rules: FormRules, kinds: Iterable[str]) -> dict[str, FieldSpec]:
    """Fields of the form by code, of whichever kind has them."""
    found: dict[str, FieldSpec] = {}
    for kind in kinds:
        found = get_form_spec(rules.form_id, kind, rules.year, rules.stamp).by_code | found
    return found


def show_operand(key: str, value: Decimal | None, fields: Mapping[str, FieldSpec]) -> str:
    """A value as the form shows it; a number of another form with the decimals that it has."""
    prefix, code = split_key(key)
    if code in fields and prefix != "other":
        return show_value(fields[code], value)
    return format_number(value)
