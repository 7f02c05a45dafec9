"""From a municipality's proposal to the Government's answer, and who sees what."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from annual_report.enums import ProposalState
from annual_report.models import Proposal
from annual_report.services import proposals, reports
from annual_report.services.chapters import chapter_context, get_builder
from okmo_portal.notifications.models import Notification
from okmo_portal.workflow.transitions import TransitionNotAllowed
from tests.annual_report.test_reports import built_report, small_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people

TEXTS = {
    "title": "Дать поселениям время на отчёт",
    "act": "Федеральный закон № 33-ФЗ",
    "article": "ст. 32",
    "wording": "Срок отчёта — 1 апреля.",
    "reason": "Зимой не хватает людей.",
}


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def head(campaign):
    return people.municipality_head(campaign.submissions.first().municipality)


@pytest.fixture
def proposal(head):
    return proposals.file_proposal(year=2025, by=head, **TEXTS)


def test_proposal_goes_to_the_government_and_its_answer_is_public(
    proposal, campaign, client, django_capture_on_commit_callbacks
):
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    with django_capture_on_commit_callbacks(execute=True):
        proposals.include_proposal(proposal=proposal, report=report, by=staff)
    assert client.get(proposal.get_absolute_url()).status_code == 404, "not published yet"
    reports.publish_report(report=report, by=staff)
    proposals.send_proposal(proposal=proposal, by=staff)
    proposals.answer_proposal(
        proposal=proposal, outcome="partly", reply="Срок — 1 марта.",
        replied_on=date(2026, 9, 1), by=staff,
    )  # fmt: skip
    page = client.get(proposal.get_absolute_url()).content.decode()
    assert "Срок — 1 марта." in page
    assert "Получен ответ: поддержано частично" in page
    assert "01.09.2026" in page
    listed = client.get("/report/proposals/").content.decode()
    assert TEXTS["title"] in listed
    # Both people of the municipality.
    assert Notification.objects.filter(kind="annual_report.proposal").count() == 2


def test_new_and_declined_proposals_are_nobody_elses(proposal, campaign, client):
    staff = people.congress_staff()
    reports.publish_report(report=built_report(campaign, staff), by=staff)
    with pytest.raises(ValidationError, match="почему"):
        proposals.decline_proposal(proposal=proposal, by=staff, comment="")
    proposals.decline_proposal(proposal=proposal, by=staff, comment="Уже в законе.")
    assert TEXTS["title"] not in client.get("/report/proposals/").content.decode()
    stranger = people.municipality_head(people.MunicipalityFactory())
    assert not Proposal.objects.visible_to(stranger).exists()
    people.sign_in(client, stranger)
    assert client.get(f"/cabinet/proposals/{proposal.pk}/").status_code == 404
    assert client.get("/cabinet/proposals/").content.decode().count(TEXTS["title"]) == 0


def test_only_those_who_fill_the_form_propose_and_only_the_congress_decides(proposal, campaign):
    director = people.council_director(proposal.region)
    with pytest.raises(PermissionDenied):
        proposals.file_proposal(year=2025, by=director, **TEXTS)
    with pytest.raises(PermissionDenied):
        proposals.decline_proposal(proposal=proposal, by=director, comment="Нет.")
    with pytest.raises(TransitionNotAllowed):
        proposals.send_proposal(proposal=proposal, by=people.congress_staff())
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.NEW


def test_personal_data_are_refused_at_their_field(head, client):
    people.sign_in(client, head)
    answer = client.post(
        "/cabinet/proposals/new/", TEXTS | {"reason": "Звоните: +7 (900) 123-45-67."}
    )
    assert "персональные данные" in answer.content.decode()
    assert not Proposal.objects.exists()
    assert client.post("/cabinet/proposals/new/", TEXTS).status_code == 302
    assert Proposal.objects.get().municipality == head.active_membership.organisation.municipality


def test_reports_annex_lists_its_proposals_with_their_fate(proposal, campaign):
    staff = people.congress_staff()
    report = small_report(campaign, staff)
    chapter = report.chapters.create(
        order=3, slug="proposals", title="П", blocks=[{"kind": "proposals", "title": "Судьба"}]
    )
    proposals.include_proposal(proposal=proposal, report=report, by=staff)
    [block] = chapter_context(chapter, get_builder(report))["blocks"]
    assert block.table.rows == [[proposal.municipality.name, TEXTS["title"], "вошло в доклад"]]


def test_answer_needs_its_text_and_date(proposal, campaign):
    staff = people.congress_staff()
    proposals.include_proposal(proposal=proposal, report=small_report(campaign, staff), by=staff)
    proposals.send_proposal(proposal=proposal, by=staff)
    with pytest.raises(ValidationError, match="дату"):
        proposals.answer_proposal(
            proposal=proposal, outcome="done", reply="Принято.", replied_on=None, by=staff
        )
    with pytest.raises(ValidationError, match="итог"):
        proposals.answer_proposal(
            proposal=proposal, outcome="none", reply="Да.", replied_on=date(2026, 1, 1), by=staff
        )
