"""Requests, decisions, handover and the end of memberships."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.documents.models import Document
from okmo_portal.documents.services import attach_document, store_document
from okmo_portal.notifications.services import notify
from okmo_portal.organisations import workflow
from okmo_portal.organisations.enums import (
    COUNCIL_ROLES,
    ROLES_BY_ORGANISATION,
    MembershipState,
    OrganisationKind,
    Role,
)
from okmo_portal.organisations.models import Membership, Municipality, Organisation
from okmo_portal.organisations.services.staff import sync_staff_access
from okmo_portal.workflow import transitions

EXPIRY_NOTICE_DAYS = 14


def get_municipality_body(municipality: Municipality) -> Organisation:
    """The municipality's organisation, made at the first request; a lock prevents a second one."""
    with transaction.atomic():
        Municipality.objects.select_for_update().get(pk=municipality.pk)
        body = municipality.organisations.filter(
            kind=OrganisationKind.MUNICIPALITY_BODY, is_active=True
        ).first()
        if body is None:
            body = Organisation.objects.create(
                kind=OrganisationKind.MUNICIPALITY_BODY,
                name=f"Администрация: {municipality.name}",
                municipality=municipality,
            )
    return body


@transaction.atomic
def request_membership(
    *,
    by: User,
    organisation: Organisation,
    role: str,
    position_title: str,
    valid_from: date,
    valid_to: date | None = None,
    mandate: Any = None,
) -> Membership:
    """Ask for a role; the council (or staff) is told and decides.

    ``mandate`` is an uploaded file or None. Raises ValidationError for a role that the
    organisation does not give and for a request that is there already.
    """
    if role not in ROLES_BY_ORGANISATION[OrganisationKind(organisation.kind)]:
        raise ValidationError({"role": "Эта организация не даёт такой роли."})
    document: Document | None = store_document(file=mandate, by=by) if mandate else None
    try:
        with transaction.atomic():
            membership = Membership.objects.create(
                user=by,
                organisation=organisation,
                role=role,
                position_title=position_title,
                valid_from=valid_from,
                valid_to=valid_to,
                mandate=document,
            )
    except IntegrityError as error:
        raise ValidationError("Вы уже запросили эту роль, или она уже действует.") from error
    if document is not None:
        attach_document(document=document, subject=membership)
    record(action="organisations.membership_requested", by=by, subject=membership)
    transaction.on_commit(partial(_tell_deciders, membership_id=membership.pk))
    return membership


def confirm_membership(*, membership: Membership, by: User | None) -> Membership:
    """Let the role hold. A new head ends the former head's mandate in the same transaction."""
    with transitions.apply(workflow.CONFIRM, membership, by=by) as locked:
        _note_decision(locked, by, "")
    if locked.role == Role.HEAD:
        _end_former_heads(locked)
    sync_staff_access(user=locked.user)
    return locked


def refuse_membership(*, membership: Membership, by: User, comment: str) -> Membership:
    if not comment.strip():
        raise ValidationError("Напишите, почему запрос отклонён.", code="no_comment")
    with transitions.apply(workflow.REFUSE, membership, by=by, comment=comment) as locked:
        _note_decision(locked, by, comment)
    return locked


def end_membership(*, membership: Membership, by: User | None, comment: str = "") -> Membership:
    """End a valid role from today; the admin's access goes with the last staff role."""
    own = by is not None and membership.user_id == by.pk
    transition = workflow.LEAVE if own else workflow.END
    with transitions.apply(transition, membership, by=by, comment=comment) as locked:
        _close(locked, by, comment)
    sync_staff_access(user=locked.user)
    return locked


def _note_decision(membership: Membership, by: User | None, comment: str) -> None:
    membership.decided_at, membership.decided_by = timezone.now(), by
    membership.decision_comment = comment
    transaction.on_commit(partial(_tell_requester, membership_id=membership.pk))


def _close(membership: Membership, by: User | None, comment: str) -> None:
    membership.decided_at = membership.decided_at or timezone.now()
    membership.decision_comment = comment
    today = timezone.localdate()
    membership.valid_to = max(membership.valid_from, today)


def _end_former_heads(new_head: Membership) -> None:
    former = (
        Membership.objects.valid()
        .filter(organisation_id=new_head.organisation_id, role=Role.HEAD)
        .exclude(pk=new_head.pk)
    )
    for membership in former:
        end_membership(
            membership=membership, by=None, comment=f"Полномочия принял(а) {new_head.user}"
        )


def deciders(membership: Membership) -> list[User]:
    """The council for its municipalities and ТОС, the Congress's staff for everybody else."""
    organisation = membership.organisation
    valid = Membership.objects.valid()
    if organisation.kind in (OrganisationKind.MUNICIPALITY_BODY, OrganisationKind.TOS):
        council = valid.filter(
            organisation__kind=OrganisationKind.COUNCIL,
            organisation__region_id=organisation.region_id,
            role__in=COUNCIL_ROLES,
        )
        if council.exists():
            return list(User.objects.filter(pk__in=council.values("user")))
    staff = valid.filter(role=Role.CONGRESS_STAFF)
    return list(User.objects.filter(pk__in=staff.values("user")))


def _tell_deciders(*, membership_id: int) -> None:
    membership = Membership.objects.select_related("organisation", "user").get(pk=membership_id)
    notify(
        kind="organisations.membership_requested",
        recipients=deciders(membership),
        key=f"membership:{membership.pk}:requested",
        title=f"Проверьте полномочие: {membership.user}",
        body=f"{membership.position_title}, {membership.organisation}.",
        url=reverse("organisations:membership-detail", args=[membership.pk]),
    )


def _tell_requester(*, membership_id: int) -> None:
    membership = Membership.objects.select_related("organisation", "user").get(pk=membership_id)
    confirmed = membership.state == MembershipState.ACTIVE
    notify(
        kind="organisations.membership_decided",
        recipients=[membership.user],
        key=f"membership:{membership.pk}:{membership.state}",
        title="Полномочие подтверждено" if confirmed else "Запрос полномочия отклонён",
        body=(
            f"{membership.get_role_display()}, {membership.organisation}."
            if confirmed
            else f"Причина: {membership.decision_comment}"
        ),
        url=reverse("cabinet") if confirmed else reverse("organisations:membership-mine"),
    )


def end_expired_memberships() -> int:
    """Close what ended by its date, and tell people two weeks ahead; returns how many ended.

    An expired membership gives nothing anyway; this writes the state that lists show.
    """
    today = timezone.localdate()
    for membership in Membership.objects.valid().filter(
        valid_to=today + timedelta(days=EXPIRY_NOTICE_DAYS)
    ):
        notify(
            kind="organisations.membership_ends",
            recipients=[membership.user],
            key=f"membership:{membership.pk}:ends",
            title=f"Полномочие действует до {membership.valid_to:%d.%m.%Y}",
            body="Если срок продлён, запросите полномочие с новым документом.",
            url=reverse("organisations:membership-mine"),
        )
    expired = Membership.objects.filter(state=MembershipState.ACTIVE, valid_to__lt=today)
    ended = 0
    for membership in expired:
        last_day = membership.valid_to
        with transitions.apply(workflow.END, membership, by=None, comment="Срок истёк") as locked:
            locked.valid_to = last_day
        sync_staff_access(user=locked.user)
        ended += 1
    return ended
