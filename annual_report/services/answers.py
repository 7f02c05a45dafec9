"""Saving cells: set-based, under the form's lock, all or nothing per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from annual_report.card import why_closed
from annual_report.enums import AnswerSource, Severity
from annual_report.filled_form import Cell, FilledForm, SavedAnswer, get_filled_form
from annual_report.models import Explanation, Submission
from annual_report.permissions import edits_submission
from annual_report.services.checks import Problem, check_form
from annual_report.workflow import START
from okmo_portal.accounts.models import User
from okmo_portal.core.text import counted
from okmo_portal.workflow.transitions import log_change

#: Work is counted by the gaps between saves; a longer one is a pause.
LONGEST_GAP = timedelta(minutes=5)
#: What ``put_cells`` changes on the submission.
COUNTED_FIELDS = (
    "state", "filled", "required", "critical", "version", "kept", "answered", "active_seconds",
    "updated_at",
    "updated_by",
)  # fmt: skip


class CellInput(NamedTuple):
    """A whole cell as a person leaves it: what is not given is emptied.

    ``seen_at`` is the moment of the state he looked at: the ``updated_at`` of the cell, or of the
    submission when the whole page is meant. None says that he saw the cell empty.
    """

    value: Decimal | None = None
    no_data_reason: str = ""
    note: str = ""
    seen_at: datetime | None = None
    #: Save even if somebody else changed the cell meanwhile.
    overwrite: bool = False
    plan_1: Decimal | None = None
    plan_2: Decimal | None = None
    plan_3: Decimal | None = None


@dataclass(frozen=True)
class Conflict:
    """Somebody changed the cell after it was read: what stands there, whose it is, since when."""

    code: str
    value: str
    by: str
    at: datetime


@dataclass
class SaveResult:
    """The form as it then stands, and the fate of every given cell.

    A given code is in ``saved`` (also when it changed nothing), in ``conflicts``, in ``refused``
    with the reason, or is none that the form asks.
    """

    form: FilledForm
    problems: list[Problem] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    #: The state that the first saved answer ended; empty when the form had been begun before.
    begun_from: str = ""
    submitted: bool = False

    @property
    def blocked(self) -> bool:
        """Something keeps the form from being sent."""
        return any(problem.blocks for problem in self.problems)


UPSERT = """
INSERT INTO annual_report_answer
    (submission_id, indicator_id, value, no_data_reason, note, plan_1, plan_2, plan_3, source,
     revision, updated_by_id, updated_at)
SELECT %s, given.indicator, given.value, given.reason, given.note, given.plan_1, given.plan_2,
    given.plan_3, given.source, 1, %s, %s
