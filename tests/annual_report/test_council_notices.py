"""Councils are told of sent forms in rounds: each form once, none lost, no stranger told."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from annual_report.models import Submission
from annual_report.services import submissions as services
from annual_report.services.answers import CellInput
from annual_report.services.notices import REMINDER, remind_municipalities, tell_councils
from annual_report.tasks import tell_councils as task
from okmo_portal.audit.models import AuditEvent
from okmo_portal.notifications.models import EmailState, Notification
from okmo_portal.organisations.models import Region
from okmo_portal.workflow.models import StateChange
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

TOLD = "annual_report.submitted"


@pytest.fixture
def campaign(db):
    for code in ("40", "61"):
        people.MunicipalityFactory(region=Region.objects.get(code=code))
    return make_campaign(make_form())


@pytest.fixture
def forms(campaign):
    return list(campaign.submissions.order_by("pk"))


def send(form, **values):
    head = people.municipality_head(form.municipality)
    fill(form, head, **{"C01": 10, "C02": 8, "C04": 7, **values})
    return services.submit_submission(submission=form, by=head, certified=True), head


def told(form):
    rows = Notification.objects.filter(kind=TOLD, url__endswith=f"/{form.pk}/")
    return {row.user_id for row in rows}


def test_one_round_tells_each_council_of_its_own_forms(forms):
    mine, other = forms
    assert mine.region_id != other.region_id
    first, second = (people.council_director(mine.region) for _ in range(2))
    stranger = people.council_director(other.region)
    for form in forms:
        send(form)
    assert tell_councils() == 2
    assert (told(mine), told(other)) == ({first.pk, second.pk}, {stranger.pk})


def test_a_second_round_repeats_nothing(forms):
    people.council_director(forms[0].region)
    send(forms[0])
    assert (tell_councils(), tell_councils()) == (1, 0)
    assert Notification.objects.filter(kind=TOLD).count() == 1


def test_forms_beyond_the_limit_wait_for_the_next_round(forms):
    for form in forms:
        people.council_director(form.region)
        send(form)
    assert [tell_councils(limit=1) for _ in range(3)] == [1, 1, 0]
    assert [len(told(form)) for form in forms] == [1, 1]


def test_the_task_goes_on_until_all_are_told(forms):
    for form in forms:
        people.council_director(form.region)
        send(form)
    assert task() == 2
    assert not Submission.objects.untold().exists()


def test_a_form_sent_anew_is_told_of_again(forms):
    people.council_director(forms[0].region)
    form, head = send(forms[0])
    tell_councils()
    services.withdraw_submission(submission=form, by=head)
    fill(form, head, C01=11)
    services.submit_submission(submission=form, by=head, certified=True)
    assert tell_councils() == 1
    assert Notification.objects.filter(kind=TOLD).count() == 2


def test_a_form_that_was_withdrawn_before_the_round_is_not_told_of(forms):
    people.council_director(forms[0].region)
    form, head = send(forms[0])
    services.withdraw_submission(submission=form, by=head)
    assert tell_councils() == 0
    assert not Notification.objects.filter(kind=TOLD).exists()


def test_a_round_that_fails_leaves_its_forms_for_the_next(forms, monkeypatch):
    people.council_director(forms[0].region)
    send(forms[0])

    def stop(**_message):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("annual_report.services.notices.notify_many", stop)
        with pytest.raises(ConnectionError):
            tell_councils()
    assert told(forms[0]) == set()
    assert tell_councils() == 1
    assert len(told(forms[0])) == 1


def test_a_letter_that_waited_to_remind_of_a_sent_form_is_dropped(campaign, forms):
    sent, late = forms
    owners = [people.municipality_head(form.municipality) for form in forms]
    remind_municipalities(
        campaign=campaign,
        municipalities=campaign.submissions.all(),
        due=timezone.localdate(),
        key=f"annual_report:{campaign.pk}:remind:municipality:0",
    )
    Notification.objects.filter(kind=REMINDER).update(email_state=EmailState.WAITING)
    fill(sent, owners[0], C01=10, C02=8, C04=7)
    services.submit_submission(submission=sent, by=owners[0], certified=True)
    tell_councils()
    states = dict(Notification.objects.filter(kind=REMINDER).values_list("user", "email_state"))
    assert (states[owners[0].pk], states[owners[1].pk]) == (EmailState.NONE, EmailState.WAITING)


def test_a_form_begun_and_sent_in_one_step_leaves_its_whole_history(forms):
    form = forms[0]
    head = people.municipality_head(form.municipality)
    cells = {
        "C01": CellInput(Decimal(10)),
        "C02": CellInput(Decimal(8)),
        "C04": CellInput(Decimal(7)),
    }
    posted = SimpleNamespace(cells=cells, errors={})
    result = services.save_form(
        submission_id=form.pk, read=lambda _form: posted, by=head, send=True
    )
    assert result.submitted
    changes = StateChange.objects.of(form).order_by("pk")
    assert [(row.transition, row.source, row.target, row.by) for row in changes] == [
        ("start", "not_started", "draft", head),
        ("submit", "draft", "submitted", head),
    ]
    events = AuditEvent.objects.filter(
        subject_label="annual_report.submission", subject_id=str(form.pk)
    )
    assert list(events.order_by("pk").values_list("action", "data", "actor")) == [
        ("annual_report.start", {"source": "not_started", "target": "draft"}, head.pk),
        ("annual_report.submit", {"source": "draft", "target": "submitted"}, head.pk),
    ]


def test_a_form_begun_but_not_sent_logs_only_its_beginning(forms):
    form = forms[0]
    head = people.municipality_head(form.municipality)
    posted = SimpleNamespace(
        cells={"C01": CellInput(Decimal(10))}, errors={"C02": "Введите число."}
    )
    result = services.save_form(
        submission_id=form.pk, read=lambda _form: posted, by=head, send=True
    )
    form.refresh_from_db()
    assert (result.submitted, form.state, form.filled) == (False, "draft", 1)
    assert [row.transition for row in StateChange.objects.of(form)] == ["start"]
