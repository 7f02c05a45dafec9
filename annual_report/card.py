"""What «Моя карточка» says of a form: who holds it, until when, why it is closed, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from annual_report.enums import SubmissionState
from annual_report.filled_form import Cell, FilledForm
from annual_report.models import Extension, Submission
from annual_report.permissions import CERTIFYING_ROLES
from okmo_portal.core.text import format_date
from okmo_portal.organisations.enums import OrganisationKind, Role
from okmo_portal.organisations.models import Membership, Organisation

#: Growth from which a change against last year is worth a look.
NOTABLE = Decimal("0.2")
SHOWN_CHANGES = 10


class Lock(NamedTuple):
    """Why the municipality cannot change its form: the cause in a word, in a sentence, the way out."""

    cause: str
    text: str
    way_out: str


def find_lock(submission: Submission) -> Lock | None:
    """What keeps the municipality from changing the form now; None when nothing does."""
    campaign, state = submission.campaign, submission.state
    if state == SubmissionState.CLOSED:
        return lock_of_transformed(submission)
    if submission.state == SubmissionState.ACCEPTED or submission.is_counted:
        who = "Конгрессом" if state == SubmissionState.ACCEPTED else "советом"
        verb = "принята" if state == SubmissionState.ACCEPTED else "утверждена"
        return Lock(
            "approved",
            f"Форма {verb} {who}.",
            "Данные меняются только исправлением с причиной.",
        )
    if not campaign.takes_answers:
        return Lock(
            "closed",
            f"Сбор за {campaign.year} год закрыт.",
            "Если данные нужно сдать или исправить, обратитесь в совет или в Конгресс.",
        )
    if submission.is_with_municipality and submission.is_expired:
        return Lock(
            "expired",
            f"Срок прошёл {format_date(submission.due)}, после срока формы не принимаются.",
            "Попросите совет продлить срок и назовите причину.",
        )
    if state == SubmissionState.SUBMITTED:
        return Lock(
            "council",
            "Форма на проверке в совете.",
            "Чтобы исправить её, отзовите форму, пока совет не решил.",
        )
    if state == SubmissionState.PREPARED:
        return Lock(
            "signature",
            "Форма на подписи у главы.",
            "Чтобы исправить её, верните её на доработку.",
        )
    return None


def lock_of_transformed(submission: Submission) -> Lock:
    """The form of a municipality that was gone on the register's date."""
    change, campaign = submission.closed_by, submission.campaign
    heirs = ", ".join(row.name for row in change.successors.order_by("sort_key")) if change else ""
    return Lock(
        "transformed",
        f"Форма закрыта. {change} — {change.law}: на дату реестра "
        f"({format_date(campaign.register_date)}) муниципалитета уже нет."
        if change
        else "Форма закрыта: муниципалитет преобразован.",
        f"Данные за {campaign.year} год сдаёт преемник: {heirs}."
        if heirs
        else "Данные за этот год сдавать не нужно.",
    )


def describe_custody(submission: Submission) -> str:
    """Who answers for an abolished municipality's form; an empty text while it exists."""
    municipality = submission.municipality
    if submission.custodian is None or municipality.valid_to is None:
        return ""
    return (
        f"Муниципалитет «{municipality.name}» упразднён {format_date(municipality.valid_to)}. Форма "
        f"остаётся за ним за период до этой даты, заполняет и подписывает её преемник: "
        f"{submission.custodian.name}."
    )


def why_closed(submission: Submission) -> str:
    """The lock in one line; an empty text when the municipality may change its form."""
    lock = find_lock(submission)
    return f"{lock.text} {lock.way_out}" if lock else ""


def what_if_late(submission: Submission) -> str:
    """Said when the deadline has passed and the form can still be filed; else an empty text."""
    if not submission.is_with_municipality or not submission.campaign.takes_answers:
        return ""
    if submission.due >= timezone.localdate() or submission.is_expired:
        return ""
    return (
        f"Срок прошёл {format_date(submission.due)}. Форму ещё можно отправить, она будет отмечена "
        "как сданная позже срока. Если на то есть причина, попросите совет продлить срок."
    )


@dataclass(frozen=True)
class Holder:
    """Who has to act on the form now, and how to reach them."""

    name: str
    person: str = ""
    phone: str = ""
    email: str = ""


def find_holder(submission: Submission) -> Holder:
    state = submission.state
    if state == SubmissionState.PREPARED:
        return Holder("у главы муниципалитета, на подписи")
    if submission.is_with_municipality and submission.custodian is not None:
        return Holder(f"у преемника: {submission.custodian.name}")
    if submission.is_with_municipality:
        return Holder("у муниципалитета")
    if state == SubmissionState.SUBMITTED:
        return council_of(submission)
    if state == SubmissionState.CLOSED:
        return Holder("ни у кого: форма закрыта")
    if state == SubmissionState.APPROVED:
        return Holder("в Конгрессе, утверждена советом")
    return Holder("принята Конгрессом, идёт в доклад")


def council_of(submission: Submission) -> Holder:
    """The council of the municipality's region and its director, or the chair."""
    council = Organisation.objects.filter(
        kind=OrganisationKind.COUNCIL, region_id=submission.region_id, is_active=True
    ).first()
    if council is None:
        return Holder(f"у совета: {submission.region.name}")
    member = (
        Membership.objects.valid()
        .filter(organisation=council, role__in=(Role.COUNCIL_DIRECTOR, Role.COUNCIL_CHAIR))
        .select_related("user")
        .order_by("-role")
        .first()
    )
    person = f"{member.user}, {member.position_title}" if member else ""
    return Holder(f"у совета: {council}", person, council.phone, council.email)


def certifier_names(submission: Submission) -> list[str]:
    """Who of the municipality may sign and send its form, by name and position."""
    members = (
        Membership.objects.valid()
        .filter(organisation__municipality__in=submission.keepers, role__in=CERTIFYING_ROLES)
        .select_related("user")
        .order_by("-role", "pk")
    )
    return [f"{member.user}, {member.position_title.lower()}" for member in members]


def latest_extension(submission: Submission) -> Extension | None:
    """The longest one that holds for this form or its region, with its reason."""
    if submission.extended_to is None:
        return None
    return (
        Extension.objects.filter(submission=submission, until=submission.extended_to)
        .select_related("by")
        .first()
    )


def notable_changes(form: FilledForm) -> list[Cell]:
    """The cells that grew or fell most against last year, those worth a look, the largest first."""
    found = [
        (abs(change), cell)
        for cell in form.cells.values()
        if (change := cell.change) is not None and abs(change) >= NOTABLE
    ]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [cell for _size, cell in found[:SHOWN_CHANGES]]
