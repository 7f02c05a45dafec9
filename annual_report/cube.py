"""A snapshot's year as one wide table: a row for each municipality that was asked, a column for each
indicator. Made from the frozen folder, kept beside it under its hash, and made again when it is gone.

Arrow IPC without compression is mapped into memory, so a page reads only the columns that it shows.
"""

from __future__ import annotations

import ast
import io
import json
import operator
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from annual_report.rules import parse
from annual_report.statistics.strata import size_class

#: Counts up when the columns or their meaning change, so that older files are made anew.
VERSION = 1
PLACES = ["oktmo", "name", "kind", "region", "district", "parent", "size"]
#: 1 when the council has approved the form.
FILED = "filed"
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def build_cube(
    values: bytes, register: bytes, catalogue: list[dict[str, Any]], counted: Iterable[str]
) -> pl.DataFrame:
    """The wide table of one year; ``values`` and ``register`` are the snapshot's Parquet files.

    ``counted`` names the states in which a form counts. Columns: PLACES, ``filed``, ``population``
    and one float per indicator, null where nothing was answered. Computed indicators that are summed
    (a sum of asked ones) are columns too; ratios are not: they are made of their parts.
    """
    people = pl.read_parquet(io.BytesIO(register)).sort("oktmo")
    cells = pl.read_parquet(io.BytesIO(values), columns=["oktmo", "indicator", "value"])
    wide = people.select(
        *PLACES[:-1],
        pl.col("state").is_in(list(counted)).alias(FILED),
        "population",
    ).with_columns(
        pl.Series("size", size_class(people["population"].to_numpy()).tolist(), dtype=pl.String)
    )
    return wide.with_columns(_columns(wide["oktmo"], cells, catalogue))


def _columns(
    codes: pl.Series, cells: pl.DataFrame, catalogue: list[dict[str, Any]]
) -> list[pl.Series]:
    """Each pair occurs once, so filling a matrix is several times faster than a pivot."""
    names = sorted({item["code"] for item in catalogue} | set(cells["indicator"].unique()))
    order = pl.Enum(codes.to_list())
    rows = cells["oktmo"].cast(order).to_physical().to_numpy()
    columns = cells["indicator"].cast(pl.Enum(names)).to_physical().to_numpy()
    matrix = np.full((len(names), len(codes)), np.nan)
    matrix[columns, rows] = cells["value"].to_numpy()
    formulas = {item["code"]: item["formula"] for item in catalogue if item.get("formula")}
    found = dict(zip(names, matrix, strict=True))
    return [
        pl.Series(name, _column(name, found, formulas), dtype=pl.Float64).fill_nan(None)
        for name in names
    ]


def _column(name: str, found: dict[str, np.ndarray], formulas: dict[str, str]) -> np.ndarray:
    formula = formulas.get(name)
    if formula is None:
        return found[name]
    return evaluate_column(formula, found)


def evaluate_column(formula: str, found: dict[str, np.ndarray]) -> np.ndarray:
    """A formula of codes, numbers and + − × ÷ over whole columns; NaN where a part is missing."""
    size = len(next(iter(found.values())))

    def compute(node: ast.AST) -> Any:
        if isinstance(node, ast.Name):
            return found.get(node.id, np.full(size, np.nan))
        if isinstance(node, ast.Constant):
            return float(node.value)
        if isinstance(node, ast.UnaryOp):
            return -compute(node.operand)
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](compute(node.left), compute(node.right))
        raise ValueError(f"formula not supported over columns: {formula}")

    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.asarray(compute(parse(formula).tree), dtype=float)
    return np.where(np.isfinite(result), result, np.nan)


def write_cube(path: Path, table: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    table.write_ipc(partial, compression="uncompressed")
    partial.replace(path)


def read_cube(path: Path, columns: Iterable[str] | None = None) -> pl.DataFrame:
    """``columns`` (all when None) of a written cube; those that it lacks come as nulls."""
    names = pl.read_ipc_schema(path)
    wanted = list(names) if columns is None else list(dict.fromkeys(columns))
    there = [name for name in wanted if name in names]
    table = pl.read_ipc(path, columns=there)
    missing = [pl.lit(None, pl.Float64).alias(name) for name in wanted if name not in names]
    return table.with_columns(missing).select(wanted) if missing else table


def parse_catalogue(content: bytes) -> list[dict[str, Any]]:
    return json.loads(content)
