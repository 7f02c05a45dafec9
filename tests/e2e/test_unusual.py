"""Unusual values in the form, beside what is being typed."""

import pytest
from playwright.sync_api import expect

from annual_report.services.unusual import learn_usual
from tests.annual_report.test_statistics_unusual import WRONG, filled
from tests.annual_report.test_statistics_unusual import learnt as learnt
from tests.factories import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_notice_stays_until_its_own_cell_is_mended(
    migrated_data, learnt, page, live_server, browser_sign_in
):
    campaign, municipalities, snapshot = learnt
    learn_usual(snapshot)
    form, head = filled(campaign, municipalities[0], **WRONG)
    browser_sign_in(people.give_consent(head))
    page.goto(f"{live_server.url}/cabinet/forms/{form.submission.pk}/section/C/")
    notice = page.locator("#problems-C01")
    expect(notice).to_contain_text("раз выше")
    page.fill("#field-C04", "6")
    page.press("#field-C04", "Tab")
    expect(page.locator("#save-state")).to_contain_text("Сохранено в", timeout=10000)
    expect(notice).to_contain_text("раз выше")
    page.fill("#field-C01", "95")
    page.press("#field-C01", "Tab")
    expect(notice).not_to_contain_text("раз выше", timeout=10000)
