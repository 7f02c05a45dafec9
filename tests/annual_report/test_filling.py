"""Filling a form: cells, what is known beforehand, who may change what, the two signatures."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from annual_report.card import find_holder, find_lock, notable_changes, what_if_late
from annual_report.enums import AnswerSource, SubmissionState
from annual_report.filled_form import get_filled_form
from annual_report.form_spec import get_form_spec
from annual_report.forms import read_cells
from annual_report.models import (
    Answer,
    Campaign,
    CellReturn,
    Dataset,
    FieldMove,
    FormField,
    Indicator,
    Observation,
    Submission,
)
from annual_report.services import review
from annual_report.services import submissions as services
from annual_report.services.answers import CellInput, explain_problems, save_answers
from annual_report.services.campaigns import close_campaign
from okmo_portal.notifications.models import Notification
from okmo_portal.workflow.models import StateChange
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def municipality():
    return people.MunicipalityFactory()


@pytest.fixture
def form():
    return make_form()


@pytest.fixture
def submission(municipality, form):
    return make_campaign(form).submissions.get(municipality=municipality)


@pytest.fixture
def head(municipality):
    return people.municipality_head(municipality)


@pytest.fixture
def specialist(municipality):
    return people.municipality_specialist(municipality)


def cell(submission, code):
    return get_filled_form(submission).cells[code]


def ready(submission, by):
    """Everything filled and no rule broken."""
    fill(submission, by, C01=10, C02=8, C04=2)
    submission.refresh_from_db()
    return submission


def publish(code, municipality, value, year=2025, **fields):
    """A federal figure."""
    dataset, _ = Dataset.objects.get_or_create(
        code=fields.pop("dataset", "bdmo"),
        defaults={"title": "БДПМО", "publisher": "Росстат", "source": "Росстат, БДПМО",
                  "is_federal": True} | fields,
    )  # fmt: skip
    return Observation.objects.create(
        dataset=dataset, indicator=Indicator.objects.get(code=code), municipality=municipality,
        year=year, value=value,
    )  # fmt: skip


# --- cells ---------------------------------------------------------------------------------------


def test_a_cell_keeps_value_plans_and_note(submission, specialist):
    FormField.objects.filter(indicator__code="C01").update(asks_plan=True)
    given = CellInput(
        Decimal(10), "", "с учётом новых", None, False, Decimal(11), None, Decimal(13)
    )
    result = save_answers(submission=submission, cells={"C01": given}, by=specialist)
    saved = Answer.objects.get(submission=submission)
    assert (saved.value, saved.note) == (10, "с учётом новых")
    assert (saved.plan_1, saved.plan_2, saved.plan_3) == (11, None, 13)
    assert cell(submission, "C01").typed_plans == ["11", "", "13"]
    assert result.form.cells["C01"].answer[:9] == cell(submission, "C01").answer[:9]


def test_empty_cells_write_nothing_and_start_nothing(submission, specialist):
    result = save_answers(
        submission=submission, cells={"C01": CellInput(), "C02": CellInput()}, by=specialist
    )
    assert (result.saved, result.changed) == (["C01", "C02"], False)
    assert not Answer.objects.exists()
    submission.refresh_from_db()
    assert (submission.state, submission.version) == (SubmissionState.NOT_STARTED, 0)


def test_a_cell_that_changes_nothing_is_not_written(submission, head, specialist):
    fill(submission, head, C01=10)
    before = Answer.objects.get(submission=submission)
    result = save_answers(
        submission=submission, cells={"C01": CellInput(Decimal("10.000"))}, by=specialist
    )
    after = Answer.objects.get(submission=submission)
    assert (after.updated_at, after.updated_by) == (before.updated_at, head)
    assert (result.saved, result.conflicts) == (["C01"], [])


def test_emptied_cell_is_no_longer_filled(submission, head):
    fill(submission, head, C01=10)
    save_answers(submission=submission, cells={"C01": CellInput()}, by=head)
    submission.refresh_from_db()
    assert submission.filled == 0


def test_what_is_not_posted_stays(submission, head):
    FormField.objects.filter(indicator__code="C01").update(asks_plan=True)
    given = CellInput(Decimal(10), "", "примечание", None, False, Decimal(11))
    save_answers(submission=submission, cells={"C01": given}, by=head)
    posted = read_cells(get_filled_form(submission).asked, {"value-C01": "12"})
    assert list(posted.cells) == ["C01"]
    assert posted.cells["C01"][:3] == (Decimal(12), "", "примечание")
    assert posted.cells["C01"].plan_1 == 11


def test_wrong_plan_names_the_year(submission):
    FormField.objects.filter(indicator__code="C01").update(asks_plan=True)
    posted = read_cells(
        get_filled_form(submission).asked, {"value-C01": "1", "plan_2-C01": "много"}
    )
    assert posted.errors["C01"].startswith("План, 2-й год: «много» — не число.")


def test_no_data_needs_a_reason_and_no_value(submission, head):
    cells = get_filled_form(submission).asked
    posted = read_cells(cells, {"value-C01": "", "reason-C01": "Учёт не ведётся", "value-C02": "1",
                                "reason-C02": "Нет"})  # fmt: skip
    assert posted.cells["C01"].no_data_reason == "Учёт не ведётся"
    assert posted.errors["C02"] == "Есть и значение, и причина «нет данных». Оставьте что-то одно."


def test_two_editors_on_one_page_conflict_by_cell(submission, head, specialist):
    """Both opened the page at the same moment; only the cell that both changed is disputed."""
    fill(submission, head, C01=1, C02=1, C04=1)
    opened = Submission.objects.get(pk=submission.pk).updated_at
    cells = {
        "C01": CellInput(Decimal(5), seen_at=opened),
        "C02": CellInput(Decimal(1), seen_at=opened),
    }
    assert save_answers(submission=submission, cells=cells, by=head).conflicts == []
    cells = {
        "C01": CellInput(Decimal(7), seen_at=opened),
        "C02": CellInput(Decimal(1), seen_at=opened),
        "C04": CellInput(Decimal(9), seen_at=opened),
    }
    result = save_answers(submission=submission, cells=cells, by=specialist)
    assert [(c.code, c.value, c.by) for c in result.conflicts] == [("C01", "5,0", str(head))]
    assert dict(Answer.objects.values_list("indicator__code", "value")) == {
        "C01": 5, "C02": 1, "C04": 9,
    }  # fmt: skip


def test_conflict_is_overwritten_only_when_wanted(submission, head, specialist):
    fill(submission, head, C01=1)
    cells = {"C01": CellInput(Decimal(7), overwrite=True)}
    assert save_answers(submission=submission, cells=cells, by=specialist).conflicts == []
    assert Answer.objects.get().value == 7


# --- the spec kept in memory ---------------------------------------------------------------------


def test_spec_is_kept_until_the_catalogue_changes(submission):
    campaign = submission.campaign
    key = campaign.form_id, submission.municipality.kind, campaign.year
    first = get_form_spec(*key)
    assert get_form_spec(*key) is first
    # A bulk update calls no save(): the database itself renews the stamp.
    Indicator.objects.filter(code="C01").update(hint="Без вакансий")
    assert get_form_spec(*key).by_code["C01"].hint == "Без вакансий"
    FormField.objects.filter(indicator__code="C04").delete()
    assert "C04" not in get_form_spec(*key).by_code


def test_last_years_value_comes_in_this_years_unit(municipality, form, head):
    last = approved(make_campaign(form, 2024).submissions.get(), head)
    close_campaign(campaign=last.campaign, by=None)
    indicator = Indicator.objects.get(code="C01")
    version = dict.fromkeys(("title", "title_en", "unit", "unit_en", "definition", "source"), "Т")
    indicator.versions.create(number=1, from_year=0, **version)
    indicator.versions.create(number=2, from_year=2025, conversion=Decimal("0.001"), **version)
    other = Indicator.objects.get(code="C02")
    other.versions.create(number=1, from_year=0, **version)
    other.versions.create(number=2, from_year=2025, conversion=None, **version)
    submission = make_campaign(form, 2025).submissions.get()
    found = get_filled_form(submission)
    assert found.cells["C01"].previous == Decimal("0.01")
    assert found.cells["C02"].previous is None
    assert found.cells["C02"].indicator.has_break
    assert list(submission.answers.values_list("indicator__code", "value")) == [
        ("C01", Decimal("0.01"))
    ]


def test_replaced_indicator_goes_on_with_the_others_value(municipality, form, head):
    last = approved(make_campaign(form, 2024).submissions.get(), head)
    close_campaign(campaign=last.campaign, by=None)
    former = Indicator.objects.get(code="C02")
    FormField.objects.filter(indicator=former).delete()
    target = Indicator.objects.create(
        code="C09", section=former.section, title="Замещено, тыс.", title_en="Filled", unit="тыс.",
        unit_en="k", value_type="decimal", decimals=3, aggregation="sum", definition="О.",
    )  # fmt: skip
    FormField.objects.create(form=form, indicator=target, prefill="last_year")
    FieldMove.objects.create(form=form, source=former, target=target, factor=Decimal("0.001"))
    submission = make_campaign(form, 2025).submissions.get()
    assert cell(submission, "C09").previous == Decimal("0.008")
    assert submission.answers.get(indicator=target).value == Decimal("0.008")


# --- known beforehand ----------------------------------------------------------------------------


def approved(submission, head):
    ready(submission, head)
    services.submit_submission(submission=submission, by=head, certified=True)
    director = people.council_director(submission.region)
    return review.approve_submission(submission=submission, by=director)


@pytest.fixture
def known(municipality, form):
    """A form whose C04 federal data hold, while last year's C01 is carried over."""
    head = people.municipality_head(municipality)
    last = make_campaign(form, 2024)
    approved(last.submissions.get(), head)
    close_campaign(campaign=last, by=None)
    FormField.objects.filter(indicator__code="C04").update(prefill="federal")
    publish("C04", municipality, 3)
    publish("C04", municipality, 99, year=2024)
    publish("C04", municipality, 98, dataset="other", priority=200)
    publish("C04", people.MunicipalityFactory(), 97)
    publish("C04", municipality, 96, dataset="private", is_federal=False, priority=1)
    return make_campaign(form, 2025).submissions.get(municipality=municipality)


