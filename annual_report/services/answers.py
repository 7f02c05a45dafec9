"""Saving cells: set-based, under the form's lock, all or nothing per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from annual_report.enums import AnswerSource, Severity, SubmissionState
from annual_report.models import Explanation, Submission
from annual_report.permissions import edits_submission
from annual_report.selectors import FilledForm, get_filled_form
from annual_report.services.checks import Problem, check_form
from annual_report.workflow import START
from okmo_portal.accounts.models import User
from okmo_portal.workflow.transitions import log_change


@dataclass(frozen=True)
class CellInput:
    """What a person typed into one cell; ``seen_at`` is when the cell he saw was last changed."""

    value: Decimal | None = None
    no_data_reason: str = ""
    note: str = ""
    seen_at: datetime | None = None
    #: Save even if somebody else changed the cell meanwhile.
    overwrite: bool = False


@dataclass(frozen=True)
class Conflict:
    """Somebody changed the cell after the page was opened."""

    code: str
    value: str
    by: str
    at: datetime


@dataclass
class SaveResult:
    form: FilledForm
    problems: list[Problem]
    conflicts: list[Conflict] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)


UPSERT = """
INSERT INTO annual_report_answer
    (submission_id, indicator_id, value, no_data_reason, note, source, revision, updated_by_id,
     updated_at)
SELECT %s, given.indicator, given.value, given.reason, given.note, %s, 1, %s, %s
FROM unnest(%s::bigint[], %s::numeric[], %s::text[], %s::text[])
    AS given (indicator, value, reason, note)
ON CONFLICT (submission_id, indicator_id) DO UPDATE SET
    value = excluded.value, no_data_reason = excluded.no_data_reason, note = excluded.note,
    source = excluded.source, updated_by_id = excluded.updated_by_id,
    updated_at = excluded.updated_at
WHERE (annual_report_answer.value, annual_report_answer.no_data_reason, annual_report_answer.note,
       annual_report_answer.source)
    IS DISTINCT FROM (excluded.value, excluded.no_data_reason, excluded.note, excluded.source)
"""


@transaction.atomic
def save_answers(*, submission: Submission, cells: Mapping[str, CellInput], by: User) -> SaveResult:
    """Save the cells whose codes the form asks; returns the form as it then stands.

    Raises PermissionDenied for a stranger and ValidationError, naming the cause, when the form is
    not with the municipality. A cell that another person changed after ``seen_at`` is not saved
    and is reported as a conflict; the other cells are.
    """
    locked = lock_submission(submission, by)
    form = get_filled_form(locked)
    known = form.cells
    result = SaveResult(form, [])
    for code, given in cells.items():
        cell = known.get(code)
        if cell is None or cell.indicator.formula:
            continue
        conflict = _conflict(code, cell, given, by)
        if conflict:
            result.conflicts.append(conflict)
        else:
            result.saved.append(code)
    _upsert(locked, [(known[code].indicator.pk, cells[code]) for code in result.saved], by)
    form.refresh_answers()
    result.problems = check_form(result.form)
    update_counts(locked, result.form, result.problems, by)
    return result


def lock_submission(submission: Submission, by: User) -> Submission:
    """The locked row, if ``by`` may change its answers now."""
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("campaign", "municipality")
        .get(pk=submission.pk)
    )
    if not edits_submission.test(by, locked):
        raise PermissionDenied
    if reason := why_closed(locked):
        raise ValidationError(reason, code="closed")
    return locked


def why_closed(submission: Submission) -> str:
    """Why the municipality cannot change the form now, and who can help; empty if it can."""
    if not submission.campaign.takes_answers:
        return f"Сбор за {submission.campaign.year} год закрыт. Правки принимает Конгресс."
    if submission.state == SubmissionState.SUBMITTED:
        return "Форма на проверке в совете. Чтобы исправить её, отзовите форму."
    if submission.state == SubmissionState.PREPARED:
        return "Форма на подписи у главы. Чтобы исправить её, верните её на доработку."
    if submission.is_counted:
        return "Форма утверждена советом. Данные меняются только исправлением с причиной."
    return ""


def _conflict(code: str, cell: Any, given: CellInput, by: User) -> Conflict | None:
    answer = cell.answer
    if answer is None or given.overwrite or answer.updated_by_id in (None, by.pk):
        return None
    if given.seen_at is not None and answer.updated_at <= given.seen_at:
        return None
    same = (answer.value, answer.no_data_reason, answer.note) == (
        given.value,
        given.no_data_reason,
        given.note,
    )
    if same:
        return None
    shown = cell.shown if answer.value is not None else answer.no_data_reason
    return Conflict(code, shown, str(answer.updated_by), answer.updated_at)


def _upsert(submission: Submission, rows: Sequence[tuple[int, CellInput]], by: User) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            UPSERT,
            [
                submission.pk,
                AnswerSource.MANUAL,
                by.pk,
                timezone.now(),
                [indicator for indicator, _ in rows],
                [given.value for _, given in rows],
                ["" if given.value is not None else given.no_data_reason for _, given in rows],
                [given.note for _, given in rows],
            ],
        )


def update_counts(
    submission: Submission, form: FilledForm, problems: Sequence[Problem], by: User
) -> None:
    """Keep the counts that lists show; the first saved answer makes a draft."""
    submission.filled = sum(part.filled for part in form.sections)
    submission.required = sum(part.required for part in form.sections)
    submission.critical = sum(
        problem.severity == Severity.CRITICAL and not problem.code.startswith("M-")
        for problem in problems
    )
    submission.version += 1
    submission.updated_at, submission.updated_by = timezone.now(), by
    if submission.state in START.sources:
        source, submission.state = submission.state, START.target
        log_change(submission, START, source=source, by=by)
    submission.save()


@transaction.atomic
def explain_problems(*, submission: Submission, texts: Mapping[int, str], by: User) -> None:
    """Store explanations by rule id; an empty text removes one."""
    locked = lock_submission(submission, by)
    for rule_id, text in texts.items():
        if text.strip():
            Explanation.objects.update_or_create(
                submission=locked, rule_id=rule_id, defaults={"text": text.strip(), "by": by}
            )
        else:
            Explanation.objects.filter(submission=locked, rule_id=rule_id).delete()
