"""Plausible invented values that hold the control rules; the same seed gives the same values.

``steady`` draws are the municipality's own and equal in all years, ``noise`` draws are the year's.
A distribution whose number of draws depends on its parameter (Poisson) gets parameters that do not
change with the year, or all later steady draws would differ from year to year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SEED = 20260301
BASE_YEAR = 2023
#: Median population and spread (log scale) by kind.
POPULATION = {
    "municipal_district": (24_000, 0.6),
    "municipal_okrug": (19_000, 0.6),
    "urban_okrug": (92_000, 0.9),
    "urban_okrug_with_districts": (600_000, 0.3),
    "intracity_district": (110_000, 0.4),
    "intracity_territory": (58_000, 0.5),
    "urban_settlement": (7_500, 0.7),
    "rural_settlement": (1_300, 0.7),
}
SETTLEMENT_KINDS = ("urban_settlement", "rural_settlement")
INTRACITY_KINDS = ("intracity_district", "intracity_territory")
#: What a district counts together with its settlements (``Indicator.includes_settlements``).
NESTED = (
    "A01", "A02", "A03", "A05", "A06", "A07", "A08", "A09", "A10", "A16", "E07", "F01", "F03",
    "F14", "F15", "F16", "F17", "G01",
)  # fmt: skip
#: Yearly growth that municipalities plan for money and pay; other plans stay near this year.
PLAN_GROWTH = {"C05": 0.07, "D01": 0.04, "D02": 0.05, "D03": 0.03, "D04": 0.03, "D05": 0.04,
               "G03": 0.05, "G05": 0.07, "I07": 0.06}  # fmt: skip


@dataclass
class World:
    """What every section draws from; arrays have one element per municipality."""

    kinds: pd.Series
    #: Population of the base year, without rounding.
    base: np.ndarray
    #: Population of the year, whole people.
    people: np.ndarray
    trend: np.ndarray
    years: int
    steady: np.random.Generator
    noise: np.random.Generator

    def __len__(self) -> int:
        return len(self.kinds)

    def is_(self, *kinds: str) -> np.ndarray:
        return self.kinds.isin(kinds).to_numpy()

    @property
    def small(self) -> np.ndarray:
        return self.is_(*SETTLEMENT_KINDS)

    def own(self, low: float, high: float) -> np.ndarray:
        """A share that the municipality keeps over the years."""
        return self.steady.uniform(low, high, len(self))

    def yearly(self, low: float, high: float) -> np.ndarray:
        return self.noise.uniform(low, high, len(self))

    def chance(self, probability: float | np.ndarray) -> np.ndarray:
        """True for those whom the year hits."""
        return self.noise.random(len(self)) < probability

    def trait(self, probability: float | np.ndarray) -> np.ndarray:
        """True for those who have it in every year."""
        return self.steady.random(len(self)) < probability


def base_population(kinds: pd.Series) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    median = kinds.map(lambda kind: POPULATION[kind][0]).to_numpy(float)
    spread = kinds.map(lambda kind: POPULATION[kind][1]).to_numpy(float)
    return median * np.exp(generator.normal(0, spread))


def make_values(kinds: pd.Series, year: int, parents: pd.Series | None = None) -> pd.DataFrame:
    """One row per municipality, one column per asked indicator, in the newest units.

    ``parents`` has the index label of the district in which a settlement lies, or nothing; then
    districts count what their settlements do.
    """
    world = _make_world(kinds, year, parents)
    columns: dict[str, np.ndarray] = {}
    for section in (
        _territory, _bodies, _service, _budget, _property, _services, _economy, _cooperation,
        _citizens, _neighbourhoods, _voice, _oddities,
    ):  # fmt: skip
        section(columns, world)
    frame = pd.DataFrame(columns, index=kinds.index).astype(float)
    if parents is not None:
        for code in NESTED:
            frame[code] = _with_settlements(frame[code], parents)
    return frame


def make_plans(values: pd.DataFrame, codes: list[str], year: int) -> dict[int, pd.DataFrame]:
    """Plans for one, two and three years ahead: frames of the planned ``codes``."""
    noise = np.random.default_rng(SEED + 31 * year)
    known = [code for code in codes if code in values]
    growth = np.array([PLAN_GROWTH.get(code, 0.0) for code in known])
    decimals = {code: 1 if (values[code] % 1).any() else 0 for code in known}
    return {
        step: (
            values[known]
            * (1 + growth) ** step
            * (1 + noise.normal(0, 0.005 * step, (len(values), len(known))))
        ).round(decimals)
        for step in (1, 2, 3)
    }


def _make_world(kinds: pd.Series, year: int, parents: pd.Series | None) -> World:
    base = base_population(kinds)
    steady = np.random.default_rng(SEED + 1)
    trend = steady.normal(-0.004, 0.008, len(kinds))
    years = year - BASE_YEAR
    people = np.round(base * (1 + trend) ** years).clip(90)
    if parents is not None:
        base = _with_settlements(pd.Series(base, kinds.index), parents).to_numpy()
        now = _with_settlements(pd.Series(people, kinds.index), parents).to_numpy()
        trend = np.where(now == people, trend, -0.004)
        people = now
    noise = np.random.default_rng(SEED + year)
    return World(kinds, base, people, trend, years, steady, noise)


def _with_settlements(column: pd.Series, parents: pd.Series) -> pd.Series:
    """A district's value becomes the sum of its settlements' where it has any."""
    sums = column.groupby(parents).sum()
    return sums.reindex(column.index).fillna(column).round(2)


def _territory(c, w):
    rural = w.is_("rural_settlement")
    places = np.where(w.small, 1 + w.steady.poisson(5, len(w)), 8 + w.steady.poisson(30, len(w)))
    c["A01"] = places
    c["A02"] = np.floor(places * w.own(0, 0.25))
    c["A03"] = np.round(np.sqrt(w.base) * w.own(300, 2500), 1)
    c["A05"] = w.people
    c["A06"] = np.round(w.people * (1 - w.trend / 2), 1)
    c["A07"] = np.round(w.people * w.own(0.15, 0.22))
    c["A09"] = np.round(w.people * w.own(0.2, 0.3))
    c["A08"] = w.people - c["A07"] - c["A09"]
    c["A10"] = np.floor(w.people * w.own(0, 0.06))
    roads = np.round(w.base**0.62 * w.own(0.3, 0.9), 1)
    c["A11"] = roads
    c["A12"] = np.round(roads * w.own(0.2, 0.6) * w.yearly(0.97, 1), 1)
    c["A14"] = w.trait(0.88)
    c["A15"] = np.where(w.is_(*INTRACITY_KINDS), 0, np.round(w.own(8, 420), 1))
    town = w.is_("urban_okrug", "urban_okrug_with_districts", "urban_settlement")
    share = np.where(town, w.own(0, 0.12), w.own(0.2, 0.8))
    c["A16"] = np.where(rural, w.people, np.floor(w.people * share))


def _bodies(c, w):
    gathering = w.is_("rural_settlement") & (w.base < 140)
    delegated = w.is_("municipal_district") & w.trait(0.15)
    seats = np.clip(np.round(5 + np.log(w.base) * 1.8 - 8), 7, 45)
    c["B01"] = np.where(gathering, 0, seats)
    c["B02"] = np.ceil(c["B01"] * w.yearly(0.86, 1))
    c["B03"] = np.minimum(w.steady.poisson(0.7, len(w)), np.floor(c["B02"] / 2))
    c["B04"] = np.floor(c["B02"] * w.own(0.2, 0.6))
    c["B05"] = np.floor(c["B02"] * w.own(0.02, 0.25))
    direct = w.trait(0.31) & ~gathering
    c["B06"] = direct
    c["B07"] = w.chance(0.05)
    c["B08"] = 20 + w.noise.poisson(np.sqrt(w.people) * 0.6)
    c["B09"] = np.floor(c["B08"] * w.yearly(0, 0.06))
    c["B11"] = np.select([gathering, delegated], [3, 2], 1)
    others = w.steady.choice([2, 3, 4], len(w), p=[0.4, 0.42, 0.18])
    c["B12"] = np.select([gathering, direct], [5, 1], others)
    elected = c["B11"] == 1
    c["B13"] = np.where(elected, np.floor(w.people * w.own(0.72, 0.82)), 0)
    c["B14"] = np.floor(c["B13"] * w.own(0.22, 0.6))
    c["B16"] = 1 + w.noise.poisson(0.8, len(w))
    c["B17"] = w.chance(0.03)


def _service(c, w):
    size = np.select([w.small, w.is_(*INTRACITY_KINDS)], [0.05, 0.09], 0.22)
    posts = np.round(2 + w.base**0.6 * size, 1)
    c["C01"] = posts
    c["C02"] = np.round(posts * w.yearly(0.82, 1), 1)
    c["C03"] = np.round(c["C02"] * w.yearly(0.93, 1), 1)
    c["C04"] = np.floor(c["C03"] * w.yearly(0.1, 0.5))
    c["C05"] = np.round(w.own(38_000, 72_000) * 1.11**w.years)
    c["C06"] = np.floor(c["C02"] * w.own(0.05, 0.25))
    c["C08"] = np.floor(c["C03"] * w.yearly(0.02, 0.22))


def _budget(c, w):
    fund = c["C03"] * c["C05"] * 12 / 1000
    c["D06"] = np.round(fund * w.own(1.15, 1.5), 1)
    per_head = np.where(w.small, w.own(6, 14), w.own(35, 80))
    total = np.maximum(
        w.people * per_head * 1.09**w.years * w.yearly(0.96, 1.05),
        c["D06"] * w.own(2.2, 3.4),
    )
    own = w.own(0.22, 0.62)
    c["D02"] = np.round(total * own * 0.87, 1)
    c["D03"] = np.round(total * own * 0.13, 1)
    c["D04"] = np.round(total * (1 - own), 1)
    c["D01"] = np.round(c["D02"] + c["D03"] + c["D04"], 1)
    c["D05"] = np.round(c["D01"] * w.yearly(0.96, 1.013), 1)
    owes = w.trait(0.3)
    c["D07"] = np.round(np.where(owes, total * own * w.own(0.05, 0.5), 0), 1)
    late = w.chance(0.08)
    c["D08"] = np.round(np.where(late, total * 0.004, 0), 1)
    for code, low, high in (("D12", 0.55, 0.7), ("D13", 0.05, 0.15), ("D14", 0.03, 0.08)):
        c[code] = np.round(c["D02"] * w.own(low, high), 1)
    subventions = np.where(w.small, w.own(0.02, 0.08), w.own(0.35, 0.5))
    c["D15"] = np.round(c["D04"] * w.own(0.1, 0.25), 1)
    c["D16"] = np.round(c["D04"] * w.own(0.08, 0.2), 1)
    c["D17"] = np.round(c["D04"] * subventions, 1)
    c["D18"] = np.round(c["D04"] - c["D15"] - c["D16"] - c["D17"], 1)
    rest = c["D05"] - c["D06"]
    c["D19"] = np.round(np.where(w.small, 0, rest * w.own(0.45, 0.55)), 1)
    for code, small, large in (
        ("D20", (0.3, 0.4), (0.08, 0.15)),
        ("D21", (0.25, 0.35), (0.08, 0.15)),
        ("D22", (0.1, 0.2), (0.04, 0.08)),
    ):
        c[code] = np.round(rest * np.where(w.small, w.own(*small), w.own(*large)), 1)
    c["D26"] = w.trait(np.where(w.small, 0.6, 0.9))
    c["D27"] = np.round(c["D08"] * w.yearly(0, 0.3), 1)


def _property(c, w):
    value = np.where(w.small, w.own(5, 30), w.own(40, 140))
    c["E01"] = np.round(w.base * value * 1.03**w.years * w.yearly(0.995, 1.005), 1)
    c["E02"] = np.round(c["E01"] * w.own(0.35, 0.7), 1)
    c["E04"] = np.where(
        w.small, w.steady.poisson(1.2, len(w)), 5 + w.steady.poisson(np.sqrt(w.base) / 6)
    )
    c["E05"] = w.steady.poisson(4, len(w)) + w.noise.poisson(1, len(w))
    c["E06"] = np.floor(c["E05"] * w.own(0.3, 0.9))
    c["E07"] = np.round(c["A03"] * w.own(0.3, 0.85), 1)
    c["E08"] = np.round(w.people * w.yearly(0.0002, 0.0008), 2)


def _services(c, w):
    c["F01"] = np.round(w.base * w.own(22, 34) / 1000 * 1.01**w.years, 1)
    c["F03"] = np.floor(w.people * w.yearly(0.1, 0.8))
    c["F05"] = np.floor(c["A07"] * w.own(0.3, 0.36))
    c["F06"] = np.floor(c["F05"] * w.own(0.7, 0.92))
    c["F08"] = np.floor((c["F05"] - c["F06"]) * w.own(0, 0.4))
    c["F09"] = np.floor(c["A07"] * w.own(0.5, 0.62))
    c["F10"] = np.floor(c["F09"] * w.own(0, 0.15))
    c["F12"] = np.floor(w.people * w.own(0.3, 0.5) * 1.02**w.years)
    lived_in = c["A01"] - c["A02"]
    c["F14"] = np.floor(lived_in * w.own(0, 0.5) * 0.97**w.years)
    c["F15"] = np.floor(lived_in * w.own(0, 0.6) * 0.98**w.years)
    c["F17"] = np.round(w.base**0.6 * w.own(0.2, 0.5), 1)
    c["F16"] = np.round(c["F17"] * w.own(0.2, 0.5) * 0.98**w.years, 1)
    c["F19"] = w.trait(0.85)
    c["F20"] = 1 + w.steady.poisson(np.where(w.small, 1.0, 14.0))
    short = w.chance(np.where(w.small, 0.05, 0.25))
    c["F21"] = np.round(np.where(short, c["D05"] * w.yearly(0.0005, 0.004), 0), 1)


def _economy(c, w):
    c["G01"] = np.floor(w.base * w.own(0.015, 0.045) * 1.01**w.years)
    c["G03"] = np.round(w.people * w.own(10, 90) * 1.1**w.years * w.yearly(0.7, 1.4), 1)
    c["G05"] = np.round(w.own(40_000, 85_000) * 1.12**w.years * w.yearly(0.98, 1.02))
    c["G06"] = np.floor(c["A08"] * w.own(0.25, 0.5))


def _cooperation(c, w):
    c["H01"] = w.trait(0.96)
    deals = np.select(
        [w.is_("municipal_district"), w.small],
        [1 + w.steady.poisson(6, len(w)), w.steady.poisson(3, len(w))],
        0,
    )
    c["H02"] = deals
    paid = c["D05"] * w.yearly(0.003, 0.03)
    c["H03"] = np.round(np.where(deals > 0, paid, 0), 1)
    c["H04"] = w.steady.poisson(0.4, len(w))
    c["H05"] = w.steady.poisson(0.3, len(w))


def _citizens(c, w):
    founded = w.steady.poisson(np.sqrt(w.base) / 26)
    pace = w.own(0, 0.12) * np.minimum(1, w.base / 5000)
    c["I01"] = founded + _founded_by(pace, w.years)
    c["I23"] = _founded_by(pace, w.years) - _founded_by(pace, w.years - 1)
    c["I02"] = np.floor(c["I01"] * w.own(0, 0.25))
    c["I03"] = np.floor(np.minimum(w.people * 0.8, c["I01"] * w.own(90, 600)))
    c["I04"] = np.floor(c["A01"] * w.own(0, 0.7))
    c["I05"] = w.noise.poisson(np.sqrt(w.people) / 40 + 0.3 * np.maximum(w.years, 0))
    c["I06"] = np.floor(c["I05"] * w.yearly(0.3, 0.8))
    c["I07"] = np.round(c["I06"] * w.yearly(400, 1900), 1)
    c["I08"] = 1 + w.noise.poisson(3 + np.log(w.people) / 2)
    c["I09"] = 3 + w.noise.poisson(w.people * 0.006 + 4)
    c["I10"] = np.floor(c["I09"] * w.yearly(0.9, 1))
    c["I11"] = w.steady.random(len(w)) < 0.93 + 0.02 * w.years
    voted = w.chance(0.12)
    c["I13"] = voted * (1 + w.noise.poisson(0.4, len(w)))
    c["I14"] = np.round(np.where(voted, w.people * w.yearly(0.1, 0.4), 0), 1)
    asked = np.floor(np.minimum(w.people * 0.2, 100 + w.people * 0.01))
    asks = w.trait(np.where(w.small, 0.3, 0.75)) & (asked >= 30)
    c["I15"] = np.where(asks, asked, 0)
    c["I16"] = np.floor(c["I15"] * w.yearly(0.45, 0.85))


def _founded_by(pace, years):
    """Bodies founded since long ago: whole numbers that only grow."""
    return np.floor(pace * (years + 15))


def _neighbourhoods(c, w):
    """The additional form on neighbourhood self-government; sums to the main form's number."""
    total = c["I01"]
    rural = np.where(w.is_("rural_settlement"), 1.0, w.own(0, 0.5))
    c["I21"] = np.floor(total * rural)
    c["I20"] = np.floor((total - c["I21"]) * w.own(0.3, 0.7))
    c["I22"] = total - c["I21"] - c["I20"]
    c["I24"] = 0.0
    c["I25"] = np.floor(total * w.own(3, 7))
    c["I26"] = np.floor(total * w.yearly(0.1, 0.5))
    c["I27"] = np.round(c["I26"] * w.yearly(50, 300), 1)
    c["I28"] = np.floor(total * w.yearly(0.2, 1.2))
    c["I29"] = np.round(c["I28"] * w.yearly(5, 80), 1)


