"""Answers that are unusual beside similar municipalities or beside last year's, with a budget.

Medians and median absolute deviations (Hampel, 1974; Iglewicz, Hoaglin, 1993) inside kind and
population class, on the scale on which values of that sort are about symmetric: counts and money a
resident as logarithms, pays as logarithms, percentages as logits, balances of either sign as inverse
hyperbolic sines. Zeros are a matter of their own: a zero is as unusual as zeros are rare.

Alarms are held to a budget: an indicator's limit is the usual 3.5, or higher where more than
``RATE`` of its answers would pass that; a municipality gets its MAX_FLAGS most unusual at most. An
answer that was as unusual last year and was accepted then is not asked about again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import special

from annual_report.statistics.strata import with_strata

#: Modified z-score beyond which a value is unusual (Iglewicz, Hoaglin, 1993).
LIMIT = 3.5
#: Share of an indicator's answers that may be flagged in a year.
RATE = 0.005
#: Flags of one municipality.
MAX_FLAGS = 5
#: Fewer comparable answers than this, and the next wider group is used.
MIN_PEERS = 20
#: MAD of a normal distribution with a standard deviation of one, and its mean absolute deviation.
NORMAL_MAD, NORMAL_MEAN = 0.6745, 0.7979
#: Spread below which a difference is of no interest: a tenth on a logarithm, a point of a percent.
FLOORS = {"rate": 0.1, "count": 0.1, "log": 0.1, "logit": 0.1, "signed": 0.1}
PER_RESIDENT = ("rate", "count")
#: Percentages are drawn in by half a point, so that 0 and 100 have a logit.
INSET = 0.5
#: The middle of the peers that findings name.
MIDDLE = (0.025, 0.975)
#: From group to country.
GROUPS: tuple[tuple[str, ...], ...] = (("group", "size", "district"), ("group", "size"), ("group",))


def scale_for(value_type: str, unit: str, aggregation: str) -> str:
    """The scale of an indicator, or "" when it is not compared (yes or no, options).

    Percentages: ``logit``. Sums over a territory: ``rate``, a resident, and ``count`` when they are
    whole numbers, which vary by chance alone the more the fewer they are. Medians and other numbers:
    ``log``. What takes negative values turns to ``signed`` when the data are seen.
    """
    if value_type in ("boolean", "choice") or aggregation in ("share", "choice"):
        return ""
    if unit.strip() == "%":
        return "logit"
    if aggregation != "sum":
        return "log"
    return "count" if value_type == "integer" else "rate"


@dataclass(frozen=True)
class Scale:
    """A scale of comparison; ``size`` is what counts as large on ``signed``, a resident."""

    name: str
    size: float = 1.0


@dataclass(frozen=True)
class Level:
    """Groups of municipalities and their ``MEASURES``, one row a group.

    On the transformed scale, NaN where a group has fewer than MIN_PEERS comparable answers;
    ``count`` is their number, ``zeros`` the share of zeros in all answers.
    """

    names: tuple[str, ...]
    measures: np.ndarray

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def of(self, names: Iterable[str]) -> np.ndarray:
        """The measures of the groups ``names``; NaN for one that is not known."""
        unknown = np.full((1, len(MEASURES)), np.nan)
        places = [self._places.get(name, len(self.names)) for name in names]
        return np.concatenate([self.measures, unknown])[places]


@dataclass(frozen=True)
class Reference:
    """What is usual for one indicator, at each level of ``GROUPS``."""

    scale: Scale
    levels: tuple[Level, ...]
    limit: float = LIMIT


MEASURES = ["centre", "spread", "low", "high", "count", "zeros"]
ZEROS = MEASURES.index("zeros")


@dataclass(frozen=True)
class Model:
    """What is usual this year (``peers``) and from last year to this (``years``), by code."""

    peers: Mapping[str, Reference]
    years: Mapping[str, Reference]


class Data:
    """Answers to compare: municipalities × codes with NaN gaps, last year's if any, and strata.

    ``register`` has a row for each of ``values``, in the same order, and the columns that
    ``strata.with_strata`` asks for. ``previous`` may have other rows and columns.
    """

    def __init__(
        self,
        values: pd.DataFrame,
        register: pd.DataFrame,
        previous: pd.DataFrame | None = None,
    ):
        self.index = values.index
        self._now = _columns(values)
        self._before = {} if previous is None else _columns(previous.reindex(values.index))
        self._gaps = np.full(len(values), np.nan)
        table = with_strata(register)
        known = table["population"].to_numpy(dtype=float)
        self.people = np.where(known > 0, known, np.nan)
        #: Each level's group of each municipality, and the groups' names.
        self.groups = [pd.factorize(_joined(table, columns)) for columns in GROUPS]

    def __contains__(self, code: str) -> bool:
        return code in self._now

    def now(self, code: str) -> np.ndarray:
        return self._now[code]

    def before(self, code: str) -> np.ndarray:
        return self._before.get(code, self._gaps)


def _columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    return dict(zip(table.columns, table.to_numpy(dtype=float).T, strict=True))


def _joined(table: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    joined = table[columns[0]].to_numpy(dtype=object)
    for name in columns[1:]:
        joined = joined + "|" + table[name].to_numpy(dtype=object)
    return joined


def transform(values: np.ndarray, people: np.ndarray, scale: Scale) -> np.ndarray:
    """To the scale of comparison; NaN for gaps, and for zeros of scales that have none."""
    with np.errstate(all="ignore"):
        if scale.name == "logit":
            inside = (values + INSET) / (100 + 2 * INSET)
            return np.where((values >= 0) & (values <= 100), np.log(inside / (1 - inside)), np.nan)
        if scale.name == "signed":
            return np.arcsinh(values / people / scale.size)
        base = values / people if scale.name in PER_RESIDENT else values
        return np.where(values > 0, np.log(base), np.nan)


def restore(values: np.ndarray, people: np.ndarray, scale: Scale) -> np.ndarray:
    """Back from the scale of comparison to the indicator's own unit."""
    if scale.name == "logit":
        return np.clip((100 + 2 * INSET) / (1 + np.exp(-values)) - INSET, 0, 100)
    if scale.name == "signed":
        return np.sinh(values) * people * scale.size
    return np.exp(values) * (people if scale.name in PER_RESIDENT else 1.0)


