"""What an import of transformations is going to write, and writing it in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from okmo_portal.organisations import consequences
from okmo_portal.organisations.mo_ref import SYSTEM, Record
from okmo_portal.organisations.models import Municipality, MunicipalityChange, TerritoryCode
from okmo_portal.organisations.models.territory import MunicipalityStatus

BATCH = 2000


@dataclass
class Plan:
    """Rows and changes to write; every list holds instances, saved ones or not yet."""

    new_rows: list[Municipality] = field(default_factory=list)
    ended: list[Municipality] = field(default_factory=list)
    #: Rows of unknown beginning that got one.
    dated: list[Municipality] = field(default_factory=list)
    joined: list[Municipality] = field(default_factory=list)
    #: (change, settlement, number of its former district, its new district).
    moved: list[tuple[MunicipalityChange, Municipality, int | None, Municipality]] = field(
        default_factory=list
    )
    changes: list[MunicipalityChange] = field(default_factory=list)
    predecessors: list[tuple[MunicipalityChange, Municipality]] = field(default_factory=list)
    successors: list[tuple[MunicipalityChange, Municipality]] = field(default_factory=list)

    def add_change(
        self,
        change: MunicipalityChange,
        old: Sequence[Municipality],
        new: Sequence[Municipality],
    ) -> None:
        change.effects = {"ended": [], "began": [], "dated": [], "moved": []}
        self.changes.append(change)
        self.predecessors += [(change, row) for row in old]
        self.successors += [(change, row) for row in new]

    def write(self) -> None:
        """Ends first: a code may go to a new row only when its former holder has ended."""
        update_rows([*self.ended, *self.joined], valid_to="date", status="text")
        update_rows(self.dated, valid_from="date")
        fresh = {id(row) for row in self.new_rows}
        Municipality.objects.bulk_create(self.new_rows, batch_size=BATCH)
        for _change, child, _parent, heir in self.moved:
            child.parent = heir
        update_rows([child for _change, child, _parent, _heir in self.moved], parent_id="bigint")
        self._note_effects(fresh)
        self._write_changes()

    def carry_consequences(self, by: Any) -> int:
        """What becomes of forms and the like; returns how many sentences were noted."""
        notes = consequences.carry_out(self.changes, by)
        told = []
        for change in self.changes:
            if lines := notes.get(change.pk):
                change.effects["notes"] = lines
            if lines or "custody" in change.effects:
                told.append(change)
        MunicipalityChange.objects.bulk_update(told, ["effects"], batch_size=BATCH)
        return sum(len(lines) for lines in notes.values())

    def _note_effects(self, fresh: set[int]) -> None:
        """What each change did to rows, so that it can be undone."""
        ended = {id(row) for row in (*self.ended, *self.joined)}
        dated = {id(row) for row in self.dated}
        for change, row in self.predecessors:
            if id(row) in ended:
                change.effects["ended"].append(row.pk)
        for change, row in self.successors:
            if change.part_of is None and id(row) in fresh:
                change.effects["began"].append(row.pk)
            elif change.part_of is None and id(row) in dated:
                change.effects["dated"].append(row.pk)
        for change, child, parent, _heir in self.moved:
            change.effects["moved"].append([child.pk, parent])

    def _write_changes(self) -> None:
        MunicipalityChange.objects.bulk_create(
            [change for change in self.changes if change.part_of is None]
        )
        parts = [change for change in self.changes if change.part_of is not None]
        for part in parts:
            # The whole has got its number just now.
            part.part_of_id = getattr(part.part_of, "pk", None)
        MunicipalityChange.objects.bulk_create(parts)
        for name, pairs in (("predecessors", self.predecessors), ("successors", self.successors)):
            through = getattr(MunicipalityChange, name).through
            rows = [
                through(municipalitychange_id=change.pk, municipality_id=row.pk)
                for change, row in pairs
            ]
            through.objects.bulk_create(rows, batch_size=BATCH)


def update_rows(rows: Sequence[Municipality], **columns: str) -> None:
    """Write some columns (name=type) of rows that are saved already; new ones are passed over.

    One statement: ``bulk_update`` spends seconds on building its CASE expressions.
    """
    saved = list({row.pk: row for row in rows if row.pk}.values())
    names = ", ".join(columns)
    sets = ", ".join(f"{name} = fresh.{name}" for name in columns)
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    statement = (
        f"UPDATE organisations_municipality m SET {sets} "  # noqa: S608 — built of constants
        f"FROM unnest(%s::bigint[], {arrays}) AS fresh (id, {names}) WHERE m.id = fresh.id"
    )
    values = [[getattr(row, name) for row in saved] for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(statement, [[row.pk for row in saved], *values])


def close(row: Municipality, day: date) -> None:
    """Set a row's end in memory; its status follows on the day itself."""
    row.valid_to = day
    if day <= timezone.localdate():
        row.status = MunicipalityStatus.ABOLISHED


def write_codes(place: dict[Record, Municipality]) -> tuple[int, int]:
    """The reference's own numbers of the rows; returns how many were added and changed."""
    known: dict[tuple[str, Any], TerritoryCode] = {
        (code.code, code.year_from): code for code in TerritoryCode.objects.filter(system=SYSTEM)
    }
    fresh, changed = [], []
    for item, row in place.items():
        code = known.get((item.territory, item.year_from))
        if code is None:
            fresh.append(
                TerritoryCode(
                    system=SYSTEM,
                    code=item.territory,
                    municipality=row,
                    year_from=item.year_from,
                    year_to=item.year_to,
                )
            )
        elif code.year_to != item.year_to:
            code.year_to = item.year_to
            changed.append(code)
    # An open period must close before the next one of the same number begins.
    TerritoryCode.objects.bulk_update(changed, ["year_to"], batch_size=BATCH)
    TerritoryCode.objects.bulk_create(fresh, batch_size=BATCH)
    return len(fresh), len(changed)
