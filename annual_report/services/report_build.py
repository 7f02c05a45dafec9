"""Building a report's files: PDF by chapters in parallel, then DOCX, tables and open data."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from annual_report import workflow
from annual_report.models import Report, ReportChapter, ReportFile
from annual_report.services import cubes, peers, report_files
from annual_report.services.chapters import chapter_context, get_builder
from annual_report.services.reports import check_not_published
from annual_report.services.snapshots import hash_of, write_file
from okmo_portal.accounts.models import User
from okmo_portal.core.pdf import (
    PANGO_COMMAND,
    Part,
    PdfUnavailable,
    count_pages,
    join_parts,
    render_pdf,
)
from okmo_portal.documents.services import store_bytes
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.workflow import transitions

STYLES = ("okmo/css/report.css",)


def start_build(*, report: Report, by: User) -> Job:
    """Queue the build; while one runs, that one is returned. Refuses a published report."""
    check_not_published(report)
    return jobs.start_job(
        title=f"Сборка доклада за {report.campaign.year} год",
        task="annual_report.build_report",
        arguments={"report_id": report.pk},
        by=by,
        queue="report",
        key=f"annual_report:build:{report.pk}",
        back_url=reverse("annual_report:report-manage", args=[report.campaign.year]),
    )


def build_folder(job_id: str | UUID) -> Path:
    return settings.DATA_ROOT / "builds" / str(job_id)


def chapter_path(job_id: str | UUID, chapter: ReportChapter) -> Path:
    return build_folder(job_id) / f"{chapter.order:03d}-{chapter.slug}.pdf"


def write_chapters(*, job_id: str, report: Report) -> None:
    """Compute all chapters from the snapshot once and leave them as pages for the renderers.

    Each renderer would else load and pivot the whole snapshot: at 22,000 municipalities that took
    more time and memory than its pages. What an earlier attempt wrote is kept.
    """
    rows = list(report.chapters.select_related("region"))
    if all(html_path(job_id, c).exists() for c in rows) and files_folder(job_id).exists():
        return
    builder = get_builder(report)
    with translation.override("ru"):
        contexts = [chapter_context(chapter, builder) for chapter in rows]
        for chapter, context in zip(rows, contexts, strict=True):
            html = render_to_string("annual_report/pdf/chapter.html", context)
            write_file(html_path(job_id, chapter), html.encode())
        for name, content in report_files.make_files(report, builder.analysis, contexts):
            write_file(files_folder(job_id) / name, content)


def files_folder(job_id: str | UUID) -> Path:
    return build_folder(job_id) / "files"


def html_path(job_id: str | UUID, chapter: ReportChapter) -> Path:
    return chapter_path(job_id, chapter).with_suffix(".html")


def render_chapter(*, job_id: str, chapter: ReportChapter) -> Path:
    """One chapter's PDF; a complete file of an earlier attempt is kept."""
    path = chapter_path(job_id, chapter)
    if not path.exists():
        html = html_path(job_id, chapter).read_text("utf-8")
        try:
            render_pdf(html, path, stylesheets=STYLES)
        except PdfUnavailable as error:
            raise jobs.JobFailed(
                "На сервере нет библиотеки Pango, без неё PDF не собрать. Администратору: "
                f"{PANGO_COMMAND}. Потом нажмите «Повторить»."
            ) from error
    return path


def missing_chapters(report: Report, job_id: str) -> list[ReportChapter]:
    return [c for c in report.chapters.all() if not chapter_path(job_id, c).exists()]


def longest_first(chapters: list[ReportChapter], job_id: str) -> list[ReportChapter]:
    """A long chapter begun last would keep one process busy while the others have nothing left."""
    return sorted(chapters, key=lambda c: -html_path(job_id, c).stat().st_size)


def claim_join(job_id: str) -> bool:
    """True for the first caller of the job's present attempt."""
    attempt = Job.objects.values_list("attempts", flat=True).get(pk=job_id)
    try:
        (build_folder(job_id) / f"join-{attempt}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def join_report(*, report: Report, job_id: str) -> int:
    """Join the chapters, store the PDF, move the report on; returns its pages."""
    parts = [Part(c.title, chapter_path(job_id, c)) for c in report.chapters.all()]
    target = build_folder(job_id) / "report.pdf"
    year = report.campaign.year
    context = {
        "report": report,
        "year": year,
        "organisation_name": settings.ORGANISATION_NAME,
        "snapshot": report.snapshot,
    }

    def front(entries):
        return render_to_string("annual_report/pdf/front.html", context | {"entries": entries})

    def stamps(pages):
        return render_to_string("annual_report/pdf/stamps.html", context | {"pages": pages})

    pages = join_parts(
        parts, target, front=front, stamps=stamps, stylesheets=STYLES, title=report.title
    )
    finish_build(report=report, path=target, job_id=job_id)
    return pages


@transaction.atomic
def finish_build(*, report: Report, path: Path, job_id: str) -> None:
    """Store what was built. Of an agreed report it is the edition; of a draft, a proof only."""
    person = Job.objects.select_related("created_by").get(pk=job_id).created_by
    year = report.campaign.year
    content = path.read_bytes()
    document = store_bytes(
        content=content,
        name=f"okmo-report-{year}.pdf",
        content_type="application/pdf",
        by=person,
        subject=report,
    )
    # The first reader must not wait until the wide tables are made.
    snapshot = report_files.frozen(report)
    cubes.warm(snapshot)
    peers.warm(snapshot)
    for file in sorted(files_folder(job_id).iterdir()):
        store_report_file(report, file, year, person)
    locked = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    locked.pdf, locked.pages, locked.built_at = document, count_pages(path), timezone.now()
    locked.save(update_fields=["pdf", "pages", "built_at"])
    if locked.state in workflow.FINISH_BUILD.sources:
        with transitions.apply(workflow.FINISH_BUILD, locked, by=None):
            pass
    shutil.rmtree(path.parent, ignore_errors=True)


def store_report_file(report: Report, file: Path, year: int, by: User) -> None:
    kind = file.suffix.removeprefix(".")
    content = file.read_bytes()
    document = store_bytes(
        content=content,
        name=f"okmo-report-{year}.{kind}",
        content_type=report_files.TYPES[kind],
        by=by,
        subject=report,
    )
    ReportFile.objects.update_or_create(
        report=report, kind=kind, defaults={"document": document, "sha256": hash_of(content)}
    )
