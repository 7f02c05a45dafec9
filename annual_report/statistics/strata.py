"""Strata of the register: kind × population class × federal district × urban or rural.

Weights work on cells one step finer, with the region, because what decides whether a municipality
files is first of all its region's council. A cell too thin to speak for those of it that did not
answer borrows from the next of ``LEVELS`` that is not; a cell that is not thin keeps its own. Population decides more than geography, so a class
is left only when nobody of it answered in the country (or when it is not known at all).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

#: Residents from which on a municipality is in the class; the last class has no upper bound.
SIZE_CLASSES: dict[str, tuple[float, str]] = {
    "to_1k": (0, "до 1 тыс. жителей"),
    "1k_3k": (1_000, "1–3 тыс. жителей"),
    "3k_10k": (3_000, "3–10 тыс. жителей"),
    "10k_50k": (10_000, "10–50 тыс. жителей"),
    "50k_250k": (50_000, "50–250 тыс. жителей"),
    "from_250k": (250_000, "250 тыс. жителей и больше"),
}
UNKNOWN_SIZE = "unknown"
SIZE_TITLES = {code: title for code, (_, title) in SIZE_CLASSES.items()} | {
    UNKNOWN_SIZE: "численность неизвестна"
}
#: Neighbouring classes that are merged first.
SIZE_PAIRS = {
    "to_1k": 0,
    "1k_3k": 0,
    "3k_10k": 1,
    "10k_50k": 1,
    "50k_250k": 2,
    "from_250k": 2,
    UNKNOWN_SIZE: 3,
}

#: Kinds that do the same work: a district becomes an okrug and keeps its villages.
KIND_GROUPS = {
    "municipal_district": "territory",
    "municipal_okrug": "territory",
    "urban_okrug": "city",
    "urban_okrug_with_districts": "city",
    "intracity_district": "intracity",
    "intracity_territory": "intracity",
    "urban_settlement": "urban_settlement",
    "rural_settlement": "rural_settlement",
}
URBAN_KINDS = frozenset(KIND_GROUPS) - {"municipal_district", "municipal_okrug", "rural_settlement"}

#: Thinner than this a cell does not speak for its own: respondents (two show how they vary), share.
MIN_RESPONDENTS = 2
MIN_SHARE = 0.1

#: From the cell itself to the whole country: what a thin cell borrows from, in this order.
LEVELS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("region", "kind", "size", "urban"), "свой слой"),
    (("district", "kind", "size", "urban"), "тот же слой федерального округа"),
    (("district", "group", "size"), "сходные виды той же численности в федеральном округе"),
    (("group", "size"), "сходные виды той же численности по стране"),
    (("group", "size_pair"), "сходные виды соседней численности по стране"),
    (("region", "kind"), "тот же вид того же субъекта"),
    (("district", "group"), "сходные виды федерального округа"),
    (("group",), "сходные виды по стране"),
    ((), "все муниципальные образования"),
)
#: The published strata.
STRATUM = ("kind", "size", "district", "urban")


def size_class(population: Sequence[float] | np.ndarray | pd.Series) -> np.ndarray:
    """Codes of ``SIZE_CLASSES`` for numbers of residents; ``unknown`` for missing or negative."""
    values = np.asarray(population, dtype=float)
    bounds = [start for start, _ in SIZE_CLASSES.values()]
    codes = np.array([*SIZE_CLASSES, UNKNOWN_SIZE], dtype=object)
    known = np.isfinite(values) & (values >= 0)
    place = np.searchsorted(bounds, np.where(known, values, 0), side="right") - 1
    return codes[np.where(known, place, len(SIZE_CLASSES))]


def with_strata(register: pd.DataFrame) -> pd.DataFrame:
    """The register with the columns of ``LEVELS``; what it lacks is derived.

    Needs kind, region and district. ``population`` gives ``size_class`` where that is missing, the
    kind gives ``is_urban``.
    """
    table = pd.DataFrame({key: register[key].astype(str) for key in ("kind", "region", "district")})
    empty = pd.Series(np.nan, index=register.index)
    table["population"] = pd.to_numeric(register.get("population", empty), errors="coerce")
    derived = pd.Series(size_class(table["population"]), index=register.index)
    table["size"] = register.get("size_class", derived).astype(object).fillna(UNKNOWN_SIZE)
    by_kind = table["kind"].isin(URBAN_KINDS)
    urban = register.get("is_urban", by_kind).astype(object)
    table["urban"] = urban.where(urban.notna(), by_kind).astype(bool)
    table["size_pair"] = table["size"].map(SIZE_PAIRS).fillna(SIZE_PAIRS[UNKNOWN_SIZE]).astype(int)
    table["group"] = table["kind"].map(KIND_GROUPS).fillna(table["kind"])
    return table


@dataclass(frozen=True)
class Strata:
    """A register of ``len(cell)`` municipalities in ``len(cells)`` cells.

    ``cell`` is each municipality's cell; ``cells`` has one row a cell with the columns of
    ``LEVELS``; ``levels`` gives each cell's group at each level; ``population`` is residents, NaN
    where unknown.
    """

    cell: np.ndarray
    cells: pd.DataFrame
    levels: tuple[np.ndarray, ...]
    population: np.ndarray

    @cached_property
    def size(self) -> np.ndarray:
        """Municipalities in each cell."""
        return np.bincount(self.cell, minlength=len(self.cells)).astype(float)

    def codes(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """Each cell's group by one column of ``cells``, and the groups' names in sorted order."""
        if column not in self._codes:
            codes, names = pd.factorize(self.cells[column], sort=True)
            self._codes[column] = (codes, np.asarray(names, dtype=object))
        return self._codes[column]

    @cached_property
    def _codes(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {}


def build_strata(register: pd.DataFrame) -> Strata:
    """Cells of a register with the columns that ``with_strata`` asks for; rows keep their order."""
    table = with_strata(register)
    keys = [*LEVELS[0][0], "district", "size_pair", "group"]
    grouped = table.groupby(keys, sort=True, dropna=False)
    cell = grouped.ngroup().to_numpy()
    cells = table.assign(cell=cell).drop_duplicates("cell").sort_values("cell")[keys]
    cells = cells.reset_index(drop=True)
    levels = tuple(
        cells.groupby(list(columns), sort=True).ngroup().to_numpy()
        if columns
        else np.zeros(len(cells), dtype=int)
        for columns, _ in LEVELS
    )
    return Strata(cell, cells, levels, table["population"].to_numpy(dtype=float))


def is_thick(answered: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether the answers of a group may stand for those of it that did not answer."""
    return (answered >= MIN_RESPONDENTS) & (answered >= MIN_SHARE * asked)


