"""Three-way comparison: what stood in the portal when the copy was made, what stands there now, and
what the workbook says.

A part that the clerk did not touch follows the portal; one that only the clerk changed follows the
workbook; one that both changed differently is a conflict, and a person decides.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from annual_report.workbooks.content import EMPTY, Saved


class State(enum.StrEnum):
    SAME = "same"
    CHANGED = "changed"
    CONFLICT = "conflict"
    ERROR = "error"


#: Parts that are decided by themselves: value and reason are one answer.
ANSWER, NOTE = "answer", "note"
PARTS = (ANSWER, NOTE, "plan_1", "plan_2", "plan_3")


def part_of(saved: Saved, name: str) -> Any:
    if name == ANSWER:
        return (saved.value, saved.reason)
    if name == NOTE:
        return saved.note
    return saved.plans[int(name[-1]) - 1]


@dataclass(frozen=True)
class Merge:
    """``mine`` and ``theirs`` differ only in the parts in conflict; without any they are equal."""

    mine: Saved
    theirs: Saved
    #: Parts that the workbook changes.
    touched: tuple[str, ...]
    #: Parts that both changed, differently.
    disputed: tuple[str, ...]

    @property
    def state(self) -> State:
        if self.disputed:
            return State.CONFLICT
        return State.CHANGED if self.touched else State.SAME


def merge(base: Saved, now: Saved | None, typed: Saved) -> Merge:
    """What is to be saved, by the workbook's will and by the portal's."""
    now = now or EMPTY
    mine, theirs, touched, disputed = {}, {}, [], []
    for name in PARTS:
        before, here, there = part_of(base, name), part_of(now, name), part_of(typed, name)
        mine[name] = theirs[name] = here
        if there in (before, here):
            continue
        touched.append(name)
        mine[name] = there
        if here == before:
            theirs[name] = there
        else:
            disputed.append(name)
    return Merge(build(mine), build(theirs), tuple(touched), tuple(disputed))


def build(parts: dict[str, Any]) -> Saved:
    value, reason = parts[ANSWER]
    return Saved(value, reason, parts[NOTE], (parts["plan_1"], parts["plan_2"], parts["plan_3"]))
