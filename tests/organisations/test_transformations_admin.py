"""Staff record and undo transformations in the admin, with refusals in words."""

import pytest

from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db
PATH = "/admin/organisations/municipalitychange/"
LAW = "Закон Калужской области от 01.12.2023 № 401-ОЗ"


@pytest.fixture
def districts(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    staff = people.congress_staff()
    sync_staff_access(user=staff)
    people.sign_in(client, staff)
    return [people.MunicipalityFactory(oktmo=f"2961{n}000", name=f"Район {n}") for n in (1, 2)]


def send(client, rows, new, **fields):
    data = {"kind": "merge", "date": "01.01.2024", "law": LAW, "note": "", "new_successors": new}
    return client.post(f"{PATH}add/", data | {"predecessors": [row.pk for row in rows]} | fields)


def test_staff_record_a_merger_and_undo_it(client, districts):
    answer = send(client, districts, "29511000; Общий округ; Муниципальный округ")
    assert answer.status_code == 302
    change = MunicipalityChange.objects.get()
    assert set(change.predecessors.all()) == set(districts)
    assert (change.successors.get().name, change.law) == ("Общий округ", LAW)
    assert change.recorded_by is not None
    page = client.get(f"{PATH}{change.pk}/change/").content.decode()
    assert "Район 1" in page
    action = {"action": "undo_selected", "_selected_action": [change.pk]}
    assert "запись отменена" in client.post(PATH, action, follow=True).content.decode()
    assert not MunicipalityChange.objects.exists()
    assert list(Municipality.objects.filter(valid_to=None)) == districts


def test_law_may_be_made_exact_but_the_rest_stays(client, districts):
    send(client, districts, "29511000; Общий округ; муниципальный округ")
    change = MunicipalityChange.objects.get()
    data = {"law": "Закон № 2-ОЗ", "note": "Уточнено", "kind": "split", "date": "01.01.2000"}
    assert client.post(f"{PATH}{change.pk}/change/", data).status_code == 302
    change.refresh_from_db()
    assert (change.law, change.note) == ("Закон № 2-ОЗ", "Уточнено")
    assert (change.kind, change.date.year) == ("merge", 2024)
    assert change.predecessors.count() == 2


@pytest.mark.parametrize(
    ("new", "fields", "words"),
    [
        ("", {}, "один преемник"),
        ("29511000; Общий округ", {}, "нужны код, название и вид"),
        ("29511000; Общий округ; волость", {}, "вид «волость» не известен"),
        ("29611401; Село; сельское поселение; 29699000", {}, "района с кодом 29699000"),
        ("2951; Общий округ; муниципальный округ", {}, "нужны восемь цифр"),
        ("29511000; Общий округ; муниципальный округ", {"date": "01.01.1024"}, "проверьте год"),
    ],
)
def test_refusal_is_shown_and_nothing_is_saved(client, districts, new, fields, words):
    answer = send(client, districts, new, **fields)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not MunicipalityChange.objects.exists()
    assert Municipality.objects.count() == 2


def test_people_and_forms_are_shown_before_anything_is_recorded(client, districts):
    """The preview says who holds what; the same is carried out once it is confirmed."""
    one, two = districts
    campaign = make_campaign(make_form())
    head = people.municipality_head(one)
    fill(campaign.submissions.get(municipality=one), head, C01=1)
    line = "29511000; Общий округ; муниципальный округ"
    page = send(client, districts, line, date="01.12.2025").content.decode()
    assert "Пока ничего не записано" in page
    assert "Форма за 2025 год, Район 1: заполнено 1 из 3, последним работал(а)" in page
    assert "Район 1: 1\xa0полномочие; решите, кто переходит к преемнику (Общий округ)." in page
    assert not MunicipalityChange.objects.exists()
    assert campaign.submissions.get(municipality=one).state == "draft"
    answer = send(client, districts, line, date="01.12.2025", confirmed="on")
    assert answer.status_code == 302
    change = MunicipalityChange.objects.get()
    assert campaign.submissions.get(municipality=one).state == "closed"
    said = client.get(PATH).content.decode()
    assert "Форма за 2025 год, Общий округ: открыта." in said
    assert f"/organisations/handover/{change.pk}/" in said
