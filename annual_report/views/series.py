"""Public series: one indicator of a municipality, a region or a kind over the years."""

from dataclasses import replace

from django.core.cache import cache
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annual_report import series_sources as sources
from annual_report.analysis import is_thin
from annual_report.enums import ValueType
from annual_report.filled_form import show_value
from annual_report.models import Indicator
from annual_report.series import KNOWN, Status, scope_series
from annual_report.series_story import tell_story
from annual_report.services import cubes
from annual_report.services.gaps import gaps_of
from annual_report.services.snapshots import SnapshotDamaged
from annual_report.views.public import unit_of
from okmo_portal.core.charts import Series, line_chart
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.text import display_for
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Municipality, Region
from okmo_portal.organisations.permissions import is_congress_staff
from okmo_portal.organisations.services.genealogy import ancestors_of, holders_of, load_genealogy

#: Lines of single municipalities that a chart can hold beside the main one.
MOST_LINES = 4
SCOPE_SECONDS = 24 * 3600

STATUS_WORDS = {
    Status.OWN: gettext_lazy("сообщено самим муниципальным образованием"),
    Status.CARRIED: gettext_lazy("прежнее название, вид или код той же территории"),
    Status.SUMMED: gettext_lazy("сложено из значений предшественников"),
    Status.RECOMPUTED: gettext_lazy("пересчитано из числителей и знаменателей предшественников"),
    Status.INCOMPLETE: gettext_lazy("не сложить: данные есть не у всех предшественников"),
    Status.DIVIDED: gettext_lazy("несопоставимо: территория была разделена"),
    Status.NOT_ADDITIVE: gettext_lazy("несопоставимо: такие значения нельзя складывать"),
    Status.ABSENT: gettext_lazy("этой территории в реестре ещё не было"),
    Status.NO_DATA: gettext_lazy("данных нет"),
}


def find_municipality(request, oktmo):
    """By code; ``?record=`` names one of several rows that held it."""
    rows = Municipality.objects.with_territory().filter(oktmo=oktmo)
    if not is_congress_staff(request.user):
        rows = rows.exclude(status="review")
    rows = list(rows)
    record = request.GET.get("record", "")
    if record:
        rows = [row for row in rows if str(row.pk) == record]
    if not rows:
        raise Http404
    return rows[0] if record else holders_of(rows, timezone.localdate())[0]


def find_indicator(code):
    rows = Indicator.objects.select_related("section", "numerator", "denominator")
    return get_object_or_404(rows, code=code)


# --- a municipality ----------------------------------------------------------------------------------


def municipality_series(request, oktmo, code):
    municipality, indicator = find_municipality(request, oktmo), find_indicator(code)
    story = tell_story(municipality, indicator, timezone.localdate())
    shown = shown_years(story)
    labels = sources.source_labels(story.source_keys, _("Ежегодный доклад о состоянии местного самоуправления"))  # fmt: skip
    context = {
        "municipality": municipality,
        "indicator": story.indicator,
        "unit": unit_of(story.indicator),
        "story": story,
        "years": shown,
        "has_data": bool(story.lines),
        "chart": municipality_chart(story),
        "numbers": {change.pk: number for number, change in enumerate(story.changes, start=1)},
        "source": "; ".join(labels[key] for key in story.source_keys),
        "record": request.GET.get("record", ""),
    }
    return render(request, "annual_report/public/series/municipality.html", context)


def municipality_download(request, oktmo, code):
    """Both series in the long form: one row per year and municipality."""
    municipality, indicator = find_municipality(request, oktmo), find_indicator(code)
    story = tell_story(municipality, indicator, timezone.localdate())
    return csv_response(
        f"series-{municipality.oktmo}-{story.indicator.code}.csv",
        ["year", "indicator", "series", "oktmo", "name", "value", "unit", "status", "made_of"],
        download_rows(story),
    )


def download_rows(story):
    unit, code = unit_of(story.indicator), story.indicator.code
    target = story.municipality
    for point in story.points:
        made_of = " ".join(story.rows[key].oktmo for key in point.used if key in story.rows)
        yield [
            point.year, code, "today", target.oktmo, target.name, plain(point.value), unit,
            str(point.status), made_of,
        ]  # fmt: skip
    for key, line in story.lines.items():
        row = story.rows[key]
        for year, value in line.items():
            yield [year, code, "as_it_was", row.oktmo, row.name, plain(value), unit, "own", ""]


