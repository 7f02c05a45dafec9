"""What a rule says when it does not hold: words with values in their places.

``{A05}`` is this year's value, ``{prev A05}``, ``{prev2 A05}``, ``{prev3 A05}`` earlier ones,
``{outside A05}``, ``{other D01}`` and ``{children A05}`` as in the rule language.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from annual_report.rules.tree import CODE_PATTERN, PREFIXES, RuleSyntaxError, make_key

_PLACE = re.compile(rf"\{{(?:({'|'.join(PREFIXES)}) )?({CODE_PATTERN})\}}")
_BRACED = re.compile(r"\{[^{}]*\}?")


def places(message: str) -> tuple[str, ...]:
    """Keys of the values that the message names."""
    found = (make_key(prefix or "", code) for prefix, code in _PLACE.findall(message))
    return tuple(dict.fromkeys(found))


def fill(message: str, show: Callable[[str], str]) -> str:
    """The message with ``show(key)`` in each place."""
    return _PLACE.sub(lambda match: show(make_key(match[1] or "", match[2])), message)


def check_message(message: str) -> None:
    """Refuse braces that would be shown as they stand; raises RuleSyntaxError."""
    for braced in _BRACED.findall(message):
        if not _PLACE.fullmatch(braced):
            raise RuleSyntaxError(
                f"Обозначение «{braced[:40]}» не понято. Пишите {{A05}} или {{prev A05}}."
            )
