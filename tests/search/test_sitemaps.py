import re

import pytest

from okmo_portal.search.services import rebuild_index
from tests.factories import people

pytestmark = pytest.mark.django_db


def locations(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/xml")
    return re.findall(r"<loc>(.*?)</loc>", answer.content.decode())


def test_index_names_the_sections(client):
    assert locations(client, "/sitemap.xml")[:2] == [
        "http://testserver/sitemap-pages.xml",
        "http://testserver/sitemap-found.xml",
    ]


def test_public_municipality_is_listed_and_a_doubtful_one_is_not(client):
    public = people.MunicipalityFactory(name="Ясноборский муниципальный район")
    doubtful = people.MunicipalityFactory(name="Скрытый район", status="review")
    rebuild_index()
    found = " ".join(locations(client, "/sitemap-found.xml"))
    assert f"/{public.oktmo}/" in found
    assert f"/{doubtful.oktmo}/" not in found


def test_listed_pages_answer_to_anybody(client):
    people.MunicipalityFactory(name="Ясноборский муниципальный район")
    rebuild_index()
    pages = locations(client, "/sitemap-pages.xml") + locations(client, "/sitemap-found.xml")
    assert "http://testserver/en/about/" in pages
    statuses = {
        page: client.get(page.removeprefix("http://testserver")).status_code for page in pages
    }
    assert set(statuses.values()) == {200}, statuses


@pytest.mark.parametrize(
    "address", ["/sitemap-nothing.xml", "/sitemap-found.xml?p=9999", "/sitemap-found.xml?p=x"]
)
def test_sections_and_pages_that_are_not_there(client, address):
    assert client.get(address).status_code == 404


def test_robots_names_the_sitemap_and_closes_the_cabinet(client):
    answer = client.get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: http://testserver/sitemap.xml" in lines
    assert "Disallow: /cabinet/" in lines
    assert "Disallow: /" not in lines
