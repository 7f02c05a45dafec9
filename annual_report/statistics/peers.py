"""Similar municipalities of each municipality, and where it stands among them, as an interval.

Nearest neighbours by standardised distance (as CIPFA's model for English councils does), among
comparable kinds only. A feature that is not known is not guessed: the distance is then taken over
the known ones, and only to municipalities that know them too. A place among similar ones is given
as far as the values can tell them apart: rounding and each one's own ups and downs are its error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial import cKDTree

from annual_report.statistics.intervals import divide
from annual_report.statistics.outliers import NORMAL_MAD
from annual_report.statistics.strata import KIND_GROUPS
from okmo_portal.core.text import NBSP, counted, format_number

#: Similar municipalities shown for each.
NEIGHBOURS = 10
#: With fewer known features nothing is similar to anything.
MIN_FEATURES = 2
#: Standardised differences up to the first make two alike, from the second on they differ.
ALIKE, DIFFERENT = 0.3, 0.8
#: Farther than this a standardised value counts no more: one giant must not stretch the scale.
FARTHEST = 3.0


@dataclass(frozen=True)
class Feature:
    """What municipalities are compared by: on a logarithm or as it is, with a weight."""

    title: str
    unit: str
    decimals: int
    is_log: bool
    weight: float = 1.0

    def scaled(self, values: np.ndarray) -> np.ndarray:
        if not self.is_log:
            return values
        with np.errstate(all="ignore"):
            return np.where(values > 0, np.log(values), np.nan)


#: The map's rows and columns stand for neighbourhood: regions side by side are a tile apart.
FEATURES = {
    "population": Feature("население", "чел.", 0, True, 1.5),
    "density": Feature("плотность населения", "чел. на кв. км", 1, True),
    "rural": Feature("доля сельского населения", "%", 0, False),
    "budget": Feature("собственные доходы на жителя", "тыс. руб.", 1, True),
    "distance": Feature("расстояние до центра субъекта", "км", 0, True),
    "row": Feature("расположение субъекта с севера на юг", "", 0, False, 0.35),
    "column": Feature("расположение субъекта с запада на восток", "", 0, False, 0.35),
}
#: Features that are not worded: a tile's number says nothing to a reader.
UNSPOKEN = frozenset({"row", "column"})


def measure(get: Callable[[str], np.ndarray], register: pd.DataFrame) -> pd.DataFrame:
    """The features of each municipality of ``register``, NaN where something is not known.

    ``get`` gives an indicator's values in the register's order: residents (A05, else the register's
    population), area in hectares (A03), rural residents (A16), own revenue in thousands of roubles
    (D09), kilometres to the region's centre (A15). ``tile_row`` and ``tile_column`` are used where
    the register has them. A distance of zero, the centre itself, counts as one kilometre.
    """
    known = register.get("population", pd.Series(np.nan, index=register.index))
    people = get("A05")
    people = np.where(np.isfinite(people), people, known.to_numpy(dtype=float))
    people = np.where(people > 0, people, np.nan)
    rural = 100 * divide(get("A16"), people)
    blank = pd.Series(np.nan, index=register.index)
    return pd.DataFrame(
        {
            "population": people,
            "density": divide(people, get("A03") / 100),
            "rural": np.where((rural >= 0) & (rural <= 100), rural, np.nan),
            "budget": divide(get("D09"), people),
            "distance": np.maximum(get("A15"), 1.0),
            "row": register.get("tile_row", blank).to_numpy(dtype=float),
            "column": register.get("tile_column", blank).to_numpy(dtype=float),
        },
        index=register.index,
    )


class Peers:
    """Neighbours of every municipality.

    ``features`` has the columns of ``FEATURES`` in their own units (any of them may lack), ``kinds``
    the kind of each row. ``table`` has a row a pair: own and peer (positions of ``features``), rank
    from 1, distance (root of the weighted mean square of standardised differences).
    """

    def __init__(self, features: pd.DataFrame, kinds: pd.Series, neighbours: int = NEIGHBOURS):
        self.features = features
        names = [name for name in FEATURES if name in features.columns]
        self.names = names
        self.groups = kinds.map(KIND_GROUPS).fillna(kinds).to_numpy(dtype=object)
        self.standard = np.full((len(features), len(names)), np.nan)
        for group in pd.unique(self.groups):
            rows = np.flatnonzero(self.groups == group)
            for column, name in enumerate(names):
                values = FEATURES[name].scaled(features[name].to_numpy(dtype=float)[rows])
                self.standard[rows, column] = standardise(values)
        self.table = self._find(neighbours)

    def _find(self, neighbours: int) -> pd.DataFrame:
        known = np.isfinite(self.standard)
        weights = np.array([FEATURES[name].weight for name in self.names])
        parts = []
        for group in pd.unique(self.groups):
            members = self.groups == group
            patterns, place = np.unique(known[members], axis=0, return_inverse=True)
            rows = np.flatnonzero(members)
            for number, pattern in enumerate(patterns):
                spoken = sum(
                    bool(has) for has, name in zip(pattern, self.names, strict=True)
                    if name not in UNSPOKEN
                )  # fmt: skip
                if spoken >= MIN_FEATURES:
                    own = rows[place.ravel() == number]
                    others = rows[known[rows][:, pattern].all(axis=1)]
                    parts.append(self._nearest(own, others, pattern, weights, neighbours))
        columns = ["own", "peer", "rank", "distance"]
        if not parts:
            return pd.DataFrame(columns=columns)
        table = pd.concat(parts, ignore_index=True)
        return table.sort_values(["own", "rank"], ignore_index=True)

    def _nearest(self, own, others, pattern, weights, neighbours) -> pd.DataFrame:
        """Nearest of ``others`` for each of ``own`` over the features of ``pattern``."""
        scale = np.sqrt(weights[pattern] / weights[pattern].sum())
        tree = cKDTree(self.standard[others][:, pattern] * scale)
        wanted = min(neighbours + 1, len(others))
        distance, found = tree.query(
            self.standard[own][:, pattern] * scale, k=[*range(1, wanted + 1)]
        )
        pairs = pd.DataFrame(
            {
                "own": np.repeat(own, wanted),
                "peer": others[found.ravel()],
                "distance": distance.ravel(),
            }
        )
        # Equal distances would else be in the order of the tree.
        pairs = pairs[pairs["own"] != pairs["peer"]].sort_values(["own", "distance", "peer"])
        pairs["rank"] = pairs.groupby("own").cumcount() + 1
        return pairs[pairs["rank"] <= neighbours]

    def of(self, row: int) -> pd.DataFrame:
        """The neighbours of one municipality, nearest first."""
        start, end = np.searchsorted(self.table["own"].to_numpy(), [row, row + 1])
        return self.table.iloc[start:end]

    def missing(self, row: int) -> list[str]:
        """Titles of the features that are not known of it."""
        return [
            FEATURES[name].title
            for name, value in zip(self.names, self.standard[row], strict=True)
            if np.isnan(value) and name not in UNSPOKEN
        ]

    def explain(self, row: int, peer: int) -> str:
        """By what the two are alike and by what they differ, with both values."""
        alike, different = [], []
        for column, name in enumerate(self.names):
            gap = abs(self.standard[row, column] - self.standard[peer, column])
            if name in UNSPOKEN or np.isnan(gap):
                continue
            if gap <= ALIKE:
                alike.append((gap, self._pair(name, row, peer)))
            elif gap >= DIFFERENT:
                different.append((-gap, self._pair(name, row, peer)))
        parts = []
        if alike:
            parts.append("Похожи: " + "; ".join(text for _, text in sorted(alike)))
        if different:
            parts.append("Отличаются: " + "; ".join(text for _, text in sorted(different)))
        return ". ".join([*parts, ""]).strip() or "Близки по всем признакам в сумме."

    def _pair(self, name: str, row: int, peer: int) -> str:
        feature = FEATURES[name]
        one, two = (
            format_number(self.features[name].iloc[place], feature.decimals)
            for place in (row, peer)
        )
        return f"{feature.title} ({one} и {two}{NBSP}{feature.unit})"


def standardise(values: np.ndarray) -> np.ndarray:
    """Distance from the median in standard deviations, taken from the quartiles; cut at FARTHEST."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.nan)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / (stats.norm.ppf(0.75) * 2) or known.std() or 1.0
    return np.clip((values - middle) / spread, -FARTHEST, FARTHEST)


