"""Changes of approved data: proposed with a reason, applied or refused, revision n+1 of the cells.

Statistical offices resend a revised value with a new revision and refuse a resubmission that changes
nothing (Eurostat, SDMX guidelines; the US Federal Audit Clearinghouse). Snapshots taken before keep
the older revision: what was published stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annual_report import workflow
from annual_report.enums import AnswerSource, CorrectionState, Severity
from annual_report.filled_form import Cell, FilledForm, SavedAnswer, get_filled_form
from annual_report.models import (
    Answer,
    AnswerRevision,
    Correction,
    CorrectionCell,
    Report,
    Snapshot,
    Submission,
)
from annual_report.permissions import proposes_correction
from annual_report.services import notices
from annual_report.services.checks import Problem, check_form
from annual_report.services.snapshots import SnapshotDamaged, snapshot_folders
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.workflow import transitions

OWN = "Это исправление предложили Вы. Внести его может другой сотрудник совета или Конгресс."
UNCHANGED = "Вы ничего не изменили: новые значения совпадают с утверждёнными."


class NewContent(NamedTuple):
    """What a cell is to say: a value, or why there is none."""

    value: Decimal | None
    reason: str


@dataclass(frozen=True)
class Change:
    cell: Cell
    new: NewContent


def changed_cells(form: FilledForm, given: Mapping[str, NewContent]) -> list[Change]:
    """Those of ``given`` (by code) that say something else than the form does."""
    found = []
    for code, new in given.items():
        cell = form.cells.get(code)
        if cell is None or cell.indicator.formula:
            continue
        if (new.value, new.reason) != (cell.value, cell.no_data_reason):
            found.append(Change(cell, new))
    return found


def corrected(form: FilledForm, changes: Iterable[Change], by: User) -> FilledForm:
    """The form as it would be; ``form`` itself is changed."""
    now = timezone.now()
    form.put_answers(_answer(change, by, now) for change in changes)
    return form


def _answer(change: Change, by: User, now: datetime) -> SavedAnswer:
    before = change.cell.answer
    return SavedAnswer(
        change.cell.indicator.pk,
        change.new.value,
        change.new.reason,
        before.note if before else "",
        *(before.plans if before else (None, None, None)),
        AnswerSource.CORRECTION,
        (before.revision if before else 1) + 1,
        by.pk,
        now,
    )


def new_problems(before: list[Problem], after: list[Problem]) -> list[Problem]:
    """Findings that the correction would bring; what was wrong already does not stop it."""
    known = {problem.code for problem in before}
    return [problem for problem in after if problem.code not in known]


def blocking(problems: Iterable[Problem]) -> list[Problem]:
    """What no reason can excuse."""
    return [problem for problem in problems if problem.severity == Severity.CRITICAL]


@transaction.atomic
def propose_correction(
    *, submission: Submission, given: Mapping[str, NewContent], reason: str, by: User
) -> Correction:
    """Ask the council to change approved cells.

    Raises PermissionDenied for a stranger and ValidationError when the form is not approved, another
    proposal waits, nothing is changed, or the corrected form would break what cannot be excused.
    """
    locked = lock_counted(submission)
    if not proposes_correction(by, locked):
        raise PermissionDenied
    if not reason.strip():
        raise ValidationError("Напишите причину исправления: её увидят совет и Конгресс.")
    waiting = locked.corrections.filter(state=CorrectionState.PROPOSED).first()
    if waiting is not None:
        raise ValidationError(f"Исправление {waiting.number} ещё ждёт решения совета.")
    form = get_filled_form(locked)
    changes = changed_cells(form, given)
    if not changes:
        raise ValidationError(UNCHANGED, code="unchanged")
    old = {change.cell.code: (change.cell.value, change.cell.no_data_reason) for change in changes}
    refuse_blocked(form, changes, by)
    number = (locked.corrections.aggregate(last=Max("number"))["last"] or 0) + 1
    correction = Correction.objects.create(
        submission=locked, number=number, reason=reason.strip(), by=by
    )
    CorrectionCell.objects.bulk_create(
        CorrectionCell(
            correction=correction,
            indicator_id=change.cell.indicator.pk,
            old_value=old[change.cell.code][0],
            old_reason=old[change.cell.code][1],
            new_value=change.new.value,
            new_reason=change.new.reason,
        )
        for change in changes
    )
    record(action="annual_report.correction_proposed", by=by, subject=locked, number=number)
    transaction.on_commit(partial(notices.tell_correction, correction_id=correction.pk))
    return correction


def lock_counted(submission: Submission) -> Submission:
    """The locked row of an approved form, whether its campaign is open or closed."""
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("campaign", "municipality")
        .get(pk=submission.pk)
    )
    if not locked.is_counted:
        raise ValidationError(
            f"Форма ещё не утверждена: сейчас «{locked.get_state_display()}». "
            "Исправьте её в самой форме.",
            code="not_counted",
        )
    return locked


def refuse_blocked(form: FilledForm, changes: list[Change], by: User) -> list[Problem]:
    """The findings of the corrected form; raises ValidationError for one that cannot be excused."""
    before = check_form(form)
    after = check_form(corrected(form, changes, by))
    if wrong := blocking(new_problems(before, after)):
        raise ValidationError(f"С этими значениями форма неверна: {wrong[0].message}")
    return after


def apply_correction(*, correction: Correction, by: User, comment: str = "") -> Correction:
    """Write revision n+1 of the touched cells; the former content stays as ``AnswerRevision``."""
    with transitions.apply(
        workflow.APPLY_CORRECTION, correction, by=by, comment=comment.strip()
    ) as locked:
        submission = lock_counted(locked.submission)
        form = get_filled_form(submission)
        changes = changes_of(locked, form)
        problems = refuse_blocked(form, changes, locked.by)
        _decide(locked, by, comment)
        write_cells(locked, changes)
        count_again(submission, form, problems, by)
        record(
            action="annual_report.corrected",
            by=by,
            subject=submission,
            number=locked.number,
            revision=submission.revision,
        )
        transaction.on_commit(partial(notices.tell_correction_decided, correction_id=locked.pk))
    return locked


def changes_of(correction: Correction, form: FilledForm) -> list[Change]:
    """The proposed cells over the form as it stands; raises ValidationError if it moved meanwhile."""
    by_indicator = {cell.indicator.pk: cell for cell in form.cells.values()}
    changes = []
    for item in correction.cells.select_related("indicator"):
        cell = by_indicator.get(item.indicator_id)
        if cell is None or (cell.value, cell.no_data_reason) != (item.old_value, item.old_reason):
            raise ValidationError(
                f"«{item.indicator.title}» изменился после того, как исправление предложили. "
                "Отклоните исправление и предложите его снова."
            )
        changes.append(Change(cell, NewContent(item.new_value, item.new_reason)))
    return changes


def write_cells(correction: Correction, changes: list[Change]) -> None:
    """``changes`` already stand in the filled form: its answers are what is to be saved."""
    numbers = [change.cell.indicator.pk for change in changes]
    former = Answer.objects.select_for_update().filter(
        submission=correction.submission, indicator__in=numbers
    )
    known = {answer.indicator_id: answer for answer in former}
    AnswerRevision.objects.bulk_create(
        AnswerRevision(
            submission=correction.submission,
            indicator_id=number,
            revision=known[number].revision if number in known else 1,
            value=known[number].value if number in known else None,
            no_data_reason=known[number].no_data_reason if number in known else "",
            replaced_by=correction,
        )
        for number in numbers
    )
    rows = [change.cell.answer for change in changes if change.cell.answer is not None]
    Answer.objects.bulk_create(
        [Answer(submission=correction.submission, **row._asdict()) for row in rows],
        update_conflicts=True,
        unique_fields=["submission", "indicator"],
        update_fields=["value", "no_data_reason", "source", "revision", "updated_by", "updated_at"],
    )


def count_again(
    submission: Submission, form: FilledForm, problems: list[Problem], by: User
) -> None:
    submission.filled = form.filled
    submission.critical = sum(
        problem.severity == Severity.CRITICAL and not problem.code.startswith("M-")
        for problem in problems
    )
    submission.version += 1
    submission.revision += 1
    submission.updated_at, submission.updated_by = timezone.now(), by
    submission.save(
        update_fields=["filled", "critical", "version", "revision", "updated_at", "updated_by"]
    )


def refuse_correction(*, correction: Correction, by: User, comment: str) -> Correction:
    """Leave the data as they are and say why."""
    if not comment.strip():
        raise ValidationError("Напишите, почему исправление отклонено.", code="no_comment")
    with transitions.apply(
        workflow.REFUSE_CORRECTION, correction, by=by, comment=comment.strip()
    ) as locked:
        _decide(locked, by, comment)
        transaction.on_commit(partial(notices.tell_correction_decided, correction_id=locked.pk))
    return locked


def _decide(correction: Correction, by: User, comment: str) -> None:
    correction.decided_at, correction.decided_by = timezone.now(), by
    correction.decision_comment = comment.strip()


# --- published reports -------------------------------------------------------------------------


def affected_reports(corrections: Iterable[Correction]) -> dict[int, list[Report]]:
    """Published reports that rest on the older revision, by id of the correction.

    A report rests on the snapshots of its own and earlier years; one frozen before the correction was
    applied holds the older revision. A correction that waits affects what is published now.
    """
    rows = [item for item in corrections if item.state != CorrectionState.REFUSED]
    if not rows:
        return {}
    frozen = frozen_campaigns()
    now = timezone.now()
    return {
        item.pk: [
            report
            for report, times in frozen.items()
            if (taken := times.get(item.submission.campaign_id)) is not None
            and taken < (item.decided_at or now)
        ]
        for item in rows
    }


def frozen_campaigns() -> dict[Report, dict[int, datetime]]:
    """For each published report when each campaign that it rests on was frozen."""
    found = {}
    for report in Report.objects.published().select_related("snapshot__campaign", "campaign"):
        try:
            paths = [path for path, _hash in snapshot_folders(report.snapshot).values()]
        except SnapshotDamaged:
            paths = [report.snapshot.path]
        snapshots = Snapshot.objects.filter(path__in=paths)
        found[report] = dict(snapshots.values_list("campaign_id", "created_at"))
    return found
