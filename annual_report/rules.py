"""The language of control rules and formulas.

A rule is a condition that must hold, such as ``C02 <= C01``; a formula gives a number, such as
``C02 / C01 * 100``. Names are indicator codes; ``prev("A05")`` is last year's value. Functions:
``abs``, ``min``, ``max``, ``sum``, ``filled("A05")``, ``kind_in("rural_settlement", …)``. Numbers
are Decimal, so a verdict does not hang on binary fractions. An expression that names a missing
value gives no verdict (None), unless it only asks ``filled``; so does a division by zero.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any

Values = Mapping[str, Decimal | None]

CODE = re.compile(r"^[A-Z]\d{2}$")
MAX_LENGTH = 500

_BINARY: dict[type[ast.operator], Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable] = {
    "abs": abs,
    "min": min,
    "max": max,
    "sum": lambda *values: sum(values, Decimal(0)),
}
_TEXT_FUNCTIONS = {"prev", "filled", "kind_in"}


class RuleSyntaxError(ValueError):
    """The text is not an expression of this language; the message says where, in Russian."""


class _Missing(Exception):
    """A value that the expression needs is not there."""


@dataclass(frozen=True)
class Expression:
    """A checked expression; ``codes`` are this year's indicators in it, ``previous`` last year's."""

    text: str
    tree: ast.expr
    codes: frozenset[str]
    previous: frozenset[str]

    def evaluate(self, values: Values, previous: Values | None = None, kind: str = "") -> Any:
        """The verdict or number, or None when a needed value is missing."""
        try:
            return _evaluate(self.tree, values, previous or {}, kind)
        except (_Missing, DivisionByZero, InvalidOperation, ZeroDivisionError):
            return None


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Check ``text`` and return the expression; raises RuleSyntaxError."""
    if len(text) > MAX_LENGTH:
        raise RuleSyntaxError(f"Условие длиннее {MAX_LENGTH} знаков.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        where = f" около знака {place}" if place else ""
        raise RuleSyntaxError(f"Условие не читается{where}. Пример: C02 <= C01.") from error
    codes: set[str] = set()
    previous: set[str] = set()
    _check(tree, codes, previous)
    return Expression(text, tree, frozenset(codes), frozenset(previous))


def _check(node: ast.AST, codes: set[str], previous: set[str]) -> None:
    if isinstance(node, ast.Name):
        if not CODE.match(node.id):
            raise RuleSyntaxError(
                f"«{node.id}» — не код показателя. Код состоит из буквы и двух цифр: A05."
            )
        codes.add(node.id)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise RuleSyntaxError(f"«{node.value}» здесь не подходит: нужно число.")
    elif isinstance(node, ast.Call):
        _check_call(node, codes, previous)
    else:
        _check_operator(node)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.operator, ast.cmpop, ast.boolop, ast.unaryop)):
                _check(child, codes, previous)


def _check_operator(node: ast.AST) -> None:
    allowed = (
        (isinstance(node, ast.BinOp) and type(node.op) in _BINARY)
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)))
        or (isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops))
        or isinstance(node, ast.BoolOp)
    )
    if not allowed:
        raise RuleSyntaxError(
            "Разрешены числа, коды, + − * /, сравнения, and, or, not и функции "
            "abs, min, max, sum, prev, filled, kind_in."
        )


def _check_call(node: ast.Call, codes: set[str], previous: set[str]) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if node.keywords or name not in _FUNCTIONS.keys() | _TEXT_FUNCTIONS:
        raise RuleSyntaxError(f"Функции «{name or '?'}» нет.")
    if name not in _TEXT_FUNCTIONS:
        if not node.args or (name == "abs" and len(node.args) != 1):
            raise RuleSyntaxError(f"У функции {name} неверное число значений.")
        for argument in node.args:
            _check(argument, codes, previous)
        return
    texts = [item.value for item in node.args if isinstance(item, ast.Constant)]
    if len(texts) != len(node.args) or not texts or not all(isinstance(x, str) for x in texts):
        raise RuleSyntaxError(f'В {name} нужен текст в кавычках, например {name}("A05").')
    if name == "kind_in":
        return
    if len(texts) != 1 or not CODE.match(texts[0]):
        raise RuleSyntaxError(f'В {name} нужен один код показателя: {name}("A05").')
    (previous if name == "prev" else codes).add(texts[0])


def _evaluate(node: Any, values: Values, previous: Values, kind: str) -> Any:
    if isinstance(node, ast.Name):
        return _value(values, node.id)
    if isinstance(node, ast.Constant):
        return Decimal(str(node.value))
    if isinstance(node, ast.Call):
        return _call(node, values, previous, kind)
    if isinstance(node, ast.BinOp):
        left = _evaluate(node.left, values, previous, kind)
        return _BINARY[type(node.op)](left, _evaluate(node.right, values, previous, kind))
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, values, previous, kind)
        return not operand if isinstance(node.op, ast.Not) else -operand
    if isinstance(node, ast.BoolOp):
        # Every part is evaluated: a missing value gives no verdict wherever it stands.
        parts = [_evaluate(part, values, previous, kind) for part in node.values]
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    sides = [_evaluate(side, values, previous, kind) for side in (node.left, *node.comparators)]
    return all(
        _COMPARE[type(op)](left, right)
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False)
    )


def _call(node: ast.Call, values: Values, previous: Values, kind: str) -> Any:
    name = node.func.id  # type: ignore[attr-defined]
    if name == "prev":
        return _value(previous, node.args[0].value)  # type: ignore[attr-defined]
    if name == "filled":
        return values.get(node.args[0].value) is not None  # type: ignore[attr-defined]
    if name == "kind_in":
        return kind in {argument.value for argument in node.args}  # type: ignore[attr-defined]
    return _FUNCTIONS[name](*(_evaluate(item, values, previous, kind) for item in node.args))


def _value(values: Values, code: str) -> Decimal:
    value = values.get(code)
    if value is None:
        raise _Missing(code)
    return value