# --- what is usual ---------------------------------------------------------------------------------


def fit(data: Data, scales: Mapping[str, str], rate: float = RATE) -> Model:
    """What is usual in ``data`` for the codes of ``scales``, with limits that keep to the budget."""
    peers, years = {}, {}
    for code, scale in scales.items():
        if not scale or code not in data:
            continue
        values = data.now(code)
        used = _seen(scale, values, data.people)
        peers[code] = _reference(transform(values, data.people, used), values, data, used)
        change = _change(data, code, used)
        if np.isfinite(change).sum() >= MIN_PEERS:
            years[code] = _reference(change, np.where(np.isfinite(change), 1.0, np.nan), data, used)
    model = Model(peers, years)
    return Model(
        {
            code: _limited(item, _peer_scores(model, data, code), rate)
            for code, item in peers.items()
        },
        {
            code: _limited(item, _year_scores(model, data, code), rate)
            for code, item in years.items()
        },
    )


def _seen(name: str, values: np.ndarray, people: np.ndarray) -> Scale:
    """``signed`` where negative values are seen, with the median size as its unit."""
    if name == "logit" or not (values < 0).any():
        return Scale(name)
    sizes = np.abs(values / people)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return Scale("signed", float(np.median(sizes)) if len(sizes) else 1.0)


def _limited(reference: Reference, scores: np.ndarray, rate: float) -> Reference:
    """With the limit that at most ``rate`` of the known scores pass."""
    known = np.abs(scores[np.isfinite(scores)])
    limit = float(np.quantile(known, 1 - rate, method="higher")) if len(known) else LIMIT
    return replace(reference, limit=max(LIMIT, limit))


def _change(data: Data, code: str, scale: Scale) -> np.ndarray:
    """This year against last year on the scale; this year's residents serve for both."""
    now, before = data.now(code), data.before(code)
    return transform(now, data.people, scale) - transform(before, data.people, scale)


def _reference(measured, values, data: Data, scale: Scale) -> Reference:
    answered = np.isfinite(values)
    levels = []
    for codes, names in data.groups:
        table = _measure(measured, codes, len(names), FLOORS[scale.name])
        asked = np.bincount(codes[answered], minlength=len(names))
        zeros = np.bincount(codes[answered & (values == 0)], minlength=len(names))
        share = np.where(asked * RATE >= 1, zeros / np.maximum(asked, 1), np.nan)
        table["zeros"] = share
        measures = np.column_stack([table[name] for name in MEASURES]).astype(float)
        levels.append(Level(tuple(names), measures))
    return Reference(scale, tuple(levels))


