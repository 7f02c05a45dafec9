"""A snapshot's year as one wide table: a row for each municipality that was asked, a column for each
indicator. Made from the frozen folder, kept beside it under its hash, and made again when it is gone.

Arrow IPC without compression is mapped into memory, so a page reads only the columns that it shows.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from annual_report.analysis.years import Columns
from annual_report.statistics.strata import size_class

#: Counts up when the columns or their meaning change, so that older files are made anew.
VERSION = 1
PLACES = ["oktmo", "name", "kind", "region", "district", "parent", "size"]
#: 1 when the council has approved the form.
FILED = "filed"


def build_cube(
    values: bytes, register: bytes, catalogue: list[dict[str, Any]], counted: Iterable[str]
) -> pl.DataFrame:
    """The wide table of one year; ``values`` and ``register`` are the snapshot's Parquet files.

    ``counted`` names the states in which a form counts. Columns: PLACES, ``filed``, ``population``
    and one float per indicator, null where nothing was answered; computed indicators come from their
    formulas.
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
    asked = sorted(cells["indicator"].unique())
    names = sorted({item["code"] for item in catalogue} | set(asked))
    order = pl.Enum(codes.to_list())
    rows = cells["oktmo"].cast(order).to_physical().to_numpy()
    places = cells["indicator"].cast(pl.Enum(asked)).to_physical().to_numpy()
    matrix = np.full((len(codes), len(asked)), np.nan)
    matrix[rows, places] = cells["value"].to_numpy()
    columns = Columns(
        pd.DataFrame(matrix, columns=asked),
        {item["code"]: item["formula"] for item in catalogue if item.get("formula")},
    )
    return [pl.Series(name, columns.get(name), dtype=pl.Float64).fill_nan(None) for name in names]


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
