"""Unusual answers of a form, from what the newest snapshot makes usual."""

import pytest
from django.core.cache import cache

from annual_report.enums import Severity
from annual_report.models import Campaign, FormField, Indicator
from annual_report.selectors import get_filled_form
from annual_report.services import review
from annual_report.services import submissions as submission_services
from annual_report.services.snapshots import create_snapshot
from annual_report.services.unusual import learn_usual, model_path, unusual_problems, usual_model
from annual_report.tasks import learn_usual as learn_task
from okmo_portal.accounts.models import User
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form


@pytest.fixture
def learnt(db, settings):
    """25 districts with 100 posts or so of 10,000 residents last year; this year's campaign is open."""
    settings.SECOND_FACTOR_REQUIRED = False
    cache.clear()
    municipalities = [people.MunicipalityFactory() for _ in range(25)]
    form = make_form()
    section = form.fields.first().indicator.section
    residents = Indicator.objects.create(
        code="A05", section=section, title="Население", title_en="Population", unit="чел.",
        unit_en="people", value_type="integer", aggregation="sum", definition="О.", source="учёт",
        owner="отдел",
    )  # fmt: skip
    FormField.objects.create(form=form, indicator=residents)
    last = make_campaign(form, year=2024)
    director = people.council_director(municipalities[0].region)
    for number, municipality in enumerate(municipalities):
        head = people.municipality_head(municipality)
        submission = last.submissions.get(municipality=municipality)
        fill(submission, head, C01=90 + number, C02=80 + number, C04=5, A05=10_000 + number)
        submission_services.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)
    snapshot = create_snapshot(campaign=last, by=None)
    Campaign.objects.filter(pk=last.pk).update(state="closed")
    return make_campaign(form, year=2025), municipalities, snapshot


def filled(campaign, municipality, **values):
    """The form of this year with ``values``, and the head who filled it."""
    submission = campaign.submissions.get(municipality=municipality)
    head = User.objects.get(memberships__organisation__municipality=municipality)
    head.active_membership = head.memberships.get()
    fill(submission, head, **values)
    return get_filled_form(submission), head


WRONG = {"C01": 900, "C02": 85, "C04": 5, "A05": 10_000}


def test_nothing_is_unusual_before_it_has_been_learnt(learnt):
    campaign, municipalities, _ = learnt
    form, _ = filled(campaign, municipalities[0], **WRONG)
    assert unusual_problems(form) == []


def test_unusual_answer_is_a_notice_in_words(learnt):
    campaign, municipalities, snapshot = learnt
    learn_usual(snapshot)
    form, _ = filled(campaign, municipalities[0], **WRONG)
    (problem,) = unusual_problems(form)
    assert (problem.severity, problem.code, problem.codes) == (Severity.NOTICE, "U-C01", ("C01",))
    assert not problem.blocks
    text = problem.message.replace("\u00a0", " ")
    assert text.startswith("Должности: 900,0 ед. — в 9 раз выше, чем у похожих при том же числе")
    usual, _ = filled(campaign, municipalities[1], C01=95, C02=85, C04=5, A05=10_000)
    assert unusual_problems(usual) == []


@pytest.mark.parametrize("page", ["", "check/", "section/C/", "all/"])
def test_pages_of_the_form_show_the_notice(learnt, client, page):
    campaign, municipalities, snapshot = learnt
    learn_usual(snapshot)
    form, head = filled(campaign, municipalities[0], **WRONG)
    people.sign_in(client, head)
    answer = client.get(f"/cabinet/forms/{form.submission.pk}/{page}")
    assert answer.status_code == 200
    assert "в\u00a09\u00a0раз выше" in answer.content.decode()


def test_autosave_answers_with_the_notice_of_the_typed_value(learnt, client):
    campaign, municipalities, snapshot = learnt
    learn_usual(snapshot)
    form, head = filled(campaign, municipalities[0], **(WRONG | {"C01": 95}))
    people.sign_in(client, head)
    address = f"/cabinet/forms/{form.submission.pk}/answer/"

    def unusual(value):
        cell = {"code": "C01", "value": value, "overwrite": True}
        answer = client.post(address, cell, content_type="application/json").json()
        return [p["codes"] for p in answer["problems"] if p["code"].startswith("U-")]

    assert unusual("900") == [["C01"]]
    assert unusual("95") == []


def test_council_sees_the_notice(learnt, client):
    campaign, municipalities, snapshot = learnt
    learn_usual(snapshot)
    form, head = filled(campaign, municipalities[0], **WRONG)
    submission_services.submit_submission(submission=form.submission, by=head, certified=True)
    people.sign_in(client, people.council_director(municipalities[0].region))
    answer = client.get(f"/cabinet/review/{form.submission.pk}/")
    assert answer.status_code == 200
    assert "в\u00a09\u00a0раз выше" in answer.content.decode()


@pytest.mark.parametrize("how", ["service", "task"])
def test_model_is_learnt_once_and_kept_beside_the_snapshot(learnt, how):
    campaign, _, snapshot = learnt
    if how == "task":
        learn_task(snapshot_id=snapshot.pk)
    else:
        learn_usual(snapshot)
    path = model_path(snapshot.sha256)
    before = path.stat().st_mtime_ns
    learn_usual(snapshot)
    assert path.stat().st_mtime_ns == before
    assert usual_model(campaign) is not None


def test_task_for_a_snapshot_that_is_gone_does_nothing(db):
    learn_task(snapshot_id=0)
