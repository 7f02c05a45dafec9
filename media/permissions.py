"""Who may do what with the journal; every answer rests on the active membership."""

import rules

from media.enums import OPEN_STATES
from okmo_portal.organisations.enums import COUNCIL_ROLES, OrganisationKind, Role
from okmo_portal.organisations.permissions import is_congress_staff

DESK_ROLES = COUNCIL_ROLES | {Role.EDITOR}


def desk_region_id(user) -> int | None:
    """The region whose rubrics the person's council fills; None for everybody else."""
    active = getattr(user, "active_membership", None)
    if active is None or active.role not in DESK_ROLES:
        return None
    if active.organisation.kind != OrganisationKind.COUNCIL:
        return None
    return active.organisation.region_id


@rules.predicate
def is_chief_editor(user):
    """The Congress's staff and its own editors: the central desk."""
    active = getattr(user, "active_membership", None)
    return is_congress_staff(user) or (
        active is not None
        and active.role == Role.EDITOR
        and active.organisation.kind == OrganisationKind.CONGRESS
    )


@rules.predicate
def is_council_editor(user):
    return desk_region_id(user) is not None


is_editor = is_chief_editor | is_council_editor


@rules.predicate
def works_on_article(user, article):
    """The central desk on all, a council's desk on its own region's rubrics."""
    region = desk_region_id(user)
    return is_chief_editor(user) or (region is not None and article.rubric.region_id == region)


@rules.predicate
def edits_article(user, article):
    """A council gives its text away with the draft; the central desk edits until publication."""
    if article.state not in OPEN_STATES:
        return False
    if is_chief_editor(user):
        return True
    return article.state == "draft" and works_on_article(user, article)


rules.add_perm("media.edit_article", edits_article)
rules.add_perm("media.manage_journal", is_chief_editor)
