"""The burden meter over many forms: by form, kind and region, against the year before."""

import csv
import io

import pytest
from django.utils import timezone

from annual_report.burden import count_loads
from annual_report.models import Campaign, Submission
from annual_report.services.prefill import prefill_submissions
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.models import Region
from tests.annual_report.test_rules_values import file_form
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def file_with(campaign, place, minutes, by=None, **values):
    head = by or people.municipality_head(place)
    form = campaign.submissions.get(municipality=place)
    fill(form, head, **values)
    file_form(form, head)
    Submission.objects.filter(pk=form.pk).update(
        active_seconds=60 * minutes, state="approved", decided_at=timezone.now(), decided_by=head
    )
    return head


@pytest.fixture
def world():
    """Two districts and a town in region 40, one district elsewhere; 2024 slow, 2025 quicker."""
    form = make_form()
    district, other = (people.MunicipalityFactory() for _ in range(2))
    town = people.MunicipalityFactory(kind=Kind.URBAN_OKRUG)
    far = people.MunicipalityFactory(region=Region.objects.get(code="77"))
    places = district, other, town, far
    before = make_campaign(form, 2024)
    heads = [
        file_with(before, place, minutes, C01=10, C02=8, C04=2)
        for place, minutes in zip(places, (100, 200, 40, 60), strict=True)
    ]
    Campaign.objects.filter(pk=before.pk).update(state="closed")
    campaign = make_campaign(form, 2025)
    file_with(campaign, district, 50, heads[0], C01=10, C02=8, C04=2)
    file_with(campaign, other, 90, heads[1], C01=11, C02=8, C04=2)
    file_with(campaign, town, 0, heads[2], C01=10, C02=8, C04=2)
    return {"campaign": campaign, "before": before, "places": places}


def open_page(client, user, path="/cabinet/burden/"):
    people.sign_in(client, user)
    return client.get(path)


def lines(page, name):
    return {line.name: line for line in page.context[name]}


def test_staff_see_fields_shares_and_minutes_against_last_year(client, world):
    page = open_page(client, people.congress_staff())
    whole = page.context["whole"]
    # Three asked cells a form; C01 came with last year's value, one form typed another.
    assert (whole.now.forms, whole.now.measured, whole.now.asked) == (3, 2, 9)
    assert (whole.now.prefilled_share, whole.now.by_hand_share) == (3 / 9, 7 / 9)
    assert whole.now.changed_share == 1 / 3
    assert (whole.now.minutes, whole.before.minutes, whole.less) == (70, 80, 10)
    assert whole.before.by_hand_share == 1
    text = page.content.decode()
    assert "Заполнять стало быстрее: за 2024 год форма занимала 80\xa0минут" in text
    assert "Время измерено у 2\xa0форм из 3" in text


def test_lines_by_kind_region_and_form(client, world):
    page = open_page(client, people.congress_staff())
    kinds = lines(page, "kinds")
    assert {name: (line.now.forms, line.now.minutes) for name, line in kinds.items()} == {
        "Муниципальный район": (2, 70), "Городской округ": (1, None),
    }  # fmt: skip
    assert kinds["Муниципальный район"].less == 30
    assert kinds["Городской округ"].less is None
    # Nobody of the other region has filed this year.
    assert [(line.now.forms, line.now.minutes) for line in page.context["regions"]] == [(3, 70)]
    assert {name: line.now.forms for name, line in lines(page, "forms").items()} == {"Форма": 3}
    assert [kinds[name].change for name in sorted(kinds)] == ["—", "−30"]
    assert "−30" in page.content.decode()


def test_council_sees_its_own_region_alone(client, world):
    *_here, far = world["places"]
    foreign = people.council_director(far.region)
    page = open_page(client, foreign)
    assert page.context["whole"].now.forms == 0
    assert "Сданных форм ещё нет" in page.content.decode()
    path = f"/cabinet/burden/?campaign={world['before'].pk}"
    page = open_page(client, foreign, path)
    assert (page.context["whole"].now.forms, page.context["whole"].now.minutes) == (1, 60)
    assert page.context["regions"] == []


def test_file_holds_the_same_figures(client, world):
    answer = open_page(client, people.congress_staff(), "/cabinet/burden/burden.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [(row["Разрез"], row["Название"]) for row in rows] == [
        ("форма", "Форма"), ("вид", "Муниципальный район"), ("вид", "Городской округ"),
        ("субъект РФ", rows[-1]["Название"]),
    ]  # fmt: skip
    assert rows[1] == {
        "Разрез": "вид", "Название": "Муниципальный район", "Сдано форм": "2",
        "Время измерено, форм": "2", "Полей в форме": "3", "Есть в федеральных формах": "0",
        "Заполнено заранее, %": "33,3", "Заполнено вручную, %": "83,3",
        "Исправлено из заполненного заранее, %": "50,0", "Минут, медиана": "70",
        "Минут год назад": "100", "Заполнено вручную год назад, %": "100,0",
        "Минут меньше, чем год назад": "30",
    }  # fmt: skip


def test_median_of_a_year_ago_is_of_last_years_forms(world):
    loads = count_loads([world["before"]])
    assert loads.whole[world["before"].pk].seconds == 80 * 60


def test_counts_follow_what_people_type(world):
    district, _other, _town, far = world["places"]
    form = world["campaign"].submissions.get(municipality=far)
    assert (form.prefilled, form.kept, form.answered) == (1, 1, 1)
    head = people.municipality_head(far)
    fill(form, head, C02=3)
    form.refresh_from_db()
    assert (form.kept, form.answered) == (1, 2)
    fill(form, head, C01=99)
    form.refresh_from_db()
    assert (form.kept, form.answered) == (0, 2)
    # Prefilling again counts the same.
    prefill_submissions(campaign=world["campaign"])
    form.refresh_from_db()
    assert (form.prefilled, form.kept, form.answered) == (1, 0, 2)


def test_page_asks_the_same_queries_with_more_forms(client, world, django_assert_max_num_queries):
    staff = people.congress_staff()
    open_page(client, staff)
    with django_assert_max_num_queries(16):
        client.get("/cabinet/burden/")


def test_cabinet_and_board_lead_here(client, world):
    staff = people.congress_staff()
    assert "/cabinet/burden/" in open_page(client, staff, "/cabinet/").content.decode()
    assert "/cabinet/burden/" in client.get("/cabinet/board/").content.decode()
