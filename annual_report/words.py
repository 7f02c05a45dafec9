"""Formulas and control rules as people read them, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from annual_report.rules.tree import Node, split_key
from okmo_portal.core.text import format_number
from okmo_portal.organisations.enums import MunicipalityKind

#: How tightly an operation binds; a looser one inside a tighter one gets brackets.
LEVELS = {
    "or": 1, "and": 2, "not": 3, "same": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7,
}  # fmt: skip
SIGNS = {
    "+": " + ", "-": " − ", "*": " × ", "/": " ÷ ", "<": " < ", "<=": " ≤ ", ">": " > ",
    ">=": " ≥ ", "==": " = ", "!=": " ≠ ",
}  # fmt: skip
#: What stands right of these needs brackets at the same level: a − (b − c).
LEFT_ONLY = ("-", "/")


def in_words(tree: Node, title_of: Callable[[str], str]) -> str:
    """The tree as a line of text; ``title_of`` gives an indicator's title by its code."""
    return _Speaker(title_of).say(tree)


class _Speaker:
    def __init__(self, title_of: Callable[[str], str]):
        self.title_of = title_of

    def say(self, node: Node, inside: int = 0) -> str:
        text, level = self.parts(node)
        return f"({text})" if level and level < inside else text

    def parts(self, node: Node) -> tuple[str, int]:
        """The words of ``node`` and how tightly they bind; 0 needs no brackets anywhere."""
        if isinstance(node, Decimal):
            return format_number(node), 0
        if isinstance(node, str):
            return self.operand(node), 0
        name = node[0]
        level = LEVELS.get(name, 0)
        if name in SIGNS:
            right = level + 1 if name in LEFT_ONLY else level
            return f"{self.say(node[1], level)}{SIGNS[name]}{self.say(node[2], right)}", level
        if name in ("and", "or"):
            word = _(" и ") if name == "and" else _(" или ")
            return word.join(self.say(part, level + 1) for part in node[1:]), level
        if name == "neg":
            return f"−{self.say(node[1], level)}", level
        if name == "not":
            return _("неверно, что %(condition)s") % {"condition": self.say(node[1], level)}, level
        return self.call(name, node), level

    def operand(self, key: str) -> str:
        prefix, code = split_key(key)
        title = f"«{self.title_of(code)}» ({code})"
        phrases = {
            "": "%(title)s",
            "prev": _("%(title)s за прошлый год"),
            "prev2": _("%(title)s за позапрошлый год"),
            "prev3": _("%(title)s три года назад"),
            "outside": _("%(title)s по данным источника"),
            "other": _("%(title)s в другой форме"),
            "children": _("%(title)s в сумме по поселениям"),
        }
        return phrases[prefix] % {"title": title}

    def call(self, name: str, node: tuple) -> str:
        if name == "kind":
            kinds = ", ".join(str(MunicipalityKind(kind).label) for kind in node[1:])
            return _("вид муниципального образования — %(kinds)s") % {"kinds": kinds}
        if name == "has":
            return _("указано %(value)s") % {"value": self.say(node[1])}
        if name == "same":
            pair = {"one": self.say(node[1], 3), "other": self.say(node[2], 3)}
            return _("%(one)s — тогда и только тогда, когда %(other)s") % pair
        if name == "round":
            return _("округлить до %(digits)s знаков: %(value)s") % {
                "digits": node[2], "value": self.say(node[1]),
            }  # fmt: skip
        inner = "; ".join(self.say(part) for part in node[1:])
        phrases = {
            "abs": "|%(inner)s|",
            "sum": _("сумма (%(inner)s)"),
            "min": _("наименьшее из (%(inner)s)"),
            "max": _("наибольшее из (%(inner)s)"),
        }
        return phrases[name] % {"inner": inner}
