"""The people of abolished municipalities: who they are, and to whom their mandates pass.

Nothing is passed on silently: a council or the Congress decides on each person, all of a
transformation's in one step. A mandate is ended and a new one begins in the heir's body, with the
same document; the trail names both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.core.text import counted
from okmo_portal.notifications.services import notify
from okmo_portal.organisations import workflow
from okmo_portal.organisations.enums import COUNCIL_ROLES, OrganisationKind, Role
from okmo_portal.organisations.models import (
    Invitation,
    Membership,
    Municipality,
    MunicipalityChange,
    Organisation,
)
from okmo_portal.organisations.services.memberships import end_membership, get_municipality_body
from okmo_portal.workflow import transitions

KIND = "organisations.handover"
PEOPLE = "полномочие,полномочия,полномочий"


class Decision(NamedTuple):
    """``heir`` is the municipality that the person goes on in, None ends the mandate."""

    heir: Municipality | None
    role: str = ""


@dataclass(frozen=True)
class HandoverResult:
    passed: int = 0
    ended: int = 0


def offers_of(change: MunicipalityChange, by: User | None = None) -> QuerySet[Membership]:
    """Valid mandates in the bodies of what ended; nobody decides on his own (``by``)."""
    rows = Membership.objects.valid().filter(
        organisation__kind=OrganisationKind.MUNICIPALITY_BODY,
        organisation__municipality__in=change.predecessors.filter(
            valid_to__lte=timezone.localdate()
        ),
    )
    if by is not None:
        rows = rows.exclude(user=by)
    return rows.select_related("user", "organisation__municipality").order_by(
        "organisation__municipality__sort_key", "role", "user__last_name", "pk"
    )


def changes_visible_to(user: Any) -> QuerySet[MunicipalityChange]:
    """Those whose people ``user`` decides on: a council of its region, the Congress of all."""
    active = user.active_membership if user.is_authenticated else None
    rows = MunicipalityChange.objects.all()
    if active is None:
        return rows.none()
    if active.role == Role.CONGRESS_STAFF:
        return rows
    if active.is_council:
        region = Municipality.objects.filter(region=active.organisation.region_id)
        return rows.filter(pk__in=_through().filter(municipality__in=region).values(CHANGE))
    return rows.none()


CHANGE = "municipalitychange"


def _through() -> QuerySet:
    return MunicipalityChange.predecessors.through.objects.all()


def waiting_for(user: Any) -> QuerySet[MunicipalityChange]:
    """Transformations in force whose people still hold mandates in what has ended."""
    today = timezone.localdate()
    bodies = Membership.objects.valid().filter(
        organisation__kind=OrganisationKind.MUNICIPALITY_BODY,
        organisation__municipality__valid_to__lte=today,
    )
    ended = _through().filter(municipality__in=bodies.values("organisation__municipality"))
    return changes_visible_to(user).filter(date__lte=today, pk__in=ended.values(CHANGE))


def heads_of(heirs: list[Municipality]) -> dict[int, Membership]:
    """The valid head of each heir that has one."""
    rows = Membership.objects.valid().filter(organisation__municipality__in=heirs, role=Role.HEAD)
    return {
        row.organisation.municipality_id: row for row in rows.select_related("organisation", "user")
    }


@transaction.atomic
def hand_over(
    *, change: MunicipalityChange, decisions: Mapping[int, Decision], by: User
) -> HandoverResult:
    """Carry out what was decided by membership; those not named stay undecided.

    Raises ValidationError where an heir would have two heads, and for a mandate that is no longer
    there to decide on; PermissionDenied for a stranger.
    """
    rows = offers_of(change, by).select_for_update(of=("self",)).filter(pk__in=decisions)
    members = list(rows)
    if len(members) < len(decisions):
        raise ValidationError("По части людей уже решено. Обновите страницу.", code="stale")
    _check_heads(decisions)
    passed = ended = 0
    for member in members:
        decision = decisions[member.pk]
        if decision.heir is None:
            comment = f"Муниципалитет преобразован: {change}, {change.law}"
        else:
            comment = f"Передано преемнику «{decision.heir.name}»: {change}, {change.law}"
        end_membership(membership=member, by=by, comment=comment[:1000])
        new = _begin(member, decision.heir, decision.role, change, by) if decision.heir else None
        passed, ended = passed + (new is not None), ended + (new is None)
        transaction.on_commit(
            partial(_tell_person, old=member.pk, new=new.pk if new else None, change_id=change.pk)
        )
    _close_empty_bodies(change)
    record(
        action="organisations.people_handed_over", by=by, subject=change, passed=passed, ended=ended
    )
    transaction.on_commit(
        partial(_tell_done, change_id=change.pk, passed=passed, ended=ended, by=by.pk)
    )
    return HandoverResult(passed, ended)


def _check_heads(decisions: Mapping[int, Decision]) -> None:
    chosen = Counter(
        item.heir for item in decisions.values() if item.heir and item.role == Role.HEAD
    )
    present = heads_of(list(chosen))
    for heir, number in chosen.items():
        if number > 1:
            raise ValidationError(
                f"«{heir.name}»: главой выбраны {number} человека. Глава один, остальным выберите "
                "другую роль или прекратите полномочие."
            )
        if heir.pk in present:
            raise ValidationError(
                f"«{heir.name}»: уже есть глава ({present[heir.pk].user}). Выберите другую роль."
            )


def _begin(
    old: Membership, heir: Municipality, role: str, change: MunicipalityChange, by: User
) -> Membership:
    """The mandate in the heir's body; one that the person has there already goes on."""
    body = get_municipality_body(heir)
    valid = Membership.objects.valid().filter(user=old.user, organisation=body, role=role)
    if known := valid.first():
        return known
    # A request for the same role that waits there is answered by this.
    new, _created = Membership.objects.get_or_create(
        user=old.user,
        organisation=body,
        role=role,
        state="requested",
        defaults={
            "position_title": old.position_title,
            "mandate": old.mandate,
            "valid_from": timezone.localdate(),
            "valid_to": old.valid_to
            if old.valid_to and old.valid_to >= timezone.localdate()
            else None,
        },
    )
    comment = f"Перешло от «{old.organisation}»: {change}, {change.law}"[:1000]
    with transitions.apply(workflow.CONFIRM, new, by=by, comment=comment) as locked:
        locked.decided_at, locked.decided_by = timezone.now(), by
        locked.decision_comment = comment
    record(
        action="organisations.membership_handed_over", by=by, subject=locked, former=old.pk, change=change.pk
    )  # fmt: skip
    return locked


