"""Recording transformations of municipalities, and undoing wrongly entered ones.

Old rows are never rewritten: predecessors get an end, successors are rows of their own (or, where a
municipality joins another, the row that was there and goes on). See
``docs/decisions/0012-territory-over-time.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from okmo_portal.audit.services import record
from okmo_portal.organisations import consequences
from okmo_portal.organisations.enums import HOLDERS, ChangeKind, MunicipalityKind
from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.organisations.models.territory import MunicipalityStatus
from okmo_portal.organisations.services import handover
from okmo_portal.organisations.services.transformation_checks import (
    NewMunicipality,
    Successor,
    check,
    row_of,
)
from okmo_portal.search.services import refresh_search

__all__ = ["NewMunicipality", "record_transformation", "undo_transformation"]


@transaction.atomic
def record_transformation(
    *,
    kind: str,
    date: date,
    law: str,
    predecessors: Sequence[Municipality],
    successors: Sequence[Successor],
    by: Any,
    note: str = "",
    source_key: str = "",
) -> MunicipalityChange:
    """End the predecessors on ``date`` and begin the successors; settlements follow.

    A settlement of an ended district passes to the successor that holds settlements; where the
    successor is an okrug it ends too, by a change of its own that is part of this one. Raises
    ValidationError by field for what does not make sense, see ``transformation_checks``.
    """
    old = _lock(predecessors)
    check(kind=ChangeKind(kind), date=date, law=law, predecessors=old, successors=successors)
    change = MunicipalityChange.objects.create(
        kind=kind, date=date, law=law.strip(), note=note, source_key=source_key, recorded_by=_person(by)
    )  # fmt: skip
    change.effects = {"ended": end_rows(old, date), "began": [], "dated": [], "moved": []}
    new = [_begin(item, change) for item in successors]
    change.predecessors.set(old)
    change.successors.set(new)
    _take_settlements_along(change, old, new, successors, by)
    change.save(update_fields=["effects"])
    change.effects["notes"] = consequences.carry_out([change], _person(by)).get(change.pk, [])
    change.save(update_fields=["effects"])
    record(
        action="organisations.transformation_recorded",
        by=by,
        subject=change,
        predecessors=[row.oktmo for row in old],
        successors=[row.oktmo for row in new],
    )
    transaction.on_commit(refresh_search)
    transaction.on_commit(partial(handover.tell_council, change_id=change.pk))
    return change


def _person(by: Any) -> Any:
    return by if getattr(by, "pk", None) else None


def _lock(rows: Iterable[Municipality]) -> list[Municipality]:
    """The rows in the given order, locked, so that two people cannot transform one twice."""
    keys = [row.pk for row in rows]
    locked = {
        row.pk: row
        for row in Municipality.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    }
    return [locked[key] for key in keys]


def end_rows(rows: Iterable[Municipality], day: date) -> list[int]:
    """Set the end of rows that have none; returns which. The status follows on the day itself."""
    ended = []
    for row in rows:
        if row.valid_to is not None:
            continue
        row.valid_to = day
        if day <= timezone.localdate():
            row.status = MunicipalityStatus.ABOLISHED
        row.save(update_fields=["valid_to", "status"])
        ended.append(row.pk)
    return ended


def _begin(item: Successor, change: MunicipalityChange) -> Municipality:
    if isinstance(item, NewMunicipality):
        row = row_of(item, change.date)
        row.save()
        change.effects["began"].append(row.pk)
        return row
    row = Municipality.objects.select_for_update().get(pk=item.pk)
    if change.kind != ChangeKind.JOIN and row.valid_from is None:
        row.valid_from = change.date
        row.save(update_fields=["valid_from"])
        change.effects["dated"].append(row.pk)
    return row


# --- settlements of what ended -----------------------------------------------------------------------


def _take_settlements_along(
    change: MunicipalityChange,
    old: Sequence[Municipality],
    new: Sequence[Municipality],
    successors: Sequence[Successor],
    by: Any,
) -> None:
    """Each settlement of an ended predecessor passes to a successor or joins the okrug."""
    gone = [row.pk for row in old]
    settlements = list(
        Municipality.objects.select_for_update()
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=change.date), parent__in=gone)
        .exclude(pk__in=gone)
        .order_by("oktmo")
    )
    if not settlements:
        return
    named = {
        code: row
        for row, item in zip(new, successors, strict=True)
        for code in getattr(item, "children", ())
    }
    _check_named(named, settlements)
    joining: list[Municipality] = []
    unclear: list[Municipality] = []
    for settlement in settlements:
        heir = named.get(settlement.oktmo) or heir_of(settlement, new)
        if heir is not None:
            change.effects["moved"].append([settlement.pk, settlement.parent_id])
            settlement.parent = heir
            settlement.save(update_fields=["parent"])
        elif len(new) == 1:
            joining.append(settlement)
        else:
            unclear.append(settlement)
    _refuse_unclear(unclear, change)
    if joining:
        part = record_transformation(
            kind=ChangeKind.JOIN,
            date=change.date,
            law=change.law,
            note=change.note,
            predecessors=joining,
            successors=new,
            by=by,
        )
        part.part_of = change
        part.save(update_fields=["part_of"])


def _check_named(named: dict[str, Municipality], settlements: Sequence[Municipality]) -> None:
    unknown = sorted(set(named) - {row.oktmo for row in settlements})
    if unknown:
        raise ValidationError(
            {"successors": f"Поселений {', '.join(unknown)} нет в составе предшественников."}
        )


def heir_of(settlement: Municipality, new: Sequence[Municipality]) -> Municipality | None:
    """The successor that a settlement passes to: the only one that can hold it, or its prefix's."""
    holders = [row for row in new if row.kind in HOLDERS.get(MunicipalityKind(settlement.kind), ())]
    if len(holders) == 1:
        return holders[0]
    same = [row for row in holders if row.oktmo[:5] == settlement.oktmo[:5]]
    return same[0] if len(same) == 1 else None