FROM unnest(%s::bigint[], %s::numeric[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::text[])
    AS given (indicator, value, reason, note, plan_1, plan_2, plan_3, source)
ON CONFLICT (submission_id, indicator_id) DO UPDATE SET
    value = excluded.value, no_data_reason = excluded.no_data_reason, note = excluded.note,
    plan_1 = excluded.plan_1, plan_2 = excluded.plan_2, plan_3 = excluded.plan_3,
    source = excluded.source, updated_by_id = excluded.updated_by_id,
    updated_at = excluded.updated_at
"""


@transaction.atomic
def save_answers(
    *,
    submission: Submission,
    cells: Mapping[str, CellInput],
    by: User,
    source: str = AnswerSource.MANUAL,
) -> SaveResult:
    """Save the cells whose codes the form asks; returns the form as it then stands.

    Promises to every caller, whatever sends the cells (page, autosave, workbook):

    - all or nothing: an exception leaves the form as it was;
    - a cell that another person changed after ``seen_at`` is not saved and is reported as a
      conflict, the other cells are; ``overwrite`` saves it all the same;
    - while cells that were sent back are open, only they are saved; the others are ``refused``;
    - a value that stays as it stood beforehand keeps its source and counts as confirmed, a changed
      one gets ``source``; a cell that changes nothing is not written at all;
    - codes that the form does not ask of this municipality, and computed ones, are passed over.

    Values are not checked here against their limits: what is wrong is saved and told in
    ``problems``, so that nobody loses what he typed. Raises PermissionDenied for a stranger and
    ValidationError, naming the cause and the way out, when the form is not with the municipality.
    """
    locked = lock_submission(submission.pk, by)
    result = put_cells(form=get_filled_form(locked), cells=cells, by=by, source=source)
    save_counts(locked, result, by)
    return result


def save_counts(locked: Submission, result: SaveResult, by: User) -> None:
    """Save the row of a form that ``put_cells`` has changed, and log that it was begun."""
    if result.changed:
        locked.save(update_fields=COUNTED_FIELDS)
    if result.begun_from:
        log_change(locked, START, source=result.begun_from, by=by)


def lock_submission(pk: int, by: User) -> Submission:
    """The locked row, if ``by`` may change its answers now; raises Submission.DoesNotExist."""
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("campaign", "municipality")
        .for_cells()
        .get(pk=pk)
    )
    if not edits_submission.test(by, locked):
        raise PermissionDenied
    if reason := why_closed(locked):
        raise ValidationError(reason, code="closed")
    return locked


def put_cells(
    *, form: FilledForm, cells: Mapping[str, CellInput], by: User, source: str
) -> SaveResult:
    """Write the cells of a locked form and bring its counts up to date.

    The caller saves the row (``save_counts``) when the result is ``changed``.
    """
    result, now = SaveResult(form), timezone.now()
    rows = []
    disputed = []
    for code, given in cells.items():
        cell = form.cells.get(code)
        if cell is None or cell.indicator.formula:
            continue
        row = _row(cell, given, by, source, now)
        if row is not None and form.returned and not cell.returned:
            result.refused[code] = _only_returned(form)
        elif row is not None and _is_disputed(cell, given, by):
            disputed.append(cell)
        else:
            result.saved.append(code)
            if row is not None:
                rows.append(row)
    result.conflicts = describe_conflicts(disputed)
    result.changed = bool(rows)
    _upsert(form.submission, rows)
    form.put_answers(rows)
    result.problems = check_form(form)
    if result.changed:
        result.begun_from = update_counts(form, result.problems, by, now)
    return result


def _row(cell: Cell, given: CellInput, by: User, source: str, now: datetime) -> SavedAnswer | None:
    """What will stand in the cell, or None when nothing changes."""
    before = cell.answer
    content = (
        _stored(given.value),
        "" if given.value is not None else given.no_data_reason,
        given.note,
        _stored(given.plan_1),
        _stored(given.plan_2),
        _stored(given.plan_3),
    )
    if before is None:
        if not any(item not in (None, "") for item in content):
            return None
        return SavedAnswer(cell.indicator.pk, *content, source, 1, by.pk, now)
    same = content == before[1:7]
    if same and (before.is_confirmed or not before.is_prefilled):
        return None
    if content[:2] == before[1:3]:
        source = before.source
    return SavedAnswer(before.indicator_id, *content, source, before.revision, by.pk, now)


def _stored(value: Decimal | None) -> Decimal | None:
    """As the column keeps it, six decimals at most."""
    return value if value is None else round(value, 6)


def _only_returned(form: FilledForm) -> str:
    codes = ", ".join(cell.code for cell in form.returned)
    word = counted(len(form.returned), "показатель,показателя,показателей")
    return f"Форму вернули, чтобы исправить {word}: {codes}. Остальные сейчас не меняются."


def _is_disputed(cell: Cell, given: CellInput, by: User) -> bool:
    """Somebody else changed the cell after ``by`` had read it."""
    answer = cell.answer
    if answer is None or given.overwrite or answer.updated_by_id in (None, by.pk):
        return False
    return given.seen_at is None or answer.updated_at > given.seen_at


def describe_conflicts(cells: Sequence[Cell]) -> list[Conflict]:
    """Whose values stand in the cells."""
    if not cells:
        return []
    names = User.objects.in_bulk({cell.answer.updated_by_id for cell in cells if cell.answer})
    return [
        Conflict(
            cell.code,
            cell.shown if answer.value is not None else answer.no_data_reason,
            str(names.get(answer.updated_by_id)),
            answer.updated_at,
        )
        for cell in cells
        if (answer := cell.answer)
    ]


def _upsert(submission: Submission, rows: Sequence[SavedAnswer]) -> None:
    if not rows:
        return
    by, now = rows[0].updated_by_id, rows[0].updated_at
    columns = [list(column) for column in zip(*(row[:8] for row in rows), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [submission.pk, by, now, *columns])


def update_counts(
    form: FilledForm, problems: Sequence[Problem], by: User, now: datetime | None = None
) -> str:
    """Set the counts that lists and the burden meter show; the first saved answer makes a draft.

    Returns the state that it was then in, or nothing; the caller logs it.
    """
    submission, now = form.submission, now or timezone.now()
    submission.filled, submission.required = form.filled, form.spec.required
    submission.kept, submission.answered = form.kept, form.answered
    submission.critical = sum(
        problem.severity == Severity.CRITICAL and not problem.code.startswith("M-")
        for problem in problems
    )
    submission.version += 1
    if submission.updated_at and now - submission.updated_at <= LONGEST_GAP:
        submission.active_seconds += round((now - submission.updated_at).total_seconds())
    submission.updated_at, submission.updated_by = now, by
    if submission.state not in START.sources:
        return ""
    source, submission.state = submission.state, START.target
    return source


@transaction.atomic
def explain_problems(*, submission: Submission, texts: Mapping[int, str], by: User) -> None:
    """Store explanations by rule id of what is wrong with the form; an empty text removes one."""
    form = get_filled_form(lock_submission(submission.pk, by))
    explain_found(SaveResult(form, check_form(form)), texts, by)


def explain_found(result: SaveResult, texts: Mapping[int, str], by: User) -> None:
    """Store explanations of what was found wrong on a locked form and put them to the findings.

    A text about a rule that holds is passed over.
    """
    found = {problem.rule_id: problem.explanation for problem in result.problems if problem.rule_id}
    new = {
        rule: text.strip()
        for rule, text in texts.items()
        if rule in found and text.strip() != found[rule]
    }
    if new:
        store_explanations(result.form.submission, new, by)
        result.problems = [
            replace(problem, explanation=new[problem.rule_id])
            if problem.rule_id in new
            else problem
            for problem in result.problems
        ]


def store_explanations(submission: Submission, texts: Mapping[int, str], by: User) -> None:
    """Write the explanations of a locked form; an empty text removes one."""
    now = timezone.now()
    rows = [
        Explanation(submission=submission, rule_id=rule, text=text.strip(), by=by, at=now)
        for rule, text in texts.items()
        if text.strip()
    ]
    if rows:
        Explanation.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["submission", "rule"],
            update_fields=["text", "by", "at"],
        )
    if len(rows) < len(texts):
        emptied = [rule for rule, text in texts.items() if not text.strip()]
        Explanation.objects.filter(submission=submission, rule_id__in=emptied).delete()
