"""What a series is made of, read from the database: published answers and others' observations.

Only what is public counts: answers as the published report of their year froze them, and loaded
observations. Where a municipality has both for a year, the report's answer is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
from django.db import connection
from django.db.models import Count, F, Max, QuerySet

from annual_report.enums import COUNTED_STATES, Aggregation, ReportState
from annual_report.models import (
    Answer,
    Campaign,
    CatalogueStamp,
    Dataset,
    Indicator,
    Observation,
    ObservationImport,
    Report,
)
from annual_report.rules import parse_formula
from annual_report.rules.frame import Table
from annual_report.series import Measure, Reading, place_of
from okmo_portal.organisations.enums import HOLDERS
from okmo_portal.organisations.models import Municipality, MunicipalityChange

#: Source key of values that came with the report; observations have "dataset:<id>".
REPORT = "report"

#: A cell as it was when the published snapshot was taken: forms approved by then, and of a cell that
#: was corrected later the value from before the first later correction.
ANSWERS = """
SELECT s.municipality_id, c.year, a.indicator_id,
    (CASE WHEN later.revision IS NULL THEN a.value ELSE later.value END)::float8
FROM annual_report_report r
JOIN annual_report_campaign c ON c.id = r.campaign_id AND c.is_main
JOIN annual_report_snapshot n ON n.id = r.snapshot_id
JOIN annual_report_submission s ON s.campaign_id = c.id AND s.state = ANY(%(counted)s)
    AND s.decided_at <= n.created_at AND {where}
JOIN annual_report_answer a ON a.submission_id = s.id AND a.indicator_id = ANY(%(indicators)s)
LEFT JOIN LATERAL (
    SELECT v.revision, v.value
    FROM annual_report_answerrevision v
    JOIN annual_report_correction k ON k.id = v.replaced_by_id
    WHERE v.submission_id = s.id AND v.indicator_id = a.indicator_id
      AND k.decided_at > n.created_at
    ORDER BY v.revision LIMIT 1
) later ON a.revision > 1
WHERE r.state = %(published)s
"""

OBSERVATIONS = """
SELECT DISTINCT ON (o.municipality_id, o.indicator_id, o.year)
    o.municipality_id, o.year, o.indicator_id, o.value::float8, o.dataset_id
