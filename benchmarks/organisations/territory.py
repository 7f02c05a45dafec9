"""Transformations: the reference over the register of 2019, heirs found, histories and series."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.databases import empty, manage, use_full
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, time_pages

REGISTER = Path("../shared/data/oktmo-2019-full/oktmo_2019_flat_DERIVED.csv")
REFERENCE = Path("../shared/data/sberindex-bdmo/mo_ref.xlsx")


def run():
    yield from imports()
    yield from pages()


def imports():
    """A dry run does all the work of a first import; a second one finds everything known."""
    if not (REGISTER.exists() and REFERENCE.exists()):
        print("organisations.territory: the files in ../shared/data are not here")
        return
    env = empty()
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "import_oktmo", str(REGISTER))
    reading = median(lambda: seconds(env, "-c", READ, str(REFERENCE)))
    command = ("manage.py", "import_transformations", str(REFERENCE))
    first = median(lambda: seconds(env, *command, "--dry-run"))
    yield Figure("organisations.transformations_import", first, "s", "<= 15")
    yield Figure("organisations.transformations_ratio", first / reading, "× reading", "<= 3")
    seconds(env, *command)
    again = median(lambda: seconds(env, *command))
    yield Figure("organisations.transformations_again", again, "s", "<= 8")


#: Starting Django and reading the file, without a look at the register.
READ = """
import sys, django
from pathlib import Path
django.setup()
from okmo_portal.organisations import mo_ref
mo_ref.read(Path(sys.argv[1]))
"""


def seconds(env, *arguments):
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, env=os.environ | env, check=True, capture_output=True)
    return time.perf_counter() - started


def median(work):
    return statistics.median(work() for _ in range(3))


def pages():
    """Of municipalities that were transformed, and of as many that were not."""
    env = use_full()
    from okmo_portal.organisations.models import Municipality, MunicipalityChange
    from okmo_portal.organisations.services.genealogy import load_genealogy

    heirs = list(Municipality.objects.filter(changes_to__isnull=False).distinct())
    others = list(Municipality.objects.current().order_by("?")[: max(len(heirs), 20)])
    yield Figure("organisations.genealogy_loaded", median(timed(load_genealogy)), "s", "<= 0.5")
    yield Figure(
        "organisations.borders_mapped", median(timed(map_years(load_genealogy()))), "s", "<= 0.5"
    )
    shown = [*heirs, *others]
    with running(env) as port:
        visits = [("", row.get_absolute_url()) for row in shown]
        yield Figure("organisations.history_p95", time_pages(port, visits), "ms", "<= 50")
        visits = [("", series_of(row, code)) for row in shown for code in ("A05", "D01")]
        yield Figure("organisations.series_p95", time_pages(port, visits), "ms", "<= 50")
    if heirs:
        queries = count_queries(None, heirs[0].get_absolute_url())
        yield Figure("organisations.history_queries", queries, "queries", "<= 20")
        queries = count_queries(None, series_of(heirs[0], "A05"))
        yield Figure("organisations.series_queries", queries, "queries", "<= 25")
    changes = MunicipalityChange.objects.count()
    yield Figure("organisations.changes_known", changes, "changes", ">= 4")


def series_of(row, code):
    from django.urls import reverse

    return reverse("report:municipality-series", args=[row.oktmo, code])


def map_years(genealogy):
    from datetime import date

    source, target = date(2024, 1, 1).toordinal(), date(2026, 1, 1).toordinal()
    return lambda: genealogy.borders(source, target)


def timed(work):
    def measure():
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return measure
