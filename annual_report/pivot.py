"""Pivot tables over the wide tables of ``annual_report.cube``: any territory by kind, size or year.

Figures are those of the municipalities that answered: sums, ratios of sums, shares of «yes», medians.
Each comes with the number of municipalities behind it and of those it should have; one that rests on
too little is withheld (see ``analysis.is_thin``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from annual_report.analysis import IndicatorInfo, is_thin
from annual_report.enums import Aggregation

#: Dimensions by their column; "nation" has none.
DIMENSIONS = ("nation", "district", "region", "kind", "size", "municipality", "year")
COLUMN = {
    "district": "district",
    "region": "region",
    "kind": "kind",
    "size": "size",
    "municipality": "oktmo",
    "year": "year",
}
FILTERS = ("district", "region", "kind", "size")
TOTAL = ""


@dataclass(frozen=True)
class Cell:
    """One figure; ``value`` is None when it is withheld or there is nothing to compute."""

    value: float | None
    count: int
    expected: int

    @property
    def coverage(self) -> float:
        return self.count / self.expected if self.expected else 0.0


@dataclass
class Pivot:
    """``cells`` by (indicator, row, column); TOTAL stands for all rows, or all columns."""

    rows: list[str]
    columns: list[str]
    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)

    def get(self, code: str, row: str, column: str = TOTAL) -> Cell | None:
        return self.cells.get((code, row, column))


def needed_columns(infos: Sequence[IndicatorInfo], known: Mapping[str, IndicatorInfo]) -> list[str]:
    """What must be read from a cube to make these indicators."""
    names: list[str] = []
    for info in infos:
        if info.aggregation == Aggregation.RATIO:
            names += [info.numerator, info.denominator]
        else:
            names.append(info.code)
    return list(dict.fromkeys(names))


def make_pivot(
    tables: Mapping[int, pl.DataFrame],
    infos: Sequence[IndicatorInfo],
    *,
    rows: str,
    columns: str = "",
    filters: Mapping[str, str] | None = None,
) -> Pivot:
    """Figures of ``infos`` by two dimensions, with totals.

    ``tables`` maps a year to its wide table. ``rows`` is one of DIMENSIONS, ``columns`` another or
    empty. ``filters`` narrows to one district, region, kind or size class each.
    """
    chosen = _narrow(_join_years(tables, rows, columns), filters or {})
    row_key = pl.lit(TOTAL) if rows == "nation" else pl.col(COLUMN[rows]).cast(pl.String)
    column_key = pl.col(COLUMN[columns]).cast(pl.String) if columns else pl.lit(TOTAL)
    keyed = chosen.with_columns(row_key.alias("@row"), column_key.alias("@column"))
    pivot = Pivot(_members(keyed, "@row"), _members(keyed, "@column"))
    groupings: list[list[str]] = [["@row", "@column"], ["@row"], ["@column"], []]
    # By kind, by size and one by one both levels are shown beside each other; else one would be
    # counted with one's district and alone.
    apart = {"kind", "size", "municipality"} & {rows, columns} or (filters or {}).get("kind")
    for keys in groupings:
        if not columns and "@column" in keys:
            continue
        split = bool(apart) and bool(keys)
        _fill(pivot, keyed, infos, keys, upper_only=not split)
    return pivot


def _join_years(tables: Mapping[int, pl.DataFrame], rows: str, columns: str) -> pl.LazyFrame:
    frames = [
        table.lazy().with_columns(pl.lit(year, pl.Int16).alias("year"))
        for year, table in sorted(tables.items())
    ]
    return pl.concat(frames, how="diagonal")


def _narrow(table: pl.LazyFrame, filters: Mapping[str, str]) -> pl.LazyFrame:
    for name, value in filters.items():
        if value:
            table = table.filter(pl.col(COLUMN[name]) == value)
    return table


def _members(table: pl.LazyFrame, name: str) -> list[str]:
    found = table.select(pl.col(name).unique()).collect()[name].to_list()
    return sorted(item for item in found if item not in (None, TOTAL))


def _fill(
    pivot: Pivot,
    table: pl.LazyFrame,
    infos: Sequence[IndicatorInfo],
    keys: list[str],
    *,
    upper_only: bool,
) -> None:
    expressions = [
        item for info in infos for item in figure_expressions(info, upper_only=upper_only)
    ]
    grouped = table.group_by(keys).agg(expressions) if keys else table.select(expressions)
    for record in grouped.collect().to_dicts():
        row, column = record.get("@row", TOTAL), record.get("@column", TOTAL)
        for info in infos:
            pivot.cells[info.code, row, column] = _cell(info.code, record)


def _cell(code: str, record: Mapping[str, Any]) -> Cell:
    count, expected = int(record[f"{code}#count"]), int(record[f"{code}#expected"])
    value = record[f"{code}#value"]
    return Cell(None if is_thin(count, expected) else value, count, expected)


def figure_expressions(info: IndicatorInfo, *, upper_only: bool = False) -> list[pl.Expr]:
    """Value, count and expected number of one group, as columns ``CODE#…``.

    ``upper_only`` leaves settlements out of indicators that their district counts already.
    """
    upper = upper_only and info.nested
    kinds = info.territorial_kinds if upper else info.kinds
    applies = pl.col("kind").is_in(list(kinds)) if kinds else pl.lit(True)
    level = applies if upper else pl.lit(True)
    if info.aggregation == Aggregation.RATIO:
        top, bottom = pl.col(info.numerator), pl.col(info.denominator)
        answered = top.is_not_null() & bottom.is_not_null() & level
        whole = bottom.filter(answered).sum()
        value = pl.when(whole != 0).then(top.filter(answered).sum() / whole * info.scale)
    else:
        column = pl.when(level).then(pl.col(info.code))
        answered = column.is_not_null()
        value = {
            Aggregation.SHARE: column.mean() * 100,
            Aggregation.MEDIAN: column.median(),
        }.get(Aggregation(info.aggregation), column.sum())
    return [
        value.alias(f"{info.code}#value"),
        answered.sum().alias(f"{info.code}#count"),
        (applies | answered).sum().alias(f"{info.code}#expected"),
    ]
