"""Filling the form under the conditions of real offices: bad lines, two people, old browsers."""

import pytest
from playwright.sync_api import expect

from annual_report.models import Answer
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def form(migrated_data, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    municipality = people.MunicipalityFactory()
    return make_campaign(make_form()).submissions.get(municipality=municipality)


@pytest.fixture
def section(form, live_server, browser_sign_in):
    browser_sign_in(people.give_consent(people.municipality_specialist(form.municipality)))
    return f"{live_server.url}/cabinet/forms/{form.pk}/section/C/"


def stored(form, code):
    return Answer.objects.filter(submission=form, indicator__code=code).values_list(
        "value", flat=True
    ).first()  # fmt: skip


def test_what_is_typed_while_saving_is_saved_too(page, section, form):
    """Bug: a cell changed while its first value was under way was forgotten."""
    page.goto(section)
    slow = []

    def hold_first(route):
        if slow:
            route.continue_()
        else:
            slow.append(route)

    page.route("**/answer/", hold_first)
    page.fill("#field-C01", "10")
    page.press("#field-C01", "Tab")
    page.wait_for_function("document.getElementById('save-state').textContent === 'Сохраняем…'")
    page.fill("#field-C01", "12")
    page.press("#field-C01", "Tab")
    slow[0].continue_()
    expect(page.locator("#save-state")).to_contain_text("Сохранено в")
    page.wait_for_load_state("networkidle")
    assert stored(form, "C01") == 12
    assert page.evaluate("localStorage.length") == 0


def test_lost_line_loses_nothing(page, context, section, form):
    page.goto(section)
    context.set_offline(True)
    page.fill("#field-C01", "7")
    page.press("#field-C01", "Tab")
    expect(page.locator("#save-state")).to_contain_text("Нет связи")
    assert stored(form, "C01") is None
    context.set_offline(False)
    expect(page.locator("#save-state")).to_contain_text("Сохранено в", timeout=10000)
    assert stored(form, "C01") == 7


def test_left_page_brings_the_typed_back(page, section, form):
    page.goto(section)
    page.route("**/answer/", lambda route: route.abort())
    page.fill("#field-C02", "5")
    page.goto("about:blank")
    assert stored(form, "C02") is None
    page.unroute("**/answer/")
    page.goto(section)
    expect(page.locator("#save-state")).to_contain_text("Сохранено в", timeout=10000)
    assert page.input_value("#field-C02") == "5"
    assert stored(form, "C02") == 5


def test_colleagues_value_is_not_overwritten_silently(page, section, form):
    page.goto(section)
    head = people.municipality_head(form.municipality)
    fill(form, head, C01=30)
    page.fill("#field-C01", "20")
    page.press("#field-C01", "Tab")
    expect(page.locator("#error-C01")).to_contain_text("уже ввёл(а) здесь «30,0»")
    assert stored(form, "C01") == 30
    page.fill("#field-C01", "21")
    page.press("#field-C01", "Tab")
    expect(page.locator("#save-state")).to_contain_text("Сохранено в")
    assert stored(form, "C01") == 21


def test_form_is_filled_and_sent_without_javascript(browser, live_server, form, client, settings):
    head = people.give_consent(people.municipality_head(form.municipality))
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/cabinet/")
    page.click("main a.button:has-text('Заполнить')")
    page.click(".task-list a")
    for code, value in {"C01": "10", "C02": "12", "C04": "3"}.items():
        page.fill(f"#field-{code}", value)
    page.click("text=Сохранить и к разделам")
    page.click("text=Проверить и отправить")
    assert "Замещено 12,0 больше, чем должностей 10,0" in page.inner_text("main")
    page.check("#id_certified")
    page.click("text=Отправить в совет")
    form.refresh_from_db()
    assert form.state == "draft"
    page.click("text=C02")
    page.fill("#field-C02", "9")
    page.click("text=Сохранить и к разделам")
    page.click("text=Проверить и отправить")
    page.check("#id_certified")
    page.click("text=Отправить в совет")
    expect(page.locator("h1")).to_have_text("Форма отправлена")
    form.refresh_from_db()
    assert (form.state, form.submitted_by) == ("submitted", head)
    context.close()
