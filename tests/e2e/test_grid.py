"""The form's grid in the browser: a spreadsheet's keys, pasting, live rules, two people, a phone."""

import pytest
from playwright.sync_api import expect

from annual_report.models import Answer, CellReturn, FormField, Indicator
from annual_report.services import review
from annual_report.services import submissions as services
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def form(migrated_data, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    municipality = people.MunicipalityFactory()
    submission = make_campaign(make_form()).submissions.get(municipality=municipality)
    FormField.objects.filter(indicator__code__in=["C01", "C02"]).update(asks_plan=True)
    return submission


@pytest.fixture
def specialist(form):
    return people.give_consent(people.municipality_specialist(form.municipality))


@pytest.fixture
def section(form, live_server, browser_sign_in, specialist):
    browser_sign_in(specialist)
    return f"{live_server.url}/cabinet/forms/{form.pk}/section/C/"


@pytest.fixture
def whole(section):
    return section.replace("section/C/", "all/")


def stored(form):
    return dict(Answer.objects.filter(submission=form).values_list("indicator__code", "value"))


def saved(page):
    expect(page.locator("#save-state")).to_contain_text("Сохранено в", timeout=10000)


def focused(page):
    return page.evaluate("document.activeElement.name || document.activeElement.tagName")


PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_keys_go_along_columns_and_rows(page, section):
    page.goto(section)
    page.focus("#field-C01")
    page.keyboard.press("Enter")
    assert focused(page) == "value-C02"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "value-C04"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+Enter")
    assert focused(page) == "value-C01"
    # Along the row: the reason's fold, the plan of three years, the note.
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(focused(page))
    assert names == ["SUMMARY", "plan_1-C01", "plan_2-C01", "plan_3-C01", "note-C01"]
    page.focus("[name=plan_2-C01]")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "plan_2-C02"
    # The last cell of a column ends the walk and saves.
    page.fill("#field-C04", "3")
    page.press("#field-C04", "Enter")
    saved(page)


def test_a_column_copied_from_excel_fills_down_with_errors_at_cells(page, section, form):
    page.goto(section)
    page.focus("#field-C01")
    page.evaluate(PASTE, "1\u00a0000,5\r\nмного\r\n7\r\n70\r\n5\r\n")
    expect(page.locator("#error-C02")).to_contain_text("«много» — не число")
    expect(page.locator("#error-C01")).to_contain_text("не может быть больше")
    expect(page.locator("#save-state")).to_have_text("Есть несохранённые поля: 2")
    assert stored(form) == {"C04": 7}
    page.fill("#field-C01", "10")
    page.fill("#field-C02", "8")
    page.press("#field-C02", "Tab")
    saved(page)
    assert stored(form) == {"C01": 10, "C02": 8, "C04": 7}
    assert page.evaluate("localStorage.length") == 0


def test_a_block_fills_rows_and_columns_and_can_be_undone(page, section, form, wait_for):
    fill(form, people.municipality_head(form.municipality), C01=1)
    page.goto(section)
    page.focus("#field-C01")
    page.evaluate(PASTE, '10\t11\t12\t13\t"из ""Бюджета"""\n8\t9')
    expect(page.locator("#undo-paste")).to_be_visible()
    saved(page)
    row = Answer.objects.get(submission=form, indicator__code="C01")
    assert (row.value, row.plan_1, row.plan_3, row.note) == (10, 11, 13, 'из "Бюджета"')
    assert stored(form) == {"C01": 10, "C02": 8}
    page.click("#undo-paste")
    expect(page.locator("#paste-state")).to_have_text("Вставка отменена.")
    wait_for(lambda: stored(form) == {"C01": 1, "C02": None})
    row.refresh_from_db()
    assert (row.value, row.plan_1, row.note) == (1, None, "")


def test_lines_that_fall_on_computed_rows_are_passed_over(page, section, form):
    page.goto(section)
    page.focus("#field-C04")
    page.evaluate(PASTE, "3\n42\n43")
    saved(page)
    assert stored(form) == {"C04": 3}


def test_rules_speak_while_typing_in_the_servers_words(page, section, form):
    page.goto(section)
    page.route("**/answer/", lambda route: route.abort())
    page.fill("#field-C01", "900")
    page.fill("#field-C02", "1 000")
    live = page.locator("#problems-C02, #problems-C01").filter(has_text="Замещено")
    expect(live).to_have_text("Нельзя отправить. Замещено 1 000,0 больше, чем должностей 900,0.")
    said = page.locator("#problems").inner_text()
    assert stored(form) == {}
    # A cell that cannot be right takes part in no rule.
    page.fill("#field-C02", "1 000,5")
    expect(live).to_have_count(0)
    page.fill("#field-C02", "1 000")
    expect(live).to_have_count(1)
    page.unroute("**/answer/")
    page.press("#field-C02", "Tab")
    saved(page)
    assert stored(form) == {"C01": 900, "C02": 1000}
    assert page.locator("#problems").inner_text() == said


def test_computed_value_follows_the_typing(page, section):
    page.goto(section)
    page.route("**/answer/", lambda route: route.abort())
    page.fill("#field-C01", "8")
    page.fill("#field-C02", "5")
    expect(page.locator("#field-C07")).to_have_text("62,5")


def test_explanation_is_given_where_the_message_stands(page, section, form, wait_for):
    page.goto(section)
    for code, value in {"C01": "10", "C02": "5", "C04": "6"}.items():
        page.fill(f"#field-{code}", value)
    page.fill("#problems input", "Двое учились дважды")
    page.press("#problems input", "Tab")
    wait_for(lambda: [row.text for row in form.explanations.all()] == ["Двое учились дважды"])


def test_whole_form_keeps_its_queue_without_a_line(page, context, whole, form):
    page.goto(whole)
    context.set_offline(True)
    page.fill("#field-C01", "7")
    page.fill("[name=plan_1-C01]", "8")
    page.fill("[name=note-C02]", "уточняем")
    page.press("[name=note-C02]", "Tab")
    expect(page.locator("#save-state")).to_contain_text("В браузере хранится полей: 2")
    context.set_offline(False)
    saved(page)
    row = Answer.objects.get(submission=form, indicator__code="C01")
    assert (row.value, row.plan_1) == (7, 8)
    assert Answer.objects.get(submission=form, indicator__code="C02").note == "уточняем"


def test_what_waits_is_sent_from_any_page_of_the_form(page, section, whole, form):
    page.goto(section)
    page.route("**/answer/", lambda route: route.abort())
    page.fill("#field-C02", "5")
    page.goto("about:blank")
    page.unroute("**/answer/")
    page.goto(whole)
    saved(page)
    assert stored(form) == {"C02": 5}


def test_queue_of_another_person_on_the_same_computer_stays(page, section, form, browser_sign_in):
    page.goto(section)
    page.route("**/answer/", lambda route: route.abort())
    page.fill("#field-C02", "5")
    page.goto("about:blank")
    page.unroute("**/answer/")
    browser_sign_in(people.give_consent(people.municipality_head(form.municipality)))
    page.goto(section)
    page.wait_for_load_state("networkidle")
    assert page.input_value("#field-C02") == ""
    assert stored(form) == {}
    assert page.evaluate("localStorage.length") == 1


@pytest.mark.parametrize(
    ("choice", "value"), [("Оставить моё", 20), ("Взять значение коллеги", 30)]
)
def test_two_people_in_one_cell_choose(page, section, form, choice, value, wait_for):
    page.goto(section)
    fill(form, people.municipality_head(form.municipality), C01=30)
    page.fill("#field-C01", "20")
    page.fill("#field-C02", "8")
    page.press("#field-C02", "Tab")
    expect(page.locator("#error-C01")).to_contain_text("уже ввёл(а) здесь «30,0»")
    page.click(f"button:has-text('{choice}')")
    expect(page.locator("#error-C01")).to_be_hidden()
    assert page.input_value("#field-C01") == str(value)
    wait_for(lambda: stored(form) == {"C01": value, "C02": 8})
    # The answer comes to the browser after it is stored.
    wait_for(lambda: page.evaluate("localStorage.length") == 0)


def test_returned_form_opens_the_returned_cell_alone(
    page, live_server, form, browser_sign_in, check_page
):
    head = people.give_consent(people.municipality_head(form.municipality))
    fill(form, head, C01=10, C02=8, C04=2)
    services.submit_submission(submission=form, by=head, certified=True)
    director = people.council_director(form.region)
    review.return_submission(submission=form, by=director, comment="Один показатель")
    CellReturn.objects.create(
        submission=form, indicator=Indicator.objects.get(code="C04"), comment="Почему так мало?",
        by=director,
    )  # fmt: skip
    browser_sign_in(head)
    page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/")
    check_page(page)
    page.click("dl a:has-text('Обучено')")
    expect(page.locator("#field-C01")).to_be_disabled()
    expect(page.locator("tr[data-code=C04]")).to_contain_text("Вернули: Почему так мало?")
    check_page(page)
    page.fill("#field-C04", "5")
    page.press("#field-C04", "Tab")
    saved(page)
    assert stored(form) == {"C01": 10, "C02": 8, "C04": 5}


def test_grid_and_its_errors_on_a_phone(page, whole, form, check_page, wait_for):
    page.goto(whole)
    check_page(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.fill("#field-C01", "12%")
    page.click("summary:has-text('Нет данных') >> nth=1")
    page.fill("#reason-C02", "Учёт этих данных не ведётся")
    page.fill("[name=plan_1-C02]", "4")
    page.press("[name=plan_1-C02]", "Tab")
    expect(page.locator("#error-C01")).to_contain_text("без знака процента")
    row = wait_for(lambda: Answer.objects.filter(submission=form, plan_1=4).first())
    assert (row.value, row.no_data_reason) == (None, "Учёт этих данных не ведётся")
    check_page(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.click("text=Сохранить >> nth=0")
    expect(page.locator("#error-summary")).to_be_focused()
    check_page(page)


def test_whole_form_without_javascript(browser, live_server, form, client, settings):
    head = people.give_consent(people.municipality_head(form.municipality))
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/all/")
    for code, value in {"C01": "10", "C02": "8", "C04": "9"}.items():
        page.fill(f"#field-{code}", value)
    page.fill("[name=plan_1-C01]", "11")
    page.check("#id_certified")
    page.click("text=Сохранить и отправить в совет")
    # Everything is saved; one rule asks for a word, which is given on the same page.
    assert "Обученных 9 больше замещённых 8,0" in page.inner_text("#problems")
    assert page.input_value("[name=plan_1-C01]") == "11"
    page.fill("#problems input", "Двое учились дважды")
    page.check("#id_certified")
    page.click("text=Сохранить и отправить в совет")
    expect(page.locator("h1")).to_have_text("Форма отправлена")
    form.refresh_from_db()
    assert (form.state, form.submitted_by) == ("submitted", head)
    context.close()


def test_executor_and_head_sign_one_after_the_other(
    page, live_server, form, browser_sign_in, check_page
):
    head = people.give_consent(people.municipality_head(form.municipality))
    specialist = people.give_consent(people.municipality_specialist(form.municipality))
    browser_sign_in(specialist)
    page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/all/")
    expect(page.locator("main")).to_contain_text(f"только тот, кто её подписывает: {head}")
    for code, value in {"C01": "10", "C02": "8", "C04": "2"}.items():
        page.fill(f"#field-{code}", value)
    page.click("text=Сохранить и передать главе на подпись")
    expect(page.locator("main")).to_contain_text("на подписи у главы")
    check_page(page)

    browser_sign_in(head)
    page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/certify/")
    page.click("summary:has-text('Вернуть исполнителю')")
    page.fill("[name=comment]", "Обученных было больше.")
    check_page(page)
    page.click("button:has-text('Вернуть исполнителю')")
    expect(page.locator("main")).to_contain_text("Обученных было больше.")

    browser_sign_in(specialist)
    page.goto(f"{live_server.url}/cabinet/forms/{form.pk}/all/")
    page.fill("#field-C04", "5")
    page.click("text=Сохранить и передать главе на подпись")
    browser_sign_in(head)
    page.goto(f"{live_server.url}/cabinet/")
    page.click("main a.button:has-text('Подписать')")
    page.check("#id_certified")
    page.click("text=Подписать и отправить в совет")
    expect(page.locator("h1")).to_have_text("Форма отправлена")
    page.click("text=Посмотреть форму")
    expect(page.locator("main")).to_contain_text("Данные те же, что были подписаны.")
    check_page(page)
