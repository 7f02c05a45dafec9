from datetime import UTC, datetime

import pgtrigger
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from okmo_portal.audit.models import AuditEvent
from okmo_portal.audit.services import record, seal_events, verify_chain
from okmo_portal.notifications.models import EmailState, Notification
from okmo_portal.notifications.services import after_quiet_hours, deliver_due, notify
from tests.factories import people

pytestmark = pytest.mark.django_db


def test_events_are_chained_and_verified():
    for number in range(3):
        record(action="test.done", by=None, number=number)
    assert seal_events() == 3
    assert seal_events() == 0
    assert verify_chain() is None


@pytest.mark.parametrize("change", [{"action": "other"}, {"data": {"n": 2}}])
def test_events_cannot_be_changed_or_deleted(change):
    event = record(action="test.done", by=None)
    with pytest.raises(ProgrammingError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(**change)
    with pytest.raises(ProgrammingError), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).delete()


def test_notice_is_sent_once_per_key(mailoutbox, monkeypatch):
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_FROM", 24)
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_TO", 0)
    user = people.UserFactory()
    message = {"kind": "annual_report.reminder", "recipients": [user], "key": "k", "title": "Срок"}
    assert notify(**message) == 1
    assert notify(**message) == 0
    assert deliver_due() == 1
    assert deliver_due() == 0
    assert [letter.to for letter in mailoutbox] == [[user.email]]
    assert Notification.objects.get().email_state == EmailState.SENT


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(4, 5), (12, 12), (20, 5), (18, 18)],
)
def test_letters_wait_for_the_morning_of_the_reader(hour, expected):
    moment = datetime(2026, 3, 2, hour, 0, tzinfo=UTC)  # Moscow is three hours ahead
    assert after_quiet_hours(moment, "Europe/Moscow").astimezone(UTC).hour == expected


def test_command_names_the_event_that_was_changed_behind_the_portals_back(capsys):
    for number in range(3):
        record(action="test.done", by=None, number=number)
    call_command("verify_audit_chain")
    assert "whole: 3 events" in capsys.readouterr().out
    with pgtrigger.ignore(
        "audit.AuditEvent:append_only_content", "audit.AuditEvent:append_only_seal"
    ):
        AuditEvent.objects.filter(sequence=2).update(action="forged")
    with pytest.raises(CommandError, match="breaks at event 2"):
        call_command("verify_audit_chain")


def test_letter_that_cannot_leave_is_tried_again_and_then_shown_to_staff(settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # the discard port: nobody listens
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_FROM", 24)
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_TO", 0)
    user = people.UserFactory()
    notify(kind="annual_report.reminder", recipients=[user], key="k", title="Срок")
    for _ in range(6):
        Notification.objects.update(email_after=timezone.now())
        assert deliver_due() == 0
    row = Notification.objects.get()
    assert (row.email_state, row.email_attempts) == (EmailState.FAILED, 5)


def test_many_letters_are_sent_in_portions(monkeypatch):
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_FROM", 24)
    monkeypatch.setattr("okmo_portal.notifications.services.QUIET_TO", 0)
    queued = []
    monkeypatch.setattr(
        "okmo_portal.notifications.services._queue_delivery", lambda: queued.append(1)
    )
    users = people.UserFactory.create_batch(5)
    notify(kind="annual_report.reminder", recipients=users, key="k", title="Срок")
    assert (deliver_due(limit=3), deliver_due(limit=3), deliver_due(limit=3)) == (3, 2, 0)
    assert len(queued) == 1
