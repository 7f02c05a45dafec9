"""Pages in a real browser, at both widths."""

import pytest
from playwright.sync_api import expect

from annual_report.models import Answer
from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "path",
    ["/", "/en/", "/about/", "/territory/", "/territory/40/", "/report/", "/report/indicators/",
     "/search/", "/accounts/login/", "/accounts/signup/", "/components/", "/nope/"],
)  # fmt: skip
def test_public_pages_are_accessible(page, live_server, migrated_data, check_page, path):
    page.goto(live_server.url + path)
    check_page(page)


def test_specialist_fills_a_cell_and_sees_it_saved(
    page, live_server, migrated_data, check_page, browser_sign_in
):
    municipality = people.MunicipalityFactory()
    submission = make_campaign(make_form()).submissions.get()
    user = people.give_consent(people.municipality_specialist(municipality))
    browser_sign_in(user)
    page.goto(f"{live_server.url}/cabinet/")
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/forms/{submission.pk}/section/C/")
    page.fill("#field-C01", "1 0,5")
    page.press("#field-C01", "Enter")
    expect(page.locator("#save-state")).to_contain_text("Сохранено в")
    assert Answer.objects.get(submission=submission).value == 10.5
    page.fill("#field-C02", "много")
    page.press("#field-C02", "Enter")
    page.wait_for_selector("#error-C02:not([hidden])")
    assert "не число" in page.inner_text("#error-C02")
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/forms/{submission.pk}/check/")
    check_page(page)
