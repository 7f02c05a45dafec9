"""Who may do what with the annual report; every answer rests on the active membership."""

import rules

from annual_report.enums import EDITABLE_STATES
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.permissions import is_congress_staff, is_council_member

CERTIFYING_ROLES = frozenset({Role.HEAD, Role.CHIEF_OF_STAFF})


@rules.predicate
def edits_submission(user, submission):
    """People of the municipality itself or, once it is abolished, of its heir; whatever the state."""
    active = getattr(user, "active_membership", None)
    return (
        active is not None
        and active.edits_municipality
        and active.organisation.municipality_id in submission.keepers
    )


@rules.predicate
def certifies_submission(user, submission):
    """The head answers for the form; the chief of staff may where he stands in for the head."""
    active = getattr(user, "active_membership", None)
    return edits_submission(user, submission) and active.role in CERTIFYING_ROLES


@rules.predicate
def takes_forms(user, submission):
    """The campaign is open and the municipality's time has not run out for good."""
    return submission.campaign.takes_answers and not submission.is_expired


@rules.predicate
def is_editable(user, submission):
    """The form is with the municipality and its campaign takes answers from it."""
    return submission.state in EDITABLE_STATES and takes_forms.test(user, submission)


@rules.predicate
def reviews_submission(user, submission):
    """The council of the municipality's region."""
    active = getattr(user, "active_membership", None)
    return (
        active is not None
        and active.is_council
        and active.organisation.region_id == submission.region_id
    )


@rules.predicate
def campaign_is_open(user, submission):
    return submission.campaign.takes_answers


@rules.predicate
def proposes_correction(user, submission):
    """The municipality, or its council for it."""
    return edits_submission(user, submission) or reviews_submission(user, submission)


@rules.predicate
def extends_submission(user, submission):
    """The council of the region within its own deadline, the Congress without bounds."""
    return reviews_submission(user, submission) or is_congress_staff(user)


@rules.predicate
def reads_contacts(user):
    """Telephones of people: councils for their region, and the Congress's staff."""
    return is_council_member(user) or is_congress_staff(user)


@rules.predicate
def decides_correction(user, correction):
    """The council of the region, or the Congress."""
    return reviews_submission(user, correction.submission) or is_congress_staff(user)


@rules.predicate
def applies_correction(user, correction):
    """Whoever decides, except the one who proposed it: two people stand behind a changed value."""
    return decides_correction(user, correction) and correction.by_id != user.pk


@rules.predicate
def edits_chapter(user, chapter):
    """Staff write the report; a council writes its own region's chapter."""
    active = getattr(user, "active_membership", None)
    return is_congress_staff(user) or (
        active is not None
        and active.is_council
        and chapter.region_id is not None
        and active.organisation.region_id == chapter.region_id
    )


change_answers = edits_submission & is_editable
review_submission = reviews_submission & campaign_is_open
manage_reports = is_congress_staff

rules.add_perm("annual_report.change_answers", change_answers)
rules.add_perm("annual_report.review_submission", review_submission)
rules.add_perm("annual_report.manage_reports", manage_reports)
