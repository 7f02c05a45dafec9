"""The header's search field in the browser."""

import pytest
from playwright.sync_api import expect

from okmo_portal.search.services import rebuild_index
from tests.factories import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_titles_come_while_one_types(page, live_server, check_page, migrated_data):
    people.MunicipalityFactory(name="Ясноборский муниципальный район")
    rebuild_index()
    page.goto(f"{live_server.url}/about/")
    page.locator("#site-search").press_sequentially("яснобо")
    title = page.locator("#site-search-titles option")
    expect(title).to_have_attribute("value", "Ясноборский муниципальный район")
    check_page(page)
