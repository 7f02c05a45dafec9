"""Write, seal and verify the trail."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction

from okmo_portal.audit.models import AuditEvent

GENESIS = "0" * 64
# Any fixed number: it names the advisory lock that only the sealing takes.
SEAL_LOCK = 7_210_014


def record(*, action: str, by, subject: models.Model | None = None, **data) -> AuditEvent:
    """Append one event; call it inside the transaction of the change it tells of.

    ``by`` is the acting user or None for the system; ``data`` must be JSON-serialisable and hold
    no secrets and no content of confidential records.
    """
    event = make_event(action, by, subject, data)
    event.save(force_insert=True)
    return event


def record_many(*, action: str, by, subjects: Iterable[models.Model], **data) -> None:
    """As ``record`` for each of many subjects with the same ``data``, in one statement a thousand."""
    AuditEvent.objects.bulk_create(
        [make_event(action, by, subject, data) for subject in subjects], batch_size=1000
    )


def record_all(*, by, subject: models.Model, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """As ``record`` for several actions, each with its data, on one subject in one statement."""
    AuditEvent.objects.bulk_create(
        [make_event(action, by, subject, data) for action, data in events]
    )


def make_event(action: str, by, subject: models.Model | None, data: dict[str, Any]) -> AuditEvent:
    return AuditEvent(
        action=action,
        actor=by if getattr(by, "pk", None) else None,
        subject_label=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        data=data,
    )


def event_hash(event: AuditEvent, previous_hash: str) -> str:
    """SHA-256 over the previous hash and everything the event says."""
    content = [
        previous_hash,
        event.sequence,
        event.at.isoformat(),
        event.action,
        event.actor_id,
        event.subject_label,
        event.subject_id,
        event.data,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def seal_events(*, limit: int = 10_000) -> int:
    """Chain the events that are not chained yet; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
    last = AuditEvent.objects.filter(sequence__isnull=False).order_by("-sequence").first()
    sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS)
    events = list(AuditEvent.objects.filter(sequence__isnull=True).order_by("pk")[:limit])
    for event in events:
        sequence = (sequence or 0) + 1
        event.sequence, event.previous_hash = sequence, previous
        event.hash = previous = event_hash(event, previous)
    AuditEvent.objects.bulk_update(events, ["sequence", "previous_hash", "hash"], batch_size=1000)
    return len(events)


def verify_chain() -> int | None:
    """The sequence number of the first event that does not fit, or None when all do."""
    previous, expected = GENESIS, 1
    for event in AuditEvent.objects.filter(sequence__isnull=False).order_by("sequence").iterator():
        fits = event.sequence == expected and event.previous_hash == previous
        if not fits or event.hash != event_hash(event, previous):
            return event.sequence
        previous, expected = event.hash, expected + 1
    return None
