"""The import with a real worker: through the browser, and after a kill in the middle."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from playwright.sync_api import expect

from annual_report.models import (
    ImportMapping,
    Indicator,
    Observation,
    ObservationImport,
)
from annual_report.services import observations
from okmo_portal.jobs import services
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.organisations.models import Region
from tests.annual_report.test_observations_pages import wide_workbook
from tests.factories import people
from tests.factories.observations import HEADER, make_dataset, upload
from tests.factories.report import make_form

pytestmark = [pytest.mark.worker, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def catalogue(settings, migrated_data):
    settings.SECOND_FACTOR_REQUIRED = False
    make_form()
    Indicator.objects.filter(code__in=["C01", "C04"]).update(max_value=10**9)


def many_rows(towns=2000, years=range(1990, 2025)):
    """Municipalities by one statement, and a file with two figures of each in each year."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO organisations_municipality (oktmo, check_digit, name, kind, region_id, "
            "missing_parent_oktmo, centre, status, sort_key) SELECT (29000000 + i)::text, '0', "
            "'М' || i, 'rural_settlement', %s, '', '', 'active', 'м' FROM generate_series(1, %s) i",
            [Region.objects.get(code="40").pk, towns],
        )
    return HEADER + "".join(
        f"{29000000 + town},{code},{year},7\n"
        for year in years
        for code in ("C01", "C04")
        for town in range(1, towns + 1)
    )


def test_a_killed_worker_leaves_nothing_by_halves(celery_worker_process, wait_for, monkeypatch):
    staff = people.congress_staff()
    run = observations.check_file(run=upload(many_rows(), staff), by=staff)
    assert run.new == 140_000
    job = observations.start_take(run=run, by=staff)
    wait_for(lambda: Job.objects.get(pk=job.pk).message == "Запись", seconds=60)
    celery_worker_process.kill()
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING
    assert Observation.objects.count() == 0
    assert ObservationImport.objects.get().state == "checked"
    monkeypatch.setattr(services, "LOST_AFTER", timedelta(0))
    celery_worker_process.start()
    assert services.resume_lost() == 1
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, seconds=90)
    done = Job.objects.get(pk=job.pk)
    assert (done.state, done.error, done.attempts) == (JobState.SUCCEEDED, "", 2)
    assert Observation.objects.count() == 140_000
    assert ObservationImport.objects.get().state == "done"


@pytest.mark.browser
def test_staff_take_in_a_wide_workbook(
    page, live_server, check_page, browser_sign_in, celery_worker_process, tmp_path
):
    """Upload, columns, check, import, result; each page is looked at, with its errors too."""
    make_dataset()
    people.MunicipalityFactory(oktmo="01605000")
    path = tmp_path / "сборник.xlsx"
    path.write_bytes(wide_workbook())
    browser_sign_in(people.give_consent(people.congress_staff()))
    page.goto(f"{live_server.url}/cabinet/observations/")
    check_page(page)
    page.click("text=Загрузить файл")
    page.click("main form.form button")
    expect(page.locator("#error-summary")).to_be_focused()
    check_page(page)
    page.select_option("[name=dataset]", label="Набор rosstat")
    page.set_input_files("[name=file]", path)
    page.click("main form.form button")
    expect(page.locator("h1")).to_have_text("сборник.xlsx")
    check_page(page)
    page.click("text=Указать столбцы")
    page.select_option("[name=sheet]", label="Таблица 1")
    page.fill("[name=header_row]", "2")
    page.fill("[name=header_rows]", "2")
    page.click("text=Показать столбцы")
    page.select_option("[name=column-1-role]", label="код территории")
    page.fill("[name=name]", "sbornik")
    page.click("text=Сохранить сопоставление")
    expect(page.locator("#error-summary")).to_contain_text("столбец со значениями")
    check_page(page)
    for number, year in ((2, "2023"), (3, "2024")):
        page.select_option(f"[name=column-{number}-role]", label="значение")
        page.fill(f"[name=column-{number}-indicator]", "C01")
        page.fill(f"[name=column-{number}-year]", year)
    page.check("text=строки без кода территории")
    page.click("text=Сохранить сопоставление")
    assert ImportMapping.objects.get().header_rows == 2
    page.click("text=Проверить без записи")
    page.click("text=Открыть результат", timeout=60_000)
    expect(page.locator("main")).to_contain_text("похоже, пропал ноль в начале")
    check_page(page)
    with page.expect_download() as download:
        page.click("text=Скачать отклонённые строки")
    assert "1605000" in download.value.path().read_text("utf-8-sig")
    page.click("text=Изменить сопоставление")
    page.check("text=возвращать ноль в начале кода ОКТМО")
    page.click("text=Сохранить сопоставление")
    page.click("text=Проверить без записи")
    page.click("text=Открыть результат", timeout=60_000)
    page.click("text=Принять: 2 новых, 0 изменённых")
    page.click("text=Открыть результат", timeout=60_000)
    expect(page.locator("main")).to_contain_text("Что принято")
    check_page(page)
    stored = Observation.objects.order_by("year").values_list("year", "value")
    assert list(stored) == [(2023, Decimal("1.5")), (2024, Decimal("2.25"))]
