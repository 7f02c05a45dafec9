"""Where a municipality of one date lies on another date: set-based, over the graph of changes.

Pure functions over two frames. ``nodes``: one row per municipality, index ``id``; columns
``valid_from`` and ``valid_to`` (ordinals of days, see ``ordinal``; open ends are OPEN_FROM and
OPEN_TO) and ``parent`` (id or -1). ``edges``: one row per change, predecessor and successor; columns
``change``, ``date``, ``predecessor``, ``successor`` (-1 where nothing succeeded).

An edge leads from a row that ends on the change's date to a row that lives after it, so the graph
has no cycles; entries that break this are found and refused by ``check_edges`` and ``borders``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

OPEN_FROM, OPEN_TO = 0, 4_000_000
#: In place of a successor where a municipality ended without one.
NOWHERE = -1


class BrokenGenealogy(ValueError):
    """The graph of changes contradicts itself; the message names the municipality's id."""


def ordinal(day: date | None, otherwise: int) -> int:
    return otherwise if day is None else day.toordinal()


@dataclass(frozen=True)
class Borders:
    """Municipalities of the ``source`` date in the borders of the ``target`` date.

    ``links`` has a row per pair: ``source`` and ``target`` ids, ``whole`` (the source lies wholly in
    this target, so that additive values may be summed), ``covered`` (the source lies inside another
    source of the same target, as a settlement in its district: adding it would count it twice) and
    ``group`` (number of the smallest set of sources and targets that can be compared as one).
    ``gone`` lists sources that have no target; ``passed`` the changes met on the way: ``source``,
    ``change``.
    """

    source: int
    target: int
    links: pd.DataFrame
    gone: tuple[int, ...]
    passed: pd.DataFrame

    @cached_property
    def summands(self) -> pd.DataFrame:
        """The links that make up a target's value: nothing counted twice."""
        return self.links[~self.links["covered"]]

    @cached_property
    def comparable(self) -> pd.Series:
        """By target id: whether the values of its sources add up to it."""
        return self.summands.groupby("target")["whole"].all()

    def sources_of(self, target: int) -> list[int]:
        found = self.summands[self.summands["target"] == target]
        return sorted(found["source"].tolist())

    def group_of(self, target: int) -> tuple[list[int], list[int]]:
        """Sources and targets that can be compared only together."""
        groups = self.links.loc[self.links["target"] == target, "group"]
        if groups.empty:
            return [], []
        part = self.summands[self.summands["group"] == groups.iloc[0]]
        return sorted(set(part["source"])), sorted(set(part["target"]))

    def changes_of(self, target: int) -> list[int]:
        """Changes between the two dates through which the target came to its borders."""
        sources, _targets = self.group_of(target)
        return sorted(set(self.passed.loc[self.passed["source"].isin(sources), "change"]))


