"""Forms when their municipalities end: who goes on with them, which close, which begin."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from annual_report.card import find_lock
from annual_report.models import Answer, Submission
from annual_report.selectors import COUNTS, get_filled_form
from annual_report.services.answers import CellInput, save_answers
from annual_report.services.notices import municipality_people
from okmo_portal.organisations.services.transformations import undo_transformation
from okmo_portal.workflow.models import StateChange
from tests.annual_report.test_earlier import Past, approve
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form
from tests.organisations.test_transformations import LAW, first_level, new, transform

pytestmark = pytest.mark.django_db
#: The campaign of 2025 asks the register of 1 January 2026.
BEFORE, AFTER = date(2025, 12, 1), date(2026, 2, 1)


@pytest.fixture
def world():
    one, two = first_level(41, "Первый"), first_level(42, "Второй")
    campaign = make_campaign(make_form())
    head = people.municipality_head(one)
    fill(campaign.submissions.get(municipality=one), head, C01=10, C02=5)
    return one, two, campaign, head


def merge(one, two, day):
    change = transform("merge", [one, two], [new("29541000")], day=day)
    return change, change.successors.get()


def form_of(campaign, place):
    return campaign.submissions.get(municipality=place)


def test_form_of_the_period_before_stays_and_the_heirs_people_finish_it(world):
    one, two, campaign, head = world
    change, heir = merge(one, two, AFTER)
    form = form_of(campaign, one)
    assert (form.state, form.custodian, form.filled) == ("draft", heir, 2)
    assert change.effects["notes"] == [
        (
            "Форма за 2025 год, Второй: никто не начинал; остаётся за упразднённым муниципалитетом за "
            "период до 01.02.2026, заканчивает и подписывает её Новый муниципальный округ."
        ),
        (
            f"Форма за 2025 год, Первый: заполнено 2 из 3, последним работал(а) {head} "
            f"({form.updated_at:%d.%m.%Y}); остаётся за упразднённым муниципалитетом за период до "
            "01.02.2026, заканчивает и подписывает её Новый муниципальный округ."
        ),
    ]
    newcomer = people.municipality_head(heir)
    stranger = people.municipality_head(first_level(43))
    assert set(Submission.objects.visible_to(newcomer)) == {form, form_of(campaign, two)}
    assert not Submission.objects.visible_to(stranger).filter(pk=form.pk).exists()
    cells = {"C01": CellInput(Decimal(11), overwrite=True)}
    assert save_answers(submission=form, cells=cells, by=newcomer).saved == ["C01"]
    assert get_filled_form(form).cells["C01"].value == 11
    assert set(municipality_people(*form.keepers)) == {head, newcomer}
    # Its own campaign's register does not know the heir.
    assert not campaign.submissions.filter(municipality=heir).exists()


def test_form_whose_register_no_longer_knows_the_municipality_closes_with_its_cause(world):
    one, two, campaign, head = world
    _change, heir = merge(one, two, BEFORE)
    form = form_of(campaign, one)
    assert (form.state, form.closed_by.law) == ("closed", LAW)
    lock = find_lock(form)
    assert lock.cause == "transformed"
    assert lock.text == (
        f"Форма закрыта. объединение 01.12.2025 — {LAW}: на дату реестра (01.01.2026) "
        "муниципалитета уже нет."
    )
    assert lock.way_out == "Данные за 2025 год сдаёт преемник: Новый муниципальный округ."
    with pytest.raises(ValidationError, match="Форма закрыта"):
        save_answers(submission=form, cells={}, by=head)
    assert Answer.objects.filter(submission=form).count() == 2
    assert StateChange.objects.of(form).first().comment == f"объединение 01.12.2025: {LAW}"
    opened = form_of(campaign, heir)
    assert (opened.state, opened.required) == ("not_started", 3)
    assert campaign.submissions.aggregate(**COUNTS)["expected"] == 1
    assert list(campaign.submissions.not_filed()) == [opened]


def test_filed_form_stays_as_it_was_filed(world):
    one, two, campaign, head = world
    form = form_of(campaign, one)
    Submission.objects.filter(pk=form.pk).update(
        state="submitted", submitted_at=form.updated_at, submitted_by=head
    )
    change, heir = merge(one, two, BEFORE)
    form.refresh_from_db()
    assert (form.state, form.custodian) == ("submitted", heir)
    assert (
        "Форма за 2025 год, Первый: на проверке в совете. Остаётся за упразднённым "
        "муниципалитетом, данные не меняются."
    ) in change.effects["notes"]


def test_heirs_new_form_begins_with_what_is_known_of_its_predecessors():
    one, two = first_level(41, "Первый"), first_level(42, "Второй")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30))
    approve(past)
    campaign = past.open().campaign
    _change, heir = merge(one, two, BEFORE)
    form = get_filled_form(form_of(campaign, heir))
    assert (form.cells["C01"].value, form.submission.prefilled) == (400, 1)
    assert form.cells["C02"].previous == 180


def test_wrong_entry_taken_back_brings_the_forms_back(world):
    one, two, campaign, head = world
    change, heir = merge(one, two, BEFORE)
    undo_transformation(change=change, by=None, reason="Не тот закон")
    form, untouched = form_of(campaign, one), form_of(campaign, two)
    assert (form.state, form.closed_by, form.custodian) == ("draft", None, None)
    assert (untouched.state, untouched.custodian) == ("not_started", None)
    assert campaign.submissions.count() == 2
    fill(form, head, C04=1)


def test_entry_is_not_taken_back_once_the_heir_has_worked(world):
    one, two, campaign, _head = world
    change, heir = merge(one, two, BEFORE)
    fill(form_of(campaign, heir), people.municipality_head(heir), C01=1)
    with pytest.raises(ValidationError, match="преемники уже работали с отчётом"):
        undo_transformation(change=change, by=None, reason="Не тот закон")
    assert form_of(campaign, one).state == "closed"


def test_page_names_the_cause_and_the_keeper(client, world, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    one, two, campaign, _head = world
    _change, heir = merge(one, two, AFTER)
    form = form_of(campaign, one)
    people.sign_in(client, people.municipality_head(heir))
    page = client.get(form.get_absolute_url()).content.decode()
    assert "упразднён 01.02.2026. Форма остаётся за ним за период до этой даты" in page
    assert "у преемника: Новый муниципальный округ" in page
    assert "Первый" in client.get("/cabinet/forms/").content.decode()


def test_closed_form_says_why_on_its_page(client, world, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    one, two, campaign, head = world
    merge(one, two, BEFORE)
    people.sign_in(client, head)
    page = client.get(form_of(campaign, one).get_absolute_url()).content.decode()
    assert "Форма закрыта. объединение 01.12.2025" in page
    assert "сдаёт преемник: Новый муниципальный округ" in page