FROM annual_report_observation o
JOIN annual_report_dataset d ON d.id = o.dataset_id
WHERE o.indicator_id = ANY(%(indicators)s) AND {where}
ORDER BY o.municipality_id, o.indicator_id, o.year, d.priority, o.dataset_id
"""


@dataclass(frozen=True)
class Subject:
    """An indicator with what its values are computed from."""

    indicator: Indicator
    leaves: Mapping[str, Indicator]
    top: str = ""
    bottom: str = ""

    @property
    def formula(self) -> str:
        return self.indicator.formula

    def segment(self, year: int) -> int:
        """Breaks between a year and now, in the indicator or in what it is computed from."""
        used = [self.indicator, *self.leaves.values()]
        return max(place_of(item.versions.all(), year)[0] for item in used)

    def measure(self, years: Iterable[int]) -> Measure:
        indicator = self.indicator
        parts = [
            self.leaves[code] for code in codes_of(self.top, self.bottom) if code in self.leaves
        ]
        return Measure(
            aggregation=indicator.aggregation,
            scale=float(indicator.scale),
            nested=indicator.includes_settlements
            or any(part.includes_settlements for part in parts),
            segments={year: self.segment(year) for year in years},
        )


def codes_of(*texts: str) -> list[str]:
    return [code for text in texts if text for code in parse_formula(text).codes]


def subject_of(indicator: Indicator) -> Subject:
    """Two queries; the indicator needs ``numerator`` and ``denominator`` at hand."""
    top = bottom = ""
    if indicator.aggregation == Aggregation.RATIO:
        top = indicator.numerator.formula or indicator.numerator.code
        bottom = indicator.denominator.formula or indicator.denominator.code
    codes = {indicator.code, *codes_of(top, bottom, indicator.formula)}
    found = Indicator.objects.filter(code__in=codes).prefetch_related("versions")
    leaves = {item.code: item for item in found}
    return Subject(leaves.pop(indicator.code), leaves, top, bottom)


@dataclass(frozen=True)
class Found:
    """Readings of some municipalities; ``days`` as ``series.in_todays_borders`` wants them."""

    subject: Subject
    frame: pd.DataFrame
    days: dict[int, list[int]] = field(default_factory=dict)

    @property
    def years(self) -> list[int]:
        return sorted(self.days)

    @cached_property
    def measure(self) -> Measure:
        return self.subject.measure(self.years)

    @cached_property
    def readings(self) -> dict[tuple[int, int], Reading]:
        columns = ["municipality", "year", "value", "top", "bottom", "source"]
        rows = self.frame[columns].astype(object).where(self.frame[columns].notna(), None)
        return {
            (row.municipality, row.year): Reading(row.value, row.top, row.bottom, row.source)
            for row in rows.itertuples(index=False)
        }


#: Whose values are read, by what is asked; the same conditions for both statements.
PLACES = {
    "municipalities": "{row}.municipality_id = ANY(%(places)s)",
    "region": """{row}.municipality_id IN (
        SELECT m.id FROM organisations_municipality m WHERE m.region_id = %(places)s)""",
    # What became of this kind had another one before.
    "kind": """{row}.municipality_id IN (
        SELECT m.id FROM organisations_municipality m WHERE m.kind = %(places)s
        UNION
        SELECT p.municipality_id FROM organisations_municipalitychange_predecessors p)""",
}


def find_readings(subject: Subject, municipalities: Iterable[int]) -> Found:
    """Of these municipalities; three queries."""
    return _find(subject, "municipalities", list(municipalities))


def find_scope_readings(subject: Subject, scope: str, place: int | str) -> Found:
    """Of all that ever belonged to a region (by id) or had a kind, or came to have it."""
    return _find(subject, scope, place)


def _find(subject: Subject, scope: str, places: Any) -> Found:
    codes = {item.pk: item.code for item in (subject.indicator, *subject.leaves.values())}
    params = {
        "places": places,
        "indicators": list(codes),
        "counted": [str(state) for state in COUNTED_STATES],
        "published": str(ReportState.PUBLISHED),
    }
    condition = PLACES[scope]
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS.format(where=condition.format(row="s")), params)
        rows = [(*row, REPORT) for row in cursor.fetchall()]
        cursor.execute(OBSERVATIONS.format(where=condition.format(row="o")), params)
        rows += [(*row[:4], f"dataset:{row[4]}") for row in cursor.fetchall()]
    columns = ["municipality", "year", "indicator", "value", "source"]
    frame = pd.DataFrame(rows, columns=columns).dropna(subset=["value"])
    frame["code"] = frame["indicator"].map(codes)
    return Found(subject, _computed(subject, _converted(subject, frame)), _days(frame))


def _converted(subject: Subject, frame: pd.DataFrame) -> pd.DataFrame:
    """Values in the newest unit of their segment."""
    factors = {
        (item.code, year): place_of(item.versions.all(), year)[1]
        for item in (subject.indicator, *subject.leaves.values())
        for year in frame["year"].unique()
    }
    pairs = pd.MultiIndex.from_frame(frame[["code", "year"]])
    return frame.assign(value=frame["value"] * pd.Series(factors).reindex(pairs).to_numpy())


def _computed(subject: Subject, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per municipality and year: value, top, bottom, source; the report's values first."""
    if frame.empty:
        return pd.DataFrame(columns=["municipality", "year", "value", "top", "bottom", "source"])
    wide = frame.pivot(index=["municipality", "year", "source"], columns="code", values="value")
    table, code = Table(wide), subject.indicator.code
    result = pd.DataFrame(index=wide.index)
    result["top"] = _number(table, subject.top)
    result["bottom"] = _number(table, subject.bottom)
    result["value"] = _number(table, subject.formula)
    if code in wide.columns:
        result["value"] = result["value"].fillna(wide[code])
    result = result.dropna(subset=["value"]).reset_index()
    # "report" sorts after "dataset:…".
    result = result.sort_values(["municipality", "year", "source"], kind="stable")
    return result.drop_duplicates(["municipality", "year"], keep="last").reset_index(drop=True)