def _voice(c, w):
    weights = np.array([16, 14, 12, 8, 10, 8, 6, 6, 8, 6, 4, 3, 0, 3, 1], float)
    first = w.steady.choice(np.arange(1, 16), len(w), p=weights / weights.sum())
    unpaid = (c["F21"] > 0) & w.chance(0.4)
    c["J01"] = np.where(unpaid, 13, first)
    c["J02"] = (c["J01"] - 1 + w.noise.integers(1, 15, len(w))) % 15 + 1
    c["J03"] = np.floor(w.own(38, 97))
    c["J04"] = w.trait(0.4)


def _oddities(c, w):
    """A few municipalities in a hundred give the pages something to ask about."""
    deep = w.chance(0.004) & (c["D07"] > 0)
    c["D07"] = np.where(deep, np.round((c["D02"] + c["D03"]) * 1.2, 1), c["D07"])
    leaving = w.chance(0.006)
    c["C08"] = np.where(leaving, np.floor(c["C03"] * 0.6 + 2), c["C08"])
    slow = w.chance(0.01)
    c["I10"] = np.where(slow, np.floor(c["I09"] * 0.4), c["I10"])
    worn = w.chance(0.01)
    c["E02"] = np.where(worn, np.round(c["E01"] * 0.04, 1), c["E02"])