def _close_empty_bodies(change: MunicipalityChange) -> None:
    """A body without people takes no more invitations and gives no more roles."""
    bodies = Organisation.objects.filter(
        kind=OrganisationKind.MUNICIPALITY_BODY,
        municipality__in=change.predecessors.filter(valid_to__lte=timezone.localdate()),
    ).exclude(pk__in=Membership.objects.valid().values("organisation"))
    Invitation.objects.open().filter(organisation__in=bodies).update(revoked_at=timezone.now())
    bodies.update(is_active=False)


# --- what is told ------------------------------------------------------------------------------------


def describe_consequences(change: MunicipalityChange) -> list[str]:
    """What becomes of forms, and whose people have to be decided on; with its parts."""
    whole = [change, *change.parts.all()]
    lines = [line for part in whole for line in part.effects.get("notes", [])]
    for part in whole:
        places = Counter(
            place for row in _all_members(part) if (place := row.organisation.municipality)
        )
        heirs = ", ".join(row.name for row in part.successors.order_by("sort_key"))
        for place, number in places.items():
            end = f"решите, кто переходит к преемнику ({heirs})" if heirs else "преемника нет"
            lines.append(f"{place.name}: {counted(number, PEOPLE)}; {end}.")
    return lines


def _all_members(change: MunicipalityChange) -> QuerySet[Membership]:
    """Also before the day: it is known ahead who will have to be decided on."""
    return (
        Membership.objects.valid()
        .filter(
            organisation__kind=OrganisationKind.MUNICIPALITY_BODY,
            organisation__municipality__in=change.effects.get("ended", []),
        )
        .select_related("organisation__municipality")
        .order_by("organisation__municipality__sort_key")
    )


def _council(change: MunicipalityChange) -> list[User]:
    """The council's people of the region where it happened; without a council the Congress's."""
    regions = change.predecessors.values("region")
    valid = Membership.objects.valid()
    council = valid.filter(
        organisation__kind=OrganisationKind.COUNCIL,
        organisation__region__in=regions,
        role__in=COUNCIL_ROLES,
    )
    chosen = council if council.exists() else valid.filter(role=Role.CONGRESS_STAFF)
    return list(User.objects.filter(pk__in=chosen.values("user")))


def tell_council(*, change_id: int) -> None:
    """Once the transformation is in force: people wait for a decision."""
    change = MunicipalityChange.objects.filter(pk=change_id).first()
    number = 0 if change is None else offers_of(change).count()
    if change is None or not number:
        return
    names = ", ".join(change.predecessors.order_by("sort_key").values_list("name", flat=True)[:5])
    notify(
        kind=KIND,
        recipients=_council(change),
        key=f"organisations:handover:{change.pk}:waits",
        title=f"Решите, кто переходит к преемнику: {counted(number, PEOPLE)}",
        body=f"{change}: {names}. {change.law}.",
        url=reverse("organisations:handover-detail", args=[change.pk]),
    )


def _tell_person(*, old: int, new: int | None, change_id: int) -> None:
    change = MunicipalityChange.objects.get(pk=change_id)
    former = Membership.objects.select_related("organisation", "user").get(pk=old)
    now = Membership.objects.select_related("organisation").get(pk=new) if new else None
    notify(
        kind=KIND,
        recipients=[former.user],
        key=f"organisations:handover:{change.pk}:person:{former.pk}",
        title=f"Ваше полномочие перешло: {now.organisation}" if now else "Полномочие прекращено",
        body=(
            f"{former.organisation}: {change}, {change.law}. "
            + (f"Теперь Вы: {now.get_role_display()}." if now else "У преемника роли у Вас нет.")
        ),
        url=reverse("cabinet") if now else reverse("organisations:membership-mine"),
    )


def _tell_done(*, change_id: int, passed: int, ended: int, by: int) -> None:
    change = MunicipalityChange.objects.get(pk=change_id)
    notify(
        kind=KIND,
        recipients=[user for user in _council(change) if user.pk != by],
        key=f"organisations:handover:{change.pk}:done:{timezone.now():%Y%m%d%H%M%S%f}",
        title=f"Люди переданы преемникам: {counted(passed, PEOPLE)}",
        body=f"{change}, {change.law}. Прекращено: {counted(ended, PEOPLE)}.",
        url=reverse("organisations:handover-detail", args=[change.pk]),
    )
