"""``python -m benchmarks [APP]``: run each ``benchmarks/<app>/*.py`` module's ``run()``."""

import importlib
import os
import sys
from pathlib import Path

import psycopg

from okmo_portal.devtools import services

DATABASE = "okmo_bench"


def use_own_database() -> None:
    """An empty database beside the portal's own; everything below it reads the environment."""
    state = services.start()
    host = state["database"]["HOST"]
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = f"postgres://postgres@/{DATABASE}?host={host}"
    os.environ["REDIS_URL"] = state["redis_url"]
    os.environ["CELERY_BROKER_URL"] = state["celery_broker_url"]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "okmo_portal.settings.development")
    os.environ["DEBUG"] = "0"


def main(arguments: list[str]) -> int:
    root = Path(__file__).parent
    chosen = arguments[0] if arguments else "*"
    modules = sorted(path for path in root.glob(f"{chosen}/*.py") if path.name != "__init__.py")
    if not modules:
        print(f"No benchmarks for {chosen}.", file=sys.stderr)
        return 1
    use_own_database()
    for path in modules:
        module = importlib.import_module(f"benchmarks.{path.parent.name}.{path.stem}")
        for figure in module.run():
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
