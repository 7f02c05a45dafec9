"""Whom to call about a form that is not filed, and what earlier calls came to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from annual_report.enums import SubmissionState
from annual_report.models import ContactNote, Submission
from okmo_portal.organisations.enums import MUNICIPALITY_EDITOR_ROLES, OrganisationKind, Role
from okmo_portal.organisations.models import Membership, Organisation


@dataclass(frozen=True)
class Person:
    user_id: int
    name: str
    position: str
    phone: str
    email: str
    is_head: bool


@dataclass
class Contacts:
    """Of one municipality: the body's own line and its people, the one to call first."""

    phone: str = ""
    email: str = ""
    people: list[Person] = field(default_factory=list)


@dataclass(frozen=True)
class Missing:
    """One line of the list of those who have not filed."""

    submission: Submission
    holder: str
    days_late: int
    contacts: Contacts | None
    call: ContactNote | None


HEAD_ROLES = (Role.HEAD, Role.CHIEF_OF_STAFF)


def find_contacts(submissions: Iterable[Submission]) -> dict[int, Contacts]:
    """Contacts by municipality, in two queries; who holds the form comes first."""
    waits_for_head: dict[int, bool] = {}
    #: By keeper, the municipalities whose forms it sees to: an heir has those of several.
    kept: dict[int, list[int]] = defaultdict(list)
    for item in submissions:
        waits_for_head[item.municipality_id] = item.state == SubmissionState.PREPARED
        for keeper in item.keepers:
            kept[keeper].append(item.municipality_id)
    found = {number: Contacts() for number in waits_for_head}
    bodies = Organisation.objects.filter(
        municipality__in=kept, kind=OrganisationKind.MUNICIPALITY_BODY, is_active=True
    )
    for body in bodies.only("municipality", "phone", "email"):
        for number in kept[body.municipality_id]:
            contacts = found[number]
            contacts.phone = contacts.phone or body.phone
            contacts.email = contacts.email or body.email
    members = (
        Membership.objects.valid()
        .filter(organisation__municipality__in=kept, role__in=MUNICIPALITY_EDITOR_ROLES)
        .select_related("user", "organisation")
        .order_by("valid_from", "pk")
    )
    for row in members:
        person = Person(
            row.user_id,
            str(row.user),
            row.position_title or row.get_role_display(),
            row.user.phone,
            row.user.email,
            row.role in HEAD_ROLES,
        )
        for number in kept[row.organisation.municipality_id]:
            found[number].people.append(person)
    for number, contacts in found.items():
        contacts.people.sort(key=lambda person: person.is_head != waits_for_head[number])
    return found


def last_calls(submissions: Iterable[Submission]) -> dict[int, ContactNote]:
    """The newest call about each form."""
    rows = (
        ContactNote.objects.filter(submission__in=[item.pk for item in submissions])
        .select_related("by")
        .order_by("submission_id", "-at", "-pk")
        .distinct("submission_id")
    )
    return {row.submission_id: row for row in rows}


def describe_missing(submissions: list[Submission], today, *, with_contacts: bool) -> list[Missing]:
    """Lines of the list; contacts only for those who may read them."""
    contacts = find_contacts(submissions) if with_contacts else {}
    calls = last_calls(submissions) if with_contacts else {}
    return [
        Missing(
            item,
            HOLDERS[item.state],
            max((today - item.municipality_due).days, 0),
            contacts.get(item.municipality_id),
            calls.get(item.pk),
        )
        for item in submissions
    ]


HOLDERS = {
    SubmissionState.NOT_STARTED: "никто не начинал",
    SubmissionState.DRAFT: "у исполнителя",
    SubmissionState.PREPARED: "у главы, на подписи",
    SubmissionState.RETURNED: "у исполнителя, возвращена советом",
}
