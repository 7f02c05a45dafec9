"""All figures of nine years with weights and intervals; how often the intervals hold.

22,000 municipalities × 100 indicators × 9 years from an invented census; no database. Sums, ratios,
shares and medians in the proportions of the shipped catalogue; every indicator has gaps of its own.
"""

import resource
import time

import numpy as np
import pandas as pd

from benchmarks.census import (
    make_register,
    make_values,
    response_chances,
    simulate_coverage,
)
from benchmarks.figures import Figure

MUNICIPALITIES, INDICATORS, YEARS = 22_000, 100, range(2017, 2026)
SEED = 2026


def run():
    seconds, peak = time_all_years()
    yield Figure("annual_report.analysis_all_years", seconds, "s", "<= 60")
    yield Figure("annual_report.analysis_peak", peak, "MB a process", "<= 600")
    yield from compare_all()
    found = simulate_coverage(count=MUNICIPALITIES, regions=89, draws=1_000, seed=SEED)
    yield Figure("annual_report.interval_lowest", 100 * min(found.values()), "% of draws", ">= 93")
    yield Figure("annual_report.interval_highest", 100 * max(found.values()), "% of draws", "<= 97")
    # Harsher: whole regions are silent, and what they hide need not be like their district.
    found = simulate_coverage(
        count=MUNICIPALITIES, regions=89, draws=300, seed=SEED, territory="region"
    )
    lowest = 100 * min(found.values())
    yield Figure("annual_report.interval_regions_lowest", lowest, "% of draws", ">= 90")


def compare_all():
    """Unusual answers of a year over everybody, and everybody's ten most similar."""
    from annual_report.statistics import outliers, peers

    generator = np.random.default_rng(SEED)
    register = make_register(generator, MUNICIPALITIES)
    base = make_values(generator, register)
    values, previous = make_tables(generator, register, base)
    started = time.perf_counter()
    data = outliers.Data(values, register, previous)
    scales = dict.fromkeys(values.columns, "rate")
    found = outliers.find(outliers.fit(data, scales), data)
    yield Figure("annual_report.outliers_seconds", time.perf_counter() - started, "s", "<= 30")
    flags = pd.Series([item.oktmo for item in found]).value_counts()
    yield Figure("annual_report.outliers_most", flags.max(), "flags a municipality", "<= 5")
    rate = 100 * len(found) / values.notna().to_numpy().sum()
    yield Figure("annual_report.outliers_rate", rate, "% of answers", "<= 1")
    features = peers.measure(stand_in(generator, register), register)
    started = time.perf_counter()
    peers.Peers(features, register["kind"])
    yield Figure("annual_report.peers_seconds", time.perf_counter() - started, "s", "<= 10")


def make_tables(generator, register, base):
    """A hundred sums of this year and of the last, a tenth of the cells empty."""
    index, size = pd.Index(register["oktmo"]), (len(register), INDICATORS)
    revenue = base["revenue"].to_numpy()[:, None]
    level = revenue * np.exp(0.3 * generator.standard_normal(size))
    names = [f"X{number:02d}" for number in range(INDICATORS)]
    now = level * np.exp(0.1 * generator.standard_t(3, size))
    now[generator.random(size) < 0.1] = np.nan
    return pd.DataFrame(now, index, names), pd.DataFrame(level, index, names)


def stand_in(generator, register):
    people = register["population"].to_numpy()
    noise = {code: np.exp(generator.standard_normal(len(register))) for code in ("A03", "A15")}
    columns = {
        "A05": people, "A03": 5_000 * noise["A03"], "A15": 60 * noise["A15"],
        "A16": people * generator.random(len(register)), "D09": 12 * people * noise["A03"] ** 0.2,
    }  # fmt: skip
    return columns.__getitem__


def time_all_years() -> tuple[float, float]:
    """Seconds for every figure of every year, making of the data left out, and the highest memory."""
    from annual_report.analysis import Analysis

    generator = np.random.default_rng(SEED)
    register = make_register(generator, MUNICIPALITIES)
    base = make_values(generator, register)
    chances = response_chances(generator, register, "region")
    infos = make_indicators()
    analysis = Analysis(
        None, register, infos, YEARS[-1], years=YEARS,
        load=lambda year: make_frame(generator, register, base, chances, infos, year),
        load_register=lambda year: register,
    )  # fmt: skip
    seconds = 0.0
    for year in YEARS:
        frame = make_frame(generator, register, base, chances, infos, year)
        analysis._load = lambda year, frame=frame: frame
        started = time.perf_counter()
        for info in infos:
            analysis.all_figures(info.code, year)
        seconds += time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_indicators():
    """Seventy-two sums, sixteen ratios, seven shares, five medians."""
    from annual_report.analysis import IndicatorInfo

    kinds = ["sum"] * 72 + ["ratio"] * 16 + ["share"] * 7 + ["median"] * 5
    return [
        IndicatorInfo(
            f"X{number:02d}", kind, 1, "ед.",
            *((f"X{number - 72:02d}", f"X{number - 71:02d}", 100.0) if kind == "ratio" else ()),
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip


def make_frame(generator, register, base, chances, infos, year):
    """A year's rows as a snapshot gives them: approved forms with a few gaps each."""
    filed = np.flatnonzero(generator.random(len(register)) < chances).astype(np.int32)
    rows = []
    for number, info in enumerate(infos):
        if info.aggregation == "ratio":
            continue
        column = {"share": "yes", "median": "pay"}.get(info.aggregation, "revenue")
        kept = filed[generator.random(len(filed)) > 0.05]
        factor = np.exp(0.1 * generator.standard_normal(len(kept))) if column != "yes" else 1.0
        rows.append(
            (
                np.full(len(kept), number, dtype=np.int8),
                kept,
                base[column].to_numpy()[kept] * factor,
            )
        )
    codes, places, values = (np.concatenate(items) for items in zip(*rows, strict=True))
    text = {name: register[name].to_numpy(dtype=object) for name in ("oktmo", *PLACE)}
    frame = {
        name: pd.Categorical.from_codes(*recoded(column, places)) for name, column in text.items()
    }
    names = [info.code for info in infos]
    return pd.DataFrame(
        {
            "year": year,
            **frame,
            "indicator": pd.Categorical.from_codes(codes, names),
            "value": values,
        }
    )


PLACE = ("kind", "region", "district")


def recoded(column, places):
    codes, names = pd.factorize(column)
    return codes.astype(np.int16)[places], list(names)
