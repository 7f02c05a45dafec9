"""Explained gaps as they are published: who had no data, and why; persons in the words are masked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from annual_report.models import Snapshot
from annual_report.services.snapshots import read_file, read_manifest
from annual_report.statistics.disclosure import mask


class Gap(NamedTuple):
    oktmo: str
    indicator: str
    reason: str


def gaps_of(snapshot: Snapshot, oktmo: str) -> dict[str, str]:
    """Reasons of one municipality by the indicator's code; raises SnapshotDamaged."""
    rows = _gaps(snapshot.path, snapshot.sha256).filter(pl.col("oktmo") == oktmo)
    return {row["indicator"]: shown(row["reason"]) for row in rows.to_dicts()}


def all_gaps(snapshot: Snapshot) -> Iterator[Gap]:
    """By municipality and indicator; raises SnapshotDamaged."""
    for row in _gaps(snapshot.path, snapshot.sha256).iter_rows(named=True):
        yield Gap(row["oktmo"], row["indicator"], shown(row["reason"]))


@lru_cache(maxsize=2)
def _gaps(path: str, sha256: str) -> pl.DataFrame:
    """A frozen file never changes under its hash, so a process reads and checks it once."""
    content = read_file(path, "no_data.parquet", read_manifest(path, sha256))
    return pl.read_parquet(io.BytesIO(content)).sort("oktmo", "indicator")


@lru_cache(maxsize=4096)
def shown(reason: str) -> str:
    return mask(reason)