def test_prefill_takes_last_year_and_the_first_federal_set(known):
    found = known.answers.order_by("indicator__code").values_list(
        "indicator__code", "value", "source"
    )
    assert list(found) == [("C01", 10, "last_year"), ("C04", 3, "federal")]
    assert (known.prefilled, known.filled) == (2, 2)
    assert str(cell(known, "C04").federal) == "Росстат, БДПМО"
    assert [item.code for item in get_filled_form(known).known] == ["C04"]


def test_a_prefilled_value_that_stays_keeps_its_source(known, specialist):
    save_answers(
        submission=known,
        cells={"C01": CellInput(Decimal(10)), "C04": CellInput(Decimal(3), note="верно")},
        by=specialist,
    )
    rows = known.answers.order_by("indicator__code").values_list("source", "updated_by")
    assert list(rows) == [("last_year", specialist.pk), ("federal", specialist.pk)]
    save_answers(submission=known, cells={"C01": CellInput(Decimal(12))}, by=specialist)
    assert known.answers.get(indicator__code="C01").source == AnswerSource.MANUAL
    assert get_filled_form(known).kept == 1


def test_departing_from_federal_data_needs_a_note(known, head):
    save_answers(
        submission=known,
        cells={
            "C01": CellInput(Decimal(10)), "C02": CellInput(Decimal(8)), "C04": CellInput(Decimal(4)),
        },
        by=head,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="в форме 4, в федеральных данных 3"):
        services.submit_submission(submission=known, by=head, certified=True)
    save_answers(
        submission=known, cells={"C04": CellInput(Decimal(4), note="по приказам")}, by=head
    )
    sent = services.submit_submission(submission=known, by=head, certified=True)
    assert sent.state == SubmissionState.SUBMITTED


