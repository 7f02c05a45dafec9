"""Later deadlines for one unit, with who gave them, why and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from annual_report.enums import MUNICIPALITY_STATES
from annual_report.models import Campaign, Extension, Submission
from annual_report.permissions import extends_submission, manage_reports, reviews_submission
from annual_report.services import notices
from annual_report.services.reminders import council_due
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record, record_many
from okmo_portal.core.text import format_date
from okmo_portal.core.workdays import next_working, why_off
from okmo_portal.organisations.models import Region


def check_day(until: date) -> None:
    """A last day that is a day off would be read in two ways (Civil Code, art. 193)."""
    if reason := why_off(until):
        raise ValidationError(
            f"{format_date(until)} — выходной ({reason}). Ближайший рабочий день: "
            f"{format_date(next_working(until))}.",
            code="day_off",
        )
    if until < timezone.localdate():
        raise ValidationError(f"{format_date(until)} уже прошло. Укажите день не раньше сегодня.")


def check_extension(*, campaign: Campaign, until: date, reason: str) -> None:
    """What can be said before looking at any form; raises ValidationError."""
    if not reason.strip():
        raise ValidationError("Напишите причину: её увидят муниципалитет и Конгресс.")
    if not campaign.takes_answers:
        raise ValidationError(f"Сбор за {campaign.year} год не идёт: продлевать нечего.")
    check_day(until)


def latest_day(submission: Submission, by: User) -> date | None:
    """The council may extend within its own deadline, the Congress without bounds (None)."""
    if manage_reports(by):
        return None
    return council_due(submission.campaign, submission.region_id)


def refusal(submission: Submission, until: date, latest: date | None) -> str:
    """Why this form's deadline cannot be moved to ``until``; empty when it can."""
    if submission.state not in MUNICIPALITY_STATES:
        return f"Форма уже сдана: сейчас «{submission.get_state_display()}»."
    if until <= submission.campaign.municipality_deadline:
        return f"Срок и так до {format_date(submission.campaign.municipality_deadline)}."
    if latest is not None and until > latest:
        return (
            f"Совет может продлить срок не дальше своего: до {format_date(latest)}. "
            "Дальше продлевает Конгресс."
        )
    return ""


@transaction.atomic
def extend_submission(*, submission: Submission, until: date, reason: str, by: User) -> Extension:
    """Move one municipality's deadline; raises ValidationError that names the cause."""
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("campaign")
        .get(pk=submission.pk)
    )
    if not extends_submission(by, locked):
        raise PermissionDenied
    check_extension(campaign=locked.campaign, until=until, reason=reason)
    if text := refusal(locked, until, latest_day(locked, by)):
        raise ValidationError(text)
    return extend_locked(submissions=[locked], until=until, reason=reason, by=by)[0]


def extend_locked(
    *, submissions: Sequence[Submission], until: date, reason: str, by: User
) -> list[Extension]:
    """Write the extension of forms of one campaign that are locked and checked; tells their people."""
    if not submissions:
        return []
    campaign, reason = submissions[0].campaign, reason.strip()[:500]
    rows = Extension.objects.bulk_create(
        [
            Extension(campaign=campaign, submission=item, until=until, reason=reason, by=by)
            for item in submissions
        ]
    )
    numbers = [item.pk for item in submissions]
    Submission.objects.filter(pk__in=numbers).update(extended_to=until)
    record_many(
        action="annual_report.extended", by=by, subjects=submissions, until=until.isoformat()
    )
    transaction.on_commit(
        partial(notices.tell_extended, campaign_id=campaign.pk, numbers=numbers, until=until)
    )
    return rows


@transaction.atomic
def extend_region(
    *, campaign: Campaign, region: Region, until: date, reason: str, by: User
) -> Extension:
    """Move the deadline of one region's council; the Congress's right."""
    if not manage_reports(by):
        raise PermissionDenied
    check_extension(campaign=campaign, until=until, reason=reason)
    if until <= campaign.council_deadline:
        raise ValidationError(f"Срок и так до {format_date(campaign.council_deadline)}.")
    row = Extension.objects.create(
        campaign=campaign, region=region, until=until, reason=reason.strip()[:500], by=by
    )
    record(
        action="annual_report.council_extended",
        by=by,
        subject=campaign,
        region=region.code,
        until=until.isoformat(),
    )
    transaction.on_commit(partial(notices.tell_council_extended, extension_id=row.pk))
    return row


@transaction.atomic
def remove_extension(*, extension: Extension, by: User) -> Extension:
    """Take an extension back; an earlier one that still stands counts again."""
    locked = (
        Extension.objects.select_for_update(of=("self",))
        .select_related("submission__campaign", "campaign")
        .get(pk=extension.pk)
    )
    if not may_remove(by, locked):
        raise PermissionDenied
    if locked.removed_at is not None:
        raise ValidationError("Продление уже снято.")
    locked.removed_at, locked.removed_by = timezone.now(), by
    locked.save(update_fields=["removed_at", "removed_by"])
    if locked.submission is not None:
        standing = locked.submission.extensions.in_force().order_by("-at", "-pk").first()
        Submission.objects.filter(pk=locked.submission_id).update(
            extended_to=standing.until if standing else None
        )
    record(
        action="annual_report.extension_removed",
        by=by,
        subject=locked.submission or locked.campaign,
        until=locked.until.isoformat(),
    )
    return locked


def may_remove(user: User, extension: Extension) -> bool:
    """The Congress any; a person of a council what he gave himself."""
    if manage_reports(user):
        return True
    return (
        extension.submission is not None
        and extension.by_id == user.pk
        and reviews_submission(user, extension.submission)
    )
