"""The catalogue for everybody: what is asked, on which ground, since when, and under which rules."""

from datetime import date
from functools import partial

from django.core.paginator import Paginator
from django.db.models import F, Prefetch
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annual_report.codebook import COLUMNS, codebook_entry, codebook_row
from annual_report.enums import Aggregation, Scope
from annual_report.forms import CatalogueFilterForm
from annual_report.models import (
    ControlRule,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Report,
    ReportFigure,
    Section,
)
from annual_report.rules import RuleSyntaxError, parse
from annual_report.versions import conversion_factor, version_for
from annual_report.views.public import unit_of
from annual_report.words import in_words
from okmo_portal.core.charts import Series, bar_chart, line_chart
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.registry import registry
from okmo_portal.core.text import display_for
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict

PER_PAGE = 60
#: From this day the powers of the new law hold (33-ФЗ, arts 32, 37, 39).
NEW_POWERS = date(2027, 1, 1)


def filtered(request):
    """The indicators that the page's filters leave, and the filters."""
    form = CatalogueFilterForm(request.GET, sections=Section.objects.all())
    form.is_valid()
    chosen = form.cleaned_data
    rows = Indicator.objects.all()
    if not chosen.get("retired"):
        rows = rows.filter(is_retired=False)
    if words := chosen.get("q", "").strip():
        rows = rows.matching(words)
    if section := chosen.get("section"):
        rows = rows.filter(section__code=section)
    if direction := chosen.get("direction"):
        rows = rows.filter(direction=direction)
    kind, year = chosen.get("kind") or "", chosen.get("year")
    if kind:
        rows = rows.of_kind(kind)
    if year:
        rows = rows.in_year(year, kind)
    return rows, form


def indicator_list(request):
    rows, form = filtered(request)
    rows = rows.select_related("section")
    context = {
        "filter": form,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "annual_report/public/indicator_list.html", context)


def codebook(request, kind):
    """The filtered catalogue as a table or as JSON in both languages."""
    rows, _form = filtered(request)
    rows = rows.select_related("section", "numerator", "denominator").prefetch_related(
        Prefetch("versions", IndicatorVersion.objects.order_by("number")),
        Prefetch(
            "legal_bases",
            LegalBasis.objects.order_by(F("valid_from").asc(nulls_first=True), "act", "article"),
        ),
    )
    titles = titles_by_code()
    if kind == "json":
        entries = [codebook_entry(row) for row in rows]
        answer = JsonResponse(
            {"title": "ОКМО: каталог показателей", "indicators": entries},
            json_dumps_params={"ensure_ascii": False, "indent": 1},
        )
        answer["Content-Disposition"] = 'attachment; filename="okmo-codebook.json"'
        return answer
    return csv_response(
        f"okmo-codebook-{get_language()}.csv",
        [str(label) for label in COLUMNS.values()],
        (codebook_row(row, partial(say, titles=titles)) for row in rows),
    )


def titles_by_code():
    return {
        row.code: row.local_title for row in Indicator.objects.only("code", "title", "title_en")
    }


def say(text, titles):
    """A formula or condition in words; as it stands if it cannot be read any more."""
    try:
        return in_words(parse(text).tree, lambda code: titles.get(code, code))
    except RuleSyntaxError:
        return text


def indicator_detail(request, code):
    indicator = get_object_or_404(
        Indicator.objects.select_related("section", "numerator", "denominator"), code=code
    )
    versions = list(indicator.versions.order_by("number"))
    titles = titles_by_code()
    latest = Report.objects.published().order_by("-campaign__year").first()
    context = {
        "indicator": indicator,
        "unit": unit_of(indicator),
        "versions": versions,
        "formula": say(indicator.formula, titles) if indicator.formula else "",
        "kinds": kinds_of(indicator),
        "law": law_of(indicator),
        "new_powers": NEW_POWERS,
        "choices": choices_of(indicator),
        "fields": FormField.objects.filter(indicator=indicator).select_related("form"),
        "rules": rules_of(indicator, titles),
        "series": series_chart(indicator, versions),
        "districts": district_chart(indicator, latest),
        "latest": latest,
        "panels": registry.build_panels("indicator", request, indicator),
    }
    return render(request, "annual_report/public/indicator_detail.html", context)


def kinds_of(indicator):
    """Names of the kinds it is asked of; empty for all."""
    kinds = indicator.applicable_kinds
    return [label for code, label in MunicipalityKind.choices if code in kinds]


def law_of(indicator):
    """Legal bases with the names of their kinds: in force today, to come, no longer in force."""
    today = timezone.localdate()
    groups = {"now": [], "later": [], "past": []}
    for basis in indicator.legal_bases.all():
        names = [label for code, label in MunicipalityKind.choices if code in basis.kinds]
        if basis.in_force(today):
            key = "now"
        else:
            key = "later" if basis.valid_from and basis.valid_from > today else "past"
        groups[key].append((basis, names))
    return [
        (_("Действует сейчас"), groups["now"]),
        (_("Вступит в силу"), groups["later"]),
        (_("Больше не действует"), groups["past"]),
    ]


