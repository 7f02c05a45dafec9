"""Two million observations through the command, beside a bare COPY of the same rows.

The bare COPY writes rows that are ready (ids resolved, values clean) into a table with the same
columns, primary key, unique key, index, checks and foreign keys, and commits. Taken in turn, twice,
after both tables are emptied.
"""

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import databases
from benchmarks.figures import Figure

ROWS, ROUNDS, SEED = 2_000_000, 2, 5
YEARS = list(range(2016, 2025))
TABLE, TWIN = "annual_report_observation", "bench_observation"
COLUMNS = "dataset_id, taken_from_id, indicator_id, year, municipality_id, value"


def run():
    env = databases.empty()
    databases.manage(env, "migrate", "--verbosity", "0")
    databases.manage(env, "load_catalogue")
    os.environ.update(env)
    import django

    django.setup()
    from django.db import connection

    folder = Path(tempfile.mkdtemp())
    with connection.cursor() as cursor:
        prepare(cursor)
        ready = make_rows(cursor, folder / "observations.csv")
    ratios, seconds, peak = [], [], 0
    for _ in range(ROUNDS):
        bare = bare_copy(ready)
        empty(TABLE)
        taken, memory = command(env, folder / "observations.csv")
        check_count(TABLE)
        seconds.append(taken)
        ratios.append(taken / bare)
        peak = max(peak, memory)
    again, _memory = command(env, folder / "observations.csv")
    yield Figure("annual_report.observations_seconds", statistics.median(seconds), "s", "<= 90")
    yield Figure(
        "annual_report.observations_ratio", statistics.median(ratios), "× bare COPY", "<= 3"
    )
    yield Figure("annual_report.observations_again", again / bare, "× bare COPY", "<= 1")
    yield Figure("annual_report.observations_peak", peak, "MB", "<= 2000")


def prepare(cursor):
    """22,000 municipalities, a data set and an import to point at, and the twin of the table."""
    cursor.execute("SELECT id FROM organisations_region ORDER BY id LIMIT 1")
    cursor.execute(
        "INSERT INTO organisations_municipality (oktmo, check_digit, name, kind, region_id, "
        "missing_parent_oktmo, centre, status, sort_key) "
        "SELECT lpad((1000001 + i * 7)::text, 8, '0'), '0', 'М' || i, 'rural_settlement', %s, "
        "'', '', 'active', 'м' || i FROM generate_series(1, 22000) AS i",
        [cursor.fetchone()[0]],
    )
    from annual_report.models import Dataset, ObservationImport

    dataset = Dataset.objects.create(code="bench", title="Замер", publisher="-", source="-")
    ObservationImport.objects.create(dataset=dataset, file_name="-", sha256="-", size=0)
    cursor.execute(f"CREATE TABLE {TWIN} (LIKE {TABLE} INCLUDING ALL)")
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'f'",
        [TABLE],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {TWIN} ADD CONSTRAINT twin_{name} {definition}"[:2000])


def make_rows(cursor, path):
    """Writes the long form; returns the same rows as a bare COPY takes them, in the same order."""
    from annual_report.models import Dataset, ObservationImport

    cursor.execute("SELECT id, oktmo FROM organisations_municipality")
    towns = pl.DataFrame(cursor.fetchall(), schema=["municipality_id", "oktmo"], orient="row")
    cursor.execute(
        "SELECT id, code, coalesce(min_value, 0)::float8, coalesce(max_value, 1000)::float8 "
        "FROM annual_report_indicator WHERE value_type = 'decimal' AND max_value > 100 "
        "ORDER BY code LIMIT 11"
    )
    schema = ["indicator_id", "indicator", "least", "most"]
    indicators = pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
    years = pl.DataFrame({"year": YEARS})
    rows = towns.join(indicators, how="cross").join(years, how="cross").head(ROWS)
    rows = rows.sample(fraction=1, shuffle=True, seed=SEED)
    random = np.random.default_rng(SEED).uniform(0.2, 0.9, rows.height)
    value = (pl.col("least").clip(0) + (pl.min_horizontal("most", 10_000.0)) * random).round(1)
    rows = rows.with_columns(value.alias("value"))
    rows.select("oktmo", "indicator", pl.col("year").alias("period"), "value").write_csv(path)
    buffer = io.BytesIO()
    rows.select(
        pl.lit(Dataset.objects.get().pk).alias("dataset"),
        pl.lit(ObservationImport.objects.get().pk).alias("run"),
        "indicator_id", "year", "municipality_id", "value",
    ).write_csv(buffer, include_header=False)  # fmt: skip
    return buffer.getvalue()


def bare_copy(ready):
    from django.db import connection, transaction

    empty(TWIN)
    started = time.perf_counter()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY {TWIN} ({COLUMNS}) FROM STDIN (FORMAT csv)") as copy,
    ):
        copy.write(ready)
    seconds = time.perf_counter() - started
    check_count(TWIN)
    return seconds


def command(env, path):
    """Seconds and peak memory of the whole command, the interpreter's start and all."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_observations", str(path), "--dataset", "bench"],
        cwd=databases.ROOT, env=os.environ | env, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError("the import failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def empty(table):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute("CHECKPOINT")


def check_count(table):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found = cursor.fetchone()[0]
    if found != ROWS:
        raise RuntimeError(f"{table} holds {found} rows instead of {ROWS}")
