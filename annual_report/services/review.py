"""Decisions of the council and of the Congress on filed forms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annual_report import workflow
from annual_report.models import CellReturn, FormField, Indicator, Submission
from annual_report.services import notices
from okmo_portal.accounts.models import User
from okmo_portal.core.text import counted
from okmo_portal.workflow import transitions

#: Titles that fit into the sentence about a return; the rest is counted.
NAMED_CELLS = 5


def approve_submission(*, submission: Submission, by: User, comment: str = "") -> Submission:
    with transitions.apply(workflow.APPROVE, submission, by=by, comment=comment) as locked:
        locked.congress_comment = ""
        _decide(locked, by)
    return locked


def return_submission(
    *, submission: Submission, by: User, comment: str, cells: Mapping[str, str] | None = None
) -> Submission:
    """Send the form back: the whole of it, or the indicators of ``cells`` (code → what to mend).

    Raises ValidationError without any word on what to mend, and for a code that the form does not
    ask.
    """
    return _send_back(workflow.RETURN, submission, by, comment, cells)


def reopen_submission(
    *, submission: Submission, by: User, comment: str, cells: Mapping[str, str] | None = None
) -> Submission:
    """Take an approval back, with the reason."""
    return _send_back(workflow.REOPEN, submission, by, comment, cells)


def _send_back(transition, submission, by, comment, cells) -> Submission:
    wanted = {code: text.strip() for code, text in (cells or {}).items() if text.strip()}
    comment = comment.strip()
    if not comment and not wanted:
        raise ValidationError("Напишите, что исправить.", code="no_comment")
    indicators = asked_indicators(submission, wanted)
    words = comment or describe_cells(list(indicators.values()))
    with transitions.apply(transition, submission, by=by, comment=words) as locked:
        locked.return_comment = words
        locked.congress_comment = ""
        _decide(locked, by)
        return_cells(locked, {indicators[code]: text for code, text in wanted.items()}, by)
    return locked


def asked_indicators(submission: Submission, codes: Mapping[str, str]) -> dict[str, Indicator]:
    """The form's own asked indicators by code; raises ValidationError for any other code."""
    if not codes:
        return {}
    fields = FormField.objects.filter(
        form_id=submission.campaign.form_id, indicator__code__in=codes, indicator__formula=""
    ).select_related("indicator")
    found = {item.indicator.code: item.indicator for item in fields}
    if unknown := sorted(set(codes) - set(found)):
        raise ValidationError(
            f"В форме нет показателя {unknown[0]}. Обновите страницу и отметьте показатели снова.",
            code="unknown_cell",
        )
    return found


def return_cells(submission: Submission, cells: Mapping[Indicator, str], by: User) -> None:
    """What was asked before and not mended is asked anew only if it is named again."""
    now = timezone.now()
    CellReturn.objects.filter(submission=submission, resolved_at__isnull=True).update(
        resolved_at=now
    )
    CellReturn.objects.bulk_create(
        CellReturn(submission=submission, indicator=indicator, comment=text[:500], by=by)
        for indicator, text in cells.items()
    )


def describe_cells(indicators: list[Indicator]) -> str:
    titles = "; ".join(f"«{item.title}»" for item in indicators[:NAMED_CELLS])
    left = len(indicators) - NAMED_CELLS
    more = f" и ещё {counted(left, 'показатель,показателя,показателей')}" if left > 0 else ""
    return f"Исправьте показатели: {titles}{more}."


def _decide(submission: Submission, by: User) -> None:
    submission.decided_at, submission.decided_by = timezone.now(), by
    transaction.on_commit(partial(notices.tell_municipality, submission_id=submission.pk))


def accept_submission(*, submission: Submission, by: User) -> Submission:
    """The Congress takes the form that the council has approved."""
    with transitions.apply(workflow.ACCEPT, submission, by=by) as locked:
        locked.accepted_at, locked.accepted_by = timezone.now(), by
        locked.congress_comment = ""
    return locked


def send_back_submission(*, submission: Submission, by: User, comment: str) -> Submission:
    """Return an approved or accepted form to its council, which is told why."""
    comment = comment.strip()
    if not comment:
        raise ValidationError("Напишите совету, что проверить.", code="no_comment")
    with transitions.apply(workflow.SEND_BACK, submission, by=by, comment=comment) as locked:
        locked.congress_comment = comment
        locked.accepted_at = locked.accepted_by = None
        transaction.on_commit(partial(notices.tell_council_why, submission_id=locked.pk))
    return locked
