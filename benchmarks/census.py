"""An invented full census of municipalities, and draws of who of them answers.

Numbers only: no database. Skewed as the real register is: most municipalities are small villages,
a few are cities of millions, and whole regions answer badly.
"""

import numpy as np
import pandas as pd

from annual_report.statistics.estimator import Domains, Estimator, Residents
from annual_report.statistics.strata import build_strata
from annual_report.statistics.weights import make_weights

#: Kind, share of municipalities, median residents, spread of their logarithm, urban.
KINDS = (
    ("rural_settlement", 0.74, 1_100, 1.0),
    ("urban_settlement", 0.07, 9_000, 0.8),
    ("municipal_district", 0.07, 22_000, 0.7),
    ("municipal_okrug", 0.06, 28_000, 0.7),
    ("urban_okrug", 0.045, 75_000, 1.1),
    ("intracity_territory", 0.015, 60_000, 0.6),
)
DISTRICTS = ("ЦФО", "СЗФО", "ЮФО", "СКФО", "ПФО", "УФО", "СФО", "ДФО")


def make_register(generator: np.random.Generator, count: int = 22_000, regions: int = 89):
    """A register with the snapshot's columns; regions differ in size and lie in the districts."""
    sizes = generator.dirichlet(np.full(regions, 2.0))
    region = generator.choice(regions, size=count, p=sizes)
    kinds = generator.choice(len(KINDS), size=count, p=[share for _, share, _, _ in KINDS])
    middle = np.array([value for _, _, value, _ in KINDS])[kinds]
    spread = np.array([value for _, _, _, value in KINDS])[kinds]
    population = np.rint(middle * np.exp(spread * generator.standard_normal(count)))
    # The largest city that is one municipality has 1.6 million; the two capitals are split.
    population = population.clip(20, 1_700_000)
    return pd.DataFrame(
        {
            "oktmo": [f"{number:08d}" for number in range(count)],
            "kind": np.array([name for name, *_ in KINDS], dtype=object)[kinds],
            "region": [f"{number:02d}" for number in region],
            "district": np.array(DISTRICTS, dtype=object)[region % len(DISTRICTS)],
            "population": population,
        }
    )


def make_values(generator: np.random.Generator, register: pd.DataFrame) -> pd.DataFrame:
    """Skewed values: a sum, the two parts of a ratio, a yes or no, a pay.

    Revenue a resident varies by half of itself in cities and twofold between villages.
    """
    count, people = len(register), register["population"].to_numpy()
    region = register["region"].astype(int).to_numpy()
    level = np.exp(0.25 * generator.standard_normal(region.max() + 1))[region]
    spread = (0.7 - 0.07 * np.log(people / 1_000)).clip(0.3, 0.7)
    revenue = 30 * people * level * np.exp(spread * generator.standard_normal(count))
    share = generator.beta(2, 5, size=count) * np.where(people > 10_000, 1.4, 0.8)
    log_people = np.log(people)
    chance = 1 / (1 + np.exp(-(log_people - 8) / 2 - np.log(level)))
    pay = 38_000 * level * np.exp(0.05 * log_people + 0.3 * generator.standard_normal(count))
    return pd.DataFrame(
        {
            "revenue": revenue,
            "own": revenue * share.clip(0, 1),
            "yes": (generator.random(count) < chance).astype(float),
            "pay": pay,
        }
    )


def response_chances(
    generator: np.random.Generator, register: pd.DataFrame, territory: str = "district"
) -> np.ndarray:
    """Chance to answer, 0.15 to 0.97, by ``territory``, kind and population class.

    By "region" is harsher: the mean of what a silent region hides need not be its district's.
    """
    codes, names = pd.factorize(register[territory], sort=True)
    by_territory = generator.normal(0.9, 0.9, size=len(names))[codes]
    by_kind = register["kind"].map({"rural_settlement": -0.5, "urban_okrug": 0.8}).fillna(0.0)
    classes = np.searchsorted([1_000, 10_000, 50_000], register["population"], side="right")
    by_size = np.array([-0.4, 0.0, 0.4, 0.7])[classes]
    chance = 1 / (1 + np.exp(-(by_territory + by_kind.to_numpy() + by_size)))
    return chance.clip(0.15, 0.97)


def simulate_coverage(
    *, count: int, regions: int, draws: int, seed: int, territory: str = "district"
) -> dict[str, float]:
    """How often the national intervals cover the census's truth in draws of non-response."""
    generator = np.random.default_rng(seed)
    register = make_register(generator, count, regions)
    values = make_values(generator, register)
    chances = response_chances(generator, register, territory)
    strata = build_strata(register)
    nation = Domains.of(strata, {"nation": None})
    truth = {
        "total": values["revenue"].sum(),
        "ratio": values["own"].sum() / values["revenue"].sum(),
        "share": values["yes"].mean(),
        "median": float(np.median(values["pay"])),
    }
    hits = dict.fromkeys(truth, 0)
    for _ in range(draws):
        answered = generator.random(count) < chances
        found = estimate_all(strata, nation, values, answered)
        for name, result in found.items():
            hits[name] += bool(result.low[0] <= truth[name] <= result.high[0])
    return {name: number / draws for name, number in hits.items()}


def estimate_all(strata, domains, values, answered):
    """The four kinds of figures from those who ``answered``."""
    cells, cell = len(strata.cells), strata.cell[answered]
    weights = make_weights(strata, np.bincount(cell, minlength=cells).astype(float))
    residents = Residents.of(strata, answered, ~answered)
    estimator = Estimator(weights, domains, cell, residents)
    column = {name: values[name].to_numpy()[answered] for name in values}
    return {
        "total": estimator.total(column["revenue"], non_negative=True),
        "ratio": estimator.ratio(column["own"], column["revenue"]),
        "share": estimator.share(column["yes"]),
        "median": estimator.median(column["pay"]),
    }
