"""The whole register against ``manage.py check``, in turn, three times."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.databases import empty, manage
from benchmarks.figures import Figure

FILE = Path("../shared/data/oktmo-2019-full/oktmo_2019_flat_DERIVED.csv")


def run():
    if not FILE.exists():
        print("organisations.import_oktmo: the register in ../shared/data is not here")
        return
    env = empty()
    manage(env, "migrate", "--verbosity", "0")

    def seconds(*arguments):
        started = time.perf_counter()
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, env=os.environ | env, check=True, capture_output=True)
        return time.perf_counter() - started

    ratios = []
    for _ in range(3):
        base = seconds("check")
        # A dry run does all the work of a first import and leaves the table empty.
        ratios.append(seconds("import_oktmo", str(FILE), "--dry-run") / base)
    yield Figure("organisations.import_oktmo", statistics.median(ratios), "× check", "<= 5")
