"""The form, the council's queue and the board at 22,000 municipalities, through the real server."""

from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, session_cookie, time_pages


def run():
    env = use_full()
    from annual_report.models import Campaign, Submission
    from okmo_portal.accounts.models import User

    campaign = Campaign.objects.open().main().get()
    forms = Submission.objects.filter(campaign=campaign, state__in=["draft", "not_started"])
    heads = [(form, head_of(form)) for form in forms.order_by("?")[:20]]
    directors = list(User.objects.filter(email__startswith="direktor-").order_by("?")[:20])
    staff = User.objects.get(email="kongress@demo.example")
    section = "/cabinet/forms/{}/section/D/"
    with running(env) as port:
        visits = [(session_cookie(head), section.format(form.pk)) for form, head in heads]
        yield Figure("annual_report.form_p95", time_pages(port, visits), "ms", "<= 150")
        queries = count_queries(heads[0][1], section.format(heads[0][0].pk))
        yield Figure("annual_report.form_queries", queries, "queries", "<= 20")
        visits = [(session_cookie(director), "/cabinet/review/") for director in directors]
        yield Figure("annual_report.queue_p95", time_pages(port, visits), "ms", "<= 150")
        queries = count_queries(directors[0], "/cabinet/review/")
        yield Figure("annual_report.queue_queries", queries, "queries", "<= 20")
        visits = [(session_cookie(staff), "/cabinet/board/")]
        yield Figure("annual_report.board_p95", time_pages(port, visits), "ms", "<= 150")


def head_of(form):
    return (
        form.municipality.organisations.get().memberships.filter(role="head").order_by("pk")[0].user
    )
