"""What other parts of the portal do when municipalities end: their forms, and whatever comes later.

An app registers once, in ``AppConfig.ready``. ``carry_out`` runs inside the transaction of the
change, so that a preview is a change that is rolled back and says exactly what would happen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from okmo_portal.organisations.models import MunicipalityChange

#: By change's number: what was done, a sentence for each object.
Notes = dict[int, list[str]]


class Consequence(NamedTuple):
    """``carry_out(changes, by)`` acts and says what it did; ``take_back(change)`` undoes that, and
    raises ValidationError where it cannot."""

    carry_out: Callable[[Sequence[MunicipalityChange], Any], Notes]
    take_back: Callable[[MunicipalityChange], None]


_REGISTERED: dict[str, Consequence] = {}


def register(name: str, consequence: Consequence) -> None:
    _REGISTERED[name] = consequence


def carry_out(changes: Sequence[MunicipalityChange], by: Any) -> Notes:
    found: Notes = defaultdict(list)
    for consequence in _REGISTERED.values():
        for change, lines in consequence.carry_out(changes, by).items():
            found[change] += lines
    return found


def take_back(change: MunicipalityChange) -> None:
    for consequence in _REGISTERED.values():
        consequence.take_back(change)
