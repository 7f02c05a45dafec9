"""Preparing, computing, rendering and publishing a report."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from annual_report import workflow
from annual_report.analysis import (
    SCOPE_COLUMNS,
    Analysis,
    UnknownPlaceholder,
    fill_text,
)
from annual_report.blocks import BlockBuilder, BlockError, Territories
from annual_report.enums import ReportState
from annual_report.models import (
    Campaign,
    Indicator,
    Report,
    ReportChapter,
    ReportFigure,
    Snapshot,
)
from annual_report.services import cubes
from annual_report.services.snapshots import (
    create_snapshot,
    load_infos,
    load_register,
    load_snapshot,
    snapshot_folders,
    write_file,
)
from okmo_portal.accounts.models import User
from okmo_portal.core.pdf import (
    PANGO_COMMAND,
    Part,
    PdfUnavailable,
    count_pages,
    join_parts,
    render_pdf,
)
from okmo_portal.core.text import format_datetime
from okmo_portal.documents.services import store_bytes
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict, Region
from okmo_portal.search.services import refresh_search
from okmo_portal.workflow import transitions

OUTLINE = Path(__file__).resolve().parents[1] / "data" / "report_outline.json"
STYLES = ("okmo/css/report.css",)


@transaction.atomic
def prepare_report(*, campaign: Campaign, by: User | None) -> Report:
    """Make the report with the chapters of the outline; an existing one is left as it is."""
    year = campaign.year
    report, created = Report.objects.get_or_create(
        campaign=campaign,
        defaults={
            "title": f"О состоянии местного самоуправления в Российской Федерации в {year} году",
            "title_en": f"The State of Local Self-Government in the Russian Federation in {year}",
            "summary": (
                f"Ежегодный доклад Правительству Российской Федерации за {year} год: территория, "
                "органы, кадры, бюджет и участие граждан по данным муниципалитетов."
            ),
            "summary_en": (
                f"Annual report to the Government for {year}: territory, bodies, staff, budgets "
                "and citizens’ participation, from data filed by municipalities."
            ),
        },
    )
    if created:
        chapters = json.loads(OUTLINE.read_text("utf-8"))
        ReportChapter.objects.bulk_create(
            ReportChapter(report=report, order=order, **chapter)
            for order, chapter in enumerate(chapters, start=1)
        )
    return report


@transaction.atomic
def take_snapshot(*, report: Report, by: User | None) -> Snapshot:
    """Freeze today's approved answers and compute the figures that pages show from them.

    Raises ValidationError for a published report: what people have read stays as it was.
    """
    locked = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    check_not_published(locked)
    snapshot = create_snapshot(campaign=report.campaign, by=by)
    renewed = locked.snapshot_id not in (None, snapshot.pk)
    report.snapshot = snapshot
    report.save(update_fields=["snapshot"])
    save_figures(report=report)
    if renewed:
        mark_changed(report=report, by=by)
    return snapshot


def check_not_published(report: Report) -> None:
    if report.state == ReportState.PUBLISHED:
        raise ValidationError("Доклад опубликован. Чтобы изменить его, снимите его с публикации.")


def mark_changed(*, report: Report, by: User | None) -> None:
    """A built PDF no longer says what the data and the chapters say: it must be built again."""
    state = Report.objects.values_list("state", flat=True).get(pk=report.pk)
    if state in workflow.REWORK.sources:
        with transitions.apply(workflow.REWORK, report, by=by):
            pass


def get_analysis(report: Report) -> Analysis:
    """Analysis of the report's snapshot; raises SnapshotDamaged for a changed file."""
    snapshot = report.snapshot
    if snapshot is None:
        raise jobs.JobFailed("Сначала сделайте снимок данных.")
    return Analysis(
        None,
        load_register(snapshot),
        load_infos(snapshot).values(),
        report.campaign.year,
        # Year by year: all of them at once would be the larger part of a worker's memory.
        years=snapshot_folders(snapshot),
        load=lambda year: load_snapshot(snapshot, [year]),
        load_register=lambda year: load_register(snapshot, year),
        factors=cubes.unit_factors(snapshot),
    )


def save_figures(*, report: Report) -> int:
    """Store every territory's figures; returns how many."""
    analysis = get_analysis(report)
    ids = dict(Indicator.objects.values_list("code", "pk"))
    rows = [
        ReportFigure(
            report=report,
            indicator_id=ids[code],
            scope=scope,
            scope_code=key,
            value=_stored(figure.value),
            unweighted=_stored(figure.unweighted),
            low=_stored(figure.low),
            high=_stored(figure.high),
            method=figure.method,
            count=figure.count,
            expected=figure.expected,
        )
        for code in analysis.indicators
        for scope in SCOPE_COLUMNS
        for key, figure in analysis.figures(code, scope).items()
    ]
    ReportFigure.objects.filter(report=report).delete()
    ReportFigure.objects.bulk_create(rows, batch_size=2000)
    return len(rows)