def test_saving_other_cells_does_not_confirm_what_is_known(known):
    asked = get_filled_form(known).asked
    data = {"value-C01": "11", "value-C04": "3", "reason-C04": "", "note-C04": ""}
    assert list(read_cells(asked, data).cells) == ["C01"]
    assert list(read_cells(asked, data, confirm_known=True).cells) == ["C01", "C04"]
    assert list(read_cells(asked, data | {"value-C04": "4"}).cells) == ["C01", "C04"]


def test_known_values_are_confirmed_in_one_press(client, known, specialist):
    people.sign_in(client, specialist)
    page = client.get(f"/cabinet/forms/{known.pk}/all/").content.decode()
    assert "Уже известно: 1" in page
    assert "Росстат, БДПМО" in page
    data = {"seen": "", "value-C01": "10", "value-C02": "", "value-C04": "3", "confirm": "1"}
    client.post(f"/cabinet/forms/{known.pk}/all/", data)
    row = known.answers.get(indicator__code="C04")
    assert (row.source, row.updated_by) == ("federal", specialist)
    assert get_filled_form(known).known == []


# --- sent back cell by cell ------------------------------------------------------------------------


@pytest.fixture
def returned(submission, head):
    """The council sent C04 back."""
    ready(submission, head)
    services.submit_submission(submission=submission, by=head, certified=True)
    director = people.council_director(submission.region)
    back = review.return_submission(submission=submission, by=director, comment="См. показатели")
    CellReturn.objects.create(
        submission=back, indicator=Indicator.objects.get(code="C04"), comment="Мало", by=director
    )
    return back


