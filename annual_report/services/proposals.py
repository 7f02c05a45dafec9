"""Proposals: filed by a municipality, taken into a report, sent, answered."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse

from annual_report import workflow
from annual_report.enums import ProposalOutcome
from annual_report.models import Proposal, Report
from annual_report.services.notices import municipality_people
from annual_report.statistics.disclosure import scan
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.notifications.services import notify
from okmo_portal.organisations.permissions import is_municipality_editor
from okmo_portal.workflow import transitions

TEXTS = ("title", "act", "article", "wording", "reason")


def check_texts(texts: dict[str, str]) -> None:
    """Raises ValidationError by field for personal data: proposals are published."""
    errors = {
        name: (
            f"Здесь персональные данные: «{found.text}». Предложения публикуются: "
            "напишите должность или уберите их."
        )
        for name, found in scan(texts.items())
    }
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def file_proposal(*, year: int, by: User, **texts: Any) -> Proposal:
    """Of the active membership's municipality; anybody who fills its form may."""
    active = by.active_membership
    if active is None or not is_municipality_editor(by):
        raise PermissionDenied
    check_texts({name: texts.get(name, "") for name in TEXTS})
    municipality = active.organisation.municipality
    proposal = Proposal.objects.create(
        municipality=municipality, region=municipality.region, year=year, by=by, **texts
    )
    record(action="annual_report.proposal_filed", by=by, subject=proposal)
    return proposal


def include_proposal(*, proposal: Proposal, report: Report, by: User) -> Proposal:
    """Take it into a report: from then on it is public."""
    with transitions.apply(workflow.INCLUDE_PROPOSAL, proposal, by=by) as locked:
        locked.report = report
        _tell(locked)
    return locked


def decline_proposal(*, proposal: Proposal, by: User, comment: str) -> Proposal:
    if not comment.strip():
        raise ValidationError("Напишите, почему предложение не вошло в доклад.")
    with transitions.apply(workflow.DECLINE_PROPOSAL, proposal, by=by, comment=comment) as locked:
        locked.decision_comment = comment.strip()
        _tell(locked)
    return locked


def send_proposal(*, proposal: Proposal, by: User) -> Proposal:
    """The report with it has gone to the Government."""
    with transitions.apply(workflow.SEND_PROPOSAL, proposal, by=by) as locked:
        _tell(locked)
    return locked


def answer_proposal(
    *, proposal: Proposal, outcome: str, reply: str, replied_on: date | None, by: User
) -> Proposal:
    if outcome not in ProposalOutcome.values or outcome == ProposalOutcome.NONE:
        raise ValidationError("Выберите итог.")
    if not reply.strip() or replied_on is None:
        raise ValidationError("Введите текст ответа и его дату.")
    with transitions.apply(workflow.ANSWER_PROPOSAL, proposal, by=by) as locked:
        locked.outcome, locked.reply, locked.replied_on = outcome, reply.strip(), replied_on
        _tell(locked)
    return locked


def _tell(proposal: Proposal) -> None:
    transaction.on_commit(partial(tell_author, proposal_id=proposal.pk))


def tell_author(*, proposal_id: int) -> None:
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        return
    notify(
        kind="annual_report.proposal",
        recipients=municipality_people(proposal.municipality_id),
        key=f"annual_report:proposal:{proposal.pk}:{proposal.state}",
        title=f"Ваше предложение: {proposal.fate}",
        body=proposal.title,
        url=reverse("annual_report:proposal-list"),
    )
