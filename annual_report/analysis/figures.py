"""Figures of territories from a snapshot: sums, ratios of sums, shares, medians; their intervals.

Values are weighted to the register, with a 95 % interval; where all answered they are exactly what
the answers give, and the interval is a point. Ratios are recomputed from numerator and denominator
and never averaged. A figure is withheld that rests on fewer than MIN_COUNT municipalities, on less
than MIN_COVERAGE of those it applies to, or of whose municipalities fewer than MIN_REPRESENTED lie
in strata that have answers of their own; and one that would give one or two municipalities away, by
itself or by subtraction. See docs/decisions/0013-weights-and-intervals.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.utils.translation import gettext_lazy as _

from annual_report.analysis.years import PLACE, Year, pivot
from annual_report.enums import Aggregation, Scope
from annual_report.statistics.disclosure import COMPLEMENT, FEW, MIN_CELL, suppress
from annual_report.statistics.estimator import Estimates
from annual_report.statistics.strata import KIND_GROUPS, coverage_table
from annual_report.statistics.weights import Weights

MIN_COVERAGE = 0.3
MIN_COUNT = 3
MIN_REPRESENTED = 0.5

#: The column of the strata behind each scope; None is the whole country.
SCOPE_COLUMNS = {
    Scope.NATION: None,
    Scope.DISTRICT: "district",
    Scope.REGION: "region",
    Scope.KIND: "kind",
    Scope.SIZE: "size",
}

#: How a figure was made, for the pages that name it.
METHODS = {
    "full": _("сплошные данные: ответили все"),
    "sum": _("сумма, взвешенная по слоям и населению; интервал — t Стьюдента"),
    "ratio": _("отношение взвешенных сумм; интервал — линеаризация"),
    "share": _("взвешенная доля; интервал Джеффриса"),
    "median": _("взвешенная медиана; интервал Вудраффа"),
}


ALL_KINDS = tuple(sorted(KIND_GROUPS))
#: Municipalities that lie inside others.
SECOND_LEVEL = frozenset({"urban_settlement", "rural_settlement", "intracity_district"})
#: Scopes whose figures add municipalities of both levels up.
TERRITORIAL = (Scope.NATION, Scope.DISTRICT, Scope.REGION)

#: Why a figure is withheld, for the pages that show it so.
WITHHELD = {
    "coverage": _("ответили слишком немногие"),
    "represented": _("целые группы муниципалитетов не ответили"),
    FEW: _("сложено из данных одного-двух муниципалитетов"),
    COMPLEMENT: _("скрыто, чтобы нельзя было вычислить соседнее скрытое значение"),
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
    formula: str = ""
    #: A district's value counts its settlements' too: territories sum the upper level only.
    nested: bool = False

    @property
    def territorial_kinds(self) -> tuple[str, ...]:
        """Whose values make a territory's: nobody is counted twice, with his district and alone."""
        if not self.nested:
            return self.kinds
        return tuple(kind for kind in self.kinds or ALL_KINDS if kind not in SECOND_LEVEL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of one territory; ``value`` is None when it is withheld or cannot be computed.

    ``unweighted`` is of the answers alone; ``low`` and ``high`` bound the 95 % interval of the
    weighted ``value``; ``represented`` is the share of the asked municipalities that lie in strata
    with answers of their own; ``method`` is a key of ``METHODS``, ``withheld`` one of ``WITHHELD``.
    """

    value: float | None
    count: int
    expected: int
    unweighted: float | None = None
    low: float | None = None
    high: float | None = None
    represented: float = 1.0
    method: str = ""
    withheld: str = ""

    @property
    def coverage(self) -> float:
        return self.count / self.expected if self.expected else 0.0

    @property
    def is_withheld(self) -> bool:
        return bool(self.withheld)

    @property
    def is_exact(self) -> bool:
        """All answered: there is nothing to estimate."""
        return self.method == "full"


def is_thin(count: int, expected: int) -> bool:
    """Too little to be shown. A territory with fewer municipalities than MIN_COUNT needs all."""
    return (
        count < min(MIN_COUNT, expected)
        or (expected > 0 and count / expected < MIN_COVERAGE)
        or count == 0
    )


class Analysis:
    """Figures of one snapshot.

    ``frame`` has the snapshot's columns, for all years or for none: then ``load`` gives a year's
    rows, of ``years``, when they are first needed. ``register`` holds the municipalities that were
    asked in the report's ``year``: oktmo, kind, region, district, and population, size_class,
    is_urban where known; ``load_register`` gives that of an earlier year. Without it an earlier
    year's base is the report's register and whoever answered then.

    ``factors`` bring another year's values to the present unit, by year and code: NaN where the
    series is broken.
    """

    def __init__(
        self,
        frame: pd.DataFrame | None,
        register: pd.DataFrame,
        indicators: Iterable[IndicatorInfo],
        year: int,
        *,
        years: Iterable[int] = (),
        load: Callable[[int], pd.DataFrame] | None = None,
        load_register: Callable[[int], pd.DataFrame] | None = None,
        factors: Mapping[int, Mapping[str, float]] | None = None,
    ):
        self.indicators = {item.code: item for item in indicators}
        self.register, self.year = register, year
        self._load, self._load_register, self.factors = load, load_register, factors or {}
        parts = {} if frame is None else dict(iter(frame.groupby("year")))
        self._parts = {int(number): part for number, part in parts.items()}
        self.years = sorted({*self._parts, *(int(number) for number in years)})
        self._years: dict[int, Year] = {}
        self._choices: dict[tuple[str, int], dict[Scope, dict[str, list[Figure]]]] = {}
        self._cache: dict[tuple[str, int], dict[Scope, dict[str, Figure]]] = {}

    # --- years -------------------------------------------------------------------------------------

    def laid(self, year: int) -> Year:
        """That year's answers over its register; nobody answered in a year that is not there."""
        if year not in self._years:
            self._years[year] = self._lay(year)
        return self._years[year]

    def _lay(self, year: int) -> Year:
        part = self._parts.pop(year, None)
        if part is None and self._load is not None and year in self.years:
            part = self._load(year)
        if part is None:
            part = pd.DataFrame(columns=["oktmo", "indicator", "value", *PLACE])
        wide = pivot(part)
        for code, factor in self.factors.get(year, {}).items():
            if code in wide.columns:
                wide[code] = wide[code] * factor
        places = part.drop_duplicates("oktmo").set_index("oktmo")[PLACE]
        places.index = places.index.astype(object)
        register = self.register
        if year != self.year and self._load_register is not None and year in self.years:
            register = self._load_register(year)
        formulas = {code: info.formula for code, info in self.indicators.items() if info.formula}
        return Year(wide, register, places, formulas, SCOPE_COLUMNS, self._earlier_of(year))

    def _earlier_of(self, year: int) -> Callable[[int], pd.DataFrame | None]:
        return lambda back: self.laid(year - back).wide if year - back in self.years else None

    @property
    def coverage(self) -> float:
        """Share of the asked municipalities whose approved form is in the snapshot."""
        return self.respondents / len(self.register) if len(self.register) else 0.0

    @property
    def respondents(self) -> int:
        """Municipalities whose approved form of the report's year is in the snapshot."""
        return int(self.laid(self.year).filed.sum())

    # --- figures -----------------------------------------------------------------------------------

    def figures(self, code: str, scope: Scope, year: int | None = None) -> dict[str, Figure]:
        """Figures of one indicator by territory code ("" for the nation)."""
        return self.all_figures(code, year)[scope]

    def value(self, code: str, year: int | None = None) -> Figure:
        found = self.figures(code, Scope.NATION, year)
        return found.get("", Figure(None, 0, 0))

    def all_figures(self, code: str, year: int | None = None) -> dict[Scope, dict[str, Figure]]:
        """Figures of one indicator for every scope and territory."""
        key = (code, self.year if year is None else year)
        if key not in self._cache:
            self._cache[key] = self._compute(*key)
        return self._cache[key]

    def choices(self, code: str, scope: Scope, year: int | None = None) -> dict[str, list[Figure]]:
        """For a question with options: a share (0 to 100) for each option, numbered from the least.

        The options are those that were answered at all; ``options`` names them in the same order.
        """
        key = (code, self.year if year is None else year)
        if key not in self._choices:
            self._choices[key] = self._compute_choices(*key)
        return self._choices[key].get(scope, {})

    def _compute_choices(self, code: str, year: int) -> dict[Scope, dict[str, list[Figure]]]:
        info, laid = self.indicators[code], self.laid(year)
        answered, (values,) = laid.values((code,), info.kinds)
        estimator = laid.estimator(answered, info.kinds)
        result: dict[Scope, dict[str, list[Figure]]] = {}
        for option in np.unique(values):
            found = estimator.share((values == option).astype(float))
            for scope, part in _figures(laid, found, "share", 100.0).items():
                for name, figure in part.items():
                    result.setdefault(scope, {}).setdefault(name, []).append(figure)
        return result

    def options(self, code: str, year: int | None = None) -> list[float]:
        """Options that were answered, in their order; none for other questions."""
        if self.indicators[code].aggregation != Aggregation.CHOICE:
            return []
        laid = self.laid(self.year if year is None else year)
        _answered, (values,) = laid.values((code,), self.indicators[code].kinds)
        return [float(item) for item in np.unique(values)]

    def _compute(self, code: str, year: int) -> dict[Scope, dict[str, Figure]]:
        info = self.indicators[code]
        found = self._estimate(info, year, info.kinds)
        if info.nested:
            upper = self._estimate(info, year, info.territorial_kinds)
            found |= {scope: upper[scope] for scope in TERRITORIAL}
        return found

    def _estimate(
        self, info: IndicatorInfo, year: int, kinds: tuple[str, ...]
    ) -> dict[Scope, dict[str, Figure]]:
        laid = self.laid(year)
        answered, values = laid.values(_parts(info), kinds)
        estimator = laid.estimator(answered, kinds)
        if info.aggregation == Aggregation.RATIO:
            return _figures(laid, estimator.ratio(*values), "ratio", info.scale)
        if info.aggregation == Aggregation.SHARE:
            return _figures(laid, estimator.share(values[0]), "share", 100.0)
        if info.aggregation == Aggregation.MEDIAN:
            return _figures(laid, estimator.median(values[0]), "median")
        if info.aggregation == Aggregation.CHOICE:
            # Numbers of options: no single figure says what was answered.
            return _figures(laid, estimator.share(values[0] * 0), "")
        # Where no answer is negative the missing are taken not to be either.
        found = estimator.total(values[0], non_negative=not (values[0] < 0).any())
        return _figures(laid, found, "sum")

    def matched_change(self, code: str) -> float | None:
        """Growth on the previous year over the municipalities that answered in both years.

        Unweighted: the same municipalities stand on both sides, so nobody's absence shifts it.
        """
        info = self.indicators[code]
        if self.year - 1 not in self.years or self.year not in self.years:
            return None
        now, then = (self._matched(info, year) for year in (self.year, self.year - 1))
        both = now.index.intersection(then.index)
        if is_thin(len(both), len(self.register)):
            return None
        before, after = aggregate(info, then.loc[both]), aggregate(info, now.loc[both])
        return (after - before) / abs(before) if before and after is not None else None

    def _matched(self, info: IndicatorInfo, year: int) -> pd.DataFrame:
        laid = self.laid(year)
        answered, values = laid.values(_parts(info), info.territorial_kinds)
        names = ["top", "bottom"] if len(values) == 2 else ["value"]
        index = laid.index[answered]
        return pd.DataFrame(dict(zip(names, values, strict=True)), index=index)

    # --- representativeness ------------------------------------------------------------------------

    def weights(self, code: str | None = None, year: int | None = None) -> Weights:
        """Weights of the forms, or of one indicator's answers, by cell."""
        laid = self.laid(self.year if year is None else year)
        if code is None:
            return laid.weights(laid.filed)
        kinds = self.indicators[code].kinds
        return laid.weights(laid.values(_parts(self.indicators[code]), kinds)[0], kinds)

    def coverage_by_stratum(self, code: str | None = None, year: int | None = None) -> pd.DataFrame:
        """The panel of representativeness; see ``strata.coverage_table``."""
        laid = self.laid(self.year if year is None else year)
        kinds = () if code is None else self.indicators[code].kinds
        weights = self.weights(code, year)
        return coverage_table(laid.strata, weights.answered, laid.eligible(kinds))

    def coverage_by(self, scope: Scope) -> dict[str, Figure]:
        """How many were asked and how many filed, by territory; no values."""
        laid = self.laid(self.year)
        weights = laid.weights(laid.filed)
        counts = laid.domains.matrix @ weights.answered
        asked = laid.domains.matrix @ weights.asked
        return {
            name: Figure(None, int(count), int(expected))
            for (where, name), count, expected in zip(
                laid.domains.names, counts, asked, strict=True
            )
            if where == scope
        }


def _parts(info: IndicatorInfo) -> tuple[str, ...]:
    """The columns that the aggregation needs."""
    if info.aggregation == Aggregation.RATIO:
        return info.numerator, info.denominator
    return (info.code,)


def _figures(
    laid: Year, found: Estimates, method: str, scale: float = 1.0
) -> dict[Scope, dict[str, Figure]]:
    """``method`` empty: counts only."""
    result: dict[Scope, dict[str, Figure]] = {scope: {} for scope in SCOPE_COLUMNS}
    measures = (found.value, found.unweighted, found.low, found.high)
    columns = [*((item * scale).tolist() for item in measures)]
    columns += [found.count.tolist(), found.expected.tolist(), found.represented.tolist()]
    for (scope, name), *row in zip(laid.domains.names, *columns, strict=True):
        if row[5]:
            result[Scope(scope)][name] = _figure(row, method)
    return _guarded(laid, result, with_complements=method != "median")


def _guarded(
    laid: Year, figures: dict[Scope, dict[str, Figure]], *, with_complements: bool
) -> dict[Scope, dict[str, Figure]]:
    """Without what gives one or two municipalities away; medians cannot be subtracted."""
    cells = {(scope, name): item for scope, part in figures.items() for name, item in part.items()}
    counts = {key: item.count for key, item in cells.items()}
    if not any(0 < count < MIN_CELL for count in counts.values()):
        return figures
    hidden = {key for key, item in cells.items() if item.value is None}
    tables = laid.additive_tables(cells) if with_complements else []
    for (scope, name), reason in suppress(counts, tables, hidden).items():
        old = figures[scope][name]
        figures[scope][name] = Figure(
            None, old.count, old.expected, represented=old.represented, withheld=reason
        )
    return figures


def _figure(row: list[float], method: str) -> Figure:
    value, unweighted, low, high, count, expected, represented = row
    size = int(count), int(expected)
    reason = ""
    if is_thin(*size):
        reason = "coverage"
    elif represented < MIN_REPRESENTED:
        reason = "represented"
    if not method or reason or value != value:
        return Figure(None, *size, represented=represented, withheld=reason)
    exact = count == expected
    # The answers alone may divide by nothing where those of similar municipalities do not.
    beside = [None if number != number else number for number in (unweighted, low, high)]
    return Figure(value, *size, *beside, represented, "full" if exact else method)


def aggregate(info: IndicatorInfo, part: pd.DataFrame) -> float | None:
    """One number for a group of municipalities, as they stand."""
    if part.empty or info.aggregation == Aggregation.CHOICE:
        return None
    if info.aggregation == Aggregation.RATIO:
        bottom = float(part["bottom"].sum())
        return float(part["top"].sum()) / bottom * info.scale if bottom else None
    if info.aggregation == Aggregation.SHARE:
        return float(part["value"].mean()) * 100
    if info.aggregation == Aggregation.MEDIAN:
        return float(part["value"].median())
    return float(part["value"].sum())
