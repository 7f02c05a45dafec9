"""All figures of nine years with weights and intervals; how often the intervals hold.

22,000 municipalities × 100 indicators × 9 years from an invented census; no database. Sums, ratios,
shares and medians in the proportions of the shipped catalogue; every indicator has gaps of its own.
"""

import resource
import time

import numpy as np
import pandas as pd

from benchmarks.annual_report.census import (
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
    found = simulate_coverage(count=MUNICIPALITIES, regions=89, draws=1_000, seed=SEED)
    for name, share in found.items():
        yield Figure(f"annual_report.interval_{name}_low", 100 * share, "% of draws", ">= 93")
        yield Figure(f"annual_report.interval_{name}_high", 100 * share, "% of draws", "<= 97")
    # Harsher: whole regions are silent, and what they hide need not be like their district.
    found = simulate_coverage(
        count=MUNICIPALITIES, regions=89, draws=300, seed=SEED, territory="region"
    )
    for name, share in found.items():
        yield Figure(f"annual_report.interval_{name}_regions", 100 * share, "% of draws", ">= 90")


def time_all_years() -> tuple[float, float]:
    """Seconds for every figure of every year, making of the data left out, and the highest memory."""
    import django

    django.setup()
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
    filed = np.flatnonzero(generator.random(len(register)) < chances)
    rows = []
    for number, info in enumerate(infos):
        if info.aggregation == "ratio":
            continue
        column = {"share": "yes", "median": "pay"}.get(info.aggregation, "revenue")
        kept = filed[generator.random(len(filed)) > 0.05]
        factor = np.exp(0.1 * generator.standard_normal(len(kept))) if column != "yes" else 1.0
        rows.append((np.full(len(kept), number), kept, base[column].to_numpy()[kept] * factor))
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
    return codes[places], list(names)
