"""All control rules over the country: read, decided, stored; one form's check; the rules' pages."""

import statistics
import time

from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import count_queries, running, session_cookie, time_pages

TRIED = "abs(A05-prev(%22A05%22))<=0.1*prev(%22A05%22)"


def run():
    env = use_full()
    from annual_report.models import Campaign
    from annual_report.services import rule_runs
    from okmo_portal.accounts.models import User

    # Last year's is finished: nearly all of the country has begun its form.
    finished = Campaign.objects.main().order_by("-year")[1]
    seconds, found = timed(lambda: rule_runs.check_campaign(finished))
    forms, rules = found.table.shape
    yield Figure("annual_report.rules_forms", forms, "forms", ">= 21000")
    yield Figure("annual_report.rules_number", rules, "rules", ">= 150")
    yield Figure("annual_report.rules_seconds", seconds, "s", "<= 5")
    yield Figure("annual_report.rules_decided", decided(found), "s", "<= 0.5")
    seconds, _run = timed(lambda: rule_runs.run_rules(campaign=finished, by=None))
    yield Figure("annual_report.rules_run", seconds, "s", "<= 10")
    campaign = Campaign.objects.open().main().get()
    yield from one_form(campaign)
    rule_runs.run_rules(campaign=campaign, by=None)
    staff = User.objects.get(email="kongress@demo.example")
    directors = list(User.objects.filter(email__startswith="direktor-").order_by("?")[:20])
    yield from pages(env, campaign, staff, directors)


def timed(work):
    """Median seconds of three runs, and what the last one gave."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), result


def decided(found):
    """Seconds of the verdicts alone, over values that are already read."""
    from annual_report.rules.frame import verdicts

    trees = [rule.expression.tree for rule in found.rules.rules]
    return timed(lambda: verdicts(trees, found.values.frame))[0]


def one_form(campaign):
    """All rules over one form: the verdicts alone, and with its values read and findings told."""
    from annual_report.rules import server
    from annual_report.selectors import get_filled_form
    from annual_report.services.checks import check_form, rules_of, values_of

    submission = campaign.submissions.filter(state="submitted").first()
    form = get_filled_form(submission)
    rules = rules_of(form)
    values, kind = values_of(form, rules), form.spec.kind

    def decide():
        known = server.floats(values)
        for rule in rules.rules:
            rule.expression.verdict(known, kind)

    def check():
        form.operands = None
        check_form(form)

    for name, work, bar in (("verdicts", decide, "<= 2"), ("check", check, "<= 20")):
        work()
        started = time.perf_counter()
        for _ in range(50):
            work()
        taken = (time.perf_counter() - started) / 50
        yield Figure(f"annual_report.rules_form_{name}", taken * 1000, "ms", bar)


def pages(env, campaign, staff, directors):
    from annual_report.models import RuleFinding

    busiest = RuleFinding.objects.filter(run__campaign=campaign).values_list("rule_id", flat=True)
    rules = sorted(set(busiest))[:20]
    with running(env) as port:
        cookie = session_cookie(staff)
        visits = [(cookie, "/cabinet/rules/")]
        visits += [(session_cookie(director), "/cabinet/rules/") for director in directors]
        yield Figure("annual_report.rules_list_p95", time_pages(port, visits), "ms", "<= 150")
        visits = [(cookie, f"/cabinet/rules/{rule}/") for rule in rules]
        yield Figure("annual_report.rules_detail_p95", time_pages(port, visits), "ms", "<= 150")
        visits = [(cookie, f"/cabinet/rules/try/?expression={TRIED}")]
        yield Figure("annual_report.rules_try_p95", time_pages(port, visits), "ms", "<= 1000")
    queries = count_queries(staff, f"/cabinet/rules/{rules[0]}/")
    yield Figure("annual_report.rules_queries", queries, "queries", "<= 25")
