"""Drafting, numbers that change under the words, agreement, files that can be made again."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone
from docx import Document
from python_calamine import load_workbook

from annual_report.bindings import changes
from annual_report.enums import ReportState
from annual_report.models import Answer, Report
from annual_report.services import chapters, report_files, reports
from annual_report.services.chapters import chapter_context, get_builder
from tests.annual_report.test_reports import agree, built_report, small_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def staff(db):
    return people.congress_staff()


@pytest.fixture
def report(campaign, staff):
    return small_report(campaign, staff)


def change_data(report, staff):
    """One approved value becomes another, as a correction makes it, and is frozen anew."""
    answer = Answer.objects.filter(
        submission__campaign=report.campaign, indicator__code="C01", value=10
    ).get()
    answer.value = Decimal(1000)
    answer.save()
    answer.submission.updated_at = timezone.now()
    answer.submission.save()
    reports.take_snapshot(report=report, by=staff)
    report.refresh_from_db()
    chapters.compute_chapters(report)


def test_changed_value_flags_every_sentence_and_table_that_shows_it(report, staff):
    report.chapters.filter(slug="two").update(text="Обучено {{ count.C04 }}.", blocks=[])
    chapters.compute_chapters(report)
    chapters.confirm_chapters(chapters=report.chapters.all(), by=staff)
    assert chapters.flagged(report) == []
    change_data(report, staff)
    [(chapter, changed)] = chapters.flagged(report)
    assert chapter.slug == "one"
    assert [(item.place, item.cells) for item in changed] == [
        ("«Всего ….»", [("total.C01", "60,0\u00a0ед.", "1\u00a0050,0\u00a0ед.")]),
        (
            "Таблица 1 «Т»",
            [
                ("Муниципальный район / Должности, ед.", "60,0", "1\u00a0050,0"),
                ("Муниципальный район / Доля, %", "50,0", "2,9"),
                ("Всего / Должности, ед.", "60,0", "1\u00a0050,0"),
                ("Всего / Доля, %", "50,0", "2,9"),
            ],
        ),
    ]


def test_review_waits_until_somebody_has_looked_at_the_numbers(report, staff):
    with pytest.raises(ValidationError, match="подтвердите числа в главах: «Глава 1», «Глава 2»"):
        reports.send_to_review(report=report, by=staff)
    agree(report, staff)
    report.refresh_from_db()
    assert report.state == ReportState.APPROVED
    assert report.approved_by == staff


def test_agreed_chapters_are_frozen_and_new_data_reopen_the_draft(report, staff):
    agree(report, staff)
    chapter = report.chapters.first()
    with pytest.raises(ValidationError, match="главы заморожены"):
        chapters.edit_chapter(chapter=chapter, title="Иначе", text="Текст", by=staff)
    change_data(report, staff)
    report.refresh_from_db()
    assert report.state == ReportState.DRAFT
    assert len(chapters.flagged(report)) == 2


def test_return_needs_a_reason(report, staff):
    agree(report, staff)
    with pytest.raises(ValidationError, match="что исправить"):
        reports.return_report(report=report, by=staff, comment=" ")
    reports.return_report(report=report, by=staff, comment="Добавьте выводы.")
    report.refresh_from_db()
    assert (report.state, report.approved_at) == (ReportState.DRAFT, None)


def test_unknown_placeholder_is_refused_at_the_field(report, staff, client):
    people.sign_in(client, staff)
    chapter = report.chapters.first()
    answer = client.post(
        f"/cabinet/chapters/{chapter.pk}/", {"title": "Г", "text": "{{ total.Z99 }}"}
    )
    assert "total.Z99" in answer.content.decode()
    chapter.refresh_from_db()
    assert chapter.text == "Всего {{ total.C01 }}."


def test_council_writes_its_regions_chapter_only(report, staff, client, campaign):
    region = campaign.submissions.first().region
    own = report.chapters.create(order=3, slug="region-40", title="Свой", text="", region=region)
    director = people.council_director(region)
    people.sign_in(client, director)
    foreign = report.chapters.first()
    assert client.get(f"/cabinet/chapters/{foreign.pk}/").status_code == 404
    answer = client.post(
        f"/cabinet/chapters/{own.pk}/",
        {"title": "Свой", "text": "У нас {{ total.C01 }} из {{ nation.total.C01 }}."},
    )
    assert answer.status_code == 302
    chapters.compute_chapters(report)
    own.refresh_from_db()
    assert "У нас 60,0\u00a0ед. из 60,0\u00a0ед." in own.html
    listed = client.get("/cabinet/reports/2025/chapters/").content.decode()
    assert "Свой" in listed
    assert "Глава 1" not in listed
    assert client.post("/cabinet/reports/2025/chapters/confirm/").status_code == 404


def test_prepared_report_has_a_chapter_for_each_region_asked(campaign, staff):
    report = reports.prepare_report(campaign=campaign, by=staff)
    regional = report.chapters.exclude(region=None)
    assert [item.slug for item in regional] == ["region-40"]
    assert list(report.chapters.values_list("order", flat=True)) == list(
        range(1, report.chapters.count() + 1)
    )


def test_region_chapter_shows_the_region_beside_district_and_country(report, campaign, staff):
    region = campaign.submissions.first().region
    chapter = report.chapters.create(
        order=3, slug="region-40", title="Область", region=region, text="",
        blocks=[
            {"kind": "profile", "indicators": ["C01", "C07"], "title": "П"},
            {"kind": "municipalities", "indicators": ["C01", "C02"], "title": "М"},
        ],
    )  # fmt: skip
    profile, municipalities = chapter_context(chapter, get_builder(report))["blocks"]
    assert profile.table.rows[0] == ["Должности, ед.", "60,0", "—", "60,0", "60,0", "100\u00a0%"]
    names = list(
        campaign.submissions.order_by("municipality__sort_key").values_list(
            "municipality__name", flat=True
        )
    )
    assert [row[0] for row in municipalities.table.rows] == names
    assert sorted(row[1] for row in municipalities.table.rows) == ["10,0", "20,0", "30,0"]


def test_embargoed_report_is_for_those_with_a_role(campaign, staff, client):
    report = built_report(campaign, staff)
    reports.publish_report(report=report, by=staff)
    Report.objects.update(public_from=timezone.localdate() + timedelta(days=3))
    assert client.get("/report/2025/").status_code == 404
    assert client.get("/report/2025/two/").status_code == 404
    assert "60,0" not in client.get("/report/tables/?i=C01").content.decode()
    head = people.municipality_head(campaign.submissions.first().municipality)
    people.sign_in(client, head)
    page = client.get("/report/2025/")
    assert page.status_code == 200
    assert "видят только участники" in page.content.decode()
    Report.objects.update(public_from=timezone.localdate())
    client.logout()
    assert client.get("/report/2025/").status_code == 200


def built_contexts(report):
    builder = get_builder(report)
    rows = report.chapters.select_related("region")
    return builder.analysis, [chapter_context(chapter, builder) for chapter in rows]


def test_same_snapshot_gives_the_same_tables_byte_for_byte(report):
    once = dict(report_files.make_tables(report, *built_contexts(report)))
    again = dict(report_files.make_tables(report, *built_contexts(report)))
    assert once == again
    assert sorted(once) == ["report.csv", "report.parquet", "report.xlsx"]


def test_excel_and_docx_hold_the_chapters_tables(report):
    _analysis, contexts = built_contexts(report)
    book = load_workbook(io.BytesIO(report_files.make_xlsx(report, contexts)))
    assert book.sheet_names == ["Содержание", "Т1", "Т2"]
    rows = book.get_sheet_by_name("Т1").to_python()
    assert rows[2] == ["Муниципальный район", 60.0, 50.0]
    document = Document(io.BytesIO(report_files.make_docx(report, contexts)))
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 1"] == [
        "Глава 1", "Глава 2",
    ]  # fmt: skip
    cells = [cell.text for cell in document.tables[0].rows[1].cells]
    assert cells == ["Муниципальный район", "60,0", "50,0"]
    section = document.sections[0]
    assert (section.page_width.cm, section.page_height.cm) == pytest.approx((21, 29.7), abs=0.01)
    names, *numbers = [column.width.cm for column in document.tables[0].columns]
    assert names > 2 * max(numbers)
    assert names + sum(numbers) == pytest.approx(21 - 3.6, abs=0.05)


def test_rebuild_names_what_differs(campaign, staff, report, tmp_path, capsys):
    from annual_report.models import ReportFile
    from okmo_portal.documents.services import store_bytes

    document = store_bytes(content=b"x", name="f.csv", content_type="text/csv", by=staff)
    ReportFile.objects.create(report=report, kind="csv", document=document, sha256="0" * 64)
    with pytest.raises(CommandError, match="Не совпали с опубликованными: csv"):
        call_command("rebuild_report_tables", "2025", to=tmp_path)
    assert "csv" in capsys.readouterr().out
    assert (tmp_path / "okmo-report-2025.csv").read_text().startswith("indicator,title")
    with pytest.raises(CommandError, match="за 1999 год нет"):
        call_command("rebuild_report_tables", "1999")


def test_binding_that_is_gone_is_a_change():
    old = [{"place": "«А»", "values": [["total.C01", "1"]]}]
    assert [(c.place, c.cells) for c in changes(old, [])] == [("«А»", [("total.C01", "1", None)])]
    assert changes(old, old) == []
