"""A municipality's series with everything its page and its file say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from annual_report import series_sources as sources
from annual_report.models import Indicator, IndicatorVersion
from annual_report.series import KNOWN, Measure, Point, Status, as_it_was, in_todays_borders
from okmo_portal.organisations.genealogy import Genealogy
from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.organisations.services.genealogy import load_genealogy_around


@dataclass(frozen=True)
class Story:
    """``points`` are the series in today's borders; ``together`` that of ``partners`` and the
    municipality taken as one, where its own past is divided; ``lines`` what each municipality
    reported itself, the longest first."""

    municipality: Municipality
    indicator: Indicator
    measure: Measure
    points: list[Point]
    lines: dict[int, dict[int, float]]
    days: dict[int, list[int]]
    rows: dict[int, Municipality]
    changes: list[MunicipalityChange]
    breaks: list[IndicatorVersion]
    source_keys: list[str]
    partners: list[Municipality] = field(default_factory=list)
    together: list[Point] = field(default_factory=list)

    @property
    def years(self) -> list[int]:
        return [point.year for point in self.points]

    @property
    def is_plain(self) -> bool:
        """Nothing happened: what it reported is what it is."""
        return all(point.status in (Status.OWN, Status.NO_DATA) for point in self.points)


def tell_story(municipality: Municipality, indicator: Indicator, today: date) -> Story:
    """About fifteen queries, however long the history is."""
    genealogy = load_genealogy_around(municipality.pk)
    subject = sources.subject_of(indicator)
    found = sources.find_readings(subject, genealogy.nodes)
    # What is gone is shown in the borders of its last day.
    last = min(today.toordinal(), genealogy.nodes[municipality.pk].valid_to - 1)
    days = _days_until(last, found.days)
    asked: dict[str, Any] = {
        "today": last, "genealogy": genealogy, "readings": found.readings, "days": days,
    }  # fmt: skip
    points = in_todays_borders(found.measure, municipality.pk, **asked)
    group = {key for point in points for key in point.group} - {municipality.pk}
    together = (
        in_todays_borders(found.measure, municipality.pk, *sorted(group), **asked) if group else []
    )
    related = {municipality.pk, *_related(points, genealogy, municipality.pk)}
    rows = {
        row.pk: row
        for row in Municipality.objects.filter(pk__in=related | group).select_related("region")
    }
    return Story(
        municipality=municipality,
        indicator=subject.indicator,
        measure=found.measure,
        points=points,
        lines=_longest_first(as_it_was(found.readings, related)),
        days=days,
        rows=rows,
        changes=_changes(points),
        breaks=_breaks(subject, sorted(days)),
        source_keys=sorted({key for point in (*points, *together) for key in point.sources}),
        partners=[rows[key] for key in sorted(group) if key in rows],
        together=together if any(point.status in KNOWN for point in together) else [],
    )


def _days_until(last: int, days: dict[int, list[int]]) -> dict[int, list[int]]:
    """A gone municipality has no years after its own."""
    kept = {year: [day for day in found if day <= last] for year, found in days.items()}
    return {year: found for year, found in kept.items() if found}


def _related(points: Iterable[Point], genealogy: Genealogy, key: int) -> set[int]:
    """Whose own values belong on the page: what it was made of, and what it was cut out of."""
    found = {one for point in points for one in (*point.used, *point.missing)}
    if any(point.status == Status.DIVIDED for point in points):
        found |= {edge.predecessor for edge in genealogy.back.get(key, ())}
    return found


def _longest_first(lines: dict[int, dict[int, float]]) -> dict[int, dict[int, float]]:
    return dict(sorted(lines.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def _changes(points: Iterable[Point]) -> list[MunicipalityChange]:
    """The transformations met, the oldest first; settlements that came along are told with theirs."""
    found = sources.changes_by_id(key for point in points for key in point.changes)
    main = [change for change in found.values() if change.part_of_id not in found]
    return sorted(main, key=lambda change: (change.date, change.pk))


def _breaks(subject: sources.Subject, years: list[int]) -> list[IndicatorVersion]:
    """Versions that began within the years, of the indicator and of what it is computed from."""
    used = [subject.indicator, *subject.leaves.values()]
    return sorted(
        (
            version
            for item in used
            for version in item.versions.all()
            if version.number > 1 and years and years[0] < version.from_year <= years[-1]
        ),
        key=lambda version: version.from_year,
    )
