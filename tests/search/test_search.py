import pytest

from annual_report.models import Report
from annual_report.services import reports
from okmo_portal.search.services import find, rebuild_index, suggest
from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db


def titles(words, kind=""):
    return [entry.title for entry in find(words, kind).entries]


@pytest.fixture
def index():
    people.MunicipalityFactory(name="Ясноборский муниципальный район", oktmo="29750000")
    people.MunicipalityFactory(name="Тихореченский городской округ", kind="urban_okrug")
    people.MunicipalityFactory(name="Скрытый район", status="review")
    reports.prepare_report(campaign=make_campaign(make_form()), by=None)
    rebuild_index()


@pytest.mark.parametrize("words", ["ясноборского района", "ЯСНОБОРСКИЙ", "29750000"])
def test_word_forms_and_codes_are_found(index, words):
    assert titles(words)[0] == "Ясноборский муниципальный район"


def test_unpublished_and_doubtful_things_are_not_in_the_index(index):
    assert Report.objects.count() == 1
    assert not any("Скрытый" in title for title in titles("скрытый район"))
    assert find("доклад", "report").entries.count() == 0


def test_misspelt_query_gets_a_suggestion(index, client):
    assert suggest("ясноборскй райн") == "ясноборский район"
    page = client.get("/search/?q=ясноборсикй").content.decode()
    assert "?q=%D1%8F%D1%81%D0%BD%D0%BE%D0%B1%D0%BE%D1%80%D1%81%D0%BA%D0%B8%D0%B9" in page


def test_counts_by_kind_and_the_filter(index):
    found = find("район")
    assert ("municipality", "Муниципалитеты", 1) in found.counts
    assert titles("район", "indicator") == []


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "'); DROP TABLE", "a" * 5000, "«»", "%"]
)
def test_strange_queries_are_answered(index, client, words):
    answer = client.get("/search/", {"q": words})
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