# --- places ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A place from ``first`` to ``last`` among ``count`` that can be compared, itself included.

    ``missing`` similar ones have no value: they are left out, neither above nor below.
    """

    first: int
    last: int
    count: int
    missing: int

    def __str__(self) -> str:
        if self.count == 1:
            return "сравнивать не с кем"
        if self.first == self.last:
            text = f"{self.first}-е место из{NBSP}{self.count}"
        elif (self.first, self.last) == (1, self.count):
            text = f"от остальных {self.count - 1} не отличить: разница в пределах погрешности"
        else:
            text = f"с{NBSP}{self.first}-го по{NBSP}{self.last}-е место из{NBSP}{self.count}"
        if self.missing:
            text += f" ({counted(self.missing, 'муниципалитет,муниципалитета,муниципалитетов')} без данных)"
        return text


def own_noise(history: np.ndarray) -> np.ndarray:
    """Standard error of one year's value from the ups and downs of its own series.

    ``history`` is municipalities × years in order, on the scale of comparison. Year-to-year changes
    about their median have twice the variance of a value. Fewer than three changes say nothing of
    their own: those get the median of the others, NaN when there are none.
    """
    changes = np.diff(history, axis=1)
    known = np.isfinite(changes).sum(axis=1) >= 3
    result = np.full(len(history), np.nan)
    if known.any():
        mine = changes[known]
        away = np.abs(mine - row_medians(mine)[:, None])
        result[known] = row_medians(away) / NORMAL_MAD / np.sqrt(2)
        result[~known] = np.median(result[known])
    return result


def row_medians(values: np.ndarray) -> np.ndarray:
    """``nanmedian`` along rows; numpy's own goes by masked arrays, twenty times as long for a few."""
    ordered, counts = np.sort(values, axis=1), (~np.isnan(values)).sum(axis=1)
    result = np.full(len(values), np.nan)
    rows = np.flatnonzero(counts)
    half = counts[rows]
    result[rows] = (ordered[rows, (half - 1) // 2] + ordered[rows, half // 2]) / 2
    return result


def rounding_error(values: np.ndarray, decimals: int, is_log: bool) -> np.ndarray:
    """Standard error of rounding to ``decimals``, on the scale of comparison."""
    error = 10.0**-decimals / np.sqrt(12)
    return divide(error, np.abs(values)) if is_log else np.full(len(values), error)


def place_among(
    values: Sequence[float] | np.ndarray, errors: Sequence[float] | np.ndarray, own: int = 0,
    *, descending: bool = True, confidence: float = 0.95,
) -> Place | None:  # fmt: skip
    """The place of ``values[own]``; None when it has no value.

    One is above another when the difference cannot be chance, with all comparisons held together at
    ``confidence`` (Bonferroni; Goldstein, Spiegelhalter, 1996, on why a bare place misleads). An
    error that is not known counts as none.
    """
    values, errors = np.asarray(values, float), np.nan_to_num(np.asarray(errors, float))
    if not np.isfinite(values[own]):
        return None
    known = np.isfinite(values)
    others = known.copy()
    others[own] = False
    count = int(others.sum())
    if not count:
        return Place(1, 1, 1, int((~known).sum()))
    limit = stats.norm.isf((1 - confidence) / 2 / count)
    gap = values[others] - values[own]
    clear = np.abs(gap) > limit * np.sqrt(errors[others] ** 2 + errors[own] ** 2)
    above = clear & (gap > 0 if descending else gap < 0)
    below = clear & ~above & (gap != 0)
    return Place(1 + int(above.sum()), count + 1 - int(below.sum()), count + 1, int((~known).sum()))


@dataclass(frozen=True)
class Comparison:
    """One municipality's value beside its peers' of the same year.

    Values are in the indicator's unit, per ``per`` residents where ``per`` is not zero. ``median``,
    ``low`` and ``high`` (quartiles) are of the peers that have a value; None when none has.
    """

    value: float | None
    median: float | None
    low: float | None
    high: float | None
    place: Place | None
    per: int = 0


#: Sums are compared per so many residents, so that sizes do not decide.
PER_RESIDENTS = 1_000


def compare(
    history: np.ndarray,
    residents: np.ndarray | None = None,
    *,
    decimals: int = 0,
    descending: bool = True,
) -> Comparison:
    """The first row's last value beside the other rows'; ``history`` is municipalities × years.

    ``residents`` (same shape) turns sums into rates. ``decimals`` of the values as they were typed.
    Positive values are compared by ratio, others by difference. Whoever has no value is left out.
    """
    history = np.asarray(history, dtype=float)
    measured, errors = history, rounding_error(history[:, -1], decimals, is_log=False)
    if residents is not None:
        people = np.where(residents > 0, residents, np.nan)
        measured = history / people * PER_RESIDENTS
        errors = errors / people[:, -1] * PER_RESIDENTS
    now = measured[:, -1]
    scaled, noise = _compared(measured, errors)
    place = place_among(scaled[:, -1], noise, descending=descending)
    others = now[1:][np.isfinite(now[1:])]
    low, median, high = np.quantile(others, [0.25, 0.5, 0.75]) if len(others) else [np.nan] * 3
    known = [None if np.isnan(item) else float(item) for item in (now[0], median, low, high)]
    return Comparison(*known, place, PER_RESIDENTS if residents is not None else 0)


def _compared(measured: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values on the scale of comparison, and their errors: ups and downs, and rounding."""
    now = measured[:, -1]
    if (measured[np.isfinite(measured)] > 0).all():
        measured, errors = np.log(measured), errors / now
    noise = np.nan_to_num(own_noise(measured))
    return measured, np.sqrt(noise**2 + np.nan_to_num(errors) ** 2)