def _number(table: Table, text: str) -> Any:
    return table.number(parse_formula(text).tree) if text else float("nan")


def _days(frame: pd.DataFrame) -> dict[int, list[int]]:
    """On which days the municipalities stood that a year's values are of.

    A campaign asks those of its register's date. An observation's row is the one that held its code
    in that year: at its end or, where nothing fits then, at its beginning.
    """
    if frame.empty:
        return {}
    asked = dict(
        Campaign.objects.main()
        .filter(report__state=ReportState.PUBLISHED)
        .values_list("year", "register_date")
    )
    reported = set(frame.loc[frame["source"] == REPORT, "year"])
    days: dict[int, list[int]] = {}
    for year in range(int(frame["year"].min()), int(frame["year"].max()) + 1):
        found = [asked[year]] if year in reported and year in asked else []
        found += [date(year, 12, 31), date(year, 1, 1)]
        days[year] = list(dict.fromkeys(day.toordinal() for day in found))
    return days


def members_of(scope: str, place: int | str, *, nested: bool) -> pd.Series:
    """By municipality id: whether it belongs to the scope and counts in it.

    In a region, figures that hold settlements count districts and not the settlements beside them.
    """
    rows = Municipality.objects.values_list("pk", "region_id", "kind")
    frame = pd.DataFrame(list(rows), columns=["id", "region", "kind"]).set_index("id")
    inside = frame[scope] == place
    if scope == "region" and nested:
        inside &= ~frame["kind"].isin([str(kind) for kind in HOLDERS])
    return inside


def published_answers(municipalities: Iterable[int]) -> QuerySet[Answer]:
    """Answers that a published report stands on."""
    return Answer.objects.filter(
        submission__municipality__in=list(municipalities),
        submission__state__in=COUNTED_STATES,
        submission__campaign__is_main=True,
        submission__campaign__report__state=ReportState.PUBLISHED,
        submission__decided_at__lte=F("submission__campaign__report__snapshot__created_at"),
        value__isnull=False,
    )


def has_data(municipalities: Iterable[int]) -> bool:
    ids = list(municipalities)
    return (
        published_answers(ids).exists() or Observation.objects.filter(municipality__in=ids).exists()
    )


def indicators_with_data(municipalities: Iterable[int]) -> list[Indicator]:
    """Indicators of which these municipalities have a public value, computed ones included."""
    ids = list(municipalities)
    observed = Observation.objects.filter(municipality__in=ids).order_by()
    answered = published_answers(ids).order_by()
    keys = set(answered.values_list("indicator_id", flat=True).distinct())
    keys |= set(observed.values_list("indicator_id", flat=True).distinct())
    indicators = list(Indicator.objects.select_related("section"))
    known = {item.code for item in indicators if item.pk in keys}
    return [
        item
        for item in indicators
        if item.code in known or (item.formula and set(codes_of(item.formula)) <= known)
    ]


def stamp() -> str:
    """New after anything changed on which a series stands: a key for what may be kept."""
    reports = Report.objects.published().aggregate(last=Max("published_at"), number=Count("pk"))
    changes = MunicipalityChange.objects.aggregate(last=Max("pk"), number=Count("pk"))
    imports = ObservationImport.objects.aggregate(last=Max("finished_at"))
    parts = [*reports.values(), *changes.values(), *imports.values(), CatalogueStamp.current()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def source_labels(keys: Iterable[str], report: str) -> dict[str, str]:
    """Names of sources by key; ``report`` is the portal's own."""
    numbers = [int(key.partition(":")[2]) for key in keys if key != REPORT]
    labels = {REPORT: report}
    for dataset in Dataset.objects.filter(pk__in=numbers):
        labels[f"dataset:{dataset.pk}"] = dataset.local_source
    return labels


def changes_by_id(keys: Iterable[int]) -> dict[int, MunicipalityChange]:
    rows = MunicipalityChange.objects.filter(pk__in=set(keys))
    return {row.pk: row for row in rows.prefetch_related("predecessors", "successors")}
