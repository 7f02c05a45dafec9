"""One indicator over years: "as it was" and "in today's borders". Pure; nothing reads the database.

Additive figures of municipalities that came together are summed; ratios are recomputed from their
numerators and denominators, never averaged; a figure of any other kind carries over only while the
land stayed the same (renaming, change of kind or code). Everything else is marked not comparable,
with the changes that made it so. A changed unit is converted, a changed definition splits the series
into segments that must not be compared.

Values are floats in the newest unit of their segment; segment 0 is the present one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from annual_report.enums import Aggregation
from okmo_portal.organisations.genealogy import Borders, Genealogy


class Status(StrEnum):
    """How a year's value in today's borders came about, or why there is none."""

    OWN = "own"
    CARRIED = "carried"
    SUMMED = "summed"
    RECOMPUTED = "recomputed"
    INCOMPLETE = "incomplete"
    DIVIDED = "divided"
    NOT_ADDITIVE = "not_additive"
    ABSENT = "absent"
    NO_DATA = "no_data"


#: Of these a value is shown.
KNOWN = frozenset({Status.OWN, Status.CARRIED, Status.SUMMED, Status.RECOMPUTED})


class Version(Protocol):
    """See ``annual_report.versions``."""

    number: int
    from_year: int
    conversion: object


class Reading(NamedTuple):
    """One municipality's figure of one year; ``top`` and ``bottom`` are a ratio's parts."""

    value: float | None
    top: float | None = None
    bottom: float | None = None
    source: str = ""


@dataclass(frozen=True)
class Measure:
    """What must be known of an indicator to add its values up.

    ``nested``: a district's value includes its settlements'. ``segments`` by year: how many breaks
    of the definition lie between the year and now.
    """

    aggregation: str
    scale: float = 1.0
    nested: bool = False
    segments: Mapping[int, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        return self.aggregation in (Aggregation.SUM, Aggregation.RATIO)


@dataclass(frozen=True)
class Point:
    """A year in today's borders.

    ``used`` are the municipalities whose values went in, ``missing`` those that gave none,
    ``changes`` the transformations between the year and now that concern it, ``group`` the present
    municipalities whose common past is comparable where this one's own is not.
    """

    year: int
    status: Status
    value: float | None = None
    segment: int = 0
    used: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    changes: tuple[int, ...] = ()
    group: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()


# --- versions of an indicator ------------------------------------------------------------------------


def place_of(versions: Iterable[Version], year: int) -> tuple[int, float]:
    """Segment of a year, and the factor from its unit to the newest one of that segment."""
    segment, factor = 0, 1.0
    for version in sorted(versions, key=lambda item: item.number):
        if version.from_year <= year or version.number == 1:
            continue
        if version.conversion is None:
            segment += 1
        elif segment == 0:
            factor *= float(version.conversion)  # type: ignore[arg-type]
    return segment, factor


# --- one municipality --------------------------------------------------------------------------------


def in_todays_borders(
    measure: Measure,
    *targets: int,
    today: int,
    genealogy: Genealogy,
    readings: Mapping[tuple[int, int], Reading],
    days: Mapping[int, Sequence[int]],
) -> list[Point]:
    """The series of a municipality, or of several taken together, as bounded on the day ``today``.

    ``readings`` by (municipality, year); ``days`` by year: on which day the municipalities stood
    that were asked, the surest first. The first day on which nothing is missing counts, else the
    one on which least is.
    """
    points = []
    for year in sorted(days):
        found = [
            _point(measure, targets, year, genealogy.borders(day, today), readings)
            for day in days[year]
        ]
        best = next(
            (point for point in found if point.status in KNOWN),
            max(found, key=lambda point: len(point.used)),
        )
        points.append(best)
    return points


def _point(
    measure: Measure,
    targets: tuple[int, ...],
    year: int,
    borders: Borders,
    readings: Mapping[tuple[int, int], Reading],
) -> Point:
    nested = measure.nested
    sources = borders.sources_of(*targets, nested=nested)
    present = [key for key in sources if (key, year) in readings]
    changes = {key for target in targets for key in borders.changes_of(target, nested=nested)}
    base = Point(
        year,
        Status.NO_DATA,
        segment=measure.segments.get(year, 0),
        used=tuple(present),
        missing=tuple(key for key in sources if key not in present),
        changes=tuple(sorted(changes)),
        sources=tuple(sorted({readings[key, year].source for key in present})),
    )
    if not sources:
        return _with(base, Status.ABSENT)
    if not borders.is_comparable(*targets, nested=nested):
        group = {key for one in targets for key in borders.group_of(one, nested=nested)[1]}
        return _with(base, Status.DIVIDED, group=tuple(sorted(group)))
    if not present:
        return base
    if len(sources) > 1 and not measure.adds_up:
        return _with(base, Status.NOT_ADDITIVE)
    if base.missing:
        return _with(base, Status.INCOMPLETE)
    value = combine(measure, [readings[key, year] for key in present])
    if value is None:
        return base
    return _with(base, _status(measure, sources, targets), value=value)


def _with(point: Point, status: Status, **changed: object) -> Point:
    return Point(**{**vars(point), "status": status, **changed})  # type: ignore[arg-type]


def _status(measure: Measure, sources: Sequence[int], targets: Sequence[int]) -> Status:
    if len(sources) > 1:
        is_ratio = measure.aggregation == Aggregation.RATIO
        return Status.RECOMPUTED if is_ratio else Status.SUMMED
    return Status.OWN if list(sources) == list(targets) else Status.CARRIED


def combine(measure: Measure, parts: Sequence[Reading]) -> float | None:
    """One value of several municipalities; a single one's is its own."""
    if measure.aggregation == Aggregation.RATIO:
        if any(part.top is None or part.bottom is None for part in parts):
            return parts[0].value if len(parts) == 1 else None
        bottom = sum(part.bottom for part in parts)  # type: ignore[misc]
        top = sum(part.top for part in parts)  # type: ignore[misc]
        return top / bottom * measure.scale if bottom else None
    values = [part.value for part in parts if part.value is not None]
    if len(values) < len(parts):
        return None
    return sum(values) if measure.aggregation == Aggregation.SUM else values[0]


