"""Sending, withdrawing, approving and returning forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from annual_report import workflow
from annual_report.models import Submission
from annual_report.selectors import get_filled_form
from annual_report.services import notices
from annual_report.services.checks import check_form
from okmo_portal.accounts.models import User
from okmo_portal.workflow import transitions


def submit_submission(*, submission: Submission, by: User, certified: bool) -> Submission:
    """Hand the form to the council; refuses while anything blocks it."""
    if not certified:
        raise ValidationError("Подтвердите, что данные проверены.", code="not_certified")
    with transitions.apply(workflow.SUBMIT, submission, by=by) as locked:
        blocking = [problem for problem in check_form(get_filled_form(locked)) if problem.blocks]
        if blocking:
            raise ValidationError(
                f"Форму пока нельзя отправить: {blocking[0].message}", code="blocked"
            )
        locked.submitted_at, locked.submitted_by = timezone.now(), by
        locked.filed_at = locked.filed_at or locked.submitted_at
        locked.return_comment = ""
        transaction.on_commit(partial(notices.tell_council, submission_id=locked.pk))
    return locked


def withdraw_submission(*, submission: Submission, by: User) -> Submission:
    """Take a form back before the council has decided."""
    with transitions.apply(workflow.WITHDRAW, submission, by=by) as locked:
        locked.submitted_at = locked.submitted_by = None
        if locked.decided_at is None:
            # Nobody has looked at it yet: it was not filed after all.
            locked.filed_at = None
    return locked


def approve_submission(*, submission: Submission, by: User, comment: str = "") -> Submission:
    with transitions.apply(workflow.APPROVE, submission, by=by, comment=comment) as locked:
        _decide(locked, by)
    return locked


def return_submission(*, submission: Submission, by: User, comment: str) -> Submission:
    """Send the form back; the comment says what to mend and is required."""
    return _send_back(workflow.RETURN, submission, by, comment)


def reopen_submission(*, submission: Submission, by: User, comment: str) -> Submission:
    """Take an approval back, with the reason."""
    return _send_back(workflow.REOPEN, submission, by, comment)


def _send_back(transition, submission: Submission, by: User, comment: str) -> Submission:
    if not comment.strip():
        raise ValidationError("Напишите, что исправить.", code="no_comment")
    with transitions.apply(transition, submission, by=by, comment=comment.strip()) as locked:
        locked.return_comment = comment.strip()
        _decide(locked, by)
    return locked


def _decide(submission: Submission, by: User) -> None:
    submission.decided_at, submission.decided_by = timezone.now(), by
    transaction.on_commit(partial(notices.tell_municipality, submission_id=submission.pk))


@dataclass
class BulkResult:
    approved: int = 0
    skipped: int = 0


def approve_many(*, submissions: Sequence[Submission], by: User) -> BulkResult:
    """Approve those that still wait; one that meanwhile changed is skipped, not an error."""
    result = BulkResult()
    for submission in submissions:
        try:
            approve_submission(submission=submission, by=by)
            result.approved += 1
        except (transitions.TransitionNotAllowed, PermissionDenied):
            result.skipped += 1
    return result
