"""Figures of territories from a snapshot: sums, ratios of sums, shares, medians; coverage.

Ratios are recomputed from numerator and denominator and never averaged. A figure that rests on
fewer than MIN_COUNT municipalities or on less than MIN_COVERAGE of those it applies to is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from annual_report.enums import Aggregation, Scope
from okmo_portal.core.text import NBSP, Display, display_for, format_number, format_percent

MIN_COVERAGE = 0.3
MIN_COUNT = 3

SCOPE_COLUMNS = {
    Scope.NATION: None,
    Scope.DISTRICT: "district",
    Scope.REGION: "region",
    Scope.KIND: "kind",
}


@dataclass(frozen=True)
class IndicatorInfo:
    """What the analysis must know of an indicator."""

    code: str
    aggregation: str
    decimals: int
    unit: str
    numerator: str = ""
    denominator: str = ""
    scale: float = 1.0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One value of one territory; ``value`` is None when it is withheld or cannot be computed."""

    value: float | None
    count: int
    expected: int

    @property
    def coverage(self) -> float:
        return self.count / self.expected if self.expected else 0.0

    @property
    def is_withheld(self) -> bool:
        return is_thin(self.count, self.expected)


def is_thin(count: int, expected: int) -> bool:
    """Too little to be shown. A territory with fewer municipalities than MIN_COUNT needs all."""
    return (
        count < min(MIN_COUNT, expected)
        or (expected > 0 and count / expected < MIN_COVERAGE)
        or count == 0
    )


class Analysis:
    """Figures of one snapshot.

    ``frame`` has the snapshot's columns; ``register`` the municipalities that were asked in the
    report's year: oktmo, kind, region, district. ``year`` is the report's.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        register: pd.DataFrame,
        indicators: Iterable[IndicatorInfo],
        year: int,
    ):
        self.indicators = {item.code: item for item in indicators}
        self.register, self.year = register, year
        years = [(int(number), part) for number, part in frame.groupby("year")]
        self.wide = {number: pivot(part) for number, part in years}
        #: Kind, region and district of each municipality as they were in that year.
        self.places = {
            number: part.drop_duplicates("oktmo").set_index("oktmo")[["kind", "region", "district"]]
            for number, part in years
        }
        self._cache: dict[tuple, dict[str, Figure]] = {}

    @property
    def years(self) -> list[int]:
        return sorted(self.wide)

    @property
    def coverage(self) -> float:
        """Share of the asked municipalities whose approved form is in the snapshot."""
        wide = self.wide.get(self.year)
        return len(wide) / len(self.register) if wide is not None and len(self.register) else 0.0

    def figures(self, code: str, scope: Scope, year: int | None = None) -> dict[str, Figure]:
        """Figures of one indicator by territory code ("" for the nation)."""
        year = self.year if year is None else year
        key = (code, scope, year)
        if key not in self._cache:
            self._cache[key] = self._compute(code, scope, year)
        return self._cache[key]

    def _compute(self, code: str, scope: Scope, year: int) -> dict[str, Figure]:
        info, wide = self.indicators[code], self.wide.get(year)
        asked = self.register
        if info.kinds:
            asked = asked[asked["kind"].isin(info.kinds)]
        column = SCOPE_COLUMNS[scope]
        expected = {"": len(asked)} if column is None else asked[column].value_counts().to_dict()
        if wide is None:
            return {name: Figure(None, 0, int(number)) for name, number in expected.items()}
        values = self._values(info, wide)
        groups = (
            pd.Series("", index=values.index)
            if column is None
            else self.places[year][column].reindex(values.index)
        )
        result = {}
        for name, number in expected.items():
            part = values[groups == name]
            count = len(part)
            # Earlier years have no register here: their own municipalities are the base.
            base = int(number) if year == self.year else max(int(number), count)
            value = None if is_thin(count, base) else aggregate(info, part)
            result[str(name)] = Figure(value, count, base)
        return result

    @staticmethod
    def _values(info: IndicatorInfo, wide: pd.DataFrame) -> pd.DataFrame:
        """The municipalities that answered, with the columns that the aggregation needs."""
        if info.aggregation == Aggregation.RATIO:
            top = formula_column(info.numerator, wide)
            bottom = formula_column(info.denominator, wide)
            return pd.DataFrame({"top": top, "bottom": bottom}).dropna()
        column = formula_column(info.code, wide)
        return pd.DataFrame({"value": column}).dropna()

    def value(self, code: str, year: int | None = None) -> Figure:
        return self.figures(code, Scope.NATION, year)[""]

    def matched_change(self, code: str) -> float | None:
        """Growth on the previous year over the municipalities that answered in both years."""
        info = self.indicators[code]
        this, last = self.wide.get(self.year), self.wide.get(self.year - 1)
        if this is None or last is None:
            return None
        now, then = self._values(info, this), self._values(info, last)
        both = now.index.intersection(then.index)
        if is_thin(len(both), len(self.register)):
            return None
        before, after = aggregate(info, then.loc[both]), aggregate(info, now.loc[both])
        return (after - before) / abs(before) if before and after is not None else None


def pivot(part: pd.DataFrame) -> pd.DataFrame:
    """One year's values as municipalities × indicators.

    A snapshot has each pair once, so filling an array takes a fraction of what ``DataFrame.pivot``
    takes in time and memory.
    """
    rows, places = pd.factorize(part["oktmo"])
    columns, codes = pd.factorize(part["indicator"])
    values = np.full((len(places), len(codes)), np.nan)
    values[rows, columns] = part["value"].to_numpy()
    return pd.DataFrame(values, index=list(places), columns=list(codes))


#: Sums and differences of asked indicators; computed indicators are not stored as answers.
DERIVED = {
    "D09": {"D02": 1, "D03": 1},
    "D23": {"D01": 1, "D05": -1},
    "D24": {"D01": 1, "D17": -1},
    "E10": {"E01": 1, "E02": -1},
}


def formula_column(code: str, wide: pd.DataFrame) -> pd.Series:
    if code in wide.columns:
        return wide[code]
    parts = DERIVED.get(code)
    if parts and all(part in wide.columns for part in parts):
        return sum(sign * wide[part] for part, sign in parts.items())
    return pd.Series(float("nan"), index=wide.index)


def aggregate(info: IndicatorInfo, part: pd.DataFrame) -> float | None:
    """One number for a group of municipalities."""
    if part.empty:
        return None
    if info.aggregation == Aggregation.RATIO:
        bottom = float(part["bottom"].sum())
        return float(part["top"].sum()) / bottom * info.scale if bottom else None
    if info.aggregation == Aggregation.SHARE:
        return float(part["value"].mean()) * 100
    if info.aggregation == Aggregation.MEDIAN:
        return float(part["value"].median())
    if info.aggregation == Aggregation.CHOICE:
        return None  # numbers of options: no single figure says what was answered
    return float(part["value"].sum())


# --- text ------------------------------------------------------------------------------------------

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
KINDS = ("total", "prev", "change", "count")


class UnknownPlaceholder(ValueError):
    """A chapter's text asks for something that the report does not have."""


