"""Telling people: once per key, at a decent hour, by letter when they want one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from celery import current_app
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.notifications import kinds
from okmo_portal.notifications.models import (
    EmailMode,
    EmailState,
    Notification,
    NotificationPreference,
)

#: No letters from QUIET_FROM to QUIET_TO o'clock of the reader's own time zone.
QUIET_FROM, QUIET_TO = 22, 8
DIGEST_HOUR = 9
MAX_ATTEMPTS = 5


class Message(NamedTuple):
    """What ``recipients`` are told; a second message with the same ``key`` is not sent."""

    recipients: Iterable[User]
    key: str
    title: str
    body: str = ""
    url: str = ""


def notify(
    *, kind: str, recipients: Iterable[User], key: str, title: str, body: str = "", url: str = ""
) -> int:
    """One message per recipient; repeating the call with the same ``key`` sends nothing.

    Returns how many people were told now. Letters leave after the transaction has committed.
    """
    return notify_many(kind=kind, messages=[Message(recipients, key, title, body, url)])


def notify_many(*, kind: str, messages: Iterable[Message]) -> int:
    """Several messages of one kind in as many statements as one; returns how many were new."""
    settings_of_kind = kinds.get(kind)
    told = [
        (message, user) for message in messages for user in message.recipients if user.is_active
    ]
    modes = dict(
        NotificationPreference.objects.filter(
            kind=kind, user__in={user.pk for _message, user in told}
        ).values_list("user_id", "email_mode")
    )
    now = timezone.now()
    rows = [
        Notification(
            user=user,
            kind=kind,
            key=message.key,
            title=message.title[:200],
            body=message.body,
            url=message.url,
            **_letter(
                modes.get(user.pk, settings_of_kind.default_mode), user, settings_of_kind, now
            ),
        )
        for message, user in told
    ]
    known = Notification.objects.filter(key__in={row.key for row in rows})
    before = known.count()
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)
    new = known.count() - before
    if new:
        transaction.on_commit(_queue_delivery)
    return new


def _queue_delivery() -> None:
    current_app.send_task("notifications.deliver_due", ignore_result=True)


def _letter(mode: str, user: User, kind: kinds.Kind, now: datetime) -> dict[str, Any]:
    if mode == EmailMode.OFF:
        return {"email_state": EmailState.NONE}
    after = next_digest(user, now) if mode == EmailMode.DAILY else now
    if not kind.urgent:
        after = after_quiet_hours(after, user.time_zone)
    return {"email_state": EmailState.WAITING, "email_after": after}


def after_quiet_hours(moment: datetime, time_zone: str) -> datetime:
    """``moment``, or the end of the quiet hours in which it falls."""
    local = moment.astimezone(ZoneInfo(time_zone))
    if QUIET_TO <= local.hour < QUIET_FROM:
        return moment
    end = local.replace(hour=QUIET_TO, minute=0, second=0, microsecond=0)
    return end if local.hour < QUIET_TO else end + timedelta(days=1)


def next_digest(user: User, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(user.time_zone))
    today = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if local < today else today + timedelta(days=1)


def deliver_due(*, limit: int = 200) -> int:
    """Send the letters whose time has come; returns how many letters left.

    Each reader's letters are taken under a lock that other workers skip, and marked in the same
    transaction in which they were handed over, so a killed worker's letters stay waiting.
    """
    sent = 0
    readers = list(
        Notification.objects.filter(email_state=EmailState.WAITING, email_after__lte=timezone.now())
        .order_by("user_id")
        .values_list("user_id", flat=True)
        .distinct()[:limit]
    )
    for user_id in readers:
        sent += _deliver_to(user_id)
    if sent == limit:
        # More may wait; a task of its own keeps each one short and lets the worker breathe.
        _queue_delivery()
    return sent


@transaction.atomic
def _deliver_to(user_id: int) -> int:
    waiting = list(
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .filter(user_id=user_id, email_state=EmailState.WAITING, email_after__lte=timezone.now())
        .order_by("pk")
    )
    if not waiting:
        return 0
    try:
        send_letter(
            to=waiting[0].user.email,
            subject=waiting[0].title if len(waiting) == 1 else f"Новое на портале: {len(waiting)}",
            template="notifications/letter",
            context={"user": waiting[0].user, "notifications": waiting},
        )
    except OSError:
        _postpone(waiting)
        return 0
    for row in waiting:
        row.email_state, row.emailed_at = EmailState.SENT, timezone.now()
    Notification.objects.bulk_update(waiting, ["email_state", "emailed_at"])
    return 1


def _postpone(waiting: list[Notification]) -> None:
    """Later and later; after the last attempt staff see it as failed in the admin."""
    for row in waiting:
        row.email_attempts += 1
        row.email_after = timezone.now() + timedelta(minutes=2**row.email_attempts)
        if row.email_attempts >= MAX_ATTEMPTS:
            row.email_state = EmailState.FAILED
    Notification.objects.bulk_update(waiting, ["email_state", "email_after", "email_attempts"])


def send_letter(*, to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    """One letter in plain text and HTML from ``templates/emails/<template>``."""
    context = context | {
        "site_url": settings.SITE_URL,
        "organisation_short_name": settings.ORGANISATION_SHORT_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "settings_url": settings.SITE_URL + reverse("notifications:preference-edit"),
    }
    letter = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"emails/{template}.txt", context),
        to=[to],
        headers={"List-Unsubscribe": f"<{context['settings_url']}>"},
    )
    letter.attach_alternative(render_to_string(f"emails/{template}.html", context), "text/html")
    letter.send()


def mark_read(*, user: User, pk: int | None = None) -> int:
    """Mark one message, or all, as read."""
    unread = Notification.objects.filter(user=user, read_at__isnull=True)
    if pk is not None:
        unread = unread.filter(pk=pk)
    return unread.update(read_at=timezone.now())


def personal_notifications(user: User) -> list[dict[str, Any]]:
    """For the person's own data file."""
    return [
        {"at": row.created_at.isoformat(), "title": row.title, "letter": row.email_state}
        for row in Notification.objects.filter(user=user)
    ]


def forget_person(user: User) -> None:
    """Messages were for the person alone and go with him."""
    Notification.objects.filter(user=user).delete()
    NotificationPreference.objects.filter(user=user).delete()