def _measure(measured: np.ndarray, codes: np.ndarray, size: int, floor: float) -> dict:
    """Median, spread and middle of each group's known values."""
    known = np.isfinite(measured)
    values, groups = measured[known], codes[known]
    count = np.bincount(groups, minlength=size)
    low, centre, high = _quantiles(values, groups, count, (MIDDLE[0], 0.5, MIDDLE[1]))
    away = np.abs(values - centre[groups])
    (deviation,) = _quantiles(away, groups, count, (0.5,))
    mean = np.bincount(groups, away, minlength=size) / np.maximum(count, 1)
    # More than half are equal: the median deviation is zero and says nothing of the others.
    spread = np.where(deviation > 0, deviation / NORMAL_MAD, mean / NORMAL_MEAN)
    found = {"centre": centre, "spread": np.maximum(spread, floor), "low": low, "high": high}
    enough = count >= MIN_PEERS
    return {name: np.where(enough, item, np.nan) for name, item in found.items()} | {"count": count}


def _quantiles(values, groups, count, shares) -> list[np.ndarray]:
    """Quantiles of each group, between neighbours as numpy's default does; NaN for an empty one."""
    order = np.argsort(values)
    # Few groups: small numbers are sorted by their digits, in a tenth of the time.
    narrow = groups[order].astype(np.int16 if len(count) < 2**15 else np.int64)
    ordered = np.append(values[order[np.argsort(narrow, kind="stable")]], np.nan)
    first, last = np.r_[0, np.cumsum(count)[:-1]], np.maximum(count - 1, 0)
    results = []
    for share in shares:
        place = share * last
        below = np.floor(place).astype(int)
        one, two = ordered[first + below], ordered[first + np.minimum(below + 1, last)]
        results.append(np.where(count > 0, one + (two - one) * (place - below), np.nan))
    return results


def _look_up(reference: Reference, data: Data) -> np.ndarray:
    """``MEASURES`` for each row, of its finest group that has enough answers."""
    found = np.full((len(data.index), len(MEASURES)), np.nan)
    for level, (codes, names) in zip(reference.levels, data.groups, strict=True):
        fresh = level.of(names)[codes]
        unknown = np.isnan(found[:, 0])
        found[unknown, :ZEROS] = fresh[unknown, :ZEROS]
        unknown = np.isnan(found[:, ZEROS])
        found[unknown, ZEROS] = fresh[unknown, ZEROS]
    return found