def test_only_returned_cells_can_be_changed(returned, head):
    result = save_answers(
        submission=returned,
        cells={"C01": CellInput(Decimal(99)), "C02": CellInput(Decimal(8)), "C04": CellInput(Decimal(3))},
        by=head,
    )  # fmt: skip
    assert result.saved == ["C02", "C04"]
    assert result.refused == {
        "C01": "Форму вернули, чтобы исправить 1\xa0показатель: C04. Остальные сейчас не меняются."
    }
    assert result.form.cells["C01"].value == 10


def test_page_opens_the_returned_cell_alone_with_its_comment(client, returned, head):
    people.sign_in(client, head)
    page = client.get(f"/cabinet/forms/{returned.pk}/section/C/").content.decode()
    inputs = [part.split(">")[0] for part in page.split('id="field-')[1:]]
    assert ["disabled" in text for text in inputs if text.startswith(("C01", "C02", "C04"))] == [
        True, True, False,
    ]  # fmt: skip
    assert "<strong>Вернули:</strong> Мало" in page


def test_sending_again_resolves_and_withdrawing_opens_again(returned, head):
    fill(returned, head, C04=3)
    sent = services.submit_submission(submission=returned, by=head, certified=True)
    assert CellReturn.objects.get().resolved_at == sent.submitted_at
    back = services.withdraw_submission(submission=sent, by=head)
    assert [item.code for item in get_filled_form(back).returned] == ["C04"]


# --- two people ------------------------------------------------------------------------------------


def test_specialist_prepares_and_the_head_is_told(
    submission, specialist, head, django_capture_on_commit_callbacks
):
    ready(submission, specialist)
    with pytest.raises(PermissionDenied):
        services.submit_submission(submission=submission, by=specialist, certified=True)
    with django_capture_on_commit_callbacks(execute=True):
        services.prepare_submission(submission=submission, by=specialist)
    submission.refresh_from_db()
    assert (submission.state, submission.prepared_by) == (SubmissionState.PREPARED, specialist)
    told = Notification.objects.get(kind="annual_report.prepared")
    assert (told.user, told.url) == (head, f"/cabinet/forms/{submission.pk}/certify/")
    with pytest.raises(ValidationError, match="на подписи у главы"):
        fill(submission, specialist, C01=1)


def test_unfinished_form_cannot_be_prepared(submission, specialist):
    fill(submission, specialist, C01=10)
    with pytest.raises(ValidationError, match="пока нельзя отправить: Не заполнено"):
        services.prepare_submission(submission=submission, by=specialist)


def test_head_returns_to_the_executor_with_a_comment(
    submission, specialist, head, django_capture_on_commit_callbacks
):
    services.prepare_submission(submission=ready(submission, specialist), by=specialist)
    with pytest.raises(ValidationError, match="Напишите исполнителю"):
        services.take_back_submission(submission=submission, by=head, comment="  ")
    with django_capture_on_commit_callbacks(execute=True):
        back = services.take_back_submission(submission=submission, by=head, comment="Уточните C04")
    assert back.state == SubmissionState.DRAFT
    told = Notification.objects.get(kind="annual_report.prepared", user=specialist)
    assert told.body == "Уточните C04"
    assert StateChange.objects.of(submission).first().comment == "Уточните C04"


def test_executor_takes_back_without_a_word(submission, specialist, head):
    services.prepare_submission(submission=ready(submission, specialist), by=specialist)
    back = services.take_back_submission(submission=submission, by=specialist)
    assert back.state == SubmissionState.DRAFT
    fill(back, specialist, C01=11)


def test_chief_of_staff_may_sign(submission, municipality, specialist):
    chief = people.user_with("chief_of_staff", specialist.active_membership.organisation)
    services.prepare_submission(submission=ready(submission, specialist), by=specialist)
    sent = services.submit_submission(submission=submission, by=chief, certified=True)
    assert (sent.submitted_by, sent.state) == (chief, SubmissionState.SUBMITTED)


