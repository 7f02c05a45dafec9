"""The rules' pages in the browser, with findings on them."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annual_report.services import rule_runs
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.annual_report.test_rules_runs import Country
from tests.factories import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def country(settings, migrated_data):
    settings.SECOND_FACTOR_REQUIRED = False
    country = Country()
    rule_runs.run_rules(campaign=country.campaign, by=None)
    return country


def test_staff_go_from_the_rules_to_a_form(page, live_server, browser_sign_in, check_page, country):
    browser_sign_in(people.give_consent(people.congress_staff()))
    page.goto(live_server.url + reverse("annual_report:rule-list"))
    check_page(page)
    page.get_by_role("link", name="R2").click()
    expect(page.locator("h1")).to_have_text("Соотношение R2")
    expect(page.locator("tbody tr")).to_have_count(4)
    check_page(page)
    page.select_option("[name=explained]", "yes")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Так и есть.")


def test_staff_try_a_rule(page, live_server, browser_sign_in, check_page, country):
    staff = people.give_consent(people.congress_staff())
    sync_staff_access(user=staff)
    browser_sign_in(staff)
    page.goto(live_server.url + reverse("annual_report:rule-try"))
    page.get_by_label("Условие").fill("C01 <")
    page.get_by_role("button", name="Проверить").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator("#error-summary")).to_contain_text("Условие обрывается")
    check_page(page)
    page.get_by_label("Условие").fill('C01 < prev("C01")')
    page.get_by_role("button", name="Проверить").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    check_page(page)
    page.get_by_role("link", name="Внести соотношение").click()
    expect(page.get_by_label("условие")).to_have_value('C01 < prev("C01")')
    expect(page.get_by_label("действует")).not_to_be_checked()