def choose_levels(strata: Strata, answered: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The level that stands for each cell's missing: the first that is not thin, else the last.

    ``answered`` and ``asked`` count municipalities by cell.
    """
    chosen = np.full(len(asked), len(LEVELS) - 1)
    for number in reversed(range(len(LEVELS) - 1)):
        groups = strata.levels[number]
        thick = is_thick(np.bincount(groups, answered), np.bincount(groups, asked))
        chosen[thick[groups]] = number
    return chosen


def coverage_table(strata: Strata, answered: np.ndarray, eligible: np.ndarray) -> pd.DataFrame:
    """One row a published stratum, for the panel of representativeness.

    ``answered`` counts municipalities by cell, ``eligible`` says of each cell whether it is asked.
    Columns: kind, size, district, urban, expected, count, coverage, level (the farthest that its
    missing borrow from, a row of ``LEVELS``) and status: ``full``, ``own``, ``borrowed`` (partly
    or wholly by others of ``level``) or ``empty`` (nobody of the stratum answered).
    """
    asked = np.where(eligible, strata.size, 0.0)
    missing = asked - answered
    level = np.where(missing > 0, choose_levels(strata, answered, asked), 0)
    table = strata.cells[list(STRATUM)].assign(expected=asked, count=answered, level=level)
    table = table[table["expected"] > 0]
    sums = table.groupby(list(STRATUM), sort=True)
    result = sums.agg(expected=("expected", "sum"), count=("count", "sum"), level=("level", "max"))
    result = result.reset_index().astype({"expected": int, "count": int})
    result["coverage"] = result["count"] / result["expected"]
    result["status"] = np.select(
        [result["count"] == result["expected"], result["count"] == 0, result["level"] > 1],
        ["full", "empty", "borrowed"],
        "own",
    )
    return result
