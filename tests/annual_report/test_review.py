"""Decisions of councils and the Congress, work on many forms, the trail, calls, extensions."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from annual_report.contacts import describe_missing
from annual_report.enums import BulkKind, SubmissionState
from annual_report.history import Trail, differences_since
from annual_report.models import CellReturn, Submission
from annual_report.services import bulk, extensions, review, submissions
from annual_report.services.answers import save_answers
from annual_report.services.contacts import note_call
from okmo_portal.audit.models import AuditEvent
from okmo_portal.core.workdays import next_working
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.models import Membership, Region
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db
FORMS = {"C01": 9, "C02": 5, "C04": 2}


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def campaign():
    for _ in range(3):
        people.MunicipalityFactory()
    return make_campaign(make_form())


@pytest.fixture
def submission(campaign):
    return campaign.submissions.order_by("pk").first()


@pytest.fixture
def director(submission):
    return people.council_director(submission.region)


@pytest.fixture
def staff():
    return people.congress_staff()


def file(submission):
    head = people.municipality_head(submission.municipality)
    fill(submission, head, **FORMS)
    return submissions.submit_submission(submission=submission, by=head, certified=True), head


# --- returned indicators -------------------------------------------------------------------------


def test_only_the_named_indicator_comes_back(submission, director):
    sent, head = file(submission)
    back = review.return_submission(
        submission=sent, by=director, comment="", cells={"C04": "Приложите приказ", "C01": " "}
    )
    assert back.state == SubmissionState.RETURNED
    assert back.return_comment == "Исправьте показатели: «Обучено»."
    (asked,) = CellReturn.objects.filter(submission=back)
    assert (asked.indicator.code, asked.comment, asked.resolved_at) == (
        "C04", "Приложите приказ", None,
    )  # fmt: skip
    refused = fill(back, head, C01=8).refused
    assert list(refused) == ["C01"]
    fill(back, head, C04=1)
    again = submissions.submit_submission(submission=back, by=head, certified=True)
    asked.refresh_from_db()
    assert asked.resolved_at == again.submitted_at


def test_a_code_that_the_form_does_not_ask_returns_nothing(submission, director):
    sent, _head = file(submission)
    with pytest.raises(ValidationError, match="нет показателя Z99"):
        review.return_submission(
            submission=sent, by=director, comment="", cells={"Z99": "?", "C04": "?"}
        )
    assert Submission.objects.get(pk=sent.pk).state == SubmissionState.SUBMITTED
    assert not CellReturn.objects.exists()


def test_changes_since_the_last_check_are_was_and_is(submission, director):
    sent, head = file(submission)
    back = review.return_submission(submission=sent, by=director, comment="C04?")
    fill(back, head, C04=1)
    fill(back, head, C04=3, C01=9)
    again = submissions.submit_submission(submission=back, by=head, certified=True)
    found = differences_since(again, again.decided_at)
    assert [(item.indicator.code, item.was, item.now) for item in found] == [
        ("C04", "2 чел.", "3 чел.")
    ]
    assert found[0].by.endswith("Должность")


# --- the Congress --------------------------------------------------------------------------------


def test_congress_accepts_and_sends_back_with_a_reason(submission, director, staff):
    sent, _head = file(submission)
    with pytest.raises(TransitionNotAllowed):
        review.accept_submission(submission=sent, by=staff)
    approved = review.approve_submission(submission=sent, by=director)
    with pytest.raises(PermissionDenied):
        review.accept_submission(submission=approved, by=director)
    accepted = review.accept_submission(submission=approved, by=staff)
    assert (accepted.state, accepted.accepted_by) == (SubmissionState.ACCEPTED, staff)
    with pytest.raises(ValidationError):
        review.send_back_submission(submission=accepted, by=staff, comment=" ")
    back = review.send_back_submission(submission=accepted, by=staff, comment="Население?")
    assert (back.state, back.congress_comment, back.accepted_at) == (
        SubmissionState.SUBMITTED, "Население?", None,
    )  # fmt: skip
    again = review.approve_submission(submission=back, by=director)
    assert again.congress_comment == ""


def test_council_sees_why_the_congress_sent_a_form_back(
    client, submission, director, staff, django_capture_on_commit_callbacks
):
    sent, _head = file(submission)
    review.approve_submission(submission=sent, by=director)
    with django_capture_on_commit_callbacks(execute=True):
        review.send_back_submission(submission=sent, by=staff, comment="Население вдвое больше.")
    people.sign_in(client, director)
    page = client.get("/cabinet/review/?state=sent_back")
    assert [row.pk for row in page.context["page"].object_list] == [sent.pk]
    assert "Население вдвое больше." in client.get(f"/cabinet/review/{sent.pk}/").content.decode()
    notice = Notification.objects.get(user=director)
    assert notice.title.startswith("Конгресс вернул форму на проверку")


# --- many forms ----------------------------------------------------------------------------------


def test_bulk_approval_names_the_skipped_and_logs_each(campaign, submission, director):
    sent, _head = file(submission)
    run = bulk.start_bulk(
        campaign=campaign,
        kind=BulkKind.APPROVE,
        submissions=campaign.submissions.all(),
        by=director,
    )
    assert bulk.tally(run) == {"waiting": 0, "done": 1, "skipped": 2}
    assert set(run.items.filter(outcome="skipped").values_list("reason", flat=True)) == {
        "Сейчас «не начата»."
    }
    sent.refresh_from_db()
    assert (sent.state, sent.decided_by) == (SubmissionState.APPROVED, director)
    change = StateChange.objects.of(sent).first()
    assert (change.transition, change.source, change.by) == ("approve", "submitted", director)
    assert AuditEvent.objects.filter(
        action="annual_report.approve", subject_id=str(sent.pk), actor=director
    ).exists()


def test_bulk_acts_hold_only_what_the_person_sees(campaign, submission):
    sent, _head = file(submission)
    foreign = people.council_director(Region.objects.get(code="77"))
    with pytest.raises(ValidationError, match="Не отмечено ни одной формы"):
        bulk.start_bulk(
            campaign=campaign, kind="approve", submissions=Submission.objects.all(), by=foreign
        )
    with pytest.raises(PermissionDenied):
        bulk.start_bulk(
            campaign=campaign, kind="accept", submissions=Submission.objects.all(), by=foreign
        )
    sent.refresh_from_db()
    assert sent.state == SubmissionState.SUBMITTED


def test_bulk_run_goes_on_after_a_killed_worker_and_does_nothing_twice(
    campaign, submission, director, monkeypatch
):
    """The worker dies after its first batch; the second attempt takes only what still waits."""
    for item in campaign.submissions.all():
        file(item)
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    monkeypatch.setattr(bulk, "BATCH", 2)
    run = bulk.start_bulk(
        campaign=campaign, kind="approve", submissions=campaign.submissions.all(), by=director
    )
    assert run.job is not None
    bulk.run_batch(run, bulk.acting_person(run))
    assert bulk.tally(run) == {"waiting": 1, "done": 2, "skipped": 0}
    bulk.run_items(run)
    assert bulk.tally(run) == {"waiting": 0, "done": 3, "skipped": 0}
    assert StateChange.objects.filter(transition="approve").count() == 3


def test_bulk_run_of_a_person_whose_mandate_ended_does_nothing(
    campaign, submission, director, monkeypatch
):
    file(submission)
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    run = bulk.start_bulk(
        campaign=campaign, kind="approve",
        submissions=campaign.submissions.filter(state="submitted"), by=director,
    )  # fmt: skip
    Membership.objects.filter(user=director).update(
        valid_to=timezone.localdate() - timedelta(days=1)
    )
    bulk.run_items(run)
    assert bulk.tally(run)["skipped"] == 1
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SUBMITTED


def test_bulk_return_and_send_back_need_words(campaign, submission, director, staff):
    file(submission)
    for kind, by in (("return", director), ("send_back", staff), ("extend", director)):
        with pytest.raises(ValidationError):
            bulk.start_bulk(
                campaign=campaign, kind=kind, submissions=campaign.submissions.all(), by=by,
                comment=" ",
            )  # fmt: skip


def test_reminder_by_hand_leaves_the_filed_in_peace_and_names_the_unreachable(
    campaign, submission, director, django_capture_on_commit_callbacks
):
    """One filed, one with people, one without."""
    file(submission)
    reachable = campaign.submissions.order_by("pk")[1]
    head = people.municipality_head(reachable.municipality)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            run = bulk.start_bulk(
                campaign=campaign,
                kind="remind",
                submissions=campaign.submissions.all(),
                by=director,
            )
    reasons = dict(run.items.values_list("submission__pk", "reason"))
    assert reasons[submission.pk] == "Форма уже сдана: сейчас «на проверке в совете»."
    assert reasons[reachable.pk] == ""
    assert sum("позвоните" in reason for reason in reasons.values()) == 1
    assert Notification.objects.filter(user=head, kind="annual_report.reminder").count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_bulk_approval_asks_as_many_queries_for_three_as_for_one(
    campaign, submission, director, count, django_assert_max_num_queries
):
    forms = list(campaign.submissions.order_by("pk")[:count])
    for item in forms:
        file(item)
    with django_assert_max_num_queries(36):
        bulk.start_bulk(
            campaign=campaign, kind="approve",
            submissions=campaign.submissions.filter(pk__in=[item.pk for item in forms]),
            by=director,
        )  # fmt: skip
    assert Submission.objects.filter(state="approved").count() == count


def test_whole_regions_are_accepted_after_a_page_that_counts(client, campaign, submission, director,
                                                             staff):  # fmt: skip
    sent, _head = file(submission)
    review.approve_submission(submission=sent, by=director)
    people.sign_in(client, staff)
    page = client.get("/cabinet/board/accept/")
    (row,) = page.context["rows"]
    assert (row["region"].code, row["progress"].waiting_congress) == ("40", 1)
    fields = {
        "kind": "accept", "scope": "regions", "region": "40", "back": f"campaign={campaign.pk}",
    }  # fmt: skip
    confirm = client.post("/cabinet/review/bulk/start/", fields)
    assert (confirm.context["count"], confirm.context["left_out"]) == (1, 2)
    done = client.post("/cabinet/review/bulk/start/", fields | {"confirmed": "1"}, follow=True)
    assert done.context["counts"]["done"] == 1
    sent.refresh_from_db()
    assert sent.state == SubmissionState.ACCEPTED


def test_all_found_forms_are_chosen_by_the_lists_filters(client, campaign, submission, director):
    file(submission)
    people.sign_in(client, director)
    fields = {"kind": "approve", "scope": "found", "back": "state=submitted&q=нет такого"}
    answer = client.post("/cabinet/review/bulk/start/", fields, follow=True)
    assert "Среди отмеченных нет форм" in answer.content.decode()
    fields["back"] = "state=submitted"
    confirm = client.post("/cabinet/review/bulk/start/", fields)
    assert [row.pk for row in confirm.context["shown"]] == [submission.pk]


# --- the queue -----------------------------------------------------------------------------------


def test_decision_leads_to_the_next_form_of_the_list(client, campaign, director):
    sent = [file(item)[0] for item in campaign.submissions.order_by("municipality__sort_key")]
    people.sign_in(client, director)
    back = "state=submitted&order=name"
    page = client.get(f"/cabinet/review/{sent[1].pk}/?{back}")
    place = page.context["place"]
    assert (place.previous, place.next, place.number) == (sent[0].pk, sent[2].pk, 2)
    answer = client.post(f"/cabinet/review/{sent[1].pk}/approve/", {"back": back})
    assert answer["Location"].startswith(f"/cabinet/review/{sent[2].pk}/?state=submitted")


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("not_filed", 2),
        ("submitted", 1),
        ("late", 1),
        ("overdue", 1),
        ("extended", 1),
        ("again", 0),
    ],
)
def test_queue_filters(client, campaign, submission, director, state, found):
    """One filed late, one past its day, one extended."""
    file(submission)
    yesterday = timezone.localdate() - timedelta(days=1)
    type(campaign).objects.filter(pk=campaign.pk).update(
        opens_on=yesterday, municipality_deadline=yesterday
    )
    last = campaign.submissions.order_by("pk").last()
    Submission.objects.filter(pk=last.pk).update(extended_to=yesterday + timedelta(days=9))
    people.sign_in(client, director)
    page = client.get(f"/cabinet/review/?state={state}")
    assert page.context["page"].paginator.count == found


def test_additional_campaign_is_reached_by_its_id(client, campaign, director):
    extra = make_campaign_of_another_form(campaign)
    people.sign_in(client, director)
    assert client.get("/cabinet/review/").context["campaign"] == campaign
    assert client.get(f"/cabinet/review/?campaign={extra.pk}").context["campaign"] == extra
    assert client.get(f"/cabinet/review/?year={campaign.year}").context["campaign"] == campaign
    assert client.get("/cabinet/review/?campaign=999999").status_code == 404


def make_campaign_of_another_form(campaign):
    from annual_report.models import Campaign, Form, FormField
    from annual_report.services.campaigns import open_campaign

    form = Form.objects.create(code="second", title="Вторая форма")
    FormField.objects.create(form=form, indicator=campaign.form.fields.first().indicator)
    extra = Campaign.objects.create(
        form=form, year=campaign.year, is_main=False, title="Дополнительная",
        register_date=campaign.register_date, opens_on=campaign.opens_on,
        municipality_deadline=campaign.municipality_deadline,
        council_deadline=campaign.council_deadline, congress_deadline=campaign.congress_deadline,
    )  # fmt: skip
    return open_campaign(campaign=extra, by=None, announce=False)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "path", ["/cabinet/review/", "/cabinet/review/missing/", "/cabinet/review/bulk/",
             "/cabinet/review/extensions/", "/cabinet/corrections/"],
)  # fmt: skip
def test_query_count_does_not_grow_with_rows(client, path, count, django_assert_max_num_queries):
    for _ in range(count):
        people.municipality_head(people.MunicipalityFactory())
    make_campaign(make_form())
    people.sign_in(client, people.council_director(Region.objects.get(code="40")))
    client.get(path)
    with django_assert_max_num_queries(18):
        assert client.get(path).status_code == 200


# --- extensions ----------------------------------------------------------------------------------


def later(campaign, days=3):
    return next_working(campaign.municipality_deadline + timedelta(days=days))


def test_extension_moves_ones_own_deadline_and_keeps_the_late_mark(campaign, submission, director):
    until = later(campaign)
    row = extensions.extend_submission(
        submission=submission, until=until, reason="Паводок", by=director
    )
    submission.refresh_from_db()
    assert (submission.extended_to, submission.due, row.by) == (until, until, director)
    other = campaign.submissions.order_by("pk").last()
    assert other.due == campaign.municipality_deadline
    submission.filed_at = timezone.now() + timedelta(days=12)
    assert submission.is_late


def test_extension_names_what_is_wrong(campaign, submission, director, staff):
    far = next_working(campaign.council_deadline + timedelta(days=2))

    def extend(by=director, until=None, reason="Паводок", form=submission):
        until = until or later(campaign)
        return extensions.extend_submission(submission=form, until=until, reason=reason, by=by)

    with pytest.raises(ValidationError, match="Напишите причину"):
        extend(reason=" ")
    saturday = campaign.municipality_deadline
    while saturday.weekday() != 5:
        saturday += timedelta(days=1)
    with pytest.raises(ValidationError, match="выходной"):
        extend(until=saturday)
    with pytest.raises(ValidationError, match="не дальше своего"):
        extend(until=far)
    assert extend(by=staff, until=far).until == far
    with pytest.raises(PermissionDenied):
        extend(by=people.council_director(Region.objects.get(code="77")))
    sent, _head = file(campaign.submissions.order_by("pk").last())
    with pytest.raises(ValidationError, match="Форма уже сдана"):
        extend(form=sent)


def test_removed_extension_gives_the_former_one_back(campaign, submission, director, staff):
    first, second = later(campaign), later(campaign, 6)
    extensions.extend_submission(submission=submission, until=first, reason="а", by=staff)
    row = extensions.extend_submission(submission=submission, until=second, reason="б", by=staff)
    with pytest.raises(PermissionDenied):
        extensions.remove_extension(extension=row, by=director)
    extensions.remove_extension(extension=row, by=staff)
    submission.refresh_from_db()
    assert submission.extended_to == first
    with pytest.raises(ValidationError, match="уже снято"):
        extensions.remove_extension(extension=row, by=staff)


def test_councils_own_extension_moves_its_deadline(campaign, submission, staff, director):
    until = next_working(campaign.council_deadline + timedelta(days=4))
    with pytest.raises(PermissionDenied):
        extensions.extend_region(
            campaign=campaign, region=submission.region, until=until, reason="а", by=director
        )
    extensions.extend_region(
        campaign=campaign, region=submission.region, until=until, reason="Отпуск", by=staff
    )
    sent, _head = file(submission)
    assert Submission.objects.with_territory().get(pk=sent.pk).due == until


def test_hundreds_are_extended_with_one_reason(campaign, submission, director):
    file(submission)
    until = later(campaign)
    run = bulk.start_bulk(
        campaign=campaign, kind="extend", submissions=campaign.submissions.all(), by=director,
        comment="Нет связи", until=until,
    )  # fmt: skip
    assert bulk.tally(run) == {"waiting": 0, "done": 2, "skipped": 1}
    assert campaign.submissions.filter(extended_to=until).count() == 2
    assert set(campaign.extensions.values_list("reason", flat=True)) == {"Нет связи"}


# --- the deadline has passed ---------------------------------------------------------------------


@pytest.fixture
def past_deadline(campaign):
    yesterday = timezone.localdate() - timedelta(days=1)
    campaign.opens_on = campaign.municipality_deadline = yesterday
    campaign.save()
    return campaign


def test_late_form_is_accepted_and_marked(past_deadline, submission):
    sent, _head = file(submission)
    assert Submission.objects.get(pk=sent.pk).is_late


def test_campaign_without_late_forms_names_expiry_as_the_cause(past_deadline, director):
    past_deadline.accepts_late = False
    past_deadline.save()
    submission = past_deadline.submissions.order_by("pk").first()
    head = people.municipality_head(submission.municipality)
    with pytest.raises(ValidationError, match="Срок прошёл"):
        fill(submission, head, C01=1)
    extensions.extend_submission(
        submission=submission, until=next_working(timezone.localdate()), reason="Связь", by=director
    )
    assert fill(submission, head, C01=1).saved == ["C01"]


def test_returned_form_can_be_mended_after_the_deadline(campaign, submission, director):
    sent, head = file(submission)
    yesterday = timezone.localdate() - timedelta(days=1)
    type(campaign).objects.filter(pk=campaign.pk).update(
        opens_on=yesterday, municipality_deadline=yesterday, accepts_late=False
    )
    sent = Submission.objects.get(pk=sent.pk)
    with pytest.raises(PermissionDenied):
        submissions.withdraw_submission(submission=sent, by=head)
    back = review.return_submission(submission=sent, by=director, comment="C04")
    assert fill(back, head, C04=1).saved == ["C04"]
    submissions.submit_submission(submission=back, by=head, certified=True)


# --- the trail -----------------------------------------------------------------------------------


def test_trail_holds_the_first_value_too(submission, director):
    sent, head = file(submission)
    back = review.return_submission(submission=sent, by=director, comment="C04?")
    save_answers(
        submission=back, by=people.municipality_specialist(submission.municipality),
        cells={"C04": fill_cell(1, note="приказ")},
    )  # fmt: skip
    rows = Trail(back)[0:50]
    changed = [item for item in rows if item.kind == "cell" and item.title.startswith("C04")]
    assert [(item.old, item.new) for item in changed] == [
        ("2 чел.", "1 чел."), ("пусто", "2 чел."),
    ]  # fmt: skip
    assert changed[0].text == "примечание: «приказ»"
    assert changed[0].who == "Образцов\xa0П., Должность"
    states = [item.title for item in rows if item.kind == "state"]
    assert states == ["Вернуть на доработку", "Отправить в совет", "Начато заполнение"]
    assert Trail(back, "state").count() == 3
    assert len(Trail(back)) == len(rows)


def fill_cell(value, note=""):
    from decimal import Decimal

    from annual_report.services.answers import CellInput

    return CellInput(Decimal(value), "", note, timezone.now())


def test_trail_is_the_municipalitys_own_and_pages_in_the_database(client, submission):
    _sent, head = file(submission)
    people.sign_in(client, head)
    page = client.get(f"/cabinet/forms/{submission.pk}/history/")
    assert page.context["page"].paginator.count == len(Trail(submission))
    table = client.get(f"/cabinet/forms/{submission.pk}/history.csv").content.decode()
    assert "C04 Обучено;пусто;2 чел." in table
    stranger = people.municipality_head(campaign_stranger())
    people.sign_in(client, stranger)
    assert client.get(f"/cabinet/forms/{submission.pk}/history/").status_code == 404


def campaign_stranger():
    return people.MunicipalityFactory(region=Region.objects.get(code="77"))


# --- calls ---------------------------------------------------------------------------------------


def test_list_of_those_who_have_not_filed_says_whom_to_call(submission, director):
    head = people.municipality_head(submission.municipality)
    specialist = people.municipality_specialist(submission.municipality)
    note_call(submission=submission, text="Сдадут", promised_on=None, by=director)
    note_call(
        submission=submission, text="Ждут бухгалтера", promised_on=timezone.localdate(), by=director
    )
    (line,) = describe_missing([submission], timezone.localdate(), with_contacts=True)
    assert [person.user_id for person in line.contacts.people] == [specialist.pk, head.pk]
    assert (line.holder, line.days_late, line.call.text) == (
        "никто не начинал", 0, "Ждут бухгалтера",
    )  # fmt: skip
    submission.state = SubmissionState.PREPARED
    (line,) = describe_missing([submission], timezone.localdate(), with_contacts=True)
    assert line.contacts.people[0].user_id == head.pk


def test_call_is_noted_by_the_regions_council_only(submission):
    with pytest.raises(PermissionDenied):
        note_call(
            submission=submission, text="а", promised_on=None,
            by=people.council_director(Region.objects.get(code="77")),
        )  # fmt: skip


def test_reading_of_contacts_is_recorded_for_each_person(client, submission, director):
    head = people.municipality_head(submission.municipality)
    head.phone = "+7 900 000-00-00"
    head.save()
    people.sign_in(client, director)
    assert "+7 900 000-00-00" in client.get("/cabinet/review/missing/").content.decode()
    event = AuditEvent.objects.get(action="accounts.viewed")
    assert (event.subject_id, event.actor) == (str(head.pk), director)
    people.sign_in(client, people.user_with("auditor", people.organisation("congress")))
    assert "+7 900 000-00-00" not in client.get("/cabinet/review/missing/").content.decode()
    assert AuditEvent.objects.filter(action="accounts.viewed").count() == 1


def test_phone_list_of_the_congress_is_by_region(client, submission, staff):
    head = people.municipality_head(submission.municipality)
    people.sign_in(client, staff)
    assert client.get("/cabinet/review/phones.csv").status_code == 302
    table = client.get("/cabinet/review/phones.csv?region=40").content.decode()
    assert table.count("\r\n") == 4
    assert str(head) in table
