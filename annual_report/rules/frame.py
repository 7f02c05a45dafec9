"""The engine over a whole country: every rule over every municipality at once, in numpy.

The same operations on the same binary floats in the same order as in ``server``, so a verdict does
not depend on which of the two gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

import numpy as np
import pandas as pd

from annual_report.rules.server import LARGEST
from annual_report.rules.tree import (
    RELATIVE_TOLERANCE,
    SMALLEST_DIVISOR,
    TOLERANCE,
    Node,
    adds,
    needs_of,
)

HOLDS, FAILS, NO_VERDICT = 1, 0, -1
KIND = "kind"


def verdicts(trees: Sequence[Node], frame: pd.DataFrame) -> np.ndarray:
    """int8 of rows × rules: 1 holds, 0 fails, -1 no verdict.

    ``frame`` has a row per municipality, a float column per operand key (missing values are NaN, a
    column that is not there is all missing), and ``kind`` if a rule asks for it.
    """
    table = Table(frame)
    result = np.empty((len(frame), len(trees)), dtype=np.int8)
    with np.errstate(all="ignore"):
        for number, tree in enumerate(trees):
            result[:, number] = table.verdict(tree)
    return result


class Table:
    """Columns as arrays. Numbers: NaN is missing. Conditions: truth beside a mask of no verdict."""

    def __init__(self, frame: pd.DataFrame):
        self.rows = len(frame)
        self.columns: dict[str, np.ndarray] = {
            str(name): frame[name].to_numpy(dtype=float) for name in frame.columns if name != KIND
        }
        self.kinds = frame[KIND].astype("category") if KIND in frame.columns else None
        self.unknown = np.zeros(self.rows, dtype=bool)

    def verdict(self, tree: Node) -> np.ndarray:
        self.unknown = np.zeros(self.rows, dtype=bool)
        for key in needs_of(tree):
            self.unknown |= np.isnan(self.column(key))
        if self.unknown.all():
            return np.full(self.rows, NO_VERDICT, dtype=np.int8)
        holds = self.condition(tree)
        return np.where(self.unknown, NO_VERDICT, holds).astype(np.int8)

    def column(self, key: str) -> np.ndarray:
        found = self.columns.get(key)
        if found is None:
            found = self.columns[key] = np.full(self.rows, np.nan)
        return found

    def number(self, node: Node) -> np.ndarray:
        if isinstance(node, str):
            return self.column(node)
        if isinstance(node, Decimal):
            return np.full(self.rows, float(node))
        name = node[0]
        if name == "round":
            return round_half_up(self.number(node[1]), node[2])
        parts = [self.number(part) for part in node[1:]]
        if name == "neg":
            return -parts[0]
        if name == "abs":
            return np.abs(parts[0])
        if name == "/":
            return self.divided(*parts)
        return reduce(_COMBINE[name], parts)

    @staticmethod
    def divided(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.where(np.abs(right) < float(SMALLEST_DIVISOR), np.nan, left / right)

    def scale(self, node: Node) -> np.ndarray:
        if not adds(node):
            return np.abs(self.number(node))
        name = node[0]
        if name in ("neg", "abs", "round"):
            return self.scale(node[1])
        if name == "/":
            return self.scale(node[1]) / np.abs(self.number(node[2]))
        parts = [self.scale(part) for part in node[1:]]
        return reduce(np.multiply if name == "*" else np.maximum, parts)

    def condition(self, node: Node) -> np.ndarray:
        name = node[0]
        if name == "has":
            return np.abs(self.number(node[1])) < LARGEST
        if name == "kind":
            return self.kind_in(node[1:])
        if name in ("and", "or", "not", "same"):
            parts = [self.condition(part) for part in node[1:]]
            if name == "not":
                return ~parts[0]
            return reduce(_JOIN[name], parts)
        return self.comparison(*node)

    def kind_in(self, kinds: Sequence[str]) -> np.ndarray:
        if self.kinds is None:
            return np.zeros(self.rows, dtype=bool)
        return self.kinds.isin(kinds).to_numpy()

    def comparison(self, sign: str, left: Node, right: Node) -> np.ndarray:
        one, other = self.number(left), self.number(right)
        difference = other - one if sign in ("<", ">=") else one - other
        if sign in ("==", "!="):
            difference = np.abs(difference)
        self.unknown |= ~(np.abs(difference) < LARGEST)
        large = difference > float(TOLERANCE)
        if large.any():
            scale = np.maximum(self.scale(left), self.scale(right))
            large &= difference > float(RELATIVE_TOLERANCE) * scale
        return large if sign in ("<", ">", "!=") else ~large


_COMBINE = {
    "+": np.add, "-": np.subtract, "*": np.multiply,
    "sum": np.add, "min": np.minimum, "max": np.maximum,
}  # fmt: skip
_JOIN = {"and": np.logical_and, "or": np.logical_or, "same": np.equal}


def round_half_up(values: np.ndarray, digits: int) -> np.ndarray:
    """As ``server.round_half_up``."""
    power = 10.0**digits
    units = np.abs(values) * power
    nudge = np.where(units < 1e13, units * 1e-14, 0.0)
    rounded = np.where(units < LARGEST, np.floor(units + 0.5 + nudge), np.nan) / power
    return np.where(values < 0, -rounded, rounded)
