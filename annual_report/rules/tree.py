"""The checked form of an expression, which every engine reads.

A node is one of: a ``Decimal`` constant; a ``str``, the key of an operand; a tuple whose first item
names the operation. Numbers: ``("neg", a)``, ``("+", a, b)`` and so for ``-``, ``*``, ``/``;
``("abs", a)``, ``("min", a, …)``, ``("max", a, …)``, ``("sum", a, …)``, ``("round", a, digits)``.
Conditions: ``("<=", a, b)`` and so for ``<``, ``>``, ``>=``, ``==``, ``!=``; ``("and", p, …)``,
``("or", p, …)``, ``("not", p)``, ``("same", p, q)`` (both hold or both do not); ``("has", a)`` (the
number can be told); ``("kind", "rural_settlement", …)``.

Keys of operands: ``A05`` this year's value, ``prev:A05``, ``prev2:A05``, ``prev3:A05`` of one to
three years before, ``outside:A05`` of an outside source, ``other:A05`` of another form of the same
year, ``children:A05`` the sum over the settlements of a district.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Node = Any

#: Sides of a comparison that are no further apart than this are equal. Values have at most three
#: decimals, so half a thousandth is no difference between them; the odd digits keep the limit off
#: every number that sums and products of such values can give, where one engine's last binary digit
#: would decide.
TOLERANCE = Decimal("0.0005003")
#: The same for large numbers, as a share of the largest number that took part in a side's sums:
#: binary numbers (the browser, Excel, pandas) hold 15 digits.
RELATIVE_TOLERANCE = Decimal("0.0000000000010006")
#: A divisor closer to zero than this is zero: what is left of 0.3 - 0.1 - 0.2 must not divide.
SMALLEST_DIVISOR = Decimal("0.0000005003")

COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
#: Kinds of operand beside this year's value, as they stand before the colon of a key.
PREFIXES = ("prev", "prev2", "prev3", "outside", "other", "children")
MAX_YEARS_BACK = 3
CODE_PATTERN = r"[A-Z][0-9]{2,3}"
CODE = re.compile(rf"^{CODE_PATTERN}$")


class RuleSyntaxError(ValueError):
    """The text is not an expression of this language; the message says where, in Russian.

    ``position`` is the index of the character at fault, None when it is the text as a whole.
    """

    def __init__(self, message: str, position: int | None = None):
        super().__init__(message)
        self.position = position


def children_of(node: Node) -> tuple[Node, ...]:
    """The nodes right under ``node``; names of kinds and numbers of digits are none."""
    if not isinstance(node, tuple) or node[0] == "kind":
        return ()
    return node[1:2] if node[0] == "round" else node[1:]


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children_of(node):
        yield from walk(child)


def keys_of(node: Node) -> tuple[str, ...]:
    """Every operand's key once, in the order of the text."""
    return tuple(dict.fromkeys(item for item in walk(node) if isinstance(item, str)))


def needs_of(node: Node) -> tuple[str, ...]:
    """Keys whose values must be there for a verdict: those that no ``has`` asks for."""

    def needed(part: Node) -> Iterator[str]:
        if isinstance(part, str):
            yield part
        elif not (isinstance(part, tuple) and part[0] == "has"):
            for child in children_of(part):
                yield from needed(child)

    return tuple(dict.fromkeys(needed(node)))


def split_key(key: str) -> tuple[str, str]:
    """``("prev", "A05")`` of ``prev:A05``; this year's value has an empty kind."""
    prefix, colon, code = key.rpartition(":")
    return (prefix, code) if colon else ("", key)


def make_key(prefix: str, code: str) -> str:
    return f"{prefix}:{code}" if prefix else code


def code_of(key: str) -> str:
    return split_key(key)[1]


def years_back(prefix: str) -> int:
    """1 to 3 of ``prev``, ``prev2``, ``prev3``; 0 of every other kind of operand."""
    return int(prefix[4:] or 1) if prefix.startswith("prev") else 0


def adds(node: Node) -> bool:
    """Whether sums or differences are taken inside, so that large parts may cancel out."""
    return any(isinstance(part, tuple) and part[0] in ("+", "-", "sum") for part in walk(node))


#: Nodes of a tree with its formulas put in.
MAX_NODES = 600


def inline(node: Node, formulas: Mapping[str, Node]) -> Node:
    """The tree with every computed indicator replaced by its formula.

    ``formulas`` are trees by code. No engine then depends on how a computed cell was rounded. The
    formula is taken of the same year or form as the operand; a sum over settlements becomes the
    formula of sums, so that ratios are recomputed and never added up. What an outside source
    publishes stays as it is. Raises RuleSyntaxError when more than MAX_NODES come out.
    """
    return _Inliner(formulas).replaced(node, ())


class _Inliner:
    def __init__(self, formulas: Mapping[str, Node]):
        self.formulas, self.nodes = formulas, 0

    def replaced(self, node: Node, inside: tuple[str, ...]) -> Node:
        """``inside`` are the computed indicators whose formulas are being put in."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise RuleSyntaxError(
                "Условие с подставленными формулами слишком длинное. Упростите его."
            )
        if isinstance(node, str):
            prefix, code = split_key(node)
            if prefix == "outside" or code not in self.formulas:
                return node
            if code in inside:
                raise RuleSyntaxError(f"Формула показателя {code} ссылается сама на себя.")
            return self.replaced(shift(self.formulas[code], prefix), (*inside, code))
        return rebuilt(node, lambda part: self.replaced(part, inside))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with ``change`` applied to the nodes right under it."""
    if not isinstance(node, tuple) or node[0] == "kind":
        return node
    changed = tuple(change(child) for child in children_of(node))
    return (node[0], *changed, *node[1 + len(changed) :])


def shift(node: Node, prefix: str) -> Node:
    """The tree with its operands read as ``prefix`` says: a formula of last year, for one."""
    if not prefix:
        return node
    if isinstance(node, str):
        inner, code = split_key(node)
        if not inner:
            return make_key(prefix, code)
        years = years_back(prefix) + years_back(inner)
        if not (years_back(prefix) and years_back(inner)) or years > MAX_YEARS_BACK:
            raise RuleSyntaxError(f"Формула с «{inner}» не вычисляется внутри «{prefix}».")
        return make_key(f"prev{years}", code)
    return rebuilt(node, lambda part: shift(part, prefix))