def plain(value):
    """A number for a file: at most six places, a point, no trailing zeros."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def shown_years(story):
    """The rows of the page's table, the newest first."""
    together = {point.year: point for point in story.together}
    return [
        {
            "point": point,
            "value": shown_value(story.indicator, point.value),
            "words": STATUS_WORDS[point.status],
            "is_known": point.status in KNOWN,
            "together": shown_value(story.indicator, getattr(together.get(point.year), "value", None)),
            "was": [
                (story.rows[key], shown_value(story.indicator, line[point.year]))
                for key, line in story.lines.items()
                if point.year in line
            ],
            "missing": [story.rows[key] for key in point.missing if key in story.rows],
            "changes": [change for change in story.changes if change.pk in point.changes],
        }
        for point in reversed(story.points)
    ]  # fmt: skip


def shown_value(indicator, value):
    if value is None:
        return "—"
    if indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
        return show_value(indicator, value)
    return display_for(unit_of(indicator), indicator.decimals, value).number(value)


def municipality_chart(story):
    """Today's borders first, then each former municipality; breaks cut the line."""
    if story.indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE) or not story.lines:
        return None
    years = story.years
    lines = [
        (_("В нынешних границах") if segment == 0 else _("До разрыва ряда"),
         {point.year: point.value for point in story.points
          if point.segment == segment and point.status in KNOWN})
        for segment in sorted({point.segment for point in story.points})
    ]  # fmt: skip
    former = [
        (story.rows[key].name, line)
        for key, line in story.lines.items()
        if not story.is_plain and not repeats(line, lines)
    ]
    lines = [pair for pair in lines if pair[1]] + former[:MOST_LINES]
    if not lines:
        return None
    largest = max(abs(value) for _name, line in lines for value in line.values())
    display = display_for(unit_of(story.indicator), story.indicator.decimals, largest)
    return line_chart(
        [str(year) for year in years],
        [Series(name, display.scaled(line.get(year) for year in years)) for name, line in lines],
        title=story.indicator.local_title,
        unit=display.unit,
        decimals=display.decimals,
        marks=marks_of(story),
    )


def repeats(line, lines):
    """Whether a municipality's own line lies wholly on one that is drawn already."""
    return any(line.items() <= drawn.items() for _name, drawn in lines)


def marks_of(story):
    """Numbers of the transformations, and «≠» where the definition broke."""
    years = story.years
    marks = []
    for number, change in enumerate(story.changes, start=1):
        place = sum(story.days[year][0] < change.date.toordinal() for year in years) - 0.5
        if 0 < place < len(years) - 1:
            marks.append((place, str(number)))
    for version in story.breaks:
        if version.is_break:
            marks.append((years.index(version.from_year) - 0.5, "≠"))
    return marks


def municipality_series_list(request, oktmo):
    """Every indicator of which the municipality's land has a public value."""
    municipality = find_municipality(request, oktmo)
    snapshot = cubes.published_snapshot()
    context = {
        "municipality": municipality,
        "gaps": explained_gaps(snapshot, municipality) if snapshot else [],
        "gaps_year": snapshot.campaign.year if snapshot else None,
        "indicators": sources.indicators_with_data(ancestors_of(municipality.pk)),
        "record": request.GET.get("record", ""),
    }
    return render(request, "annual_report/public/series/municipality_list.html", context)


def explained_gaps(snapshot, municipality):
    """Titles of what the municipality had no data on in the newest report, with its reasons."""
    try:
        found = gaps_of(snapshot, municipality.oktmo)
    except SnapshotDamaged:
        return []  # the series themselves come from the database
    rows = Indicator.objects.filter(code__in=found).order_by("section__order", "order")
    return [(row.local_title, found[row.code]) for row in rows]


def municipality_panel(request, municipality):
    """On the municipality's own page: the way to its series, where there are any."""
    if not sources.has_data(ancestors_of(municipality.pk)):
        return None
    return {"template": "annual_report/public/series/_panel.html", "municipality": municipality}


