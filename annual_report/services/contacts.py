"""Calls to those who have not filed, and the trail of who read whose telephone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from annual_report.contacts import Contacts
from annual_report.models import ContactNote, Submission
from annual_report.permissions import manage_reports, reviews_submission
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record, record_many


@transaction.atomic
def note_call(
    *, submission: Submission, text: str, promised_on: date | None, by: User
) -> ContactNote:
    """Keep what a call came to; the next colleague sees it before calling again."""
    if not (manage_reports(by) or reviews_submission(by, submission)):
        raise PermissionDenied
    if not text.strip():
        raise ValidationError("Напишите, о чём договорились.")
    note = ContactNote.objects.create(
        submission=submission, text=text.strip()[:500], promised_on=promised_on, by=by
    )
    record(action="annual_report.called", by=by, subject=submission)
    return note


def record_reading(*, contacts: Iterable[Contacts], by: User) -> None:
    """Each person whose telephone was shown sees in his profile who looked at it."""
    numbers = {person.user_id for item in contacts for person in item.people} - {by.pk}
    record_many(
        action="accounts.viewed", by=by, subjects=[User(pk=number) for number in sorted(numbers)]
    )
