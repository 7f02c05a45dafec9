"""Staff open campaigns and keep the catalogue in the admin."""

from datetime import date

import pytest
from django.urls import reverse

from annual_report.models import Campaign, Indicator
from annual_report.tasks import open_campaign
from okmo_portal.core.workdays import is_working
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    user = people.congress_staff()
    sync_staff_access(user=user)
    people.sign_in(client, user)
    return user


def act(client, action, campaign):
    address = reverse("admin:annual_report_campaign_changelist")
    return client.post(address, {"action": action, "_selected_action": [campaign.pk]}, follow=True)


def test_opening_is_a_job_that_makes_forms_and_tells_people(client, staff):
    municipality = people.MunicipalityFactory()
    head = people.municipality_head(municipality)
    campaign = make_campaign(make_form(), opened=False)
    page = act(client, "open_selected", campaign)
    job = Job.objects.get()
    assert page.redirect_chain[-1][0] == job.get_absolute_url()
    assert campaign.submissions.count() == 0
    open_campaign(job_id=str(job.pk), campaign_id=campaign.pk)
    open_campaign(job_id=str(job.pk), campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.submissions.count()) == ("open", 1)
    assert Job.objects.get().state == JobState.SUCCEEDED
    assert Notification.objects.filter(user=head).count() == 0, "told after commit"


def test_second_campaign_is_refused_in_words(client, staff):
    form = make_form()
    make_campaign(form)
    later = make_campaign(form, year=2026, opened=False)
    assert "Другая кампания ещё открыта" in act(client, "open_selected", later).content.decode()
    assert Campaign.objects.open().count() == 1


def test_close_and_reopen(client, staff):
    campaign = make_campaign(make_form())
    act(client, "close_selected", campaign)
    assert Campaign.objects.get().state == "closed"
    assert "сейчас «сбор окончен»" in act(client, "close_selected", campaign).content.decode()
    act(client, "reopen_selected", campaign)
    assert Campaign.objects.get().state == "open"


def test_wrong_formula_is_refused_with_a_reason(client, staff):
    make_form()
    indicator = Indicator.objects.get(code="C07")
    address = reverse("admin:annual_report_indicator_change", args=[indicator.pk])
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"formula": "C02 / import os", "applicable_kinds": "", "choices": "[]"}
    page = client.post(address, data).content.decode()
    assert "errornote" in page
    indicator.refresh_from_db()
    assert indicator.formula == "C02 / C01 * 100"


def test_fields_of_an_opened_form_are_locked(client, staff):
    campaign = make_campaign(make_form())
    page = client.get(reverse("admin:annual_report_form_change", args=[campaign.form_id]))
    assert "fields-0-indicator" not in page.content.decode()


def test_deadline_on_a_day_off_is_refused_with_the_next_working_day(client, staff):
    campaign = make_campaign(make_form(), opened=False)
    address = reverse("admin:annual_report_campaign_change", args=[campaign.pk])
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"municipality_deadline": "09.05.2026", "council_deadline": "12.05.2026",
             "congress_deadline": "15.05.2026", "opens_on": "01.04.2026"}  # fmt: skip
    page = client.post(address, data).content.decode()
    assert "09.05.2026 — выходной (День Победы). Ближайший рабочий день: 12.05.2026." in page
    campaign.refresh_from_db()
    assert campaign.municipality_deadline.year != 2026 or campaign.municipality_deadline.month != 5
    client.post(address, data | {"municipality_deadline": "08.05.2026"})
    campaign.refresh_from_db()
    assert campaign.municipality_deadline.isoformat() == "2026-05-08"


def test_staff_add_a_year_to_the_production_calendar(client, staff):
    assert is_working(date(2027, 11, 5))
    client.post(reverse("admin:core_productionyear_add"), {
        "year": "2027", "source": "постановление (образец)",
        "days-TOTAL_FORMS": "1", "days-INITIAL_FORMS": "0", "days-MIN_NUM_FORMS": "0",
        "days-MAX_NUM_FORMS": "1000", "days-0-date": "05.11.2027", "days-0-kind": "day_off",
        "days-0-note": "перенос",
    })  # fmt: skip
    assert not is_working(date(2027, 11, 5))