# --- a region or a kind ------------------------------------------------------------------------------


def scope_series_page(request, scope, place, code):
    indicator = find_indicator(code)
    if indicator.value_type == ValueType.CHOICE:
        raise Http404
    name, key = find_scope(scope, place)
    points, keys = scope_points(indicator, scope, key)
    labels = sources.source_labels(keys, _("Ежегодный доклад о состоянии местного самоуправления"))
    unit = unit_of(indicator)
    rows = [shown_scope_point(point, indicator) for point in reversed(points)]
    context = {
        "scope": scope,
        "place": place,
        "name": name,
        "indicator": indicator,
        "unit": unit,
        "rows": rows,
        "chart": scope_chart(indicator, points),
        "source": "; ".join(labels[key] for key in keys),
        "left_out": any(point.left_out for point in points),
    }
    return render(request, "annual_report/public/series/scope.html", context)


def scope_download(request, scope, place, code):
    indicator = find_indicator(code)
    _name, key = find_scope(scope, place)
    points, _keys = scope_points(indicator, scope, key)
    unit = unit_of(indicator)
    return csv_response(
        f"series-{scope}-{place}-{indicator.code}.csv",
        ["year", "indicator", "series", "value", "unit", "reported", "expected", "left_out"],
        (
            [point.year, indicator.code, series, plain(value), unit, count, expected, left_out]
            for point in points
            for series, value, count, expected, left_out in (
                ("as_it_was", point.was, point.was_count, point.was_expected, ""),
                ("today", point.now, point.now_count, point.now_expected, point.left_out),
            )
        ),
    )


def find_scope(scope, place):
    """Name and key of a region (by code) or of a kind."""
    if scope == "region":
        region = get_object_or_404(Region, code=place)
        return region.local_name, region.pk
    if place not in MunicipalityKind.values:
        raise Http404
    return str(MunicipalityKind(place).label).capitalize(), place


def scope_points(indicator, scope, key):
    """Kept until anything changes on which it stands: a kind may have 16,000 municipalities."""
    today = timezone.localdate()
    name = f"series:{sources.stamp()}:{today}:{indicator.pk}:{scope}:{key}"
    if (known := cache.get(name)) is not None:
        return known
    subject = sources.subject_of(indicator)
    found = sources.find_scope_readings(subject, scope, key)
    genealogy = load_genealogy(key if scope == "region" else None)
    members = sources.members_of(scope, key, nested=found.measure.nested)
    borders = {
        year: genealogy.borders(days[0], today.toordinal()) for year, days in found.days.items()
    }
    points = [
        withheld(point) for point in scope_series(found.measure, found.frame, members, borders)
    ]
    result = points, sorted(set(found.frame["source"]))
    cache.set(name, result, SCOPE_SECONDS)
    return result


def withheld(point):
    """Without the values that rest on too little."""
    return replace(
        point,
        was=None if is_thin(point.was_count, point.was_expected) else point.was,
        now=None if is_thin(point.now_count, point.now_expected) else point.now,
    )


def shown_scope_point(point, indicator):
    unit = unit_of(indicator)
    return {
        "point": point,
        "was": shown_number(point.was, unit, indicator.decimals),
        "now": shown_number(point.now, unit, indicator.decimals),
    }


def shown_number(value, unit, decimals):
    """With its unit: money of two years may be shown in millions and in billions."""
    if value is None:
        return _("данных недостаточно")
    display = display_for(unit, decimals, value)
    return f"{display.number(value)} {display.unit}"


def scope_chart(indicator, points):
    present = [point for point in points if point.segment == 0]
    known = [value for point in present for value in (point.was, point.now) if value is not None]
    if not known:
        return None
    display = display_for(unit_of(indicator), indicator.decimals, max(map(abs, known)))
    now, was = [point.now for point in present], [point.was for point in present]
    series = [Series(_("В нынешних границах"), display.scaled(now))]
    if now != was:
        series.append(Series(_("Как было"), display.scaled(was)))
    return line_chart(
        [str(point.year) for point in present],
        series,
        title=indicator.local_title,
        unit=display.unit,
        decimals=display.decimals,
    )
