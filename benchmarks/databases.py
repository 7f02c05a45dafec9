"""Databases for benchmarks beside the portal's own: an empty one, and one at full scale."""

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from okmo_portal.devtools import services

ROOT = Path(__file__).resolve().parents[1]
#: What the full database is made of; when it changes, the database is loaded again.
SOURCES = ("**/migrations/*.py", "**/demo/*.py", "annual_report/data/*")


@functools.cache
def started() -> dict:
    """The embedded servers' addresses; read before this process's own environment names one."""
    return services.start()


def environment(database: str) -> dict[str, str]:
    state = started()
    host = state["database"]["HOST"]
    return {
        "DATABASE_URL": f"postgres://postgres@/{database}?host={host}",
        "REDIS_URL": state["redis_url"],
        "CELERY_BROKER_URL": state["celery_broker_url"].replace("virtual_host=0", "virtual_host=7"),
        "DJANGO_SETTINGS_MODULE": "okmo_portal.settings.development",
        "DEBUG": "0",
        "SECOND_FACTOR_REQUIRED": "0",
        "SITE_URL": "http://127.0.0.1",
    }


def administration():
    host = started()["database"]["HOST"]
    return psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True)


def empty() -> dict[str, str]:
    """A new database without tables; returns the environment that names it."""
    with administration() as connection:
        connection.execute("DROP DATABASE IF EXISTS okmo_bench WITH (FORCE)")
        connection.execute("CREATE DATABASE okmo_bench")
    return environment("okmo_bench")


@functools.cache
def full() -> dict[str, str]:
    """The demo at full scale: 22,000 municipalities, three years. Loaded once per version."""
    env, mark = environment("okmo_bench_full"), fingerprint()
    with administration() as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = 'okmo_bench_full'"
        ).fetchone()
        if found is None or found[0] != mark:
            print("Loading 22,000 municipalities, about three minutes …", file=sys.stderr)
            connection.execute("DROP DATABASE IF EXISTS okmo_bench_full WITH (FORCE)")
            connection.execute("CREATE DATABASE okmo_bench_full")
            manage(env, "migrate", "--verbosity", "0")
            manage(env, "load_demo", "--scale", "full")
            manage(env, "collectstatic", "--noinput", "--verbosity", "0")
            connection.execute(f"COMMENT ON DATABASE okmo_bench_full IS '{mark}'")
    return env


#: Years before the demo's own that the national database adds to them.
EARLIER = 7


@functools.cache
def national() -> dict[str, str]:
    """The full demo with seven more years: 21 million answers of nine finished years and the open one.

    Made of the full database by one copy of its files and statements inside PostgreSQL; the newest
    published report then stands on a snapshot of nine years. Loaded once per version.
    """
    full()
    env, mark = environment("okmo_bench_national"), fingerprint()
    with administration() as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = 'okmo_bench_national'"
        ).fetchone()
        if found is None or found[0] != mark:
            print("Loading seven more years, about six minutes …", file=sys.stderr)
            connection.execute("DROP DATABASE IF EXISTS okmo_bench_national WITH (FORCE)")
            connection.execute("CREATE DATABASE okmo_bench_national TEMPLATE okmo_bench_full")
            run_module(env, "benchmarks.earlier_years", str(EARLIER))
            connection.execute(f"COMMENT ON DATABASE okmo_bench_national IS '{mark}'")
    return env


def fingerprint() -> str:
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if ".venv" not in path.parts and path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def manage(env: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=os.environ | env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def run_module(env: dict[str, str], name: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", name, *arguments], cwd=ROOT, env=os.environ | env, check=True
    )


def use_full() -> dict[str, str]:
    """Point this process's Django at the full database."""
    return use(full())


def use_national() -> dict[str, str]:
    """Point this process's Django at the database of nine years."""
    return use(national())


def use(env: dict[str, str]) -> dict[str, str]:
    os.environ.update(env)
    import django

    django.setup()
    return env
