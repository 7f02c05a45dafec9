"""A reader on a phone, a chief editor and a council's editor in the browser."""

import pytest
from playwright.sync_api import expect

from media.models import Article, Contribution
from media.services.links import set_links
from okmo_portal.search.services import rebuild_index
from tests.factories import journal, people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def no_second_factor(settings, migrated_data):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def refused(page):
    """What the content policy refused; must stay empty."""
    found = []
    page.on(
        "console", lambda m: found.append(m.text) if "Content Security Policy" in m.text else None
    )
    return found


def test_reader_on_a_phone(page, live_server, check_page, refused):
    here = people.MunicipalityFactory()
    issue = journal.make_published_issue()
    article = journal.make_published("Приёмная на колёсах", issue=issue, todo_steps="Раз\nДва")
    set_links(article=article, kind="municipality", keys=[here.oktmo])
    rebuild_index()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(live_server.url + "/journal/")
    page.get_by_role("link", name="№ 1, 2026").click()
    page.get_by_role("link", name="Приёмная на колёсах").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Приёмная на колёсах")
    expect(page.get_by_role("heading", name="Что делать")).to_be_visible()
    check_page(page)
    page.set_viewport_size({"width": 360, "height": 640})
    page.get_by_role("link", name=here.name).click()
    page.get_by_role("link", name="Приёмная на колёсах").click()
    page.get_by_role("link", name="Вымыслов Игорь").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Вымыслов Игорь")
    page.goto(live_server.url + "/journal/submit/")
    page.get_by_label("Заголовок").fill("Опыт")
    page.get_by_role("button", name="Отправить").click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.get_by_label("Заголовок")).to_have_value("Опыт")
    check_page(page)
    page.get_by_label("Муниципальная практика").check() if page.get_by_role("radio").count() else (
        page.locator("[name=kind]").select_option("practice")
    )
    page.locator("[name=text]").fill("Что сделали.")
    page.locator("[name=name]").fill("Пётр")
    page.locator("[name=email]").fill("p@demo.example")
    page.locator("[name=consent]").check()
    page.wait_for_timeout(3100)
    page.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Материал отправлен")
    assert Contribution.objects.get().title == "Опыт"
    assert refused == []


def test_chief_editor_writes_and_publishes(page, live_server, browser_sign_in, check_page, refused):
    journal.make_rubric()
    author = journal.make_author()
    browser_sign_in(people.give_consent(journal.chief_editor()))
    page.goto(live_server.url + "/cabinet/journal/new/")
    page.get_by_label("Рубрика").select_option(label="Рубрика practice")
    page.get_by_label("Заголовок").fill("Новая статья")
    page.get_by_role("button", name="Создать черновик").click()
    field = page.locator(".ProseMirror[contenteditable=true]").first
    expect(field).to_be_visible()
    expect(page.get_by_role("button", name="Жирный")).to_be_visible()
    check_page(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    field.click()
    page.keyboard.type("Первый абзац статьи. " * 12)
    page.locator("[name=lead]").fill("О чём статья.")
    page.get_by_role("button", name="Сохранить и закрыть").click()
    expect(page.get_by_text("Сохранено, версия 2.")).to_be_visible()
    check_page(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("link", name="Изменить авторов").click()
    page.locator("[name=author-0-author]").select_option(str(author.pk))
    page.get_by_role("button", name="Сохранить авторов").click()
    for name in ("Передать редактору", "Отдать в корректуру", "Опубликовать"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_text("Сделано: опубликовать.")).to_be_visible()
    article = Article.objects.get()
    assert article.state == "published"
    assert article.body.startswith("<p>Первый абзац статьи.")
    page.goto(live_server.url + article.get_absolute_url())
    expect(page.get_by_role("heading", level=1)).to_have_text("Новая статья")
    assert refused == []


def test_councils_editor_hands_over(page, live_server, browser_sign_in):
    region = people.Region.objects.get(code="40")
    article = journal.make_article(
        "Из области", rubric=journal.make_rubric("kaluga", region=region)
    )
    browser_sign_in(people.give_consent(journal.council_editor("40")))
    page.goto(f"{live_server.url}/cabinet/journal/{article.pk}/")
    page.get_by_role("button", name="Передать редактору").click()
    expect(page.get_by_text("Сделано: передать редактору.")).to_be_visible()
    expect(page.get_by_role("button", name="Опубликовать")).to_have_count(0)
    expect(page.get_by_role("link", name="Править текст")).to_have_count(0)
