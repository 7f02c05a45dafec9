"""The engine inside a workbook: a rule as one Excel formula that shows TRUE, FALSE or nothing.

Function names are English, as files of Excel keep them in every language. Excel and LibreOffice
count in binary floats too, but take a difference of nearly equal numbers for zero (some 15 digits);
the tolerances of ``tree`` are wider than that, so the verdict stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from annual_report.rules.tree import (
    RELATIVE_TOLERANCE,
    SMALLEST_DIVISOR,
    TOLERANCE,
    Node,
    adds,
    needs_of,
    walk,
)

#: What a key stands for: a cell ("F7", "'Данные'!$F$7"), an expression, or a number. None: missing.
Reference = str | int | float | Decimal | None
#: Excel's own limit for one formula.
MAX_FORMULA = 8192

_PLAIN_LEVEL, _PRODUCT_LEVEL, _SUM_LEVEL = 3, 2, 1


class FormulaTooLong(ValueError):
    """Excel does not take a formula of that length; the rule is checked by the portal alone."""


def to_formula(tree: Node, refs: Mapping[str, Reference], kind: str = "") -> str:
    """The formula, with its equals sign, of a condition for a municipality of ``kind``.

    ``refs`` names the cell or the number of each operand's key; what it does not name is missing,
    and a rule that needs it shows nothing. Raises FormulaTooLong.
    """
    needs = needs_of(tree)
    if any(refs.get(key) is None for key in needs):
        return '=""'
    writer = _Writer(refs, kind)
    verdict = f'IFERROR({writer.condition(tree)},"")'
    tests = [f"ISNUMBER({writer.leaf(key)})" for key in needs if isinstance(refs[key], str)]
    if tests:
        test = tests[0] if len(tests) == 1 else f"AND({','.join(tests)})"
        verdict = f'IF({test},{verdict},"")'
    if len(verdict) >= MAX_FORMULA:
        raise FormulaTooLong(f"{len(verdict)} знаков")
    return f"={verdict}"


def to_number(tree: Node, refs: Mapping[str, Reference]) -> str:
    """The formula, with its equals sign, of a computed indicator; empty while a part is missing.

    Raises FormulaTooLong.
    """
    needs = needs_of(tree)
    if any(refs.get(key) is None for key in needs):
        return '=""'
    writer = _Writer(refs, "")
    number = f'IFERROR({writer.number(tree)},"")'
    tests = [f"ISNUMBER({writer.leaf(key)})" for key in needs if isinstance(refs[key], str)]
    if tests:
        number = f'IF(AND({",".join(tests)}),{number},"")'
    if len(number) >= MAX_FORMULA:
        raise FormulaTooLong(f"{len(number)} знаков")
    return f"={number}"


def literal(value: int | float | Decimal) -> str:
    """A number as Excel reads it; negative ones in brackets."""
    text = f"{Decimal(str(value)):f}"
    return f"({text})" if text.startswith("-") else text


class _Writer:
    def __init__(self, refs: Mapping[str, Reference], kind: str):
        self.refs, self.kind = refs, kind

    def leaf(self, key: str) -> str:
        found = self.refs[key]
        if isinstance(found, str):
            is_plain = found.replace("$", "").isalnum() or found.startswith("'")
            return found if is_plain else f"({found})"
        return literal(found)  # type: ignore[arg-type]

    def number(self, node: Node, level: int = 0) -> str:
        """The number's text, in brackets when it binds weaker than ``level``."""
        if isinstance(node, str):
            return self.leaf(node)
        if isinstance(node, Decimal):
            return literal(node)
        name = node[0]
        if name in ("+", "-", "*", "/"):
            own = _SUM_LEVEL if name in "+-" else _PRODUCT_LEVEL
            right = self.divisor(node[2]) if name == "/" else self.number(node[2], own + 1)
            text = f"{self.number(node[1], own)}{name}{right}"
            return f"({text})" if own < level else text
        if name == "neg":
            return f"(-{self.number(node[1], _PLAIN_LEVEL)})"
        if name == "round":
            return f"ROUND({self.number(node[1])},{node[2]})"
        if name == "sum":
            # Not SUM: it may keep a correction that the other engines have not.
            text = "+".join(self.number(part, _SUM_LEVEL + 1) for part in node[1:])
            return f"({text})"
        return f"{name.upper()}({','.join(self.number(part) for part in node[1:])})"

    def divisor(self, node: Node) -> str:
        text = self.number(node, _PLAIN_LEVEL)
        if any(isinstance(part, tuple) for part in walk(node)):
            return f"IF(ABS({self.number(node)})<{literal(SMALLEST_DIVISOR)},0,{text})"
        return text

    def scale(self, node: Node) -> str:
        if not adds(node):
            if isinstance(node, Decimal):
                return literal(abs(node))
            return f"ABS({self.number(node)})"
        if node[0] == "*":
            return f"{self.scale(node[1])}*{self.scale(node[2])}"
        if node[0] == "/":
            return f"{self.scale(node[1])}/ABS({self.number(node[2])})"
        scales = self.scales(node)
        return f"MAX({','.join(scales)})" if len(scales) > 1 else scales[0]

    def scales(self, node: Node) -> list[str]:
        """The parts of the scale of a sum, sums inside sums laid open."""
        if not adds(node) or node[0] in "*/":
            return [self.scale(node)]
        parts = node[1:2] if node[0] == "round" else node[1:]
        return list(dict.fromkeys(text for part in parts for text in self.scales(part)))

    def condition(self, node: Node) -> str:
        name = node[0]
        if name == "has":
            return self.has(node[1])
        if name == "kind":
            return "TRUE" if self.kind in node[1:] else "FALSE"
        if name == "same":
            return f"(({self.condition(node[1])})=({self.condition(node[2])}))"
        if name in ("and", "or", "not"):
            return f"{name.upper()}({','.join(self.condition(part) for part in node[1:])})"
        return self.comparison(*node)

    def has(self, node: Node) -> str:
        needs = needs_of(node)
        if any(self.refs.get(key) is None for key in needs):
            return "FALSE"
        tests = [self.leaf(key) for key in needs if isinstance(self.refs[key], str)]
        if not isinstance(node, str):
            tests.append(self.number(node))
        if not tests:
            return "TRUE"
        texts = [f"ISNUMBER({text})" for text in tests]
        return texts[0] if len(texts) == 1 else f"AND({','.join(texts)})"

    def comparison(self, sign: str, left: Node, right: Node) -> str:
        one, other = (right, left) if sign in ("<", ">=") else (left, right)
        difference = f"{self.number(one)}-{self.number(other, _SUM_LEVEL + 1)}"
        if sign in ("==", "!="):
            difference = f"ABS({difference})"
        compare = ">" if sign in ("<", ">", "!=") else "<="
        scales = list(dict.fromkeys([*self.scales(left), *self.scales(right)]))
        limit = f"MAX({','.join(scales)})" if len(scales) > 1 else scales[0]
        return f"({difference}{compare}MAX({literal(TOLERANCE)},{RELATIVE_TOLERANCE:E}*{limit}))"
