"""The admin's list over twenty million observations, by each of its filters."""

import os
import time

from benchmarks import databases
from benchmarks.figures import Figure
from benchmarks.server import percentile95

TOWNS, INDICATORS, YEARS = 22_000, 100, range(2016, 2025)
ROUNDS = 5


def run():
    env = databases.empty()
    databases.manage(env, "migrate", "--verbosity", "0")
    databases.manage(env, "load_catalogue")
    databases.manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    os.environ.update(env)
    import django

    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    rows = load()
    client = staff()
    slow = {}
    times = []
    for number in range(ROUNDS + 1):
        for query in queries():
            started = time.perf_counter()
            answer = client.get("/admin/annual_report/observation/" + query)
            seconds = time.perf_counter() - started
            if answer.status_code != 200:
                raise RuntimeError(f"{query} answered {answer.status_code}")
            if number:  # the first round loads templates and pages of the table
                times.append(seconds)
                slow[query] = max(slow.get(query, 0), seconds)
    worst = max(slow, key=slow.get)
    print(f"slowest of {rows} rows: {worst or 'no filter'}, {slow[worst] * 1000:.0f} ms")
    yield Figure("annual_report.observations_rows", rows, "rows", ">= 19000000")
    yield Figure("annual_report.observations_list_p95", percentile95(times) * 1000, "ms", "<= 150")


def load():
    """By one statement, without the keys' triggers: the rows are right by construction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO organisations_municipality (oktmo, check_digit, name, kind, region_id, "
            "missing_parent_oktmo, centre, status, sort_key) "
            "SELECT lpad((1000001 + i * 7)::text, 8, '0'), '0', 'Место ' || i, 'rural_settlement', "
            "(SELECT min(id) FROM organisations_region), '', '', 'active', 'место ' || i "
            "FROM generate_series(1, %s) AS i",
            [TOWNS],
        )
        for code in ("large", "small"):
            cursor.execute(
                "INSERT INTO annual_report_dataset (code, title, title_en, publisher, source, "
                "source_en, url, licence, is_federal, priority, note, created_at) "
                "VALUES (%s, %s, '', '', '', '', '', '', true, 1, '', now())",
                [code, code],
            )
        cursor.execute(
            "INSERT INTO annual_report_observation "
            "(dataset_id, indicator_id, municipality_id, year, value) "
            "SELECT (SELECT id FROM annual_report_dataset WHERE code = 'large'), i.id, m.id, y, "
            "(i.id * 1000 + m.id %% 977)::numeric FROM "
            "(SELECT id FROM annual_report_indicator ORDER BY id LIMIT %s) AS i, "
            "generate_series(%s, %s) AS y, organisations_municipality AS m ORDER BY 2, 4, 3",
            [INDICATORS, YEARS[0], YEARS[-1]],
        )
        cursor.execute(
            "INSERT INTO annual_report_observation "
            "(dataset_id, indicator_id, municipality_id, year, value) "
            "SELECT (SELECT id FROM annual_report_dataset WHERE code = 'small'), "
            "(SELECT max(id) FROM annual_report_indicator), id, 2020, 1 "
            "FROM organisations_municipality ORDER BY 3 DESC LIMIT 50"
        )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE annual_report_observation")
        cursor.execute("SELECT count(*) FROM annual_report_observation")
        return cursor.fetchone()[0]


def staff():
    from django.test import Client

    from okmo_portal.accounts import services
    from okmo_portal.accounts.models import User

    user = User.objects.create_superuser("bench@demo.example", "x" * 30)
    services.give_consent(by=user, text=services.current_consent_text(), address="127.0.0.1")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def queries():
    from annual_report.models import Dataset, Indicator

    large, small = (Dataset.objects.get(code=code).pk for code in ("large", "small"))
    first, last = Indicator.objects.order_by("pk")[1].pk, Indicator.objects.order_by("-pk")[0].pk
    return [
        "", "?p=90", f"?dataset={large}", f"?dataset={small}", f"?indicator={first}",
        f"?indicator={last}", "?year=2024", f"?indicator={first}&year=2024",
        f"?dataset={small}&year=2024", f"?dataset={large}&indicator={first}&year=2016",
        "?q=01000008", "?q=Место+777", f"?q=Место+1&year=2024&indicator={first}", "?q=Нигде",
    ]  # fmt: skip