def test_signature_can_be_checked_and_tells_of_later_changes(client, submission, head):
    ready(submission, head)
    explain_problems(submission=submission, texts={}, by=head)
    sent = services.submit_submission(submission=submission, by=head, certified=True)
    people.sign_in(client, head)
    text = client.get(f"/cabinet/forms/{sent.pk}/certified.txt").content
    assert hashlib.sha256(text).hexdigest() == sent.certified_checksum
    address = f"/cabinet/forms/{sent.pk}/"
    assert client.get(address).context["signature"]["is_unchanged"]
    Answer.objects.filter(submission=sent, indicator__code="C04").update(value=3)
    assert "После подписи данные изменились" in client.get(address).content.decode()
    text = client.get(f"/cabinet/forms/{sent.pk}/certified.txt").content
    assert hashlib.sha256(text).hexdigest() != sent.certified_checksum


# --- the whole form in one press ---------------------------------------------------------------------


def whole(**changes):
    data = {"seen": "", "value-C01": "10", "value-C02": "8", "value-C04": "2"}
    for code in ("C01", "C02", "C04"):
        data |= {f"reason-{code}": "", f"note-{code}": ""}
    return data | changes


def test_head_saves_certifies_and_sends_in_one_press(client, submission, head):
    people.sign_in(client, head)
    address = f"/cabinet/forms/{submission.pk}/all/"
    answer = client.post(address, whole(submit="1", certified="1"))
    assert answer["Location"] == f"/cabinet/forms/{submission.pk}/sent/"
    submission.refresh_from_db()
    assert (submission.state, submission.filled) == (SubmissionState.SUBMITTED, 3)
    assert submission.certified_checksum
    moves = StateChange.objects.of(submission).values_list("transition", flat=True)
    assert list(moves) == ["submit", "start"]
    # A second press finds it sent and changes nothing.
    assert client.post(address, whole(submit="1", certified="1")).status_code == 302
    assert StateChange.objects.of(submission).count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value-C02": "11", "submit": "1", "certified": "1"}, "Замещено 11,0 больше"),
        ({"value-C04": "", "submit": "1", "certified": "1"}, "отправить форму пока нельзя"),
        ({"value-C04": "два", "submit": "1", "certified": "1"}, "«два» — не число"),
        ({"submit": "1"}, "Подтвердите, что данные проверены"),
    ],
)
def test_what_is_right_stays_saved_when_it_cannot_be_sent(client, submission, head, changes, words):
    people.sign_in(client, head)
    answer = client.post(f"/cabinet/forms/{submission.pk}/all/", whole(**changes))
    assert words in answer.content.decode()
    submission.refresh_from_db()
    assert submission.state == SubmissionState.DRAFT
    assert Answer.objects.get(submission=submission, indicator__code="C01").value == 10


def test_specialist_cannot_send_but_hands_over_in_one_press(client, submission, specialist, head):
    people.sign_in(client, specialist)
    address = f"/cabinet/forms/{submission.pk}/all/"
    assert client.post(address, whole(submit="1", certified="1")).status_code == 404
    assert not Answer.objects.exists()
    page = client.get(address).content.decode()
    assert f"только тот, кто её подписывает: {head}" in page
    client.post(address, whole(prepare="1"))
    submission.refresh_from_db()
    assert submission.state == SubmissionState.PREPARED


def test_explanation_is_sent_with_the_form(client, submission, head):
    people.sign_in(client, head)
    rule = submission.campaign.form.control_rules.get(code="K2")
    data = whole(**{"value-C04": "9", f"explain-{rule.pk}": "Двое учились дважды",
                    "submit": "1", "certified": "1"})  # fmt: skip
    client.post(f"/cabinet/forms/{submission.pk}/all/", data)
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SUBMITTED
    assert submission.explanations.get().text == "Двое учились дважды"