def to_table(model: Model) -> pd.DataFrame:
    """The model as one table, so that it can be kept beside a snapshot and used on live forms."""
    rows = [
        pd.DataFrame(level.measures, pd.Index(level.names, name="group"), MEASURES).assign(
            check=check, code=code, scale=item.scale.name, size=item.scale.size,
            limit=item.limit, level=number,
        ).reset_index()
        for check, references in (("peer", model.peers), ("year", model.years))
        for code, item in references.items()
        for number, level in enumerate(item.levels)
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def from_table(table: pd.DataFrame) -> Model:
    """The model that ``to_table`` made ``table`` of."""
    kept: dict[str, dict[str, Reference]] = {"peer": {}, "year": {}}
    for (check, code), part in table.groupby(["check", "code"], sort=False):
        levels = tuple(
            Level(tuple(rows["group"]), rows[MEASURES].to_numpy(dtype=float))
            for number in range(len(GROUPS))
            for rows in [part[part["level"] == number]]
        )
        first = part.iloc[0]
        scale = Scale(str(first["scale"]), float(first["size"]))
        kept[check][code] = Reference(scale, levels, float(first["limit"]))
    return Model(kept["peer"], kept["year"])


# --- what is not -----------------------------------------------------------------------------------


def _scores(measured: np.ndarray, found: np.ndarray, chance: np.ndarray | float) -> np.ndarray:
    """Signed distance from the middle in spreads; ``chance`` is a variance that adds to them."""
    return (measured - found[:, 0]) / np.sqrt(found[:, 1] ** 2 + chance)


def _chance(scale: Scale, *counts: np.ndarray) -> np.ndarray | float:
    """Variance of the logarithm of counts by chance alone: 1/n each (Poisson)."""
    if scale.name != "count":
        return 0.0
    return sum(1 / np.maximum(np.nan_to_num(item, nan=1.0), 1.0) for item in counts)


def _peer_scores(model: Model, data: Data, code: str) -> np.ndarray:
    """NaN where nothing can be compared, and where last year was as unusual already."""
    reference = model.peers[code]
    found = _look_up(reference, data)
    scale, now, before = reference.scale, data.now(code), data.before(code)
    usual = restore(found[:, 0], data.people, scale)
    chance = _chance(scale, usual)
    measured = transform(now, data.people, scale)
    scores = np.where(
        np.isfinite(measured),
        _scores(measured, found, chance),
        _zero_scores(now, found, scale),
    )
    earlier = transform(before, data.people, scale)
    settled = np.abs(_scores(earlier, found, chance)) >= np.abs(scores) - 1
    stands = (before == 0) & (now == 0)
    same_side = (earlier - found[:, 0]) * scores > 0
    return np.where(stands | (settled & same_side), np.nan, scores)


def _zero_scores(values: np.ndarray, found: np.ndarray, scale: Scale) -> np.ndarray:
    """A zero where zeros are rare; at the limit where one in 1/RATE answers is zero."""
    if scale.name in ("logit", "signed"):
        return np.full(len(values), np.nan)
    rare = special.ndtri(np.clip(found[:, ZEROS], 1e-6, 0.5)) / special.ndtri(1 - RATE)
    return np.where(values == 0, LIMIT * rare, np.nan)


def _year_scores(model: Model, data: Data, code: str) -> np.ndarray:
    reference = model.years[code]
    scale = reference.scale
    chance = _chance(scale, data.now(code), data.before(code))
    return _scores(_change(data, code, scale), _look_up(reference, data), chance)


@dataclass(frozen=True)
class Finding:
    """One unusual answer. ``low`` to ``high`` is the middle 95 % of the ``count`` comparable ones.

    ``check``: ``peer`` or ``year``. ``usual``, ``low`` and ``high`` are in the indicator's own unit
    for this municipality: what it would have with the median, the lowest and the highest of the
    middle (for ``year``: what last year's value would have become). ``zeros`` is the share of zeros
    among the similar ones, for an answer of zero.
    """

    oktmo: str
    code: str
    check: str
    scale: str
    value: float
    score: float
    usual: float
    low: float
    high: float
    count: int
    previous: float | None = None
    zeros: float | None = None


def find(model: Model, data: Data, max_flags: int = MAX_FLAGS) -> list[Finding]:
    """The unusual answers of ``data``, a municipality's most unusual first, within the budget.

    Of two checks of the same answer the more telling one is kept.
    """
    flagged: list[tuple[int, float, str, str, float]] = []
    checks = (("peer", model.peers, _peer_scores), ("year", model.years, _year_scores))
    for check, references, score in checks:
        for code, reference in references.items():
            if code in data:
                scores = score(model, data, code)
                rows = np.flatnonzero(np.abs(scores) > reference.limit)
                flagged += [
                    (int(row), -abs(scores[row]) / reference.limit, code, check, scores[row])
                    for row in rows
                ]
    table = pd.DataFrame(sorted(flagged), columns=["row", "by", "code", "check", "score"])
    table = table.drop_duplicates(["row", "code"]).groupby("row", sort=False).head(max_flags)
    return _findings(model, data, table) if len(table) else []


def _findings(model: Model, data: Data, table: pd.DataFrame) -> list[Finding]:
    """The rows of ``table`` as findings, in its order."""
    made: dict[int, Finding] = {}
    for (code, check), part in table.groupby(["code", "check"], sort=False):
        reference = (model.peers if check == "peer" else model.years)[code]
        found, now, before = _look_up(reference, data), data.now(code), data.before(code)
        for place, row, score in zip(part.index, part["row"], part["score"], strict=True):
            made[place] = _finding(
                data, reference, code, check, int(row), score, found[row], now[row], before[row]
            )
    return [made[place] for place in table.index]


def _finding(data, reference, code, check, row, score, found, value, before) -> Finding:
    people, scale = data.people[row : row + 1], reference.scale
    base = 0.0
    if check == "year":
        base = transform(np.array([before]), people, scale)[0]
    usual, low, high = (
        float(restore(np.array([base + found[number]]), people, scale)[0]) for number in (0, 2, 3)
    )
    zero = value == 0 and check == "peer" and scale.name in ("rate", "count", "log")
    return Finding(
        str(data.index[row]), code, check, scale.name, float(value), float(score),
        usual, low, high, int(found[4]),
        None if np.isnan(before) else float(before), float(found[ZEROS]) if zero else None,
    )  # fmt: skip
