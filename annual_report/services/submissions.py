"""The municipality's side of a form: preparing, certifying, sending and withdrawing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from annual_report import certificate, workflow
from annual_report.enums import AnswerSource
from annual_report.filled_form import FilledForm, get_filled_form
from annual_report.models import Submission
from annual_report.permissions import certifies_submission
from annual_report.services import answers, notices
from annual_report.services.answers import CellInput, SaveResult
from annual_report.services.checks import Problem, check_form
from okmo_portal.accounts.models import User
from okmo_portal.workflow import transitions

NOT_CERTIFIED = "Подтвердите, что данные проверены."


def prepare_submission(*, submission: Submission, by: User) -> Submission:
    """Hand the finished form to the head for his signature; refuses while anything blocks it."""
    with transitions.apply(workflow.PREPARE, submission, by=by) as locked:
        refuse_blocked(check_form(get_filled_form(locked)))
        locked.prepared_at, locked.prepared_by = timezone.now(), by
        transaction.on_commit(partial(notices.tell_head, submission_id=locked.pk))
    return locked


def take_back_submission(*, submission: Submission, by: User, comment: str = "") -> Submission:
    """Return a form from the signature to filling.

    The head says what to mend; whoever prepared it may take it back without a word.
    """
    if certifies_submission.test(by, submission) and not comment.strip():
        raise ValidationError("Напишите исполнителю, что исправить.", code="no_comment")
    with transitions.apply(
        workflow.TAKE_BACK, submission, by=by, comment=comment.strip()
    ) as locked:
        if locked.prepared_by_id != by.pk:
            transaction.on_commit(
                partial(notices.tell_preparer, submission_id=locked.pk, comment=comment.strip())
            )
        locked.prepared_at = None
    return locked


def submit_submission(*, submission: Submission, by: User, certified: bool) -> Submission:
    """Certify the form and hand it to the council; refuses while anything blocks it."""
    if not certified:
        raise ValidationError(NOT_CERTIFIED, code="not_certified")
    with transitions.apply(workflow.SUBMIT, submission, by=by) as locked:
        form = get_filled_form(locked)
        refuse_blocked(check_form(form))
        _certify(form, by)
    return locked


class Posted(Protocol):
    """What was read of a sent page: cells that can be saved, and errors by code."""

    cells: dict[str, CellInput]
    errors: dict[str, str]


@transaction.atomic
def save_form(
    *,
    submission_id: int,
    read: Callable[[FilledForm], Posted],
    by: User,
    explanations: Mapping[int, str] | None = None,
    send: bool = False,
) -> SaveResult:
    """Save a page of the form in one transaction; with ``send`` certify it and hand it on, too.

    ``read`` gets the form under its lock and returns what was typed into it. What was right stays
    saved when the form cannot be sent; ``result.submitted`` says which it was. Raises
    Submission.DoesNotExist, PermissionDenied for who may not do it, before anything is saved, and
    ValidationError when the form is closed.
    """
    locked = answers.lock_submission(submission_id, by)
    if send and not workflow.SUBMIT.allowed(by, locked):
        raise PermissionDenied
    form = get_filled_form(locked)
    posted = read(form)
    result = answers.put_cells(form=form, cells=posted.cells, by=by, source=AnswerSource.MANUAL)
    if explanations:
        answers.explain_found(result, explanations, by)
    if not send or posted.errors or result.blocked or result.conflicts or result.refused:
        answers.save_counts(locked, result, by)
        return result
    begun = [(workflow.START, result.begun_from)] if result.begun_from else []
    with transitions.apply_locked(workflow.SUBMIT, locked, by=by, after=begun):
        _certify(form, by)
    result.submitted = True
    return result


def refuse_blocked(problems: Sequence[Problem]) -> None:
    blocking = [problem for problem in problems if problem.blocks]
    if blocking:
        raise ValidationError(f"Форму пока нельзя отправить: {blocking[0].message}", code="blocked")


def _certify(form: FilledForm, by: User) -> None:
    """Put the head's name, the time and the checksum of what he saw on a locked form."""
    submission = form.submission
    submission.submitted_at, submission.submitted_by = timezone.now(), by
    submission.filed_at = submission.filed_at or submission.submitted_at
    submission.certified_checksum = certificate.checksum(form)
    submission.return_comment = ""
    if form.returned:
        submission.cell_returns.filter(resolved_at__isnull=True).update(
            resolved_at=submission.submitted_at
        )
    # Robust: the form is filed whether or not the queue hears of it; beat looks every minute.
    transaction.on_commit(notices.queue_tell_councils, robust=True)


def withdraw_submission(*, submission: Submission, by: User) -> Submission:
    """Take a form back before the council has decided; what it had sent back is open again."""
    with transitions.apply(workflow.WITHDRAW, submission, by=by) as locked:
        locked.cell_returns.filter(resolved_at=locked.submitted_at).update(resolved_at=None)
        locked.submitted_at = locked.submitted_by = None
        if locked.decided_at is None:
            # Nobody has looked at it yet: it was not filed after all.
            locked.filed_at = None
        locked.certified_checksum = ""
    return locked
