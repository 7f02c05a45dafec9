import pytest

from annual_report.models import Report
from annual_report.services import reports
from okmo_portal.search.models import SearchEntry
from okmo_portal.search.services import find, rebuild_index, snippets, suggest
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


def test_nothing_found_is_asked_again_with_the_words_put_right(index, client):
    answer = client.get("/search/", {"q": "ясноборсикй"})
    assert answer.context["mended"] == "ясноборский"
    assert [entry.title for entry in answer.context["page"]] == ["Ясноборский муниципальный район"]
    assert "По запросу «ясноборсикй» ничего не найдено." in answer.content.decode()


def test_words_without_any_likeness_find_nothing_and_no_other_query(index, client):
    answer = client.get("/search/", {"q": "щщщщщщщщ"})
    assert answer.context["total"] == 0
    assert "mended" not in answer.context


@pytest.mark.parametrize("words", ["королёвский", "королевский", "КОРОЛЁВСКОГО"])
def test_yo_and_ye_are_one_letter(words):
    people.MunicipalityFactory(name="Королёвский муниципальный район")
    people.MunicipalityFactory(name="Королевский муниципальный округ")
    rebuild_index()
    assert set(titles(words)) == {
        "Королёвский муниципальный район",
        "Королевский муниципальный округ",
    }


def entry_with(text):
    return SearchEntry.objects.create(
        kind="municipality", object_id="1", title="Запись", text=text, url_name="home", url_args=[]
    )


def test_snippet_marks_word_forms_around_the_find():
    entry = entry_with("Начало. " * 60 + "Совет провёл благоустройство дворов.")
    text = snippets("двор", [entry])[entry.pk]
    assert "<mark>дворов</mark>" in text
    assert len(text) < 400


def test_snippet_never_lets_the_text_bring_tags():
    entry = entry_with("двор <img src=x onerror=alert(1)> & \ue000 <b>двор</b>")
    text = snippets("двор", [entry])[entry.pk]
    assert "<img" not in text
    assert "<b>" not in text
    assert text.count("<mark>") == text.count("</mark>")


@pytest.mark.parametrize("typed", ["яснобо", "муниципальный ясн", "ЯСНОБОР"])
def test_unfinished_words_get_titles(index, client, typed):
    answer = client.get("/search/completions/", {"q": typed})
    assert answer.json() == {"titles": ["Ясноборский муниципальный район"]}


@pytest.mark.parametrize("typed", ["", "я", "скрыт", "я:* | !", "'&|!():*<->", "\x00", "%"])
def test_nothing_is_completed_from_crumbs_operators_and_hidden_names(index, client, typed):
    answer = client.get("/search/completions/", {"q": typed})
    assert (answer.status_code, answer.json()) == (200, {"titles": []})
