"""Preparing, opening and closing campaigns; reminders by schedule; the board."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from annual_report.boards import by_size, count_groups, filed_by_day, pace_chart
from annual_report.campaign_forms import CampaignForm
from annual_report.models import Campaign, ReminderRun, ReminderStep, Submission
from annual_report.preparation import preview, suggest
from annual_report.services import campaigns, reminders, review, submissions
from annual_report.services.notices import tell_councils
from okmo_portal.core.workdays import is_working
from okmo_portal.notifications.models import EmailState, Notification
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def campaign():
    """Deadlines of 2026 on working days: municipalities 10.04, councils 24.04, Congress 15.05."""
    for _ in range(2):
        people.MunicipalityFactory()
    campaign = make_campaign(make_form())
    Campaign.objects.filter(pk=campaign.pk).update(
        opens_on=date(2026, 2, 2), municipality_deadline=date(2026, 4, 10),
        council_deadline=date(2026, 4, 24), congress_deadline=date(2026, 5, 15),
    )  # fmt: skip
    return Campaign.objects.get(pk=campaign.pk)


def only_steps(campaign, *steps):
    campaign.reminders.all().delete()
    for audience, days in steps:
        ReminderStep.objects.create(campaign=campaign, audience=audience, days=days)


# --- reminders -----------------------------------------------------------------------------------


def test_new_campaign_gets_the_usual_schedule_on_working_days(campaign):
    steps = list(campaign.reminders.values_list("audience", "days"))
    assert ("municipality", 14) in steps
    assert ("municipality", -1) in steps
    assert sum(audience == "council" for audience, _ in steps) == 4
    for item in reminders.schedule(campaign):
        assert is_working(item.on)


@pytest.mark.parametrize(
    ("days", "day"),
    [
        (3, date(2026, 4, 7)),
        (5, date(2026, 4, 3)),  # 05.04 is a Sunday: the Friday before
        (0, date(2026, 4, 10)),
        (-1, date(2026, 4, 13)),  # a Saturday: the Monday after
    ],
)
def test_day_off_moves_a_reminder(campaign, days, day):
    assert reminders.planned_day(campaign.municipality_deadline, days) == day


def test_step_goes_out_once_and_leaves_the_filed_in_peace(campaign):
    only_steps(campaign, ("municipality", 3))
    filed, waiting = campaign.submissions.order_by("pk")
    done = people.municipality_head(filed.municipality)
    fill(filed, done, C01=9, C02=5, C04=2)
    submissions.submit_submission(submission=filed, by=done, certified=True)
    head = people.municipality_head(waiting.municipality)
    assert reminders.remind_of_deadlines(date(2026, 4, 6)) == 0
    assert reminders.remind_of_deadlines(date(2026, 4, 7)) == 1
    assert reminders.remind_of_deadlines(date(2026, 4, 7)) == 0
    assert reminders.remind_of_deadlines(date(2026, 4, 8)) == 0
    (notice,) = Notification.objects.filter(kind="annual_report.reminder")
    assert notice.user == head
    (run,) = ReminderRun.objects.all()
    assert (run.days, run.due, run.units, run.told) == (3, date(2026, 4, 10), 1, 1)


def test_nothing_goes_out_on_a_day_off_and_a_missed_step_is_made_up_for(campaign):
    only_steps(campaign, ("municipality", 7), ("municipality", 6))
    people.municipality_head(campaign.submissions.first().municipality)
    assert reminders.remind_of_deadlines(date(2026, 4, 4)) == 0
    assert reminders.remind_of_deadlines(date(2026, 4, 6)) == 1
    (run,) = ReminderRun.objects.all()
    assert run.days == 6
    assert reminders.remind_of_deadlines(date(2026, 4, 20)) == 0


def test_extended_form_is_reminded_of_its_own_deadline(campaign):
    only_steps(campaign, ("municipality", 1))
    plain, extended = campaign.submissions.order_by("pk")
    people.municipality_head(plain.municipality)
    head = people.municipality_head(extended.municipality)
    Submission.objects.filter(pk=extended.pk).update(extended_to=date(2026, 4, 17))
    assert reminders.remind_of_deadlines(date(2026, 4, 9)) == 1
    assert reminders.remind_of_deadlines(date(2026, 4, 16)) == 1
    assert Notification.objects.filter(user=head).count() == 1


def test_council_gets_the_names_and_the_congress_the_regions_behind(campaign):
    only_steps(campaign, ("council", 11), ("congress", 18))
    region = campaign.submissions.first().region
    director, staff = people.council_director(region), people.congress_staff()
    assert reminders.remind_of_deadlines(date(2026, 4, 13)) == 1
    council = Notification.objects.get(user=director)
    assert council.title == "Не сдали форму: 2\xa0муниципалитета"
    for name in campaign.submissions.values_list("municipality__name", flat=True):
        assert name in council.body
    assert reminders.remind_of_deadlines(date(2026, 4, 27)) == 1
    congress = Notification.objects.get(user=staff)
    assert congress.title == "Не всё утвердили: 1\xa0субъект РФ"
    assert f"{region.short_name} (2)" in congress.body


def test_letter_that_waits_is_dropped_when_the_form_is_filed(
    campaign, django_capture_on_commit_callbacks
):
    only_steps(campaign, ("municipality", 3))
    submission = campaign.submissions.first()
    head = people.municipality_head(submission.municipality)
    reminders.remind_of_deadlines(date(2026, 4, 7))
    notice = Notification.objects.get(user=head)
    assert notice.email_state == EmailState.WAITING
    with django_capture_on_commit_callbacks(execute=True):
        fill(submission, head, C01=9, C02=5, C04=2)
        submissions.submit_submission(submission=submission, by=head, certified=True)
    # The round that tells the council drops it; a form sent at night is long told of by morning.
    assert tell_councils() == 1
    notice.refresh_from_db()
    assert notice.email_state == EmailState.NONE


def test_schedule_is_edited_on_its_page(client, campaign):
    people.sign_in(client, people.congress_staff())
    address = f"/cabinet/campaigns/{campaign.pk}/reminders/"
    client.post(address, {"audience": "municipality", "days": "10"})
    step = campaign.reminders.get(audience="municipality", days=10)
    again = client.post(address, {"audience": "municipality", "days": "10"})
    assert "уже есть" in again.content.decode()
    client.post(f"/cabinet/reminders/{step.pk}/remove/")
    assert not campaign.reminders.filter(pk=step.pk).exists()


# --- preparation ---------------------------------------------------------------------------------


def test_next_campaign_is_suggested_a_year_later_on_working_days(campaign):
    values = suggest(campaign)
    assert (values["year"], values["title"]) == (2026, "Доклад за 2026 год")
    assert values["municipality_deadline"] == date(2027, 4, 12)
    assert values["register_date"] == date(2027, 1, 1)


def given(campaign, **changes):
    values = {
        "form": campaign.form_id, "year": 2026, "title": "Доклад", "is_main": "on",
        "register_date": "2027-01-01", "opens_on": "2027-02-01",
        "municipality_deadline": "2027-04-12", "council_deadline": "2027-04-26",
        "congress_deadline": "2027-05-17", "accepts_late": "on",
    }  # fmt: skip
    return values | changes


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        (
            {"municipality_deadline": "2027-04-11"},
            "municipality_deadline",
            "Ближайший рабочий день",
        ),
        ({"council_deadline": "2027-04-09"}, "council_deadline", "раньше, чем"),
        ({"year": "2025"}, "is_main", "уже есть"),
        ({"year": "2025", "is_main": ""}, "form", "уже есть кампания"),
        ({"year": "26"}, "year", "четырьмя цифрами"),
    ],
)
def test_campaigns_form_says_what_is_wrong(campaign, changes, field, words):
    form = CampaignForm(given(campaign, **changes))
    assert not form.is_valid()
    assert words in form.errors[field][0]
    assert all("Constraint" not in text for errors in form.errors.values() for text in errors)


def test_campaign_is_cloned_previewed_and_opened_by_staff(client, campaign):
    campaigns.close_campaign(campaign=campaign, by=None)
    people.sign_in(client, people.congress_staff())
    page = client.get(f"/cabinet/campaigns/new/?from={campaign.pk}")
    assert page.context["form"].initial["year"] == 2026
    answer = client.post("/cabinet/campaigns/new/", given(campaign))
    new = Campaign.objects.get(year=2026)
    assert answer["Location"] == f"/cabinet/campaigns/{new.pk}/"
    assert new.reminders.exists()
    detail = client.get(f"/cabinet/campaigns/{new.pk}/")
    assert detail.context["diff"].is_empty
    assert (detail.context["preview"].forms, detail.context["obstacle"]) == (2, "")
    job = client.post(f"/cabinet/campaigns/{new.pk}/open/")
    assert job["Location"].startswith("/jobs/")
    client.post(f"/cabinet/campaigns/{new.pk}/close/")
    assert Campaign.objects.get(pk=new.pk).state == "draft"


def test_preview_counts_what_is_known_already(campaign):
    """One of two forms was approved: its C01 comes over, 3 fields are asked of each."""
    submission = campaign.submissions.first()
    head = people.municipality_head(submission.municipality)
    fill(submission, head, C01=9, C02=5, C04=2)
    submissions.submit_submission(submission=submission, by=head, certified=True)
    review.approve_submission(submission=submission, by=people.council_director(submission.region))
    campaigns.close_campaign(campaign=campaign, by=None)
    found = preview(make_campaign(campaign.form, 2026, opened=False))
    (kind,) = found.kinds
    assert (kind.forms, kind.asked, kind.required, kind.last_year, kind.left) == (2, 3, 3, 1, 2)
    assert (found.cells, found.known) == (6, 1)


def test_only_the_congress_prepares_campaigns(client, campaign):
    with pytest.raises(PermissionDenied):
        campaigns.save_campaign(
            campaign=campaign, by=people.council_director(campaign.submissions.first().region)
        )


def test_second_main_campaign_waits_for_the_first_to_close(campaign):
    second = make_campaign(campaign.form, 2026, opened=False)
    with pytest.raises(ValidationError, match="ещё открыта"):
        campaigns.open_campaign(campaign=second, by=None)


# --- the board -----------------------------------------------------------------------------------


def test_board_counts_by_size_class(campaign):
    first, _second = campaign.submissions.order_by("pk")
    Submission.objects.filter(pk=first.pk).update(population=1500)
    groups = count_groups(campaign.submissions.all())
    assert [(title, tally.expected) for title, tally in by_size(groups)] == [
        ("1–3 тыс. жителей", 1), ("численность неизвестна", 1),
    ]  # fmt: skip


def test_pace_counts_first_filings_by_day(campaign):
    first, second = campaign.submissions.order_by("pk")
    start = timezone.now() - timedelta(days=4)
    today = timezone.localdate()
    Campaign.objects.filter(pk=campaign.pk).update(
        opens_on=timezone.localdate(start), municipality_deadline=today + timedelta(days=9),
        council_deadline=today + timedelta(days=9), congress_deadline=today + timedelta(days=9),
    )  # fmt: skip
    for item, day in ((first, 0), (second, 3)):
        moment = start + timedelta(days=day)
        head = people.municipality_head(item.municipality)
        Submission.objects.filter(pk=item.pk).update(
            state="submitted", submitted_at=moment, filed_at=moment, submitted_by=head
        )
    campaign.refresh_from_db()
    assert filed_by_day(campaign, 4) == [50, 50, 50, 100, 100]
    chart = pace_chart(campaign)
    assert chart.rows[0][1] == "50,0"


def test_returned_form_keeps_its_first_filing(campaign):
    submission = campaign.submissions.first()
    head = people.municipality_head(submission.municipality)
    fill(submission, head, C01=9, C02=5, C04=2)
    sent = submissions.submit_submission(submission=submission, by=head, certified=True)
    filed = sent.filed_at
    back = review.return_submission(
        submission=sent, by=people.council_director(submission.region), comment="C04"
    )
    again = submissions.submit_submission(submission=back, by=head, certified=True)
    assert again.filed_at == filed < again.submitted_at


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("path", ["board/", "board/accept/", "campaigns/"])
def test_boards_query_count_is_constant(client, path, count, django_assert_max_num_queries):
    for _ in range(count):
        people.MunicipalityFactory()
    make_campaign(make_form())
    people.sign_in(client, people.congress_staff())
    client.get(f"/cabinet/{path}")
    with django_assert_max_num_queries(22):
        assert client.get(f"/cabinet/{path}").status_code == 200
