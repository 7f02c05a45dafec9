"""Preparing a report, freezing its data, agreeing on it, publishing it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annual_report import workflow
from annual_report.analysis import SCOPE_COLUMNS, Analysis, Figure
from annual_report.enums import ReportState, Scope
from annual_report.models import (
    Campaign,
    Indicator,
    Report,
    ReportChapter,
    ReportFigure,
    Snapshot,
)
from annual_report.services import chapters
from annual_report.services.snapshots import create_snapshot
from okmo_portal.accounts.models import User
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import Region
from okmo_portal.search.services import refresh_search
from okmo_portal.workflow import transitions

OUTLINE = Path(__file__).resolve().parents[1] / "data" / "report_outline.json"


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
        ReportChapter.objects.bulk_create(
            ReportChapter(report=report, order=order, **chapter)
            for order, chapter in enumerate(_outline(campaign), start=1)
        )
    return report


def _outline(campaign: Campaign) -> Iterator[dict[str, Any]]:
    """Chapters of the outline; one that is ``per_region`` is repeated for each region asked."""
    for chapter in json.loads(OUTLINE.read_text("utf-8")):
        if not chapter.pop("per_region", False):
            yield chapter
            continue
        asked = campaign.submissions.order_by().values("region")
        for region in Region.objects.filter(pk__in=asked).order_by("sort_key"):
            yield chapter | {
                "slug": f"{chapter['slug']}-{region.code}",
                "title": region.name,
                "region": region,
            }


# --- data ------------------------------------------------------------------------------------------


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
        mark_changed(report=report)
    return snapshot


def start_snapshot(*, report: Report, by: User) -> Job:
    """Queue the snapshot and the chapters' numbers: millions of values take longer than a page may."""
    check_not_published(report)
    return jobs.start_job(
        title=f"Снимок данных за {report.campaign.year} год",
        task="annual_report.take_snapshot",
        arguments={"report_id": report.pk},
        by=by,
        queue="report",
        key=f"annual_report:snapshot:{report.pk}",
        back_url=reverse("annual_report:report-manage", args=[report.campaign.year]),
    )


def check_not_published(report: Report) -> None:
    if report.state == ReportState.PUBLISHED:
        raise ValidationError("Доклад опубликован. Чтобы изменить его, снимите его с публикации.")


def mark_changed(*, report: Report) -> None:
    """What was agreed on, or built, no longer says what the data and the chapters say."""
    state = Report.objects.values_list("state", flat=True).get(pk=report.pk)
    if state in workflow.REWORK.sources:
        # Who changed the data or a chapter was checked there; this follows from it.
        with transitions.apply(workflow.REWORK, report, by=None):
            pass


class FigureRow(NamedTuple):
    """A published figure and what it is of; ``option`` for the share of one option."""

    code: str
    scope: Scope
    key: str
    figure: Figure
    option: int | None = None


def figure_rows(analysis: Analysis) -> Iterator[FigureRow]:
    """Everything that is published, in a fixed order."""
    for code in sorted(analysis.indicators):
        options = analysis.options(code)
        for scope in SCOPE_COLUMNS:
            shares = analysis.choices(code, scope) if options else {}
            for key, figure in sorted(analysis.figures(code, scope).items()):
                yield FigureRow(code, scope, key, figure)
                for option, share in zip(options, shares.get(key, ()), strict=False):
                    yield FigureRow(code, scope, key, share, int(option))


def save_figures(*, report: Report) -> int:
    """Store every territory's figures; returns how many."""
    ids = dict(Indicator.objects.values_list("code", "pk"))
    rows = [
        ReportFigure(
            report=report,
            indicator_id=ids[code],
            scope=scope,
            scope_code=key,
            option=option,
            value=_stored(figure.value),
            unweighted=_stored(figure.unweighted),
            low=_stored(figure.low),
            high=_stored(figure.high),
            method=figure.method,
            withheld=figure.withheld,
            count=figure.count,
            expected=figure.expected,
        )
        for code, scope, key, figure, option in figure_rows(chapters.get_analysis(report))
    ]
    ReportFigure.objects.filter(report=report).delete()
    ReportFigure.objects.bulk_create(rows, batch_size=2000)
    return len(rows)


def _stored(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


# --- agreement and publication ---------------------------------------------------------------------


def send_to_review(*, report: Report, by: User) -> Report:
    """Drafting is over. Refuses while a chapter shows numbers that nobody has looked at."""
    if report.snapshot_id is None:
        raise ValidationError("Сначала сделайте снимок данных.")
    if chapters.stale_chapters(report):
        raise ValidationError("Главы ещё считаются. Подождите окончания расчёта.")
    waiting = [chapter.title for chapter, _changes in chapters.flagged(report)]
    if waiting:
        named = "», «".join(waiting[:3])
        more = f" и ещё {len(waiting) - 3}" if len(waiting) > 3 else ""
        raise ValidationError(f"Просмотрите и подтвердите числа в главах: «{named}»{more}.")
    with transitions.apply(workflow.SEND_TO_REVIEW, report, by=by) as locked:
        pass
    return locked


def approve_report(*, report: Report, by: User, comment: str = "") -> Report:
    """The Congress agrees: words and data are frozen, the files may be built."""
    with transitions.apply(workflow.APPROVE_REPORT, report, by=by, comment=comment) as locked:
        locked.approved_at, locked.approved_by = timezone.now(), by
    return locked


def return_report(*, report: Report, by: User, comment: str) -> Report:
    """Back to drafting, with the reason."""
    if not comment.strip():
        raise ValidationError("Напишите, что исправить в докладе.")
    with transitions.apply(workflow.RETURN_REPORT, report, by=by, comment=comment) as locked:
        locked.approved_at = locked.approved_by = None
    return locked


def publish_report(*, report: Report, by: User | None) -> Report:
    """Open the report to everybody (from ``public_from`` on); a constraint demands the PDF."""
    with transitions.apply(workflow.PUBLISH, report, by=by) as locked:
        locked.published_at, locked.published_by = timezone.now(), by
        transaction.on_commit(refresh_search)
    return locked


def unpublish_report(*, report: Report, by: User) -> Report:
    with transitions.apply(workflow.UNPUBLISH, report, by=by) as locked:
        locked.published_at = locked.published_by = None
    return locked


def can_read_document(user, report_id: str) -> bool:
    """Files follow their report: public when published, else for the Congress."""
    return Report.objects.visible_to(user).filter(pk=report_id).exists()
