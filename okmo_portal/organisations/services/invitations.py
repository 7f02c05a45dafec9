"""Invitations: a single-use letter that gives a role without a request."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.notifications.services import send_letter
from okmo_portal.organisations.enums import MembershipState, Role
from okmo_portal.organisations.models import Invitation, Membership, Organisation
from okmo_portal.organisations.permissions import invites_into
from okmo_portal.organisations.services.memberships import confirm_membership

VALID_DAYS = 14


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite_person(
    *, email: str, organisation: Organisation, role: str, position_title: str, by: User
) -> Invitation:
    """Store the invitation and send the letter after commit; only the token's hash is kept."""
    if not invites_into.test(by, organisation, role):
        raise PermissionDenied
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email.lower(),
        organisation=organisation,
        role=role,
        position_title=position_title,
        token_hash=hash_token(token),
        invited_by=by,
        expires_at=timezone.now() + timedelta(days=VALID_DAYS),
    )
    record(action="organisations.invited", by=by, subject=invitation, role=role)
    transaction.on_commit(partial(_send, invitation, token))
    return invitation


def _send(invitation: Invitation, token: str) -> None:
    address = settings.SITE_URL + reverse("organisations:invitation-accept", args=[token])
    send_letter(
        to=invitation.email,
        subject=f"Приглашение на портал: {invitation.organisation}",
        template="organisations/invitation",
        context={"invitation": invitation, "address": address},
    )


def find_invitation(token: str) -> Invitation | None:
    return Invitation.objects.open().filter(token_hash=hash_token(token)).first()


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User) -> Membership:
    """Make the membership; raises ValidationError for a used letter or another person's."""
    locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not Invitation.objects.open().filter(pk=locked.pk).exists():
        raise ValidationError("Приглашение уже использовано или его срок истёк.")
    if by.email.lower() != locked.email.lower():
        raise ValidationError(
            f"Приглашение отправлено на {locked.email}. Войдите под этим адресом."
        )
    locked.accepted_at, locked.accepted_by = timezone.now(), by
    locked.save(update_fields=["accepted_at", "accepted_by"])
    membership, _created = Membership.objects.get_or_create(
        user=by,
        organisation=locked.organisation,
        role=locked.role,
        state__in=[MembershipState.REQUESTED, MembershipState.ACTIVE],
        defaults={
            "position_title": locked.position_title,
            "valid_from": timezone.localdate(),
            "state": MembershipState.REQUESTED,
        },
    )
    if membership.state == MembershipState.REQUESTED:
        # The inviter's right was checked when the letter was sent; here the system confirms.
        membership = confirm_membership(membership=membership, by=None)
    return membership


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    if not invites_into.test(by, invitation.organisation, Role(invitation.role)):
        raise PermissionDenied
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    record(action="organisations.invitation_revoked", by=by, subject=invitation)
