"""The wide tables behind pivots and comparisons: made from a snapshot once, then mapped from disk."""

from __future__ import annotations

import fcntl
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings

from annual_report import cube
from annual_report.enums import COUNTED_STATES
from annual_report.models import Report, Snapshot
from annual_report.services.snapshots import (
    load_catalogue,
    read_file,
    read_manifest,
    snapshot_folders,
)
from annual_report.versions import conversion_factor


def derived_path(sha256: str, name: str) -> Path:
    """Where a table that follows from a snapshot lies."""
    return settings.DATA_ROOT / "cubes" / f"{sha256[:32]}-{name}.arrow"


@contextmanager
def building(target: Path) -> Iterator[bool]:
    """Hold the right to make ``target``; False when somebody else has made it meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Two readers of a new snapshot: the second waits instead of building it too.
    with target.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield not target.exists()


def cube_path(path: str, sha256: str) -> Path:
    """Where the wide table of the snapshot folder ``path`` lies; made when it is not there."""
    target = derived_path(sha256, f"v{cube.VERSION}")
    if not target.exists():
        with building(target) as is_needed:
            if is_needed:
                cube.write_cube(target, _build(path, sha256))
    return target


def _build(path: str, sha256: str) -> pl.DataFrame:
    manifest = read_manifest(path, sha256)
    return cube.build_cube(
        read_file(path, "values.parquet", manifest),
        read_file(path, "register.parquet", manifest),
        json.loads(read_file(path, "catalogue.json", manifest)),
        [state.value for state in sorted(COUNTED_STATES)],
    )


def open_years(
    snapshot: Snapshot, years: Iterable[int] | None, columns: Iterable[str]
) -> dict[int, pl.DataFrame]:
    """Wide tables by year (all years of the snapshot when None), with the columns asked for.

    Values of earlier years are in the snapshot's own units; those before a break in their series
    are null, because nothing can be compared with them.
    """
    folders = snapshot_folders(snapshot)
    wanted = sorted(folders) if years is None else [year for year in years if year in folders]
    names, factors = list(columns), unit_factors(snapshot)
    return {
        year: _converted(cube.read_cube(cube_path(*folders[year]), names), factors.get(year, {}))
        for year in wanted
    }


def history_of(
    snapshot: Snapshot, codes: Sequence[str], columns: Sequence[str]
) -> dict[str, np.ndarray]:
    """For each column municipalities × all years of the snapshot, in the snapshot's own units.

    NaN where a municipality has no value, and before a break in the series.
    """
    folders, factors = snapshot_folders(snapshot), unit_factors(snapshot)
    years = []
    for year in sorted(folders):
        rows = cube.read_rows(cube_path(*folders[year]), codes, columns)
        for code, factor in factors.get(year, {}).items():
            if code in columns:
                rows[:, columns.index(code)] *= factor
        years.append(rows)
    cells = np.stack(years)  # years × municipalities × columns
    return {name: cells[:, :, number].T.copy() for number, name in enumerate(columns)}


@dataclass(frozen=True)
class FrozenVersion:
    """A version of an indicator as the frozen catalogue has it."""

    number: int
    from_year: int
    conversion: Decimal | None


def frozen_versions(
    catalogue: Iterable[dict[str, Any]], codes: Iterable[str]
) -> dict[str, list[FrozenVersion]]:
    """The versions of those of ``codes`` that have several."""
    chosen = set(codes)
    return {
        row["code"]: [
            FrozenVersion(
                item["number"],
                item["from_year"],
                None if item["conversion"] is None else Decimal(item["conversion"]),
            )
            for item in row["versions"]
        ]
        for row in catalogue
        if row["code"] in chosen and len(row["versions"]) > 1
    }


def _converted(table: pl.DataFrame, factors: dict[str, float]) -> pl.DataFrame:
    changed = [
        (pl.lit(None, pl.Float64) if math.isnan(factor) else pl.col(code) * factor).alias(code)
        for code, factor in factors.items()
        if code in table.columns
    ]
    return table.with_columns(changed) if changed else table


def unit_factors(snapshot: Snapshot) -> dict[int, dict[str, float]]:
    """What values of earlier years are multiplied by, by year and code; NaN across a break."""
    folders = snapshot_folders(snapshot)
    catalogue = load_catalogue(snapshot)
    versions = frozen_versions(catalogue, [row["code"] for row in catalogue])
    found: dict[int, dict[str, float]] = {}
    for year in folders:
        for code, known in versions.items():
            factor = conversion_factor(known, year, max(folders))
            if factor != 1:
                found.setdefault(year, {})[code] = math.nan if factor is None else float(factor)
    return found


def warm(snapshot: Snapshot) -> None:
    """Make the wide tables now, so that no reader waits for them."""
    for path, sha256 in snapshot_folders(snapshot).values():
        cube_path(path, sha256)


def published_snapshot() -> Snapshot | None:
    """What public tables rest on: the snapshot of the newest published report."""
    report = (
        Report.objects.published()
        .select_related("snapshot__campaign", "campaign")
        .order_by("-campaign__year")
        .first()
    )
    return report.snapshot if report else None
