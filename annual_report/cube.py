"""A snapshot's year as one wide table: a row for each municipality that was asked, a column for each
indicator. Made from the frozen folder, kept beside it under its hash, and made again when it is gone.

Arrow IPC without compression is mapped into memory, so a page reads only the columns that it shows.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

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


def read_rows(path: Path, codes: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Numbers of a few municipalities, ``codes`` × ``columns``; NaN for what is not there.

    The file is mapped, and only these rows are read: all of it takes ten times as long as a page may.
    """
    found = np.full((len(codes), len(columns)), np.nan)
    keys, wanted = sorted_keys(path, "oktmo"), np.array([*codes], dtype="S")
    places = np.searchsorted(keys, wanted)
    there = np.flatnonzero(keys[np.minimum(places, len(keys) - 1)] == wanted)
    table = mapped(path)
    there_are = set(table.column_names)
    names = {name: number for number, name in enumerate(columns) if name in there_are}
    rows = table.select(list(names)).take(pa.array(places[there]))
    for number, column in zip(names.values(), rows.columns, strict=True):
        found[there, number] = column.to_numpy()
    return found


def read_part(path: Path, column: str, key: str) -> list[dict[str, Any]]:
    """The rows whose ``column``, by which the file is sorted, is ``key``."""
    keys = sorted_keys(path, column)
    first, last = (int(np.searchsorted(keys, key.encode(), side)) for side in ("left", "right"))
    return mapped(path).slice(first, last - first).to_pylist()


@lru_cache(maxsize=64)
def mapped(path: Path) -> pa.Table:
    """A written file in the address space: it never changes, and only pages that are read cost."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


@lru_cache(maxsize=64)
def sorted_keys(path: Path, column: str) -> np.ndarray:
    """A sorted column of OKTMO codes as bytes; a written file never changes, so it is kept."""
    return pl.read_ipc(path, columns=[column])[column].to_numpy().astype("S")
