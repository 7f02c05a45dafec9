"""What readers and municipalities send, and what the desk makes of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from media import workflow
from media.models import Article, Contribution, Rubric
from media.sanitise import paragraphs
from media.services.articles import create_article
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.documents.services import attach_document, store_document
from okmo_portal.notifications.services import notify
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership
from okmo_portal.workflow import transitions


@transaction.atomic
def send_contribution(*, by: Any, file: Any = None, **fields: Any) -> Contribution:
    """Keep it and tell the central desk; raises ValidationError by field for a bad file."""
    person = by if getattr(by, "pk", None) else None
    document = None
    if file is not None:
        try:
            document = store_document(file=file, by=person)
        except ValidationError as error:
            raise ValidationError({"file": error.messages}) from error
    municipality = fields.get("municipality")
    if municipality is not None:
        fields["region"] = municipality.region
    contribution = Contribution.objects.create(
        by=person, document=document, consented_at=timezone.now(), **fields
    )
    if document is not None:
        attach_document(document=document, subject=contribution)
    record(action="media.contribution_sent", by=person, subject=contribution)
    transaction.on_commit(partial(_tell_desk, contribution.pk))
    return contribution


def _tell_desk(contribution_id: int) -> None:
    contribution = Contribution.objects.filter(pk=contribution_id).first()
    if contribution is None:
        return
    keys = Membership.objects.valid().filter(
        role__in=(Role.EDITOR, Role.CONGRESS_STAFF), organisation__kind="congress"
    )
    notify(
        kind="media.contribution",
        recipients=User.objects.filter(pk__in=keys.values("user")),
        key=f"media:contribution:{contribution.pk}",
        title=f"Прислан материал: {contribution.title}"[:200],
        url=reverse("journal_desk:contribution-detail", args=[contribution.pk]),
    )


def accept_contribution(*, contribution: Contribution, rubric: Rubric, by: Any) -> Article:
    """A draft with the sent text; the sender's name goes into its first version's note."""
    with transitions.apply(workflow.ACCEPT, contribution, by=by) as locked:
        locked.article = create_article(
            rubric=rubric, title=locked.title, by=by, body=paragraphs(locked.text)
        )
    return locked.article


def decline_contribution(*, contribution: Contribution, answer: str, by: Any) -> Contribution:
    if not answer.strip():
        raise ValidationError("Напишите ответ: отправитель должен знать причину.")
    with transitions.apply(workflow.DECLINE, contribution, by=by, comment=answer) as locked:
        locked.answer = answer.strip()[:2000]
    return locked


def personal_data(user: Any) -> list[dict[str, Any]]:
    """For the person's own data file."""
    return [
        {"title": row.title, "name": row.name, "email": row.email, "at": row.at.isoformat()}
        for row in Contribution.objects.filter(by=user)
    ]
