"""The language of control rules and formulas: one text, four engines that agree.

A rule is a condition that must hold, such as ``C02 <= C01``; a formula gives a number, such as
``C02 / C01 * 100``. Names are indicator codes. Other values are asked for by functions:
``prev("A05")`` and ``prev("A05", 2)`` one and two years back (up to three), ``outside("A05")`` what
an outside source says, ``other("D01")`` what another form of the year asks, ``children("A05")`` the
sum over a district's settlements. Functions: ``abs``, ``min``, ``max``, ``sum``, ``round(x, 1)``,
``filled("A05")``, ``kind_in("rural_settlement", …)``.

A missing value or a division by zero gives no verdict, unless the expression only asks ``filled``.
Sides no further apart than half a thousandth are equal; see ``tree.TOLERANCE``.

Engines: ``server``, ``browser`` (with static/annual_report/rules.js), ``excel``, ``frame`` (a whole
country at once). ``docs/decisions/0010-one-rule-text-four-engines.md`` says why they are so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from annual_report.rules import server
from annual_report.rules.syntax import MAX_LENGTH, check_codes, read
from annual_report.rules.tree import (
    CODE,
    Node,
    RuleSyntaxError,
    code_of,
    inline,
    keys_of,
    make_key,
    needs_of,
    split_key,
)

__all__ = [
    "CODE",
    "MAX_LENGTH",
    "Expression",
    "RuleSyntaxError",
    "check_codes",
    "parse",
    "parse_condition",
    "parse_formula",
    "split_key",
]


@dataclass(frozen=True)
class Expression:
    """A checked expression; equal texts share one."""

    text: str
    tree: Node
    is_condition: bool

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Operands in the order of the text, as keys of the flat map of values."""
        return keys_of(self.tree)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Operands without which there is no verdict."""
        return frozenset(needs_of(self.tree))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicators that the expression names, of whatever year or source."""
        return tuple(dict.fromkeys(code_of(key) for key in self.keys))

    @cached_property
    def _holds(self) -> server.Condition:
        return server.compile_condition(self.tree)

    @cached_property
    def _compute(self) -> server.Number:
        return server.compile_number(self.tree)

    def inlined(self, formulas: Mapping[str, Node]) -> Expression:
        """With computed indicators replaced by their formulas (trees by code)."""
        return replace(self, tree=inline(self.tree, formulas))

    def verdict(self, values: Mapping[str, float], kind: str = "") -> bool | None:
        """Whether the condition holds over ``server.floats(values)``.

        None when a needed value is missing or a divisor is zero.
        """
        if not self.needs <= values.keys():
            return None
        try:
            return self._holds(values, kind)
        except ArithmeticError:
            return None

    def number(self, values: Mapping[str, Decimal | None]) -> Decimal | None:
        """The formula's exact value; None when a needed value is missing or a divisor is zero."""
        known = {key: value for key, value in values.items() if value is not None}
        if not self.needs <= known.keys():
            return None
        try:
            return self._compute(known)
        except ArithmeticError:
            return None

    def evaluate(
        self,
        values: Mapping[str, Decimal | None],
        previous: Mapping[str, Decimal | None] | None = None,
        kind: str = "",
    ) -> Any:
        """The verdict or number; ``previous`` are last year's values by code."""
        both = dict(values) | {
            make_key("prev", code): value for code, value in (previous or {}).items()
        }
        if self.is_condition:
            return self.verdict(server.floats(both), kind)
        return self.number(both)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Check ``text`` and return the expression; raises RuleSyntaxError."""
    tree, is_condition = read(text)
    return Expression(text, tree, is_condition)


def parse_condition(text: str) -> Expression:
    """A rule: something that holds or does not. Raises RuleSyntaxError."""
    expression = parse(text)
    if not expression.is_condition:
        raise RuleSyntaxError(
            f"«{text.strip()[:60]}» — число. Правилу нужно условие, например C02 <= C01."
        )
    return expression


def parse_formula(text: str) -> Expression:
    """A formula of a computed indicator: a number. Raises RuleSyntaxError."""
    expression = parse(text)
    if expression.is_condition:
        raise RuleSyntaxError(
            f"«{text.strip()[:60]}» — условие. Формуле нужно число, например C02 / C01 * 100."
        )
    return expression