def choices_of(indicator):
    """Options in the page's language; those no longer offered are marked."""
    english = dict(map(tuple, indicator.choices_en)) if get_language() == "en" else {}
    retired = set(indicator.retired_choices)
    return [
        (number, english.get(number, label), number in retired)
        for number, label in indicator.choices
    ]


def rules_of(indicator, titles):
    """Active rules of the newest versions of forms that name the indicator, with their words."""
    rows = (
        ControlRule.objects.filter(is_active=True, expression__contains=indicator.code)
        .select_related("form")
        .order_by("form__family", "-form__version", "code")
    )
    newest = {}
    for rule in rows:
        newest.setdefault(rule.form.family, rule.form_id)
    return [
        {"rule": rule, "words": say(rule.expression, titles)}
        for rule in rows
        if newest[rule.form.family] == rule.form_id
    ]


def published_figures(indicator):
    return ReportFigure.objects.filter(
        indicator=indicator, report__in=Report.objects.published()
    ).select_related("report__campaign")


def series_chart(indicator, versions, until=None):
    """National values in the newest unit; a break in the series begins a new line.

    ``until``: of reports up to that year only.
    """
    found = published_figures(indicator).filter(scope=Scope.NATION, option=None)
    if until is not None:
        found = found.filter(report__campaign__year__lte=until)
    rows = list(found.order_by("report__campaign__year"))
    years = [row.report.campaign.year for row in rows]
    newest = max([*years, *(version.from_year for version in versions)], default=0)
    values = [in_newest_unit(row, versions, newest) for row in rows]
    known = [value for value in values if value is not None]
    if not known:
        return None
    display = display_for(unit_of(indicator), indicator.decimals, max(map(abs, known)))
    return line_chart(
        [str(year) for year in years],
        [
            Series(name or indicator.local_title, display.scaled(part))
            for name, part in split_at_breaks(years, values, versions)
        ],
        title=indicator.local_title,
        unit=display.unit,
        decimals=display.decimals,
    )


def in_newest_unit(row, versions, newest):
    """A value before a break keeps its own unit's number: it stands on a line of its own."""
    if row.value is None:
        return None
    factor = conversion_factor(versions, row.report.campaign.year, newest)
    return row.value if factor is None else row.value * factor


def split_at_breaks(years, values, versions):
    """Pairs of a line's name and its values; one unnamed line where nothing breaks.

    A line whose unit is not the newest is left out: it would stand on the wrong scale.
    """
    edges = [version.from_year for version in versions if version.is_break]
    inner = [edge for edge in edges if years and years[0] < edge <= years[-1]]
    if not inner:
        return [("", values)]
    result = []
    newest = version_for(versions, years[-1]).unit
    for start, end in zip([None, *inner], [*inner, None], strict=True):
        if end is not None and version_for(versions, end - 1).unit != newest:
            continue
        part = [
            value if (start is None or year >= start) and (end is None or year < end) else None
            for year, value in zip(years, values, strict=True)
        ]
        name = (
            _("до %(year)s года") % {"year": end} if start is None
            else _("с %(year)s года") % {"year": start}
        )  # fmt: skip
        result.append((name, part))
    return result


def district_chart(indicator, report):
    if report is None:
        return None
    figures = ReportFigure.objects.filter(
        indicator=indicator, report=report, scope=Scope.DISTRICT, option=None
    ).values_list("scope_code", "value")
    found = dict(figures)
    names = {item.code: item.local_name for item in FederalDistrict.objects.all()}
    codes = [code for code in names if code in found]
    if not codes or indicator.aggregation == Aggregation.CHOICE:
        return None
    known = [abs(found[code]) for code in codes if found[code] is not None]
    display = display_for(unit_of(indicator), indicator.decimals, max(known, default=None))
    return bar_chart(
        [names[code] for code in codes],
        [Series(indicator.local_title, display.scaled(found[code] for code in codes))],
        title=indicator.local_title,
        unit=display.unit,
        decimals=display.decimals,
    )


def indicator_download(request, code):
    """All published values of one indicator, each in the unit of its own year and in the newest."""
    indicator = get_object_or_404(Indicator, code=code)
    versions = list(indicator.versions.order_by("number"))
    rows = published_figures(indicator).order_by("report__campaign__year", "scope", "scope_code")
    newest = max((version.from_year for version in versions), default=0)
    return csv_response(
        f"okmo-{indicator.code}.csv",
        ["year", "scope", "code", "value", "low", "high", "unit", "value_in_newest_unit",
         "comparable", "count", "expected"],
        (download_row(indicator, row, versions, newest) for row in rows.iterator(chunk_size=2000)),
    )  # fmt: skip


def download_row(indicator, row, versions, newest):
    year = row.report.campaign.year
    factor = conversion_factor(versions, year, max(newest, year))
    version = version_for(versions, year) or indicator
    unit = "%" if indicator.aggregation == Aggregation.SHARE else version.unit
    now = None if row.value is None or factor is None else row.value * factor
    return [
        year, row.scope, row.scope_code, plain(row.value), plain(row.low), plain(row.high), unit,
        plain(now), 0 if factor is None else 1, row.count, row.expected,
    ]  # fmt: skip


def plain(value):
    return "" if value is None else f"{value.normalize():f}"
