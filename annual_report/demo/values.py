"""Plausible invented values that hold the control rules; the same seed gives the same values."""

from __future__ import annotations

import numpy as np
import pandas as pd

SEED = 20260301
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


def base_population(kinds: pd.Series) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    median = kinds.map(lambda kind: POPULATION[kind][0]).to_numpy(float)
    spread = kinds.map(lambda kind: POPULATION[kind][1]).to_numpy(float)
    return median * np.exp(generator.normal(0, spread))


def make_values(kinds: pd.Series, year: int) -> pd.DataFrame:
    """One row per municipality, one column per asked indicator."""
    count = len(kinds)
    steady = np.random.default_rng(SEED + 1)
    noise = np.random.default_rng(SEED + year)
    trend = steady.normal(-0.004, 0.008, count)
    years = year - 2023
    people = np.round(base_population(kinds) * (1 + trend) ** years).clip(90)
    small = kinds.isin(SETTLEMENT_KINDS).to_numpy()
    frame = pd.DataFrame(index=kinds.index)
    _territory(frame, people, trend, small, steady, noise)
    _bodies(frame, people, steady, noise)
    _service(frame, people, years, steady, noise)
    _budget(frame, people, years, small, steady, noise)
    _citizens(frame, people, years, steady, noise)
    return frame.astype(float)


def _share(generator, low, high, count):
    return generator.uniform(low, high, count)


def _territory(frame, people, trend, small, steady, noise):
    count = len(frame)
    places = np.round(np.where(small, 1 + steady.poisson(5, count), 8 + steady.poisson(30, count)))
    frame["A01"] = places
    frame["A02"] = np.floor(places * _share(steady, 0, 0.25, count))
    frame["A03"] = np.round(np.sqrt(people) * _share(steady, 300, 2500, count), 1)
    frame["A05"] = people
    frame["A06"] = np.round(people * (1 - trend / 2), 1)
    frame["A07"] = np.round(people * _share(steady, 0.15, 0.22, count))
    frame["A09"] = np.round(people * _share(steady, 0.2, 0.3, count))
    frame["A08"] = people - frame["A07"] - frame["A09"]
    frame["A10"] = np.floor(people * _share(steady, 0, 0.06, count))
    roads = np.round(people**0.62 * _share(steady, 0.3, 0.9, count), 1)
    frame["A11"] = roads
    frame["A12"] = np.round(
        roads * _share(steady, 0.2, 0.6, count) * noise.uniform(0.97, 1, count), 1
    )


def _bodies(frame, people, steady, noise):
    count = len(frame)
    seats = np.clip(np.round(5 + np.log(people) * 1.8 - 8), 7, 45)
    frame["B01"] = seats
    frame["B02"] = np.ceil(seats * _share(noise, 0.86, 1, count))
    frame["B03"] = np.minimum(steady.poisson(0.7, count), frame["B02"])
    frame["B04"] = np.floor(frame["B02"] * _share(steady, 0.2, 0.6, count))
    frame["B05"] = np.floor(frame["B02"] * _share(steady, 0.02, 0.25, count))
    frame["B06"] = (steady.random(count) < 0.31).astype(int)
    frame["B07"] = (noise.random(count) < 0.05).astype(int)
    frame["B08"] = 20 + noise.poisson(np.sqrt(people) * 0.6)
    frame["B09"] = np.floor(frame["B08"] * _share(noise, 0, 0.06, count))


def _service(frame, people, years, steady, noise):
    count = len(frame)
    posts = np.round(2 + people**0.6 * 0.22, 1)
    frame["C01"] = posts
    frame["C02"] = np.round(posts * _share(noise, 0.82, 1, count), 1)
    frame["C03"] = np.round(frame["C02"] * _share(noise, 0.93, 1, count), 1)
    frame["C04"] = np.floor(frame["C03"] * _share(noise, 0.1, 0.5, count))
    frame["C05"] = np.round(_share(steady, 38_000, 72_000, count) * 1.11**years)
    frame["C06"] = np.floor(frame["C02"] * _share(steady, 0.05, 0.25, count))


def _budget(frame, people, years, small, steady, noise):
    count = len(frame)
    per_head = np.where(small, _share(steady, 6, 14, count), _share(steady, 35, 80, count))
    total = people * per_head * 1.09**years * noise.uniform(0.96, 1.05, count)
    own = _share(steady, 0.22, 0.62, count)
    tax = np.round(total * own * 0.87, 1)
    frame["D02"] = tax
    frame["D03"] = np.round(total * own * 0.13, 1)
    frame["D04"] = np.round(total * (1 - own), 1)
    frame["D01"] = np.round(frame["D02"] + frame["D03"] + frame["D04"], 1)
    frame["D05"] = np.round(frame["D01"] * _share(noise, 0.95, 1.04, count), 1)
    frame["D06"] = np.round(frame["D05"] * _share(steady, 0.05, 0.14, count), 1)
    owes = steady.random(count) < 0.3
    frame["D07"] = np.round(np.where(owes, total * own * _share(steady, 0.05, 0.5, count), 0), 1)
    late = noise.random(count) < 0.08
    frame["D08"] = np.round(np.where(late, total * 0.004, 0), 1)


def _citizens(frame, people, years, steady, noise):
    count = len(frame)
    frame["I01"] = steady.poisson(np.sqrt(people) / 26) + (steady.random(count) < 0.04 * years)
    frame["I02"] = np.floor(frame["I01"] * _share(steady, 0, 0.25, count))
    frame["I03"] = np.floor(np.minimum(people * 0.8, frame["I01"] * _share(steady, 90, 600, count)))
    frame["I04"] = np.floor(frame["A01"] * _share(steady, 0, 0.7, count))
    frame["I05"] = noise.poisson(np.sqrt(people) / 40 + 0.3 * years)
    frame["I06"] = np.floor(frame["I05"] * _share(noise, 0.3, 0.8, count))
    frame["I07"] = np.round(frame["I06"] * _share(noise, 400, 1900, count), 1)
    frame["I08"] = noise.poisson(3 + np.log(people) / 2)
    frame["I09"] = 3 + noise.poisson(people * 0.006 + 4)
    frame["I10"] = np.floor(frame["I09"] * _share(noise, 0.9, 1, count))
    frame["I11"] = (steady.random(count) < 0.93 + 0.02 * years).astype(int)