def test_autosave_takes_many_cells_and_tells_the_fate_of_each(client, submission, head):
    people.sign_in(client, head)
    cells = [
        {"code": "C01", "value": "10", "note": "н"}, {"code": "C02", "value": "x"},
        {"code": "C07", "value": "1"},
    ]  # fmt: skip
    body = client.post(
        f"/cabinet/forms/{submission.pk}/answer/", {"cells": cells}, content_type="application/json"
    ).json()
    assert set(body["cells"]["C01"]) == {"seen"}
    assert body["cells"]["C02"]["error"].startswith("«x» — не число.")
    assert body["cells"]["C07"]["error"] == "Такого показателя в форме нет."
    assert body["sections"] == {"C": [1, 3]}
    assert Answer.objects.get().note == "н"
    # What is not given stays.
    client.post(
        f"/cabinet/forms/{submission.pk}/answer/",
        {"cells": [{"code": "C01", "value": "11", "seen": body["cells"]["C01"]["seen"]}]},
        content_type="application/json",
    )
    assert Answer.objects.values_list("value", "note").get() == (11, "н")


# --- the card ----------------------------------------------------------------------------------------


def test_lock_names_cause_and_way_out(submission, head, specialist):
    assert find_lock(submission) is None
    services.prepare_submission(submission=ready(submission, specialist), by=specialist)
    submission.refresh_from_db()
    assert find_lock(submission).cause == "signature"
    sent = services.submit_submission(submission=submission, by=head, certified=True)
    assert find_lock(sent).cause == "council"
    assert "отзовите" in find_lock(sent).way_out
    director = people.council_director(submission.region)
    done = review.approve_submission(submission=sent, by=director)
    assert find_lock(done).cause == "approved"
    assert "исправлением" in find_lock(done).way_out


def test_closed_and_expired_campaigns_lock_in_their_own_words(submission, head):
    Campaign.objects.update(opens_on=date(2020, 1, 1), municipality_deadline=date(2020, 2, 3))
    late = Submission.objects.select_related("campaign", "municipality").get(pk=submission.pk)
    assert find_lock(late) is None
    assert what_if_late(late).startswith("Срок прошёл 03.02.2020.")
    Campaign.objects.update(accepts_late=False)
    late = Submission.objects.select_related("campaign", "municipality").get(pk=submission.pk)
    assert (find_lock(late).cause, what_if_late(late)) == ("expired", "")
    with pytest.raises(ValidationError, match="продлить срок"):
        fill(late, head, C01=1)
    Submission.objects.update(extended_to=timezone.localdate() + timedelta(days=1))
    late.refresh_from_db()
    fill(late, head, C01=1)
    close_campaign(campaign=late.campaign, by=None)
    late = Submission.objects.select_related("campaign", "municipality").get(pk=submission.pk)
    assert find_lock(late).cause == "closed"


def test_holder_is_named_with_the_councils_contact(submission, head):
    assert find_holder(submission).name == "у муниципалитета"
    director = people.council_director(submission.region)
    council = director.active_membership.organisation
    council.phone = "+7 4842 00-00-00"
    council.save()
    sent = services.submit_submission(submission=ready(submission, head), by=head, certified=True)
    holder = find_holder(sent)
    assert (holder.person, holder.phone) == (f"{director}, Должность", "+7 4842 00-00-00")


def test_notable_changes_come_largest_first(municipality, form, head):
    last = approved(make_campaign(form, 2024).submissions.get(), head)
    close_campaign(campaign=last.campaign, by=None)
    submission = make_campaign(form, 2025).submissions.get()
    fill(submission, head, C01=11, C02=4, C04=8)
    found = notable_changes(get_filled_form(submission))
    assert [(item.code, item.change) for item in found] == [
        ("C04", 3), ("C07", Decimal("-0.545")), ("C02", Decimal("-0.5")),
    ]  # fmt: skip


# --- burden --------------------------------------------------------------------------------------------


def test_work_is_counted_by_gaps_of_at_most_five_minutes(submission, head):
    fill(submission, head, C01=10)
    for gap, number in ((60, 1), (299, 2), (301, 3), (5, 4)):
        Submission.objects.update(updated_at=timezone.now() - timedelta(seconds=gap))
        fill(submission, head, C01=10, C02=number)
    submission.refresh_from_db()
    assert submission.active_seconds == 60 + 299 + 5


def test_card_says_what_the_form_cost(client, known, head):
    people.sign_in(client, head)
    fill(known, head, C01=12, C02=8)
    Submission.objects.filter(pk=known.pk).update(active_seconds=61)
    burden = client.get(f"/cabinet/forms/{known.pk}/").context["burden"]
    assert (burden.minutes, burden.asked, burden.prefilled, burden.changed) == (2, 3, 2, 1)
