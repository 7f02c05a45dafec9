"""Published figures of nine years through the real server: tables that readers make, and their pages.

Beside the pages stands one SQL statement that groups the same twenty million answers: what a page would
wait for without the frozen, wide tables.
"""

import time
from itertools import product
from urllib.parse import urlencode

from benchmarks.databases import use_national
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, session_cookie, time_pages

#: Sums, ratios, a share and a median: whatever a pivot has to compute.
INDICATORS = ("A05", "C07", "D01", "D10", "E03")
SQL = """
SELECT c.year, s.region_id, a.indicator_id, sum(a.value), count(*)
FROM annual_report_answer a
JOIN annual_report_submission s ON s.id = a.submission_id
JOIN annual_report_campaign c ON c.id = s.campaign_id
WHERE a.value IS NOT NULL AND s.state = ANY(%s) AND c.is_main
GROUP BY 1, 2, 3
"""


def run():
    env = use_national()
    from annual_report.models import Answer, Report

    yield Figure("annual_report.answers", Answer.objects.count(), "answers", ">= 20000000")
    yield from snapshots()
    started = time.perf_counter()
    group()
    grouped = time.perf_counter() - started
    yield Figure("annual_report.group_by_sql", grouped, "s (mark 3.1)", "<= 600")
    report = Report.objects.published().order_by("-campaign__year").first()
    with running(env) as port:
        one = time_pages(port, [("", path) for path in pivots(report.campaign.year)])
        yield Figure("annual_report.pivot_p95", one, "ms", "<= 150")
        every = time_pages(port, [("", path) for path in pivots(None)])
        yield Figure("annual_report.pivot_years_p95", every, "ms", "<= 1000")
        yield Figure("annual_report.pivot_years_ratio", every / grouped / 1000, "× SQL", "<= 1")
        yield from pages(port, report)
    yield Figure(
        "annual_report.pivot_queries", count_queries(None, pivots(None)[0]), "queries", "<= 20"
    )


def snapshots():
    """Freezing the newest finished year; the years before it are frozen already."""
    from annual_report.models import Campaign
    from annual_report.services.snapshots import create_snapshot

    campaign = Campaign.objects.main().filter(report__state="published").order_by("-year").first()
    started = time.perf_counter()
    create_snapshot(campaign=campaign, by=None)
    yield Figure("annual_report.snapshot_seconds", time.perf_counter() - started, "s", "<= 60")


def group():
    from django.db import connection

    from annual_report.enums import COUNTED_STATES

    with connection.cursor() as cursor:
        cursor.execute(SQL, [sorted(COUNTED_STATES)])
        cursor.fetchall()


def pivots(year):
    """Addresses of pivots of one year, or of all years in columns."""
    rows = ("region", "kind", "size", "district")
    chosen = {"year": year} if year else {"year": "all", "cols": "year"}
    return [
        f"/report/tables/?{urlencode({'i': code, 'rows': row, **chosen})}"
        for code, row in product(INDICATORS, rows)
    ]


def pages(port, report):
    from annual_report.models import Campaign
    from benchmarks.annual_report.pages import head_of
    from okmo_portal.accounts.models import User
    from okmo_portal.organisations.models import Municipality

    staff = session_cookie(User.objects.get(email="kongress@demo.example"))
    approved = Campaign.objects.main().order_by("-year")[1].submissions.filter(state="approved")
    forms = list(approved.with_territory().order_by("?")[:20])
    heads = [(session_cookie(head_of(form)), form.pk) for form in forms]
    towns = list(Municipality.objects.current().order_by("?")[:30].values_list("oktmo", flat=True))
    year = report.campaign.year
    regions = report.chapters.filter(region__isnull=False).values_list("slug", flat=True)[:20]
    public = {
        "figures": [f"/report/indicators/{code}/figures/" for code in INDICATORS],
        "indicator": [f"/report/indicators/{code}/" for code in INDICATORS],
        "peers": [f"/report/municipalities/{oktmo}/peers/" for oktmo in towns],
        "series_list": [f"/report/municipalities/{oktmo}/series/" for oktmo in towns],
        "scope_series": [f"/report/series/region/{code}/A05/" for code in ("40", "61", "77")],
        "chapter": [f"/report/{year}/{slug}/" for slug in regions],
    }
    for name, paths in public.items():
        value = time_pages(port, [("", path) for path in paths])
        yield Figure(f"annual_report.{name}_p95", value, "ms", "<= 50")
    cabinet = {
        "benchmark": [(cookie, f"/cabinet/forms/{pk}/benchmark/") for cookie, pk in heads],
        "detail": [(cookie, f"/cabinet/forms/{pk}/") for cookie, pk in heads],
        "history": [(cookie, f"/cabinet/forms/{pk}/history/") for cookie, pk in heads],
        "review": [(staff, f"/cabinet/review/{form.pk}/") for form in forms],
        "missing": [(staff, "/cabinet/review/missing/")],
        "report_manage": [(staff, f"/cabinet/reports/{year}/")],
    }
    for name, visits in cabinet.items():
        value = time_pages(port, visits)
        yield Figure(f"annual_report.{name}_p95", value, "ms", "<= 150")
