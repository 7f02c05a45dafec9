"""The engine of the server: a tree becomes functions once, and they give verdicts and numbers.

Verdicts are taken on binary floats, operation by operation as in the browser and in pandas, so that
the three cannot differ even at the last digit; ``tests/annual_report/test_rules_engines.py`` shows
that exact decimals would give the same. Numbers (computed indicators) are exact decimals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from annual_report.rules.tree import (
    RELATIVE_TOLERANCE,
    SMALLEST_DIVISOR,
    TOLERANCE,
    Node,
    adds,
    needs_of,
)

#: Numbers by key of the operand; a missing value has no key. ``kind`` is of the municipality.
Values = Mapping[str, Any]
Number = Callable[[Values], Any]
Condition = Callable[[Values, str], bool]


#: Beyond it a number has run over.
LARGEST = 1e300


class NoVerdict(ArithmeticError):
    """Too large a number, or a division by what is zero."""


def floats(values: Mapping[str, Decimal | float | None]) -> dict[str, float]:
    """The values that are there, as the verdicts need them."""
    return {key: float(value) for key, value in values.items() if value is not None}


def compile_condition(node: Node) -> Condition:
    """The function that gives the verdict; it raises ArithmeticError where there is none."""
    return _Compiler(float).condition(node)


def compile_number(node: Node) -> Number:
    """The function that gives the exact number; it raises ArithmeticError where there is none."""
    return _Compiler(Decimal).number(node)


def round_half_up(value: float, digits: int) -> float:
    """Half a unit goes away from zero, as in Excel; 2.675 is half although its binary is less."""
    power = 10.0**digits
    units = abs(value) * power
    if not units < LARGEST:
        raise NoVerdict
    nudge = units * 1e-14 if units < 1e13 else 0.0
    rounded = math.floor(units + 0.5 + nudge) / power
    return -rounded if value < 0 else rounded


def round_decimal(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


class _Compiler:
    """Makes functions of a tree; ``cast`` is float for verdicts and Decimal for numbers."""

    def __init__(self, cast: type):
        self.cast: Any = cast
        self.tolerance, self.relative = cast(TOLERANCE), cast(RELATIVE_TOLERANCE)
        self.smallest, self.largest = cast(SMALLEST_DIVISOR), cast(LARGEST)
        self.round = round_half_up if cast is float else round_decimal

    def number(self, node: Node) -> Number:
        if isinstance(node, str):
            return lambda values: values[node]
        if isinstance(node, Decimal):
            constant = self.cast(node)
            return lambda values: constant
        name = node[0]
        if name == "round":
            inner, digits, rounded = self.number(node[1]), node[2], self.round
            return lambda values: rounded(inner(values), digits)
        parts = [self.number(part) for part in node[1:]]
        if name in ("neg", "abs"):
            return self.unary(name, parts[0])
        if name in ("min", "max", "sum"):
            return self.many(name, parts)
        return self.binary(name, *parts)

    @staticmethod
    def unary(name: str, inner: Number) -> Number:
        if name == "neg":
            return lambda values: -inner(values)
        return lambda values: abs(inner(values))

    @staticmethod
    def many(name: str, parts: list[Number]) -> Number:
        if name == "sum":
            first, rest = parts[0], parts[1:]

            def total(values: Values) -> Any:
                # Python's own sum of floats keeps a correction that other engines have not.
                result = first(values)
                for part in rest:
                    result = result + part(values)
                return result

            return total
        choose = min if name == "min" else max
        return lambda values: choose([part(values) for part in parts])

    def binary(self, sign: str, left: Number, right: Number) -> Number:
        if sign == "+":
            return lambda values: left(values) + right(values)
        if sign == "-":
            return lambda values: left(values) - right(values)
        if sign == "*":
            return lambda values: left(values) * right(values)
        smallest = self.smallest

        def divided(values: Values) -> Any:
            divisor = right(values)
            if -smallest < divisor < smallest:
                raise NoVerdict
            return left(values) / divisor

        return divided

    def scale(self, node: Node) -> Number:
        """The largest number that takes part in the sums of ``node``; see RELATIVE_TOLERANCE."""
        if not adds(node):
            value = self.number(node)
            return lambda values: abs(value(values))
        name = node[0]
        if name in ("neg", "abs", "round"):
            return self.scale(node[1])
        parts = [self.scale(part) for part in node[1:]]
        if name == "*":
            return self.binary("*", *parts)
        if name == "/":
            divisor = self.number(node[2])
            return lambda values: parts[0](values) / abs(divisor(values))
        return self.many("max", parts)

    def condition(self, node: Node) -> Condition:
        name = node[0]
        if name == "has":
            return self.has(node[1])
        if name == "kind":
            kinds = frozenset(node[1:])
            return lambda values, kind: kind in kinds
        if name in ("and", "or", "not", "same"):
            return self.joined(name, [self.condition(part) for part in node[1:]])
        return self.comparison(*node)

    def has(self, node: Node) -> Condition:
        needs, value, largest = frozenset(needs_of(node)), self.number(node), self.largest

        def known(values: Values, kind: str) -> bool:
            if not needs <= values.keys():
                return False
            try:
                return -largest < value(values) < largest
            except ArithmeticError:
                return False

        return known

    @staticmethod
    def joined(name: str, parts: list[Condition]) -> Condition:
        # Every part is taken: a division by zero gives no verdict wherever it stands.
        if name == "not":
            return lambda values, kind: not parts[0](values, kind)
        if name == "same":
            return lambda values, kind: parts[0](values, kind) == parts[1](values, kind)
        decide = all if name == "and" else any
        return lambda values, kind: decide([part(values, kind) for part in parts])

    def comparison(self, sign: str, left: Node, right: Node) -> Condition:
        exceeds = self.exceeds(left, right)
        if sign in ("<", ">="):
            exceeds = self.exceeds(right, left)
        if sign in ("==", "!="):
            exceeds = self.differs(left, right)
        wanted = sign in ("<", ">", "!=")
        return lambda values, kind: exceeds(values) is wanted

    def exceeds(self, left: Node, right: Node) -> Callable[[Values], bool]:
        """Whether ``left`` is greater than ``right`` by more than the tolerance."""
        one, other, is_large = self.number(left), self.number(right), self.is_large(left, right)
        return lambda values: is_large(one(values) - other(values), values)

    def differs(self, left: Node, right: Node) -> Callable[[Values], bool]:
        one, other, is_large = self.number(left), self.number(right), self.is_large(left, right)
        return lambda values: is_large(abs(one(values) - other(values)), values)

    def is_large(self, left: Node, right: Node) -> Callable[[Any, Values], bool]:
        tolerance, relative, largest = self.tolerance, self.relative, self.largest
        scales = self.scale(left), self.scale(right)

        def large(difference: Any, values: Values) -> bool:
            if not -largest < difference < largest:
                raise NoVerdict
            if difference <= tolerance:
                return False
            return difference > relative * max(scales[0](values), scales[1](values))

        return large