def placeholders(text: str, codes: Iterable[str]) -> list[str]:
    """The placeholders of ``text``; raises UnknownPlaceholder naming the first wrong one."""
    known = set(codes)
    found = PLACEHOLDER.findall(text)
    for name in found:
        kind, _, code = name.partition(".")
        if name in ("year", "coverage", "municipalities") or (kind in KINDS and code in known):
            continue
        raise UnknownPlaceholder(
            f"Обозначение {{{{ {name} }}}} неизвестно. Можно: total, prev, change или count с кодом "
            "показателя (например total.A05), year, coverage, municipalities."
        )
    return found


def fill_text(text: str, analysis: Analysis) -> str:
    """Put the snapshot's numbers into a chapter's text."""
    placeholders(text, analysis.indicators)

    def number(match: re.Match) -> str:
        kind, _, code = match.group(1).partition(".")
        if kind == "year":
            return str(analysis.year)
        if kind == "coverage":
            return format_percent(analysis.coverage)
        if kind == "municipalities":
            return format_number(len(analysis.wide.get(analysis.year, ())))
        if kind == "change":
            return show_change(analysis.matched_change(code))
        info = analysis.indicators[code]
        figure = analysis.value(code, analysis.year - (kind == "prev"))
        return show_figure(figure, info, with_unit=kind != "count")

    # «5 ед..» at the end of a sentence: the unit's own point is enough.
    return PLACEHOLDER.sub(number, text).replace("..", ".")


def show_figure(figure: Figure, info: IndicatorInfo, *, with_unit: bool = True) -> str:
    """A number for a sentence; without the unit where the sentence names what is counted."""
    if figure.value is None:
        return "(данных недостаточно)"
    if not with_unit:
        return format_number(figure.value, info.decimals)
    display = display_of(info, [figure])
    return f"{display.number(figure.value)}{NBSP}{display.unit}"


def display_of(info: IndicatorInfo, figures: Iterable[Figure]) -> Display:
    """One unit for all ``figures``, by the largest of them."""
    largest = max((abs(item.value) for item in figures if item.value is not None), default=None)
    return display_for(unit_of(info), info.decimals, largest)


def unit_of(info: IndicatorInfo) -> str:
    return "%" if info.aggregation == Aggregation.SHARE else info.unit


def show_change(change: float | None) -> str:
    """«вырос на 2,1 %» needs a gender; a signed figure does not."""
    if change is None:
        return "(нет сопоставимых данных)"
    sign = "+" if change > 0 else ""
    return f"{sign}{format_percent(change)}"


def rows_of(figures: Mapping[str, Figure]) -> list[tuple[str, float | None, int, int]]:
    return [(code, item.value, item.count, item.expected) for code, item in figures.items()]
