import json

import pytest

from annual_report.models import Answer
from okmo_portal.organisations.models import Region
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def submission():
    municipality = people.MunicipalityFactory()
    return make_campaign(make_form()).submissions.get(municipality=municipality)


def test_section_keeps_right_cells_and_shows_the_wrong_one(client, submission):
    people.sign_in(client, people.municipality_specialist(submission.municipality))
    address = f"/cabinet/forms/{submission.pk}/section/C/"
    answer = client.post(address, {"value-C01": "1 200,5", "value-C02": "12%", "value-C04": "7"})
    page = answer.content.decode()
    assert "без знака процента" in page
    assert 'value="12%"' in page
    assert Answer.objects.filter(submission=submission).count() == 1
    assert Answer.objects.get(submission=submission).indicator.code == "C04"
    assert "не может быть больше" in page


def test_autosave_answers_with_time_and_computed_values(client, submission):
    people.sign_in(client, people.municipality_specialist(submission.municipality))
    fill(submission, people.municipality_head(submission.municipality), C01=10)
    answer = client.post(
        f"/cabinet/forms/{submission.pk}/answer/",
        json.dumps({"code": "C02", "value": "5"}),
        content_type="application/json",
    )
    body = answer.json()
    assert answer.status_code == 200
    assert (body["filled"], body["computed"]) == ([2, 3], {"C07": "50,0"})


@pytest.mark.parametrize("given", ["", "[]", '{"code": "C07"}', '{"code": "Z99"}'])
def test_autosave_refuses_nonsense(client, submission, given):
    people.sign_in(client, people.municipality_specialist(submission.municipality))
    answer = client.post(
        f"/cabinet/forms/{submission.pk}/answer/", given, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["", "section/C/", "check/", "sent/"])
def test_foreign_form_is_a_404(client, submission, path):
    for stranger in (
        people.municipality_head(people.MunicipalityFactory()),
        people.council_director(Region.objects.get(code="77")),
        people.UserFactory(),
    ):
        people.sign_in(client, stranger)
        assert client.get(f"/cabinet/forms/{submission.pk}/{path}").status_code == 404


def test_council_reads_but_does_not_fill(client, submission):
    people.sign_in(client, people.council_director(submission.region))
    address = f"/cabinet/forms/{submission.pk}/section/C/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"value-C01": "1"}).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_queue_query_count_is_constant(client, count, django_assert_num_queries):
    for _ in range(count):
        people.MunicipalityFactory()
    make_campaign(make_form())
    people.sign_in(client, people.council_director(Region.objects.get(code="40")))
    client.get("/cabinet/review/")
    with django_assert_num_queries(9):
        answer = client.get("/cabinet/review/")
    assert len(answer.context["page"].object_list) == count


def test_board_is_for_the_congress_only(client, submission):
    people.sign_in(client, people.council_director(submission.region))
    assert client.get("/cabinet/board/").status_code == 404
    people.sign_in(client, people.congress_staff())
    answer = client.get("/cabinet/board/")
    assert answer.context["progress"].expected == 1


def test_cabinet_says_what_is_due(client, submission):
    people.sign_in(client, people.municipality_head(submission.municipality))
    tasks = client.get("/cabinet/").context["tasks"]
    assert [task.title for task in tasks] == ["Заполнить форму за 2025 год"]
    assert tasks[0].due == submission.campaign.municipality_deadline
