"""Published reports, for everybody."""

from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annual_report.enums import Aggregation, Scope
from annual_report.models import Indicator, Report, ReportFigure
from annual_report.services.gaps import all_gaps
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.text import display_for, format_number
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.models import Region

HOME_MAP = "D10"
KEY_FIGURES = ("A05", "D01", "D10", "C07", "I01", "I11")


def visible_reports(request):
    return Report.objects.visible_to(request.user).select_related("campaign", "snapshot", "pdf")


def report_list(request):
    return render(
        request,
        "annual_report/public/report_list.html",
        {"reports": visible_reports(request).order_by("-campaign__year")},
    )


def key_figures(report, codes=KEY_FIGURES):
    """National figures in words for stat tiles; withheld ones say so."""
    rows = ReportFigure.objects.filter(
        report=report, scope=Scope.NATION, indicator__code__in=codes
    ).select_related("indicator")
    by_code = {row.indicator.code: row for row in rows}
    return [describe(by_code[code], report) for code in codes if code in by_code]


def describe(figure, report):
    indicator = figure.indicator
    display = display_for(unit_of(indicator), indicator.decimals, figure.value)
    share = figure.count / figure.expected if figure.expected else 0
    return {
        "label": indicator.local_title,
        "value": (
            _("данных недостаточно") if figure.value is None else display.number(figure.value)
        ),
        "unit": "" if figure.value is None else display.unit,
        "note": _("%(year)s год, по данным %(count)s муниципалитетов (%(share)s %%)")
        % {
            "year": report.campaign.year,
            "count": format_number(figure.count),
            "share": format_number(share * 100, 0),
        },
        "url": indicator.get_absolute_url(),
    }


def unit_of(indicator):
    return "%" if indicator.aggregation == Aggregation.SHARE else indicator.local_unit


def report_detail(request, year):
    """Summary, contents and files; each chapter has a page of its own."""
    report = get_object_or_404(visible_reports(request), campaign__year=year)
    chapters = list(report.chapters.select_related("region").defer("html", "bindings", "confirmed"))
    context = {
        "report": report,
        "figures": key_figures(report),
        "chapters": [item for item in chapters if item.region is None],
        "region_chapters": [item for item in chapters if item.region is not None],
        "first": report.chapters.only("report", "title", "html").first(),
        "files": report.files.select_related("document"),
        "today": timezone.localdate(),
        "english": get_language() == "en",
    }
    return render(request, "annual_report/public/report_detail.html", context)


def chapter_detail(request, year, slug):
    report = get_object_or_404(visible_reports(request), campaign__year=year)
    # The key to the report is needed to set it on the rows: without it each would ask again.
    slugs = list(report.chapters.only("report", "slug", "title"))
    place = next((n for n, item in enumerate(slugs) if item.slug == slug), None)
    if place is None:
        raise Http404
    context = {
        "report": report,
        "chapter": report.chapters.defer("bindings", "confirmed").get(slug=slug),
        "previous": slugs[place - 1] if place else None,
        "following": slugs[place + 1] if place + 1 < len(slugs) else None,
        "english": get_language() == "en",
    }
    return render(request, "annual_report/public/chapter_detail.html", context)


def report_download(request, year):
    """Aggregates of the report as open data."""
    report = get_object_or_404(visible_reports(request), campaign__year=year)
    rows = report.figures.select_related("indicator").order_by(
        "indicator__code", "scope", "scope_code", F("option").asc(nulls_first=True)
    )
    return csv_response(
        f"okmo-report-{year}.csv",
        [
            "indicator",
            "title",
            "unit",
            "scope",
            "code",
            "value",
            "low",
            "high",
            "unweighted",
            "method",
            "count",
            "expected",
            "option",
        ],
        (open_data_row(row) for row in rows.iterator(chunk_size=2000)),
    )


def report_gaps(request, year):
    """Who had no data in the report's year, and why, as open data."""
    report = get_object_or_404(
        visible_reports(request).filter(snapshot__isnull=False), campaign__year=year
    )
    titles = dict(Indicator.objects.values_list("code", "title"))
    return csv_response(
        f"okmo-gaps-{year}.csv",
        ["year", "oktmo", "indicator", "title", "reason"],
        (
            [year, gap.oktmo, gap.indicator, titles.get(gap.indicator, ""), gap.reason]
            for gap in all_gaps(report.snapshot)
        ),
    )


def open_data_row(row):
    indicator = row.indicator
    is_share = indicator.aggregation == Aggregation.SHARE or row.option is not None
    unit = "%" if is_share else indicator.unit
    numbers = [
        "" if value is None else f"{value.normalize():f}"
        for value in (row.value, row.low, row.high, row.unweighted)
    ]
    return [
        indicator.code, indicator.title, unit, row.scope, row.scope_code, *numbers, row.method,
        row.count, row.expected, "" if row.option is None else row.option,
    ]  # fmt: skip


def home_card(request):
    """The latest published report on the home page."""
    report = Report.objects.published().select_related("campaign", "pdf").first()
    if report is None:
        return None
    return {
        "template": "annual_report/public/_home_card.html",
        "report": report,
        "figures": key_figures(report, KEY_FIGURES[:4]),
        "chart": region_map(report, HOME_MAP),
    }


def region_map(report, code):
    """A published indicator by region."""
    rows = ReportFigure.objects.filter(
        report=report, scope=Scope.REGION, indicator__code=code
    ).select_related("indicator")
    values = {row.scope_code: row for row in rows}
    if not values:
        return None
    indicator = next(iter(values.values())).indicator
    tiles = [
        Tile(
            region.code,
            region.tile_label,
            region.local_name,
            region.tile_row,
            region.tile_column,
            None if (row := values.get(region.code)) is None or row.value is None
            else float(row.value),
        )
        for region in Region.objects.order_by("sort_key")
    ]  # fmt: skip
    return tile_map(
        tiles,
        title=indicator.local_title,
        value_name=indicator.local_title,
        unit=unit_of(indicator),
        decimals=indicator.decimals,
    )


def region_panel(request, region: Region):
    """The region's own figures of the latest published report."""
    report = Report.objects.published().select_related("campaign").first()
    if report is None:
        return None
    rows = ReportFigure.objects.filter(
        report=report, scope=Scope.REGION, scope_code=region.code, indicator__code__in=KEY_FIGURES
    ).select_related("indicator")
    found = {row.indicator.code: describe(row, report) for row in rows}
    figures = [found[code] for code in KEY_FIGURES if code in found]
    if not figures:
        return None
    return {
        "template": "annual_report/public/_figures_panel.html",
        "report": report,
        "figures": figures,
    }
