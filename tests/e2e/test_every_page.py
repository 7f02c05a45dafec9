"""Every page that a role may open, in the browser: accessible, and fit for a phone and large text."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annual_report.models import Indicator
from tests.access.test_pages import PAGES
from tests.access.world import World
from tests.factories import people
from tests.factories.report import fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Files, fragments and pages that redirect on; they have no page of their own to look at.
NO_PAGE = {
    "media:image-file", "media:issue-epub", "media:feed-rss", "media:feed-atom", "media:rubric-rss",
    "health", "favicon", "robots", "sitemap-index", "sitemap",
    "search:completions", "territory:region-download", "report:report-download",
    "report:municipality-series-download", "report:scope-series-download",
    "report:indicator-download", "report:codebook", "report:report-gaps",
    # The open API answers programs.
    "report-api:openapi-json", "report-api:indicators", "report-api:indicator",
    "report-api:reports", "report-api:figures",
    "profile:data-export", "profile:consent", "jobs:job-progress", "documents:document-download",
    "annual_report:review-phones",
    "annual_report:submission-certified", "annual_report:board-download",
    "annual_report:observation-rejected",
    "annual_report:workbook-download", "annual_report:workbook-errors",
    "annual_report:rule-download", "annual_report:rule-detail-download",
    "annual_report:burden-download", "organisations:reference-rejected",
    "annual_report:board-forms", "annual_report:bulk-download", "annual_report:history-download",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_second_factor(settings, migrated_data):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.mark.slow
@pytest.mark.parametrize("role", ["anonymous", "newcomer", "head", "director", "staff", "auditor"])
def test_pages_of_each_role(page, live_server, check_page, browser_sign_in, role):
    world = World()
    if role != "anonymous":
        browser_sign_in(people.give_consent(world.people[role]))
    seen = 0
    for name, (method, arguments, allowed) in PAGES.items():
        if method != "get" or name in NO_PAGE or role not in allowed:
            continue
        # What everybody sees is looked at once.
        if role != "anonymous" and "anonymous" in allowed:
            continue
        values = [item[1:] if item.startswith("'") else world.ids[item] for item in arguments]
        answer = page.goto(live_server.url + reverse(name, args=values))
        assert answer.status == 200, name
        check_page(page)
        seen += 1
    assert seen >= 8


def test_long_options_fit_a_phone(page, live_server, check_page, browser_sign_in):
    """Bug: an option's words did not break in the cells of numbers, and the page scrolled sideways."""
    world = World()
    question = Indicator.objects.create(
        code="B12", section=Indicator.objects.get(code="C01").section, title="Как избран глава",
        title_en="How", definition="О.", unit="вариант", unit_en="option", value_type="choice",
        choices=[[1, "депутатами из кандидатов, представленных главой субъекта Федерации"]],
        aggregation="choice", order=9, source="устав", owner="отдел",
    )  # fmt: skip
    world.submission.campaign.form.fields.create(indicator=question)
    form = world.submission
    head = people.give_consent(world.people["head"])
    fill(form, head, B12=1)
    browser_sign_in(head)
    for tail in ("", "all/", "check/", "history/"):
        page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/{tail}")
        check_page(page)
        if tail == "history/":
            text = page.locator("main").inner_text()
            assert "представленных главой субъекта Федерации" in text
            assert "Федерации вариант" not in text


def test_account_pages(page, live_server, check_page, browser_sign_in):
    browser_sign_in(people.give_consent(people.UserFactory()))
    for path in ("/accounts/email/", "/accounts/2fa/", "/accounts/password/change/",
                 "/accounts/sessions/", "/accounts/logout/"):  # fmt: skip
        assert page.goto(live_server.url + path).status == 200, path
        check_page(page)


def test_forms_with_errors(page, live_server, check_page, browser_sign_in):
    world = World()
    browser_sign_in(people.give_consent(world.people["head"]))
    request = f"/organisations/memberships/request/municipality/{world.ids['municipality']}/"
    for path in ("/organisations/people/", request, "/profile/"):
        page.goto(live_server.url + path)
        if path == "/profile/":
            page.fill("[name=last_name]", "")
        page.locator("main form.form button").first.click()
        expect(page.locator("#error-summary")).to_be_focused()
        check_page(page)


def test_admin_pages(page, live_server, check_page, browser_sign_in):
    world = World()
    staff = people.give_consent(world.people["staff"])
    browser_sign_in(staff)
    report = world.submission.campaign.report.pk
    form, posts = world.submission.campaign.form_id, Indicator.objects.get(code="C01").pk
    refused = []
    page.on(
        "console",
        lambda message: refused.append(message.text) if "Refused" in message.text else None,
    )
    for path in (
        "", "organisations/municipality/", "organisations/municipality/add/",
        "organisations/municipality/import/", "organisations/membership/",
        "annual_report/campaign/add/", f"annual_report/report/{report}/change/",
        "core/productionyear/2026/change/", "jobs/job/", "annual_report/indicator/",
        f"annual_report/indicator/{posts}/change/", f"annual_report/indicator/{posts}/version/",
        "annual_report/indicator/book/", f"annual_report/form/{form}/change/",
        f"annual_report/form/{form}/diff/", "annual_report/controlrule/", "annual_report/legalbasis/",
    ):  # fmt: skip
        assert page.goto(f"{live_server.url}/admin/{path}").status == 200, path
        page.wait_for_load_state("networkidle")
        check_page(page)
    assert refused == []


def test_admin_export_selects_all_fields_without_inline_scripts(
    page, live_server, browser_sign_in, axe
):
    world = World()
    browser_sign_in(people.give_consent(world.people["staff"]))
    page.goto(f"{live_server.url}/admin/organisations/organisation/export/")
    page.wait_for_load_state("networkidle")
    boxes = page.locator(".selectable-field-export-row input[type=checkbox]")
    page.locator(".select-toggle").uncheck()
    assert {boxes.nth(n).is_checked() for n in range(boxes.count())} == {False}
    page.locator(".select-toggle").check()
    assert {boxes.nth(n).is_checked() for n in range(boxes.count())} == {True}
    assert axe(page) == []
