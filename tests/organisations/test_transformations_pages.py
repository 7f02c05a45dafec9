"""The public pages of municipalities that were transformed, and finding them by an old code."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
)
from okmo_portal.search.services import find, rebuild_index
from tests.factories import people

pytestmark = pytest.mark.django_db

LAW = "Закон Калужской области от 01.12.2022 № 300-ОЗ"


def page(client, oktmo, language=""):
    prefix = f"/{language}" if language else ""
    return client.get(f"{prefix}{reverse('territory:municipality-detail', args=[oktmo])}")


def merge(one, two, code="29511000", name="Общий муниципальный округ", day=date(2023, 1, 1)):
    return record_transformation(
        kind="merge", date=day, law=LAW, predecessors=[one, two], by=None,
        successors=[NewMunicipality(code, name, Kind.MUNICIPAL_OKRUG)],
    ).successors.get()  # fmt: skip


@pytest.fixture
def districts():
    one = people.MunicipalityFactory(oktmo="29611000", name="Первый муниципальный район")
    two = people.MunicipalityFactory(oktmo="29612000", name="Второй муниципальный район")
    people.MunicipalityFactory(
        oktmo="29611401", name="Село Первое", kind=Kind.RURAL_SETTLEMENT, parent=one
    )
    return one, two


def test_abolished_municipality_is_reached_by_its_old_code(client, districts):
    okrug = merge(*districts)
    text = page(client, "29611000").content.decode()
    assert "<h1>Первый муниципальный район</h1>" in text
    assert "Упразднено: 01.01.2023." in text
    assert f'<a href="/territory/municipality/29511000/">{okrug.name}</a>' in text
    assert LAW in text
    heir = page(client, "29511000").content.decode()
    assert districts[0].get_absolute_url() in heir
    assert districts[1].get_absolute_url() in heir
    assert "Вместе с ним присоединено 1 поселение" in heir
    assert "Село Первое" in heir


def test_history_is_translated(client, districts):
    merge(*districts)
    # The answer leaves its language behind in this thread.
    with translation.override("ru"):
        text = page(client, "29511000", "en").content.decode()
    for words in ("Transformations", "Merger", "Before:", "After:", "Legal basis:"):
        assert words in text


def test_code_that_stays_shows_the_living_one_with_its_past(client):
    district = people.MunicipalityFactory(oktmo="29615000", name="Старое название")
    record_transformation(
        kind="rename", date=date(2023, 1, 1), law=LAW, predecessors=[district], by=None,
        successors=[NewMunicipality("29615000", "Новое название", Kind.MUNICIPAL_DISTRICT)],
    )  # fmt: skip
    text = page(client, "29615000").content.decode()
    assert "<h1>Новое название</h1>" in text
    assert "раньше принадлежал другому" not in text
    district.refresh_from_db()
    former = client.get(district.get_absolute_url()).content.decode()
    assert "<h1>Старое название</h1>" in former
    assert "Действовало до" in former


def test_reused_code_tells_of_the_former_holder_and_offers_a_choice(client, districts):
    merge(*districts)
    people.MunicipalityFactory(
        oktmo="29611000", name="Совсем другой район", valid_from=date(2024, 1, 1)
    )
    text = page(client, "29611000").content.decode()
    assert "<h1>Совсем другой район</h1>" in text
    assert "раньше принадлежал другому" in text
    assert districts[0].name in text


def test_code_whose_unrelated_holders_are_all_gone_offers_a_choice(client):
    for number, name in ((2015, "Первый прежний"), (2020, "Второй прежний")):
        people.MunicipalityFactory(
            oktmo="29616000", name=name, valid_from=date(number, 1, 1),
            valid_to=date(number + 3, 1, 1), status="abolished",
        )  # fmt: skip
    text = page(client, "29616000").content.decode()
    assert "<h1>Код ОКТМО 29616000</h1>" in text
    assert text.index("Второй прежний") < text.index("Первый прежний")


def test_record_of_another_code_or_under_review_is_hidden(client, districts):
    one, _two = districts
    wrong = reverse("territory:municipality-record", args=["29612000", one.pk])
    assert client.get(wrong).status_code == 404
    lost = people.MunicipalityFactory(oktmo="29617000", status="review")
    assert client.get(reverse("territory:municipality-record", args=[lost.oktmo, lost.pk])).status_code == 404  # fmt: skip


def test_abolished_municipality_is_found_by_name_and_old_code(districts):
    okrug = merge(*districts)
    rebuild_index()
    found = {
        entry.title: reverse(entry.url_name, args=entry.url_args)
        for entry in find("Первый муниципальный район").entries
    }
    title = "Первый муниципальный район (упразднено 01.01.2023)"
    districts[0].refresh_from_db()
    assert found[title] == districts[0].get_absolute_url()
    assert [entry.title for entry in find("29611000").entries] == [title]
    assert [entry.title for entry in find(okrug.oktmo).entries] == [okrug.name]


def test_lists_count_what_exists_today(client, districts):
    merge(*districts, day=date(2023, 1, 1))
    later = people.MunicipalityFactory(oktmo="29618000", name="Будущий район")
    later.valid_from = date(2100, 1, 1)
    later.save()
    text = client.get(reverse("territory:region-detail", args=["40"])).content.decode()
    assert "Общий муниципальный округ" in text
    assert "Первый муниципальный район" not in text
    assert "Будущий район" not in text


def test_queries_do_not_grow_with_the_history(client, districts):
    okrug = merge(*districts)

    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert page(client, "29511000").status_code == 200
        return len(queries)

    before = count()
    new = okrug
    for number in (1, 2, 3):
        new = record_transformation(
            kind="rename", date=date(2023 + number, 1, 1), law=LAW, predecessors=[new], by=None,
            successors=[NewMunicipality("29511000", f"Округ {number}", Kind.MUNICIPAL_OKRUG)],
        ).successors.get()  # fmt: skip
    assert count() <= before + 1
