"""Named predicates about roles; other apps combine them (``rules``)."""

import rules

from okmo_portal.organisations.enums import ROLES_BY_ORGANISATION, OrganisationKind, Role


@rules.predicate
def is_congress_staff(user):
    active = getattr(user, "active_membership", None)
    return active is not None and active.role == Role.CONGRESS_STAFF


@rules.predicate
def is_auditor(user):
    active = getattr(user, "active_membership", None)
    return active is not None and active.role == Role.AUDITOR


@rules.predicate
def is_council_member(user):
    active = getattr(user, "active_membership", None)
    return active is not None and active.is_council


@rules.predicate
def is_municipality_editor(user):
    active = getattr(user, "active_membership", None)
    return active is not None and active.edits_municipality


@rules.predicate
def is_head(user):
    active = getattr(user, "active_membership", None)
    return active is not None and active.role == Role.HEAD


@rules.predicate
def decides_membership(user, membership):
    """The council decides on its municipalities, staff on councils, a head on his own people."""
    active = getattr(user, "active_membership", None)
    if active is None or membership.user_id == user.pk:
        return False
    organisation = membership.organisation
    if active.role == Role.CONGRESS_STAFF:
        return True
    if active.is_council:
        return (
            organisation.kind in ("municipality_body", "tos")
            and organisation.region_id == active.organisation.region_id
        )
    return (
        active.role == Role.HEAD
        and organisation.pk == active.organisation_id
        and membership.role != Role.HEAD
    )


class _InvitesInto:
    """Staff invite anybody, a council its own people and its municipalities', a head his own."""

    @staticmethod
    def test(user, organisation, role):
        active = getattr(user, "active_membership", None)
        if active is None or role not in ROLES_BY_ORGANISATION[OrganisationKind(organisation.kind)]:
            return False
        if active.role == Role.CONGRESS_STAFF:
            return True
        if active.is_council:
            return (
                organisation.kind in ("municipality_body", "tos", "council", "project_office")
                and organisation.region_id == active.organisation.region_id
            )
        # A head may also invite his successor: that is the handover.
        return active.role == Role.HEAD and organisation.pk == active.organisation_id


invites_into = _InvitesInto()
