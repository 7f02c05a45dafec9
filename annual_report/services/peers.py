"""A municipality beside the similar ones, over the published wide tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from annual_report.enums import Aggregation, Direction
from annual_report.models import Snapshot
from annual_report.services import cubes
from annual_report.services.snapshots import load_catalogue, snapshot_folders
from annual_report.statistics.peers import Comparison, Peers, compare, measure
from okmo_portal.organisations.models import Region

#: Counts up when distances or their words change, so that older files are made anew.
VERSION = 2
POPULATION = "A05"


@dataclass(frozen=True)
class Peer:
    oktmo: str
    name: str
    region: str
    distance: float
    why: str


@dataclass(frozen=True)
class Line:
    """One indicator of the comparison; ``values`` are the peers' by OKTMO code."""

    code: str
    row: Mapping[str, Any]
    result: Comparison


def peers_of(snapshot: Snapshot, oktmo: str) -> list[Peer]:
    """The similar municipalities, nearest first; none for one that was not asked."""
    return [
        Peer(row["peer"], row["name"], row["region"], row["distance"], row["why"])
        for row in cubes.cube.read_part(_path(snapshot), "own", oktmo)
    ]


def _path(snapshot: Snapshot):
    target = cubes.derived_path(snapshot.sha256, f"peers{VERSION}")
    if not target.exists():
        with cubes.building(target) as is_needed:
            if is_needed:
                cubes.cube.write_cube(target, _find(snapshot))
    return target


def _find(snapshot: Snapshot) -> pl.DataFrame:
    """All pairs with the reason in words; seconds at 22,000 municipalities, so once a snapshot."""
    year = max(snapshot_folders(snapshot))
    table = cubes.open_years(
        snapshot,
        [year],
        ["oktmo", "name", "kind", "region", "population", "A05", "A03", "A16", "D09", "A15"],
    )[year].to_pandas()
    tiles = {r.code: (r.tile_row, r.tile_column) for r in Region.objects.all()}
    table["tile_row"] = [tiles.get(code, (np.nan, np.nan))[0] for code in table["region"]]
    table["tile_column"] = [tiles.get(code, (np.nan, np.nan))[1] for code in table["region"]]
    features = measure(lambda code: table[code].to_numpy(dtype=float), table)
    peers = Peers(features, table["kind"])
    pairs = peers.table
    own, other = pairs["own"].to_numpy(dtype=int), pairs["peer"].to_numpy(dtype=int)
    return pl.DataFrame(
        {
            "own": table["oktmo"].to_numpy()[own].astype(str).tolist(),
            "peer": table["oktmo"].to_numpy()[other].astype(str).tolist(),
            "name": table["name"].to_numpy()[other].astype(str).tolist(),
            "region": table["region"].to_numpy()[other].astype(str).tolist(),
            "rank": pairs["rank"].to_numpy(dtype=np.int64).tolist(),
            "distance": pairs["distance"].to_numpy(dtype=float).tolist(),
            "why": [peers.explain(one, two) for one, two in zip(own, other, strict=True)],
        },
        schema={
            "own": pl.String, "peer": pl.String, "name": pl.String, "region": pl.String,
            "rank": pl.Int64, "distance": pl.Float64, "why": pl.String,
        },
    ).sort("own", "rank")  # fmt: skip


def compare_with_peers(
    snapshot: Snapshot,
    oktmo: str,
    peers: list[Peer],
    current: Mapping[str, Decimal | None] | None = None,
) -> list[Line]:
    """Every indicator that has a good direction, beside the peers' values.

    ``current`` puts a form's own values in the place of the last published ones.
    """
    rows = [
        row
        for row in load_catalogue(snapshot)
        if row["direction"] != Direction.NONE
        and row["aggregation"] in (Aggregation.SUM, Aggregation.RATIO, Aggregation.MEDIAN)
    ]
    codes = [oktmo, *(peer.oktmo for peer in peers)]
    columns = list(dict.fromkeys([POPULATION, *(row["code"] for row in rows)]))
    history = cubes.history_of(snapshot, codes, columns)
    for code, value in (current or {}).items():
        if code in history:
            history[code][0, -1] = np.nan if value is None else float(value)
    return [
        Line(row["code"], row, _compare(row, history))
        for row in rows
        if np.isfinite(history[row["code"]][0, -1])
    ]


def _compare(row: Mapping[str, Any], history: Mapping[str, np.ndarray]) -> Comparison:
    is_sum = row["aggregation"] == Aggregation.SUM and row["code"] != POPULATION
    return compare(
        history[row["code"]],
        history[POPULATION] if is_sum else None,
        decimals=row["decimals"],
        descending=row["direction"] == Direction.UP,
    )


def warm(snapshot: Snapshot) -> None:
    _path(snapshot)
