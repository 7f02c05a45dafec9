"""One indicator's published figures with everything that lets a reader judge them."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from annual_report.analysis import METHODS, MIN_COVERAGE, WITHHELD
from annual_report.enums import Aggregation, Scope, SizeClass
from annual_report.models import Indicator, Report, ReportFigure
from annual_report.services.snapshots import load_catalogue
from okmo_portal.core.text import display_for
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict, Region

#: Below this coverage a figure is marked, though it is shown.
WEAK_COVERAGE = 0.6


def indicator_figures(request, code):
    """Value, interval, unweighted value and coverage by territory; snapshot, hash and formula."""
    indicator = get_object_or_404(Indicator.objects.select_related("section"), code=code)
    reports = list(
        Report.objects.published()
        .select_related("campaign", "snapshot")
        .order_by("-campaign__year")
    )
    asked = request.GET.get("year", "")
    report = next((item for item in reports if str(item.campaign.year) == asked), None)
    report = report or (reports[0] if reports else None)
    context = {"indicator": indicator, "reports": reports, "report": report}
    if report is not None:
        rows = list(ReportFigure.objects.filter(report=report, indicator=indicator))
        frozen = next((x for x in load_catalogue(report.snapshot) if x["code"] == code), {})
        context |= {
            "groups": groups(indicator, rows),
            "options": [
                indicator.local_choices.get(option, str(option))
                for option in sorted({row.option for row in rows if row.option is not None})
            ],
            "methods": methods_of(rows),
            "embeds": embeds(request, indicator, report),
            "frozen": frozen,
            "snapshot": report.snapshot,
            "files": report.files.select_related("document"),
        }
    return render(request, "annual_report/public/indicator_figures.html", context)


def embeds(request, indicator, report):
    """Lines of HTML that put the chart of years on another page: live, and as it is now."""
    if indicator.aggregation == Aggregation.CHOICE:
        return []
    address = reverse("report:indicator-chart", args=[indicator.code, "years"])
    frozen = f"{address}?year={report.campaign.year}"
    return [
        {
            "label": label,
            "url": url,
            "code": f'<img src="{request.build_absolute_uri(url)}" '
            f'alt="{escape(indicator.local_title)}" width="680">',
        }
        for label, url in ((_("График, который обновляется"), address), (_("Как сейчас"), frozen))
    ]


def groups(indicator, rows):
    """Rows by scope with their names, in the order in which people look for them."""
    names = {
        Scope.NATION: {"": _("Россия")},
        Scope.DISTRICT: {x.code: x.local_name for x in FederalDistrict.objects.all()},
        Scope.REGION: {x.code: x.local_name for x in Region.objects.order_by("sort_key")},
        Scope.KIND: {x.value: capfirst(x.label) for x in MunicipalityKind},
        Scope.SIZE: {x.value: capfirst(x.label) for x in SizeClass},
    }
    found = {(row.scope, row.scope_code): row for row in rows if row.option is None}
    shares: dict[tuple[str, str], dict[int, ReportFigure]] = {}
    for row in rows:
        if row.option is not None:
            shares.setdefault((row.scope, row.scope_code), {})[row.option] = row
    options = sorted({row.option for row in rows if row.option is not None})
    unit = "%" if indicator.aggregation == Aggregation.SHARE else indicator.local_unit
    result = []
    for scope, labels in names.items():
        lines = []
        for key, label in labels.items():
            if (scope, key) in found:
                line = describe(found[scope, key], label, unit, indicator.decimals)
                line["options"] = describe_options(shares.get((scope, key), {}), options)
                lines.append(line)
        if lines:
            result.append((capfirst(scope.label), lines))
    return result


def describe_options(rows, options):
    """The share of each option with its interval; what is withheld stays a dash."""
    return [
        {"share": None}
        if (row := rows.get(option)) is None or None in (row.value, row.low, row.high)
        else {"share": row.value / 100, "low": row.low / 100, "high": row.high / 100,
              "is_exact": row.low == row.high}
        for option in options
    ]  # fmt: skip


def describe(row, label, unit, decimals):
    known = [abs(x) for x in (row.value, row.high) if x is not None]
    display = display_for(unit, decimals, max(known, default=None))
    share = row.count / row.expected if row.expected else 0
    has_interval = row.value is not None and row.low is not None and row.low != row.high
    return {
        "name": label,
        "value": _("данных мало") if row.value is None else display.number(row.value),
        "why": WITHHELD.get(row.withheld, "") if row.value is None else "",
        "unit": "" if row.value is None else display.unit,
        "interval": (
            f"{display.number(row.low)} – {display.number(row.high)}" if has_interval else "—"
        ),
        "unweighted": "—" if row.unweighted is None else display.number(row.unweighted),
        "share": share,
        "count": row.count,
        "expected": row.expected,
        "level": "bad" if share < MIN_COVERAGE else "warn" if share < WEAK_COVERAGE else "ok",
    }


def methods_of(rows):
    """How the figures were made, each way once, in the order of ``METHODS``."""
    used = {row.method for row in rows}
    return [text for key, text in METHODS.items() if key in used]