def _stored(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def get_territories(report: Report) -> Territories:
    regions = list(Region.objects.order_by("sort_key"))
    snapshot = report.snapshot
    if snapshot is None:
        raise jobs.JobFailed("Сначала сделайте снимок данных.")
    return Territories(
        names={
            "district": {item.code: item.name for item in FederalDistrict.objects.all()},
            "region": {item.code: item.short_name for item in regions},
            "kind": {item.value: str(item.label).capitalize() for item in MunicipalityKind},
        },
        tiles=[
            (item.code, item.tile_label, item.short_name, item.tile_row, item.tile_column)
            for item in regions
        ],
        titles=dict(Indicator.objects.values_list("code", "title")),
        snapshot_facts=[
            ("Номер снимка", str(snapshot.pk)),
            ("Создан", format_datetime(snapshot.created_at)),
            ("Значений", str(snapshot.rows)),
            ("Хеш SHA-256", snapshot.sha256),
        ],
    )


def chapter_context(chapter: ReportChapter, builder: BlockBuilder) -> dict:
    """Paragraphs with numbers and built blocks; errors name the chapter."""
    try:
        text = fill_text(chapter.text, builder.analysis)
        blocks = [builder.build(spec) for spec in chapter.blocks]
    except (UnknownPlaceholder, BlockError) as error:
        raise jobs.JobFailed(f"Глава «{chapter.title}»: {error}") from error
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return {"chapter": chapter, "paragraphs": paragraphs, "blocks": blocks}


def get_builder(report: Report) -> BlockBuilder:
    return BlockBuilder(get_analysis(report), get_territories(report))


def get_chapters(report: Report) -> list[dict]:
    """Built chapters for the page, kept until the snapshot or one of the chapters changes."""
    marks = list(report.chapters.values_list("pk", "title", "text", "blocks"))
    digest = hashlib.sha256(repr(marks).encode()).hexdigest()[:16]
    snapshot = report.snapshot.sha256[:16] if report.snapshot else ""
    key = f"report:{report.pk}:{snapshot}:{digest}"
    built = cache.get(key)
    if built is None:
        # Chapters are Russian whoever asks first; what is kept must not follow his language.
        with translation.override("ru"):
            builder = get_builder(report)
            built = [chapter_context(chapter, builder) for chapter in report.chapters.all()]
        cache.set(key, built, timeout=None)
    return built


# --- PDF -------------------------------------------------------------------------------------------


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
    return build_folder(job_id) / f"{chapter.order:02d}-{chapter.slug}.pdf"


def write_chapters(*, job_id: str, report: Report) -> None:
    """Compute all chapters from the snapshot once and leave them as pages for the renderers.

    Each renderer would else load and pivot the whole snapshot: at 22,000 municipalities that took
    more time and memory than its pages. What an earlier attempt wrote is kept.
    """
    missing = [c for c in report.chapters.all() if not html_path(job_id, c).exists()]
    if not missing:
        return
    builder = get_builder(report)
    with translation.override("ru"):
        for chapter in missing:
            context = chapter_context(chapter, builder)
            html = render_to_string("annual_report/pdf/chapter.html", context)
            write_file(html_path(job_id, chapter), html.encode())


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
    job = Job.objects.select_related("created_by").get(pk=job_id)
    with transitions.apply(workflow.FINISH_BUILD, report, by=None) as locked:
        locked.pdf = store_bytes(
            content=path.read_bytes(),
            name=f"okmo-report-{report.campaign.year}.pdf",
            content_type="application/pdf",
            by=job.created_by,
            subject=report,
        )
        locked.pages = count_pages(path)
        locked.built_at = timezone.now()
    shutil.rmtree(path.parent, ignore_errors=True)


# --- publication -----------------------------------------------------------------------------------


def publish_report(*, report: Report, by: User | None) -> Report:
    """Open the report to everybody; the constraint demands snapshot and PDF."""
    with transitions.apply(workflow.PUBLISH, report, by=by) as locked:
        locked.published_at, locked.published_by = timezone.now(), by
        # The first reader must not wait until the snapshot is analysed.
        transaction.on_commit(partial(get_chapters, locked))
        transaction.on_commit(partial(cubes.warm, locked.snapshot))
        transaction.on_commit(refresh_search)
    return locked


def unpublish_report(*, report: Report, by: User) -> Report:
    with transitions.apply(workflow.UNPUBLISH, report, by=by) as locked:
        locked.published_at = locked.published_by = None
    return locked


def can_read_document(user, report_id: str) -> bool:
    """The PDF follows its report: public when published, else for the Congress."""
    return Report.objects.visible_to(user).filter(pk=report_id).exists()
