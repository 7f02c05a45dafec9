"""One year of a snapshot laid over its register: who was asked, who answered what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from annual_report.rules import parse_formula
from annual_report.rules.frame import Table
from annual_report.rules.tree import split_key, years_back
from annual_report.statistics.estimator import Domains, Estimator, Residents
from annual_report.statistics.strata import Strata, build_strata
from annual_report.statistics.weights import Weights, make_weights

POPULATION = "A05"
PLACE = ["kind", "region", "district"]
#: The wide table of so many years back, or None.
Earlier = Callable[[int], pd.DataFrame | None]


def pivot(part: pd.DataFrame) -> pd.DataFrame:
    """One year's values as municipalities × indicators.

    A snapshot has each pair once, so filling an array takes a fraction of what ``DataFrame.pivot``
    takes in time and memory.
    """
    rows, places = numbered(part["oktmo"])
    columns, codes = numbered(part["indicator"])
    values = np.full((len(places), len(codes)), np.nan)
    values[rows, columns] = part["value"].to_numpy()
    return pd.DataFrame(values, index=list(places), columns=list(codes))


def numbered(texts: pd.Series) -> tuple[np.ndarray, Sequence[str]]:
    """Places in a list of the texts that occur, and the list; categories have theirs already."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        used = texts.cat.remove_unused_categories()
        return used.cat.codes.to_numpy(), list(used.cat.categories)
    return pd.factorize(texts)


class Columns:
    """Columns of a wide table by code; computed indicators from their formulas.

    ``formulas`` are texts by code; ``earlier`` gives the answers of so many years back, in the same
    order of rows, for ``prev("A05")``. What is neither asked nor computable is all missing.
    """

    def __init__(
        self,
        wide: pd.DataFrame,
        formulas: Mapping[str, str],
        earlier: Earlier | None = None,
    ):
        self.wide, self.formulas, self.earlier = wide, formulas, earlier
        self._known: dict[str, np.ndarray] = {}

    def get(self, code: str) -> np.ndarray:
        if code not in self._known:
            self._known[code] = self._make(code)
        return self._known[code]

    def _make(self, code: str) -> np.ndarray:
        if code in self.wide.columns:
            return self.wide[code].to_numpy(dtype=float)
        formula = self.formulas.get(code)
        if not formula:
            return np.full(len(self.wide), np.nan)
        # While it is being computed it is missing, so that a formula naming itself ends.
        self._known[code] = np.full(len(self.wide), np.nan)
        expression = parse_formula(formula)
        keys = {key: self._operand(key) for key in expression.keys}
        table = Table(pd.DataFrame(keys, index=self.wide.index))
        with np.errstate(all="ignore"):
            values = np.asarray(table.number(expression.tree), dtype=float)
        return np.where(np.isfinite(values), values, np.nan)

    def _operand(self, key: str) -> np.ndarray:
        source, code = split_key(key)
        if not source:
            return self.get(code)
        back = years_back(source)
        table = self.earlier(back) if back and self.earlier is not None else None
        if table is None or code not in table.columns:
            return np.full(len(self.wide), np.nan)
        return table[code].reindex(self.wide.index).to_numpy(dtype=float)


class Year:
    """Values of one year over the municipalities that were asked in it.

    ``wide`` has the answers by OKTMO code, ``register`` those who were asked (oktmo, kind, region,
    district; population, size_class, is_urban where known). Answers of municipalities that are not
    in the register are added to it with the places that ``places`` has for them: they were asked
    then. ``formulas`` make the computed indicators; ``earlier`` as in ``Columns``.
    """

    def __init__(
        self,
        wide: pd.DataFrame,
        register: pd.DataFrame,
        places: pd.DataFrame,
        formulas: Mapping[str, str],
        scopes: Mapping[str, str | None],
        earlier: Earlier | None = None,
    ):
        asked = complete_register(register, wide, places)
        self.index = asked.index
        self.wide = wide.reindex(self.index)
        self.filed = self.index.isin(wide.index)
        #: The register itself is not kept: nine years of its texts weigh as much as two of values.
        self.strata: Strata = build_strata(asked)
        self.columns = Columns(self.wide, formulas, earlier)
        self.scopes = scopes
        self._estimators: dict[bytes, Estimator] = {}

    @cached_property
    def domains(self) -> Domains:
        return Domains.of(self.strata, self.scopes)

    def additive_tables(self, cells: Collection[tuple[str, str]]) -> list:
        """Totals and the parts that sum to them, of those territories that are in ``cells``."""
        tables = []
        for scope, column in self.scopes.items():
            if column:
                tables.append((("nation", ""), [key for key in cells if key[0] == scope]))
        pairs = self.strata.cells[["district", "region"]].drop_duplicates()
        for district, part in pairs.groupby("district"):
            regions = [("region", name) for name in part["region"] if ("region", name) in cells]
            tables.append((("district", district), regions))
        return [(total, parts) for total, parts in tables if total in cells and parts]

    def eligible(self, kinds: tuple[str, ...]) -> np.ndarray:
        """Cells in which municipalities of ``kinds`` lie; every cell when it names none."""
        cells = self.strata.cells
        return cells["kind"].isin(kinds).to_numpy() if kinds else np.ones(len(cells), dtype=bool)

    def weights(self, answered: np.ndarray, kinds: tuple[str, ...] = ()) -> Weights:
        """Weights of a question that was ``answered`` (a mask over the register) ."""
        counts = np.bincount(self.strata.cell[answered], minlength=len(self.strata.cells))
        return make_weights(self.strata, counts, self.eligible(kinds))

    def estimator(self, answered: np.ndarray, kinds: tuple[str, ...]) -> Estimator:
        """Kept by who answered: most indicators lack only those who did not file at all."""
        key = np.packbits(answered).tobytes() + ",".join(kinds).encode()
        if key not in self._estimators:
            absent = self.eligible(kinds)[self.strata.cell] & ~answered
            self._estimators[key] = Estimator(
                self.weights(answered, kinds),
                self.domains,
                self.strata.cell[answered],
                Residents.of(self.strata, answered, absent),
            )
            # A pattern of gaps that is one indicator's own would only fill memory.
            while len(self._estimators) > 4:
                self._estimators.pop(next(iter(self._estimators)))
        return self._estimators[key]

    def values(self, codes: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[np.ndarray, list]:
        """Who answered all of ``codes`` (a mask over the register), and their answers."""
        columns = [self.columns.get(code) for code in codes]
        answered = np.isfinite(columns[0])
        for column in columns[1:]:
            answered &= np.isfinite(column)
        answered &= self.eligible(kinds)[self.strata.cell]
        return answered, [column[answered] for column in columns]


def complete_register(
    register: pd.DataFrame, wide: pd.DataFrame, places: pd.DataFrame
) -> pd.DataFrame:
    """``register`` by OKTMO code with the places as they were in that year, and population.

    Population is the register's, else the year's own answer.
    """
    table = register.drop_duplicates("oktmo").set_index("oktmo")
    strangers = places.index.difference(table.index, sort=False)
    if len(strangers):
        table = pd.concat([table, places.loc[strangers]])
    moved = table.index.intersection(places.index, sort=False)
    table = table.astype(dict.fromkeys(PLACE, object))
    table.loc[moved, PLACE] = places.loc[moved, PLACE].astype(object).to_numpy()
    answers = wide[POPULATION] if POPULATION in wide.columns else pd.Series(dtype=float)
    answered = answers.reindex(table.index)
    if "population" in table.columns:
        answered = pd.to_numeric(table["population"], errors="coerce").fillna(answered)
    return table.assign(population=answered)
