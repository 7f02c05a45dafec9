"""The control rules of a form in one year, read once per process and shared by requests.

Kept like ``form_spec``: the key holds the catalogue's stamp, so a changed rule, formula or field is
in force with the next request. Computed indicators are already replaced by their formulas.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from annual_report.enums import Severity
from annual_report.form_spec import moved_from
from annual_report.models import CatalogueStamp, ControlRule, FormField, Indicator
from annual_report.rules import (
    Expression,
    RuleSyntaxError,
    check_codes,
    parse_condition,
    parse_formula,
)
from annual_report.rules.browser import rule_payload
from annual_report.rules.messages import places
from annual_report.rules.tree import Node, split_key, years_back
from annual_report.versions import conversion_factor

#: Where a value of an earlier year is found: indicator and factor into this year's unit.
Sources = tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class FormRule:
    """One rule as the engines take it; ``codes`` are the form's cells that it concerns.

    Asked cells come first, in the order of the rule's text: the first is where to go. Computed
    indicators that the text names follow.
    """

    pk: int
    code: str
    severity: str
    kind: str
    message: str
    hint: str
    expression: Expression
    codes: tuple[str, ...]
    #: Values that the message names.
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownIndicator:
    """What operands need of an indicator: its row, whom it is asked of, its former values."""

    pk: int
    code: str
    kinds: frozenset[str]
    before: tuple[Sources, ...]


@dataclass(frozen=True)
class FormRules:
    """Active rules of a form, and what is needed to find their operands.

    ``asked`` are the form's own indicators, ``others`` all of the catalogue (by code); ``formulas``
    the trees of computed ones. ``unreadable`` are rules that cannot be checked, with the reason.
    """

    form_id: int
    year: int
    rules: tuple[FormRule, ...]
    unreadable: tuple[tuple[str, str], ...]
    asked: Mapping[str, KnownIndicator]
    others: Mapping[str, KnownIndicator]
    formulas: Mapping[str, Node]
    #: The catalogue's stamp that they were read under.
    stamp: UUID | None = None

    @cached_property
    def compared(self) -> frozenset[str]:
        """Operands of all rules together."""
        return frozenset(key for rule in self.rules for key in rule.expression.keys)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Operands, and the values that only messages name."""
        return self.compared | {key for rule in self.rules for key in rule.shown}

    @cached_property
    def payload(self) -> list[dict[str, Any]]:
        """For static/annual_report/rules.js."""
        return rule_payload(self.rules)

    def expression(self, text: str) -> Expression:
        """A rule's text as it would be checked here; raises RuleSyntaxError."""
        written = parse_condition(text)
        self._check_known(written, {*self.asked, *self.formulas}, {*self.others, *self.formulas})
        expression = written.inlined(self.formulas)
        self._check_known(expression, self.asked, {*self.others, *self.formulas})
        return expression

    @staticmethod
    def _check_known(
        expression: Expression, here: Collection[str], elsewhere: Collection[str]
    ) -> None:
        """The form's own cells must be in the form, what others say in the catalogue."""
        foreign = {"outside", "other"}
        keys = [split_key(key) for key in expression.keys]
        check_codes([code for prefix, code in keys if prefix not in foreign], here)
        check_codes(
            [code for prefix, code in keys if prefix in foreign], elsewhere, where="каталоге"
        )

    def cells_of(self, text: str, expression: Expression) -> tuple[str, ...]:
        """See ``FormRule.codes``."""
        asked = [
            code
            for prefix, code in map(split_key, expression.keys)
            if prefix != "other" and code in self.asked
        ]
        computed = [code for code in parse_condition(text).codes if code in self.formulas]
        return tuple(dict.fromkeys([*asked, *computed]))


def get_form_rules(form_id: int, year: int, stamp: UUID | None = None) -> FormRules:
    """The rules as the catalogue stands now; ``stamp`` saves its query to who has read it."""
    return _build(form_id, year, stamp or CatalogueStamp.current())


@lru_cache(maxsize=32)
def _build(form_id: int, year: int, stamp: UUID | None) -> FormRules:
    formulas, others, broken = _catalogue(form_id, year)
    fields = FormField.objects.filter(form_id=form_id).values_list("indicator__code", flat=True)
    asked = {code: others[code] for code in fields if code in others}
    empty = FormRules(form_id, year, (), (), asked, others, formulas, stamp)
    rules, unreadable = [], list(broken)
    for row in ControlRule.objects.filter(form_id=form_id, is_active=True):
        try:
            expression = empty.expression(row.expression)
        except RuleSyntaxError as error:
            unreadable.append((row.code, str(error)))
            continue
        rules.append(
            FormRule(
                row.pk,
                row.code,
                row.severity,
                row.kind,
                row.message,
                row.hint,
                expression,
                empty.cells_of(row.expression, expression),
                places(row.message),
            )
        )
    order = list(Severity)
    rules.sort(key=lambda rule: (order.index(Severity(rule.severity)), rule.code))
    return replace(empty, rules=tuple(rules), unreadable=tuple(unreadable))


def _catalogue(form_id: int, year: int):
    """Formulas, asked indicators and unreadable formulas of the whole catalogue in ``year``."""
    formulas: dict[str, Node] = {}
    others: dict[str, KnownIndicator] = {}
    broken: list[tuple[str, str]] = []
    moves = moved_from(form_id)
    for indicator in Indicator.objects.prefetch_related("versions", "legal_bases"):
        formula = indicator.version_for(year).formula
        if not formula:
            before = _before(indicator, year, moves.get(indicator.pk, ()))
            others[indicator.code] = KnownIndicator(
                indicator.pk, indicator.code, frozenset(indicator.kinds_in(year)), before
            )
            continue
        try:
            formulas[indicator.code] = parse_formula(formula).tree
        except RuleSyntaxError as error:
            broken.append((indicator.code, str(error)))
    return formulas, others, broken


def _before(indicator: Indicator, year: int, moves: Sources) -> tuple[Sources, ...]:
    """Where the values of one, two and three years before come from, the surest first."""
    versions = list(indicator.versions.all())
    found = []
    for back in (1, 2, 3):
        factor = conversion_factor(versions, year - back, year)
        own = () if factor is None else ((indicator.pk, factor),)
        found.append((*own, *moves))
    return tuple(found)


def sources_of(known: KnownIndicator, prefix: str) -> Sources:
    """Of ``prev``, ``prev2``, ``prev3``."""
    return known.before[years_back(prefix) - 1]
