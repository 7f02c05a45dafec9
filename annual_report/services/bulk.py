"""One act on many forms: chosen once, done in batches, and each form's fate kept with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annual_report import workflow
from annual_report.enums import DONE_STATES, BulkKind, BulkOutcome, SubmissionState
from annual_report.models import BulkItem, BulkRun, Campaign, Submission
from annual_report.permissions import extends_submission
from annual_report.services import extensions, notices
from okmo_portal.accounts.models import User
from okmo_portal.jobs import services as jobs
from okmo_portal.organisations.enums import MUNICIPALITY_EDITOR_ROLES
from okmo_portal.organisations.models import Membership
from okmo_portal.organisations.permissions import is_congress_staff, is_council_member
from okmo_portal.workflow.transitions import Moved, TransitionNotAllowed, apply_many

#: So many forms are done while the person waits; more of them become a job.
AT_ONCE = 30
BATCH = 200
STATES = dict(SubmissionState.choices)
COUNCIL_KINDS = (BulkKind.APPROVE, BulkKind.RETURN, BulkKind.REMIND, BulkKind.EXTEND)
CONGRESS_KINDS = (BulkKind.ACCEPT, BulkKind.SEND_BACK, BulkKind.REMIND, BulkKind.EXTEND)
#: Which forms an act is meant for; the others are skipped with a reason.
FITTING: Mapping[str, Q] = {
    BulkKind.APPROVE: Q(state__in=workflow.APPROVE.sources),
    BulkKind.RETURN: Q(state__in=workflow.RETURN.sources),
    BulkKind.REMIND: ~Q(state__in=DONE_STATES),
    BulkKind.EXTEND: ~Q(state__in=DONE_STATES),
    BulkKind.ACCEPT: Q(state__in=workflow.ACCEPT.sources),
    BulkKind.SEND_BACK: Q(state__in=workflow.SEND_BACK.sources),
}
NEEDS_COMMENT = {
    BulkKind.RETURN: "Напишите, что исправить: текст увидят муниципалитеты.",
    BulkKind.SEND_BACK: "Напишите совету, что проверить.",
    BulkKind.EXTEND: "Напишите причину: её увидят муниципалитет и Конгресс.",
}


def kinds_of(user: User) -> tuple[BulkKind, ...]:
    """What ``user`` may do with many forms at once."""
    if is_congress_staff(user):
        return CONGRESS_KINDS
    return COUNCIL_KINDS if is_council_member(user) else ()


def start_bulk(
    *,
    campaign: Campaign,
    kind: str,
    submissions: QuerySet[Submission],
    by: User,
    comment: str = "",
    until: date | None = None,
) -> BulkRun:
    """Keep what was chosen and begin; a few forms are done when this returns, many become a job.

    ``submissions`` is narrowed to those that ``by`` sees. Raises ValidationError for a missing text
    or a wrong day, PermissionDenied for an act that is not his.
    """
    if kind not in kinds_of(by):
        raise PermissionDenied
    if kind in NEEDS_COMMENT and not comment.strip():
        raise ValidationError(NEEDS_COMMENT[BulkKind(kind)])
    if kind == BulkKind.EXTEND:
        if until is None:
            raise ValidationError("Укажите новый срок.")
        extensions.check_extension(campaign=campaign, until=until, reason=comment)
    visible = Submission.objects.visible_to(by).values("pk")
    chosen = submissions.filter(campaign=campaign, pk__in=visible).order_by("pk")
    with transaction.atomic():
        run = BulkRun.objects.create(
            campaign=campaign,
            kind=kind,
            comment=comment.strip(),
            until=until if kind == BulkKind.EXTEND else None,
            by=by,
            membership=by.active_membership,
        )
        items = [BulkItem(run=run, submission_id=pk) for pk in chosen.values_list("pk", flat=True)]
        if not items:
            raise ValidationError("Не отмечено ни одной формы.")
        BulkItem.objects.bulk_create(items, batch_size=2000)
        if len(items) > AT_ONCE:
            run.job = jobs.start_job(
                title=str(run),
                task="annual_report.run_bulk",
                arguments={"run_id": run.pk},
                by=by,
                key=f"annual_report:bulk:{run.pk}",
                back_url=run.get_absolute_url(),
            )
            run.save(update_fields=["job"])
    if run.job_id is None:
        run_items(run)
    return run


def run_items(run: BulkRun, told: Callable[[int], Any] = lambda done: None) -> None:
    """Work through what still waits, a batch a transaction; ``told`` hears how many were done.

    A run that was killed goes on where its last whole batch ended.
    """
    by = acting_person(run)
    while batch := run_batch(run, by):
        told(batch)
    BulkRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=timezone.now())
    run.refresh_from_db()


def acting_person(run: BulkRun) -> User:
    """The person in the role in which he chose the forms; without rights when it has ended."""
    by = run.by
    by.active_membership = (
        Membership.objects.valid().with_organisation().filter(pk=run.membership_id, user=by).first()
    )
    return by


@transaction.atomic
def run_batch(run: BulkRun, by: User) -> int:
    waiting = run.items.select_for_update().filter(outcome=BulkOutcome.WAITING).order_by("pk")
    items = list(waiting[:BATCH])
    if not items:
        return 0
    forms = Submission.objects.filter(pk__in=[item.submission_id for item in items])
    skipped = ACTS[run.kind](run, forms.select_related("campaign"), by)
    for item in items:
        item.reason = skipped.get(item.submission_id, "")[:200]
        item.outcome = BulkOutcome.SKIPPED if item.reason else BulkOutcome.DONE
    BulkItem.objects.bulk_update(items, ["outcome", "reason"])
    return len(items)


def words(moved: Moved) -> dict[int, str]:
    """Why the refused forms were skipped, for people."""
    return {
        pk: f"Сейчас «{STATES[error.state]}»."
        if isinstance(error, TransitionNotAllowed)
        else "Сбор закрыт, или полномочие на это уже закончилось."
        for pk, error in moved.refused.items()
    }


def approve(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    change = {"decided_at": timezone.now(), "decided_by": by, "congress_comment": ""}
    moved = apply_many(workflow.APPROVE, forms, by=by, comment=run.comment, change=change)
    _tell_later(notices.tell_decided, run, moved)
    return words(moved)


def send_to_mend(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    change = {
        "decided_at": timezone.now(),
        "decided_by": by,
        "congress_comment": "",
        "return_comment": run.comment,
    }
    moved = apply_many(workflow.RETURN, forms, by=by, comment=run.comment, change=change)
    _tell_later(notices.tell_decided, run, moved)
    return words(moved)


def accept(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    change = {"accepted_at": timezone.now(), "accepted_by": by, "congress_comment": ""}
    return words(apply_many(workflow.ACCEPT, forms, by=by, change=change))


def send_back(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    change = {"congress_comment": run.comment, "accepted_at": None, "accepted_by": None}
    moved = apply_many(workflow.SEND_BACK, forms, by=by, comment=run.comment, change=change)
    _tell_later(notices.tell_councils_of_run, run, moved)
    return words(moved)


def _tell_later(tell: Callable[..., Any], run: BulkRun, moved: Moved) -> None:
    if moved.done:
        numbers = [item.pk for item in moved.done]
        transaction.on_commit(partial(tell, run_id=run.pk, numbers=numbers))


def extend(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    fitting, skipped, until = [], {}, run.until
    if until is None:
        raise ValueError("a run that extends has a day")
    latest: dict[int, date | None] = {}
    for item in forms.select_for_update(of=("self",)).order_by("pk"):
        if not extends_submission(by, item):
            skipped[item.pk] = "Полномочие на это уже закончилось."
            continue
        if item.region_id not in latest:
            latest[item.region_id] = extensions.latest_day(item, by)
        if text := extensions.refusal(item, until, latest[item.region_id]):
            skipped[item.pk] = text
        else:
            fitting.append(item)
    extensions.extend_locked(submissions=fitting, until=until, reason=run.comment, by=by)
    return skipped


def remind(run: BulkRun, forms: QuerySet[Submission], by: User) -> dict[int, str]:
    """A filed form is left in peace; one without people must be called."""
    if by.active_membership is None:
        return dict.fromkeys(forms.values_list("pk", flat=True), "Полномочие уже закончилось.")
    skipped = {
        pk: f"Форма уже сдана: сейчас «{STATES[state]}»."
        for pk, state in forms.filed().values_list("pk", "state")
    }
    reached = forms.not_filed().filter(
        municipality__organisations__in=Membership.objects.valid()
        .filter(role__in=MUNICIPALITY_EDITOR_ROLES)
        .values("organisation")
    )
    numbers = set(reached.values_list("pk", flat=True))
    for pk in forms.not_filed().values_list("pk", flat=True):
        if pk not in numbers:
            skipped[pk] = "Нет людей с доступом к порталу: позвоните."
    if numbers:
        transaction.on_commit(
            partial(notices.remind_chosen, run_id=run.pk, numbers=sorted(numbers))
        )
    return skipped


ACTS: Mapping[str, Callable[[BulkRun, QuerySet[Submission], User], dict[int, str]]] = {
    BulkKind.APPROVE: approve,
    BulkKind.RETURN: send_to_mend,
    BulkKind.ACCEPT: accept,
    BulkKind.SEND_BACK: send_back,
    BulkKind.EXTEND: extend,
    BulkKind.REMIND: remind,
}


def tally(run: BulkRun) -> dict[str, int]:
    """How many forms of the run were done, skipped, or still wait."""
    counts = dict(run.items.order_by().values_list("outcome").annotate(Count("pk")))
    return {outcome.value: counts.get(outcome.value, 0) for outcome in BulkOutcome}