def as_it_was(
    readings: Mapping[tuple[int, int], Reading], municipalities: Iterable[int]
) -> dict[int, dict[int, float]]:
    """What each municipality reported itself: id → year → value; those without any are left out."""
    wanted = set(municipalities)
    lines: dict[int, dict[int, float]] = {}
    for (key, year), reading in sorted(readings.items()):
        if key in wanted and reading.value is not None:
            lines.setdefault(key, {})[year] = reading.value
    return lines


# --- a region or a kind ------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScopePoint:
    """A year of a region or a kind.

    ``was``: of the municipalities that belonged to it then; ``now``: of those whose land belongs to
    it today. Counts are municipalities that reported, ``…_expected`` those that there were;
    ``left_out`` reported too, but cannot be placed in today's borders.
    """

    year: int
    was: float | None
    was_count: int
    was_expected: int
    now: float | None
    now_count: int
    now_expected: int
    left_out: int
    segment: int = 0


def scope_series(
    measure: Measure,
    readings: pd.DataFrame,
    members: pd.Series,
    borders: Mapping[int, Borders],
) -> list[ScopePoint]:
    """The series of one scope.

    ``readings``: municipality, year, value, top, bottom. ``members``: by municipality id, whether it
    belongs to the scope and counts there. ``borders`` by year: from that year's day to today.
    """
    points = []
    for year in sorted(borders):
        part = readings[readings["year"] == year].set_index("municipality")
        links = borders[year].frame(nested=measure.nested)
        then = links.loc[_belongs(members, links["source"]), "source"].unique()
        placed, touched = _placed(measure, links, members)
        here, now = part[part.index.isin(then)], part[part.index.isin(placed)]
        points.append(
            ScopePoint(
                year,
                _combine_frame(measure, here),
                len(here),
                len(then),
                _combine_frame(measure, now),
                len(now),
                len(placed),
                int(part.index.isin(touched).sum()),
                measure.segments.get(year, 0),
            )
        )
    return points


def _belongs(members: pd.Series, ids: pd.Series) -> np.ndarray:
    return members.reindex(ids, fill_value=False).to_numpy(dtype=bool)


def _placed(measure: Measure, links: pd.DataFrame, members: pd.Series) -> tuple[pd.Index, pd.Index]:
    """Municipalities whose land lies in the scope of today, and those that only touch it.

    A divided municipality is placed all the same where all its parts are in the scope and values
    add up. Where they do not, only land that one municipality holds alone then and now counts.
    """
    inside = _belongs(members, links["target"])
    fits = inside
    if not measure.adds_up:
        fits = inside & (links["whole"] & ~links.duplicated("target", keep=False)).to_numpy()
    by_source = pd.DataFrame({"fits": fits, "inside": inside}).groupby(links["source"].to_numpy())
    placed = by_source["fits"].all()
    touched = by_source["inside"].any() & ~placed
    return placed.index[placed], touched.index[touched]


def _combine_frame(measure: Measure, part: pd.DataFrame) -> float | None:
    if part.empty:
        return None
    if measure.aggregation == Aggregation.RATIO:
        known = part.dropna(subset=["top", "bottom"])
        bottom = float(known["bottom"].sum())
        return float(known["top"].sum()) / bottom * measure.scale if bottom else None
    values = part["value"].dropna()
    if values.empty:
        return None
    if measure.aggregation == Aggregation.SUM:
        return float(values.sum())
    if measure.aggregation == Aggregation.SHARE:
        return float(values.mean()) * 100
    return float(values.median()) if measure.aggregation == Aggregation.MEDIAN else None