class Genealogy:
    def __init__(self, nodes: pd.DataFrame, edges: pd.DataFrame):
        self.nodes, self.edges = nodes, edges

    def alive(self, day: int) -> np.ndarray:
        """Ids of the municipalities that exist on a day."""
        nodes = self.nodes
        return nodes.index[(nodes["valid_from"] <= day) & (day < nodes["valid_to"])].to_numpy()

    def check(self) -> None:
        """Raise BrokenGenealogy where an edge does not lead forward in time."""
        edges = self.edges[self.edges["successor"] != NOWHERE]
        ends = self.nodes["valid_to"]
        before = ends.reindex(edges["predecessor"]).to_numpy()
        after = ends.reindex(edges["successor"]).to_numpy()
        wrong = edges[~(before < after)]
        if len(wrong):
            raise BrokenGenealogy(
                f"municipality {int(wrong['predecessor'].iloc[0])} does not end before its successor"
            )

    def borders(self, source: int, target: int) -> Borders:
        """The map from one day to another, either way in time."""
        reached, passed = self._walk(self.alive(source), source, target)
        links = self._links(reached, target)
        moved = links.loc[links["source"] != links["target"]]
        links["covered"] = _rows_in(links, self._inside(moved["source"], target))
        reduced = self._reduced(moved, source, target)
        links.loc[links["source"].isin(reduced) & ~links["covered"], "whole"] = False
        links["group"] = _groups(links)
        ended = reached.loc[reached["at"] == NOWHERE, "source"]
        gone = sorted(set(ended) - set(links["source"]))
        return Borders(source, target, links, tuple(gone), passed)

    def _steps(self, source: int, target: int) -> pd.DataFrame:
        """Edges between the two days as hops ``at`` → ``to`` in the direction of the walk."""
        edges = self.edges
        low, high = min(source, target), max(source, target)
        edges = edges[(low < edges["date"]) & (edges["date"] <= high)]
        if source <= target:
            return edges.rename(columns={"predecessor": "at", "successor": "to"})
        edges = edges[edges["successor"] != NOWHERE]
        hops = edges.rename(columns={"successor": "at", "predecessor": "to"})
        # Backwards a municipality that others joined leads to them and to itself before.
        there = hops[hops["at"].map(self.nodes["valid_from"]) < hops["date"]]
        survivors = there.assign(to=there["at"]).drop_duplicates(["at", "change"])
        return pd.concat([hops, survivors], ignore_index=True)

    def _walk(
        self, start: np.ndarray, source: int, target: int
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Follow the hops until nothing moves; ``at`` is NOWHERE where a way has no target."""
        steps, forward = self._steps(source, target), source <= target
        # A change on the source day itself lies ahead when walking backwards.
        since = source if forward else source + 1
        moving = pd.DataFrame({"source": start, "at": start, "since": since})
        done, passed = [], []
        for _ in range(len(steps) + 3):
            if moving.empty:
                break
            hop = moving.merge(steps, on="at")
            # A survivor of a join stands before and after it: only what lies ahead leads on.
            hop = hop[hop["date"] > hop["since"] if forward else hop["date"] < hop["since"]]
            done.append(moving.loc[~_rows_in(moving, hop[["source", "at"]]), ["source", "at"]])
            hop = _nearest(hop, forward=forward)
            passed.append(hop[["source", "change"]])
            moving = hop[["source", "to", "date"]].set_axis(["source", "at", "since"], axis=1)
            moving = moving.drop_duplicates()
        else:
            raise BrokenGenealogy(f"municipality {int(moving['source'].iloc[0])} is in a cycle")
        reached = pd.concat(done or [moving[["source", "at"]]], ignore_index=True)
        here = reached["at"].isin(self.alive(target))
        reached["at"] = reached["at"].where(here, NOWHERE)
        met = pd.concat(passed) if passed else pd.DataFrame({"source": [], "change": []}, dtype=int)
        return reached.drop_duplicates(), met.drop_duplicates().reset_index(drop=True)

    def _links(self, reached: pd.DataFrame, target: int) -> pd.DataFrame:
        """Pairs with ``whole``: the source has one target, settlements inside it not counted."""
        links = reached.rename(columns={"at": "target"})
        many = links[links.duplicated("source", keep=False)]
        inside = self._inside(many["target"], target).rename(columns={"id": "target"})
        nested = many.merge(inside, on="target")
        nested = nested[_rows_in(nested[["source", "place"]], many[["source", "target"]])]
        inner = _rows_in(links, nested[["source", "target"]])
        outer = links[~inner].groupby("source")["target"].size()
        links["whole"] = ~inner & (links["source"].map(outer) == 1)
        return links[links["target"] != NOWHERE].reset_index(drop=True)

    # --- settlements inside districts -----------------------------------------------------------------

    def _places(self, ids: np.ndarray, day: int) -> pd.DataFrame:
        """Where rows that live at any time lie on a day: ``id``, ``place``."""
        nodes = self.nodes.loc[ids]
        now = nodes.index[(nodes["valid_from"] <= day) & (day < nodes["valid_to"])]
        parts = [pd.DataFrame({"id": now, "place": now})]
        ended = nodes.index[nodes["valid_to"] <= day].to_numpy()
        later = nodes.index[nodes["valid_from"] > day].to_numpy()
        for rows, since in ((ended, OPEN_FROM), (later, OPEN_TO)):
            if len(rows):
                reached, _ = self._walk(rows, since, day)
                parts.append(reached[reached["at"] != NOWHERE].set_axis(["id", "place"], axis=1))
        return pd.concat(parts, ignore_index=True)

    def _inside(self, ids: pd.Series, day: int) -> pd.DataFrame:
        """Settlements and where their district lies on a day: ``id``, ``place``."""
        parents = self.nodes["parent"].reindex(ids.unique()).fillna(NOWHERE).astype(int)
        parents = parents[parents != NOWHERE]
        if parents.empty:
            return pd.DataFrame({"id": [], "place": []}, dtype=int)
        pairs = pd.DataFrame({"id": parents.index, "parent": parents.to_numpy()})
        places = self._places(parents.unique(), day).rename(columns={"id": "parent"})
        return pairs.merge(places, on="parent")[["id", "place"]]

    def _reduced(self, moved: pd.DataFrame, source: int, target: int) -> set[int]:
        """Districts on the source day of which a settlement went elsewhere by the target day.

        A district's value before holds that settlement, its value after does not.
        """
        districts = self._inside(moved["source"], target)
        if districts.empty:
            return set()
        holders = self._inside(moved["target"], target).rename(
            columns={"id": "target", "place": "holder"}
        )
        pairs = moved.merge(districts, left_on="source", right_on="id")
        pairs = pairs.merge(holders, on="target", how="left")
        pairs["holder"] = pairs["holder"].fillna(pairs["target"])
        stayed = pairs.loc[pairs["holder"] == pairs["place"], "source"]
        left = pairs.loc[~pairs["source"].isin(stayed), "source"]
        return set(self._inside(left, source)["place"])


def _rows_in(rows: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray:
    """Which rows begin with one of the pairs: the first two columns of both are compared."""
    if pairs.empty or rows.empty:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(
        pd.MultiIndex.from_frame(rows.iloc[:, :2]).isin(
            pd.MultiIndex.from_frame(pairs.iloc[:, :2], names=rows.columns[:2])
        )
    )


def _nearest(hop: pd.DataFrame, *, forward: bool) -> pd.DataFrame:
    """Of several changes ahead of a survivor only the next one is taken now."""
    keys = hop.groupby(["source", "at"])["date"]
    nearest = keys.transform("min" if forward else "max")
    return hop[hop["date"] == nearest]


def _groups(links: pd.DataFrame) -> np.ndarray:
    """Numbers of the connected parts of the graph of sources and targets."""
    sources, source_ids = pd.factorize(links["source"])
    targets, target_ids = pd.factorize(links["target"])
    size = len(source_ids) + len(target_ids)
    if not size:
        return np.array([], dtype=int)
    graph = coo_array(
        (np.ones(len(links), dtype=np.int8), (sources, len(source_ids) + targets)),
        shape=(size, size),
    )
    _number, labels = connected_components(graph, directed=False)
    return labels[sources]
