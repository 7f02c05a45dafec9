"""Home page, cabinet and public pages at 22,000 municipalities, through the real server."""

from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, session_cookie, time_pages


def run():
    env = use_full()
    from annual_report.models import Report
    from okmo_portal.accounts.models import User
    from okmo_portal.organisations.models import Municipality, Region

    report = Report.objects.published().first()
    regions = [f"/territory/{code}/" for code in Region.objects.values_list("code", flat=True)[:30]]
    towns = [row.get_absolute_url() for row in Municipality.objects.order_by("?")[:30]]
    specialist = User.objects.get(email="specialist@demo.example")
    director = User.objects.get(email="sovet@demo.example")
    public = {
        "home": ["/"],
        "region": regions,
        "municipality": towns,
        "report_page": [report.get_absolute_url()],
        "search": ["/search/?q=район", "/search/?q=доходы+бюджета", "/search/?q=ясноборский"],
    }
    with running(env) as port:
        for name, paths in public.items():
            value = time_pages(port, [("", path) for path in paths])
            yield Figure(f"okmo_portal.{name}_p95", value, "ms", "<= 50")
            queries = count_queries(None, paths[0])
            yield Figure(f"okmo_portal.{name}_queries", queries, "queries", "<= 20")
        visits = [(session_cookie(user), "/cabinet/") for user in (specialist, director)]
        yield Figure("okmo_portal.cabinet_p95", time_pages(port, visits), "ms", "<= 150")
        queries = count_queries(director, "/cabinet/")
        yield Figure("okmo_portal.cabinet_queries", queries, "queries", "<= 20")
