"""Consents, export and erasure of a person's data."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from okmo_portal.accounts.models import Consent, ConsentPurpose, ConsentText, User
from okmo_portal.audit.models import AuditEvent
from okmo_portal.audit.services import record
from okmo_portal.core.registry import registry


def published_consent_texts() -> QuerySet[ConsentText]:
    """The newest first; that one counts."""
    return ConsentText.objects.filter(
        purpose=ConsentPurpose.PERSONAL_DATA, published_at__lte=timezone.now()
    ).order_by("-version")


def current_consent_text() -> ConsentText | None:
    """The text that people must have agreed to; None on a portal without one."""
    return published_consent_texts().first()


def has_consented(user: User) -> bool:
    """Whether the newest text has been agreed to; asked at every request, so in one query."""
    given = Consent.objects.filter(user=user, text=OuterRef("pk"), withdrawn_at__isnull=True)
    found = published_consent_texts().values_list(Exists(given)).first()
    return found is None or found[0]


@transaction.atomic
def give_consent(*, by: User, text: ConsentText, address: str) -> Consent:
    consent, created = Consent.objects.get_or_create(
        user=by,
        text=text,
        withdrawn_at=None,
        defaults={"address_hash": Consent.hash_address(address, settings.SECRET_KEY)},
    )
    if created:
        record(action="accounts.consent_given", by=by, subject=consent, version=text.version)
    return consent


@transaction.atomic
def withdraw_consent(*, by: User) -> None:
    """End all valid consents; the gate then closes the cabinet until the next one."""
    for consent in Consent.objects.select_for_update().filter(user=by, withdrawn_at=None):
        consent.withdrawn_at = timezone.now()
        consent.save(update_fields=["withdrawn_at"])
        record(action="accounts.consent_withdrawn", by=by, subject=consent)


def export_personal_data(user: User) -> dict[str, Any]:
    """Everything the portal keeps about the person, as JSON-ready values."""
    return {
        "email": user.email,
        "last_name": user.last_name,
        "first_name": user.first_name,
        "patronymic": user.patronymic,
        "phone": user.phone,
        "time_zone": user.time_zone,
        "date_joined": user.date_joined.isoformat(),
        "consents": [
            {
                "text": str(consent.text),
                "given_at": consent.given_at.isoformat(),
                "withdrawn_at": consent.withdrawn_at and consent.withdrawn_at.isoformat(),
            }
            for consent in user.consents.select_related("text")
        ],
        "events": [
            {"at": event.at.isoformat(), "action": event.action, "object": event.subject_label}
            for event in AuditEvent.objects.filter(actor=user)
        ],
    } | {title: collect(user) for title, collect in registry.personal_data.items()}


@transaction.atomic
def erase_person(*, user: User, by: User) -> None:
    """Take the person out of the account: what he filed stays, who he was does not."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    record(action="accounts.erased", by=by, subject=locked)
    locked.email = f"erased-{locked.pk}@erased.invalid"
    locked.last_name, locked.first_name, locked.patronymic = "Данные удалены", "", ""
    locked.phone = ""
    locked.is_active = locked.is_staff = locked.is_superuser = False
    locked.erased_at = timezone.now()
    locked.set_unusable_password()
    locked.save()
    EmailAddress.objects.filter(user=locked).delete()
    Authenticator.objects.filter(user=locked).delete()
    for forget in registry.erasures:
        forget(locked)
    withdraw_consent(by=locked)
