"""The whole register against ``manage.py check``, in turn, three times."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure

FILE = Path("../shared/data/oktmo-2019-full/oktmo_2019_flat_DERIVED.csv")


def seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "manage.py", *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def run():
    if not FILE.exists():
        return
    seconds("migrate", "--verbosity", "0")
    ratios = []
    for _ in range(3):
        base = seconds("check")
        # A dry run does all the work of a first import and leaves the table empty.
        ratios.append(seconds("import_oktmo", str(FILE), "--dry-run") / base)
    yield Figure("organisations.import_oktmo", statistics.median(ratios), "× check", "<= 5")
