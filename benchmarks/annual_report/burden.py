"""The burden meter over the country, and finding whose earlier forms each form goes on with."""

import statistics
import time

from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, session_cookie, time_pages


def run():
    env = use_full()
    from annual_report.models import Campaign
    from annual_report.services.origins import refresh_origins
    from okmo_portal.accounts.models import User

    finished = Campaign.objects.main().order_by("-year")[1]
    staff = User.objects.get(email="kongress@demo.example")
    directors = list(User.objects.filter(email__startswith="direktor-").order_by("?")[:20])
    path = f"/cabinet/burden/?campaign={finished.pk}"
    with running(env) as port:
        visits = [(session_cookie(staff), path)]
        yield Figure("annual_report.burden_p95", time_pages(port, visits), "ms", "<= 150")
        visits = [(session_cookie(director), path) for director in directors]
        yield Figure("annual_report.burden_region_p95", time_pages(port, visits), "ms", "<= 150")
    yield Figure("annual_report.burden_queries", count_queries(staff, path), "queries", "<= 20")
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        refresh_origins(campaign=finished)
        taken.append(time.perf_counter() - started)
    yield Figure("annual_report.origins_seconds", statistics.median(taken), "s", "<= 3")
