"""The main job from sign-up to the published PDF, as each role does it in the browser."""

import io
import re

import pikepdf
import pytest
from django.core import mail
from playwright.sync_api import expect

from annual_report.models import Report, Submission
from okmo_portal.accounts.models import User
from okmo_portal.organisations.models import Membership
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "верный-конь-батарея-7"


@pytest.fixture(autouse=True)
def no_second_factor(settings, migrated_data):
    settings.SECOND_FACTOR_REQUIRED = False


def sign_out(page):
    page.context.clear_cookies()


def test_newcomer_becomes_a_specialist(page, live_server, check_page, browser_sign_in, tmp_path):
    municipality = people.MunicipalityFactory(name="Ясноборский муниципальный район")
    director = people.give_consent(people.council_director(municipality.region))
    page.goto(f"{live_server.url}/accounts/signup/")
    check_page(page)
    page.click("main button[type=submit]")
    expect(page.locator("#error-summary")).to_be_focused()
    check_page(page)
    page.fill("[name=last_name]", "Новикова")
    page.fill("[name=first_name]", "Дарья")
    page.fill("[name=email]", "novikova@demo.example")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button[type=submit]")
    letter = next(item for item in mail.outbox if "novikova@demo.example" in item.to)
    link = re.search(r"https?://\S+/confirm-email/\S+", letter.body).group(0)
    page.goto(live_server.url + re.sub(r"^https?://[^/]+", "", link))
    page.click("main button[type=submit]")
    if page.locator("[name=login]").count():
        page.fill("[name=login]", "novikova@demo.example")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("Согласие")
    check_page(page)
    page.check("input[type=checkbox]")
    page.click("text=Продолжить")
    expect(page.locator("h1")).to_contain_text("Что от Вас нужно")
    check_page(page)
    page.goto(f"{live_server.url}/organisations/memberships/request/")
    page.select_option("[name=region]", label=municipality.region.name)
    page.fill("[name=q]", "ясноб")
    page.click("text=Найти >> nth=-1")
    check_page(page)
    page.click("text=Ясноборский муниципальный район")
    page.click("text=Отправить запрос")
    expect(page.locator("#error-summary")).to_be_focused()
    check_page(page)
    mandate = tmp_path / "приказ.pdf"
    mandate.write_bytes(b"%PDF-1.4\n%test\n")
    page.check("[name=role][value=specialist]")
    page.fill("[name=position_title]", "Ведущий специалист")
    page.fill("[name=valid_from]", "2026-02-01")
    page.set_input_files("[name=mandate]", mandate)
    page.click("text=Отправить запрос")
    membership = Membership.objects.get(user__email="novikova@demo.example")
    expect(page.locator("main")).to_contain_text(f"П-{membership.pk}")
    check_page(page)

    sign_out(page)
    browser_sign_in(director)
    page.goto(f"{live_server.url}/cabinet/")
    page.click("main a.button:has-text('Проверить')")
    page.click("text=Новикова")
    check_page(page)
    page.click("text=Подтвердить полномочие")
    membership.refresh_from_db()
    assert (membership.state, membership.decided_by) == ("active", director)

    sign_out(page)
    browser_sign_in(User.objects.get(email="novikova@demo.example"))
    page.goto(f"{live_server.url}/cabinet/")
    expect(page.locator(".header, header").first).to_contain_text("специалист")