def _refuse_unclear(settlements: Sequence[Municipality], change: MunicipalityChange) -> None:
    if not settlements:
        return
    names = ", ".join(f"{row.name} ({row.oktmo})" for row in settlements[:5])
    more = f" и ещё {len(settlements) - 5}" if len(settlements) > 5 else ""
    if change.kind == ChangeKind.ABOLITION:
        text = "Сначала внесите преобразования этих поселений"
    else:
        text = "Укажите коды поселений у того преемника, к которому они переходят"
    raise ValidationError({"successors": f"{text}: {names}{more}."})


# --- undoing -----------------------------------------------------------------------------------------


@transaction.atomic
def undo_transformation(*, change: MunicipalityChange, by: Any, reason: str) -> None:
    """Take back a wrong entry: successors that it began go, predecessors live again.

    Raises ValidationError that names what stands on it: a later transformation, filed forms,
    organisations, loaded figures.
    """
    if not reason.strip():
        raise ValidationError("Напишите, почему запись отменяется.")
    locked = MunicipalityChange.objects.select_for_update().get(pk=change.pk)
    if locked.part_of_id is not None:
        raise ValidationError(f"Это часть преобразования «{locked.part_of}»: отмените его целиком.")
    family = [locked, *locked.parts.select_for_update()]
    for member in family:
        _check_nothing_follows(member)
    undone = [_describe(member) for member in family]
    for member in family:
        consequences.take_back(member)
    for member in reversed(family):
        _take_back(member)
    record(
        action="organisations.transformation_undone", by=by, subject=change, reason=reason, rows=undone
    )  # fmt: skip
    transaction.on_commit(refresh_search)


def _describe(change: MunicipalityChange) -> dict[str, Any]:
    """What the entry said, for the trail: the row itself goes."""
    return {
        "kind": change.kind,
        "date": str(change.date),
        "law": change.law,
        "predecessors": [row.oktmo for row in change.predecessors.all()],
        "successors": [row.oktmo for row in change.successors.all()],
    }


def _check_nothing_follows(change: MunicipalityChange) -> None:
    later = (
        MunicipalityChange.objects.filter(predecessors__in=change.successors.all())
        .exclude(pk=change.pk)
        .first()
    )
    if later is not None:
        raise ValidationError(
            f"Преемник уже преобразован дальше: {later} ({later.law}). Сначала отмените ту запись."
        )


def _take_back(change: MunicipalityChange) -> None:
    effects = change.effects or {}
    for child, parent in effects.get("moved", []):
        Municipality.objects.filter(pk=child).update(parent=parent)
    began = list(Municipality.objects.filter(pk__in=effects.get("began", [])))
    change.predecessors.clear()
    change.successors.clear()
    change.delete()
    for row in began:
        _delete_row(row)
    Municipality.objects.filter(pk__in=effects.get("dated", [])).update(valid_from=None)
    _revive(effects.get("ended", []))


def _delete_row(row: Municipality) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        names: dict[str, int] = {}
        for item in error.protected_objects:
            title = str(item._meta.verbose_name_plural)
            names[title] = names.get(title, 0) + 1
        listed = ", ".join(f"{title}: {number}" for title, number in sorted(names.items()))
        raise ValidationError(
            f"Отменить нельзя: с преемником «{row.name}» уже связаны другие записи ({listed}). "
            "Внесите обратное преобразование с его датой и законом."
        ) from error


def _revive(keys: Iterable[int]) -> None:
    for row in Municipality.objects.filter(pk__in=keys):
        heir = Municipality.objects.filter(oktmo=row.oktmo, valid_to=None).first()
        if heir is not None:
            raise ValidationError(
                f"Код {row.oktmo} уже занят: {heir.name}. Отменить запись нельзя."
            )
        row.valid_to = None
        row.status = (
            MunicipalityStatus.REVIEW if row.missing_parent_oktmo else MunicipalityStatus.ACTIVE
        )
        row.save(update_fields=["valid_to", "status"])


def end_due_municipalities() -> int:
    """Mark as abolished what ended by now: transformations are entered before their day."""
    due = Municipality.objects.filter(
        status=MunicipalityStatus.ACTIVE, valid_to__lte=timezone.localdate()
    )
    number = due.update(status=MunicipalityStatus.ABOLISHED)
    if number:
        transaction.on_commit(refresh_search)
    today = timezone.localdate()
    for change in MunicipalityChange.objects.filter(date=today).values_list("pk", flat=True):
        handover.tell_council(change_id=change)
    return number
