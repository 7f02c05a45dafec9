"""Chapters over a snapshot: computed, bound to its numbers, looked at, edited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from annual_report import workflow
from annual_report.analysis import (
    Analysis,
    UnknownPlaceholder,
    fill_text,
    placeholders,
    show_placeholder,
)
from annual_report.bindings import Change, bind_chapter, changes
from annual_report.blocks import BlockBuilder, BlockError, Territories
from annual_report.enums import ReportState
from annual_report.models import Indicator, Report, ReportChapter
from annual_report.services import cubes
from annual_report.services.snapshots import (
    load_infos,
    load_register,
    load_snapshot,
    snapshot_folders,
)
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.core.text import format_datetime
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict, Region
from okmo_portal.workflow import transitions

#: Written into the hash: counts up when the same chapter would be drawn differently.
EDITION = 1


#: What the analysis reads of a snapshot's rows.
NEEDED = ("oktmo", "kind", "region", "district", "indicator", "value")


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
        load=lambda year: load_snapshot(snapshot, [year], NEEDED),
        load_register=lambda year: load_register(snapshot, year),
        factors=cubes.unit_factors(snapshot),
    )


def get_territories(report: Report) -> Territories:
    regions = list(Region.objects.select_related("federal_district").order_by("sort_key"))
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
        districts={item.code: item.federal_district.code for item in regions},
        proposals=[
            (item.region.code, item.municipality.name, item.title, item.fate)
            for item in report.proposals.select_related("region", "municipality").order_by(
                "region__sort_key", "pk"
            )
        ],
    )


def get_builder(report: Report) -> BlockBuilder:
    return BlockBuilder(get_analysis(report), get_territories(report))


def region_code(chapter: ReportChapter) -> str:
    return chapter.region.code if chapter.region else ""


def chapter_context(chapter: ReportChapter, builder: BlockBuilder) -> dict[str, Any]:
    """Paragraphs with numbers and built blocks; errors name the chapter."""
    region = region_code(chapter)
    try:
        text = fill_text(chapter.text, builder.analysis, region)
        blocks = [builder.build(spec, region) for spec in chapter.blocks]
    except (UnknownPlaceholder, BlockError) as error:
        raise jobs.JobFailed(f"Глава «{chapter.title}»: {error}") from error
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return {"chapter": chapter, "paragraphs": paragraphs, "blocks": blocks}


# --- computing -------------------------------------------------------------------------------------


def source_hash(chapter: ReportChapter, report: Report) -> str:
    """Hash of everything that a computed chapter follows from."""
    snapshot = report.snapshot.sha256 if report.snapshot else ""
    given = repr((EDITION, snapshot, chapter.title, chapter.text, chapter.blocks))
    if any(block.get("kind") == "proposals" for block in chapter.blocks):
        # The fate of proposals is frozen with the report, not with the snapshot.
        given += repr(list(report.proposals.order_by("pk").values_list("pk", "title", "state")))
    return hashlib.sha256(given.encode()).hexdigest()


def stale_chapters(report: Report) -> list[ReportChapter]:
    """Chapters whose stored pages and bindings are not those of the snapshot and their text."""
    rows = report.chapters.select_related("region")
    return [item for item in rows if item.computed_from != source_hash(item, report)]


def compute_chapters(report: Report, *, job_id: str = "") -> int:
    """Compute what is stale and store it; returns how many chapters that were."""
    stale = stale_chapters(report)
    if not stale:
        return 0
    builder = get_builder(report)
    # Chapters are Russian whoever asks; what is kept must not follow his language.
    with translation.override("ru"):
        for chapter in stale:
            compute_chapter(chapter, report, builder)
            if job_id:
                jobs.advance(job_id, message=f"Глава «{chapter.title}»")
    return len(stale)


def compute_chapter(chapter: ReportChapter, report: Report, builder: BlockBuilder) -> None:
    context, region = chapter_context(chapter, builder), region_code(chapter)
    chapter.html = render_to_string("annual_report/public/_chapter.html", context)
    chapter.bindings = bind_chapter(
        chapter.text,
        context["blocks"],
        lambda name: show_placeholder(name, builder.analysis, region),
    )
    chapter.computed_from = source_hash(chapter, report)
    chapter.save(update_fields=["html", "bindings", "computed_from"])


def start_computing(*, report: Report, by: User) -> Job:
    return jobs.start_job(
        title=f"Расчёт глав доклада за {report.campaign.year} год",
        task="annual_report.compute_chapters",
        arguments={"report_id": report.pk},
        by=by,
        queue="report",
        key=f"annual_report:chapters:{report.pk}",
        back_url=reverse("annual_report:report-manage", args=[report.campaign.year]),
    )


# --- editing and confirming ------------------------------------------------------------------------


def flagged(report: Report) -> list[tuple[ReportChapter, list[Change]]]:
    """Chapters whose numbers nobody has confirmed as they now are."""
    # Equal ones need not be read: a hundred chapters' numbers are megabytes.
    rows = report.chapters.exclude(confirmed=F("bindings")).select_related("region").defer("html")
    found = ((item, changes(item.confirmed, item.bindings)) for item in rows)
    return [(item, changed) for item, changed in found if changed]


def check_editable(report: Report) -> None:
    if report.state in (ReportState.APPROVED, ReportState.READY):
        raise ValidationError(
            "Доклад согласован, главы заморожены. Чтобы править их, верните доклад в работу."
        )
    if report.state == ReportState.PUBLISHED:
        raise ValidationError("Доклад опубликован. Чтобы изменить его, снимите его с публикации.")


@transaction.atomic
def edit_chapter(*, chapter: ReportChapter, title: str, text: str, by: User) -> ReportChapter:
    """Change the words; placeholders are checked, numbers are computed by a job after commit.

    Raises ValidationError for an unknown placeholder and for a frozen report.
    """
    report = Report.objects.select_for_update(of=("self",)).get(pk=chapter.report_id)
    check_editable(report)
    try:
        placeholders(text, Indicator.objects.values_list("code", flat=True))
    except UnknownPlaceholder as error:
        raise ValidationError({"text": str(error)}) from error
    locked = ReportChapter.objects.select_for_update(of=("self",)).get(pk=chapter.pk)
    locked.title, locked.text = title.strip(), text.strip()
    locked.save(update_fields=["title", "text"])
    record(action="annual_report.chapter_edited", by=by, subject=locked)
    if report.state == ReportState.REVIEW:
        with transitions.apply(workflow.REWORK, report, by=None):
            pass
    if report.snapshot_id is not None:
        start_computing(report=report, by=by)
    return locked


@transaction.atomic
def confirm_chapters(*, chapters: Iterable[ReportChapter], by: User) -> int:
    """Take note of the numbers as they now stand; returns of how many chapters."""
    ids = [item.pk for item in chapters]
    rows = ReportChapter.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    count = 0
    for chapter in rows.order_by("pk"):
        chapter.confirmed = chapter.bindings
        chapter.confirmed_at, chapter.confirmed_by = timezone.now(), by
        chapter.save(update_fields=["confirmed", "confirmed_at", "confirmed_by"])
        count += 1
    return count