def test_council_returns_and_then_approves(page, live_server, check_page, browser_sign_in):
    municipality = people.MunicipalityFactory()
    submission = make_campaign(make_form()).submissions.get()
    specialist = people.give_consent(people.municipality_specialist(municipality))
    head = people.give_consent(people.municipality_head(municipality))
    director = people.give_consent(people.council_director(municipality.region))
    fill(submission, specialist, C01=10, C02=5, C04=6)

    browser_sign_in(head)
    page.goto(f"{live_server.url}/cabinet/forms/{submission.pk}/check/")
    check_page(page)
    page.fill("[id^=explain-]", "Двое учились дважды.")
    page.check("#id_certified")
    page.click("text=Отправить в совет")
    expect(page.locator("h1")).to_have_text("Форма отправлена")
    check_page(page)

    sign_out(page)
    browser_sign_in(director)
    page.goto(f"{live_server.url}/cabinet/")
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/review/?state=submitted")
    check_page(page)
    page.click(f"main table a:has-text('{municipality.name}')")
    expect(page.locator("main")).to_contain_text("Двое учились дважды.")
    check_page(page)
    page.fill("[name=whole-comment]", "Число обученных больше числа служащих.")
    page.locator("#return button").first.click()
    submission.refresh_from_db()
    assert submission.state == "returned"

    sign_out(page)
    browser_sign_in(specialist)
    page.goto(f"{live_server.url}/cabinet/")
    expect(page.locator("main")).to_contain_text("Исправить")
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/forms/{submission.pk}/")
    expect(page.locator("main")).to_contain_text("Число обученных больше числа служащих.")
    fill(Submission.objects.get(pk=submission.pk), specialist, C04=4)
    page.goto(f"{live_server.url}/cabinet/forms/{submission.pk}/check/")
    expect(page.locator("#id_certified")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(str(head))
    page.click("text=Передать главе на подпись")
    check_page(page)

    sign_out(page)
    browser_sign_in(head)
    page.goto(f"{live_server.url}/cabinet/")
    page.click("main a.button:has-text('Подписать')")
    check_page(page)
    page.check("#id_certified")
    page.click("text=Подписать и отправить в совет")
    expect(page.locator("h1")).to_have_text("Форма отправлена")
    check_page(page)

    sign_out(page)
    browser_sign_in(director)
    page.goto(f"{live_server.url}/cabinet/review/{submission.pk}/")
    page.click("button:has-text('Утвердить')")
    submission.refresh_from_db()
    assert (submission.state, submission.decided_by) == ("approved", director)
    expect(page.locator("main")).to_contain_text("утверждена")


@pytest.mark.worker
def test_staff_build_and_publish_the_report(
    page, live_server, check_page, browser_sign_in, celery_worker_process, client
):
    municipalities = [people.MunicipalityFactory() for _ in range(3)]
    campaign = make_campaign(make_form())
    director = people.council_director(municipalities[0].region)
    staff = people.give_consent(people.congress_staff())
    sync_staff_access(user=staff)
    approve_all(campaign, director)

    browser_sign_in(staff)
    page.goto(f"{live_server.url}/cabinet/board/")
    expect(page.locator("main")).to_contain_text("3")
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/reports/2025/")
    page.click("text=Создать главы доклада")
    keep_one_chapter(Report.objects.get())
    page.click("text=Сделать снимок")
    expect(page.locator("main")).to_contain_text("Готово", timeout=60000)
    page.goto(f"{live_server.url}/cabinet/reports/2025/chapters/")
    check_page(page)
    page.click("text=Подтвердить числа в отмеченных главах")
    page.goto(f"{live_server.url}/cabinet/reports/2025/")
    page.click("button:has-text('Отправить на согласование')")
    page.click("button:has-text('Согласовать и заморозить')")
    check_page(page)
    page.click("button:has-text('Собрать файлы')")
    expect(page.locator("h1")).to_have_text("Сборка доклада за 2025 год")
    check_page(page)
    expect(page.locator("main")).to_contain_text("Готово", timeout=60000)
    check_page(page)
    page.goto(f"{live_server.url}/cabinet/reports/2025/")
    page.click("button:has-text('Опубликовать')")
    sign_out(page)
    page.goto(f"{live_server.url}/report/2025/")
    expect(page.locator("main")).to_contain_text("Должностей 60")
    check_page(page)
    with page.expect_download() as download:
        page.click("text=Скачать PDF")
    with pikepdf.open(io.BytesIO(download.value.path().read_bytes())) as pdf:
        assert len(pdf.pages) == Report.objects.get().pages
        assert pdf.Root.Lang == "ru"


def approve_all(campaign, director):
    from annual_report.services import review, submissions

    for number, submission in enumerate(campaign.submissions.all(), start=1):
        head = people.municipality_head(submission.municipality)
        fill(submission, head, C01=10 * number, C02=5 * number, C04=number)
        submissions.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)


def keep_one_chapter(report):
    """The outline's chapters speak of indicators that the small form does not ask."""
    report.chapters.all().delete()
    report.chapters.create(
        order=1, slug="one", title="Служба", text="Должностей {{ count.C01 }}.",
        blocks=[{"kind": "table", "indicators": ["C01", "C07"], "by": "kind", "title": "Таблица"},
                {"kind": "bars", "indicator": "C01", "by": "district", "title": "Столбцы"},
                {"kind": "map", "indicator": "C01", "title": "Карта"}],
    )  # fmt: skip
