"""Whole forms of a hundred indicators sent a second through the real view, and what a kill loses.

Eight heads at a time post every asked cell, certify and send. The second part does the same while a
web worker, then the whole web server, then the Celery worker are killed with -9; every answer that was
acknowledged is then read back from the database, and every other form must be whole or untouched.
"""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import deque
from pathlib import Path

from benchmarks.annual_report.pages import head_of
from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import (
    TOKEN,
    Client,
    WebServer,
    children,
    percentile95,
    session_cookie,
)

PEOPLE, TIMED, KILLED, LEAST_FIELDS = 8, 500, 250, 95


def run():
    env = use_full()
    posts = deque(prepare(TIMED + KILLED))
    timed, killed = [posts.popleft() for _ in range(TIMED)], list(posts)
    reset(timed + killed)
    worker = start_worker(env)
    try:
        with WebServer(env) as web:
            warm_up(web, timed)
            seconds, taken = send_all(web, timed)
            yield Figure("annual_report.submissions", len(timed) / seconds, "forms/s", ">= 100")
            yield Figure("annual_report.submission_p95", percentile95(taken) * 1000, "ms", "<= 150")
            lost, told = compare(timed), wait_for_notices(timed)
            yield Figure("annual_report.submissions_lost", lost, "forms", "<= 0")
            yield Figure("annual_report.submissions_untold", told, "forms", "<= 0")
            killer = threading.Thread(target=kill_in_turn, args=(env, web, worker))
            killer.start()
            send_all(web, killed)
            killer.join()
            yield Figure("annual_report.killed_kills", web.kills + worker.kills, "kills", ">= 3")
            yield Figure("annual_report.killed_lost", compare(killed), "forms", "<= 0")
            untold = wait_for_notices(killed)
            yield Figure("annual_report.killed_untold", untold, "forms", "<= 0")
    finally:
        worker.stop()
        reset(timed + killed)


class Post:
    """One form, its head's cookie and what he sends."""

    def __init__(self, form, cookie, values, body):
        self.form, self.cookie, self.values, self.body = form, cookie, values, body
        self.acknowledged = False


def prepare(count):
    """Forms that a head could send with last year's values and what the rules ask beside."""
    from annual_report.models import Campaign, Submission

    campaign = Campaign.objects.open().main().get()
    forms = (
        Submission.objects.filter(campaign=campaign, state__in=["not_started", "draft"])
        .with_territory()
        .order_by("pk")
    )
    posts = []
    for form in forms.iterator(chunk_size=500):
        if (post := make_post(form)) is not None:
            posts.append(post)
        if len(posts) == count:
            return posts
    raise RuntimeError(f"only {len(posts)} forms can be sent")


def make_post(form):
    from annual_report.enums import Severity
    from annual_report.filled_form import SavedAnswer, get_filled_form, type_value
    from annual_report.services.checks import check_form

    filled = get_filled_form(form)
    if len(filled.asked) < LEAST_FIELDS:
        return None
    values, now = {}, form.updated_at
    for cell in filled.asked:
        values[cell.code] = cell.previous if cell.previous is not None else cell.value
    filled.put_answers(
        SavedAnswer(
            filled.cells[code].indicator.pk, value, "" if value is not None else "Нет учёта", "",
            None, None, None, "manual", 1, 1, now,
        )
        for code, value in values.items()
    )  # fmt: skip
    problems = check_form(filled)
    if any(problem.severity == Severity.CRITICAL for problem in problems):
        return None
    data = {"csrfmiddlewaretoken": TOKEN, "submit": "1", "certified": "on", "confirm": "1"}
    for code, value in values.items():
        data[f"value-{code}"] = type_value(filled.cells[code].indicator, value)
        data[f"overwrite-{code}"] = "1"
        data[f"note-{code}"] = (
            "Как в прошлом году." if filled.cells[code].differs_from_federal else ""
        )
        if value is None:
            data[f"reason-{code}"] = "Нет учёта"
    for problem in problems:
        if problem.severity == Severity.EXPLAIN and problem.rule_id:
            data[f"explain-{problem.rule_id}"] = "Сверено с бухгалтерией, значение верно."
    return Post(form, session_cookie(head_of(form)), values, urllib.parse.urlencode(data).encode())


def send_all(web, posts):
    """Eight senders empty the queue; seconds of the whole and of each form."""
    waiting, taken, errors = deque(posts), [], []

    def work():
        client = None
        while not errors:
            try:
                post = waiting.popleft()
            except IndexError:
                return
            started = time.perf_counter()
            while not errors:
                try:
                    client = client or Client(web.port)
                    status, location, text = send(client, post)
                    break
                except OSError:  # the server is being killed: a person presses again
                    client = None
                    time.sleep(0.05)
            taken.append(time.perf_counter() - started)
            if status == 302 and location.endswith("/sent/"):
                post.acknowledged = True
            elif status != 302:
                errors.append(f"form {post.form.pk} answered {status}: {text[:300]!r}")

    threads = [threading.Thread(target=work) for _ in range(PEOPLE)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    return time.perf_counter() - started, taken


def send(client, post):
    headers = {
        "Cookie": f"csrftoken={TOKEN}; {post.cookie}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        client.connection.request("POST", f"/cabinet/forms/{post.form.pk}/all/", post.body, headers)
        answer = client.connection.getresponse()
        return answer.status, answer.getheader("Location") or "", answer.read()
    except http.client.HTTPException as error:
        raise OSError from error


def warm_up(web, posts):
    """Both workers import what they need; nothing is saved."""
    for post in posts[:20]:
        Client(web.port, post.cookie).get(f"/cabinet/forms/{post.form.pk}/all/")


def compare(posts):
    """How many acknowledged forms are not as they were sent, and others that are half there."""
    from annual_report.models import Answer, Submission

    lost = 0
    for post in posts:
        state = Submission.objects.get(pk=post.form.pk).state
        rows = Answer.objects.filter(submission_id=post.form.pk, indicator__code__in=post.values)
        stored = dict(rows.values_list("indicator__code", "value"))
        is_whole = state == "submitted" and stored == {
            code: None if value is None else round(value, 6) for code, value in post.values.items()
        }
        lost += (post.acknowledged or state == "submitted") and not is_whole
    return lost


def wait_for_notices(posts, seconds=60):
    """Sent forms of which some person of the council has not been told after a minute."""
    from annual_report.models import Submission
    from annual_report.services.notices import council_people
    from okmo_portal.notifications.models import Notification

    forms = Submission.objects.filter(pk__in=[post.form.pk for post in posts], state="submitted")
    until = time.perf_counter() + seconds
    while True:
        missing = 0
        for form in forms:
            prefix = f"annual_report:{form.pk}:submitted:"
            told = Notification.objects.filter(key__startswith=prefix).count()
            missing += told < council_people(form.region_id).count()
        if not missing or time.perf_counter() > until:
            return missing
        time.sleep(1)


def kill_in_turn(env, web, worker):
    time.sleep(0.7)
    web.kill_one()
    time.sleep(1)
    worker.kill()
    time.sleep(0.5)
    web.kill()
    web.start()
    worker.start()


class Worker:
    """A Celery worker with beat, as production runs them."""

    def __init__(self, env):
        self.env, self.kills, self.process = env, 0, None

    def start(self):
        command = [
            str(Path(sys.executable).parent / "celery"), "-A", "okmo_portal",
            "worker", "--beat", "-Q", "default,mail", "-c", "1", "--loglevel", "ERROR",
            "--schedule", "/tmp/okmo-bench-beat",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, env=os.environ | self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self):
        for pid in [*children(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def stop(self):
        self.process.terminate()
        self.process.wait()


def start_worker(env):
    worker = Worker(env)
    worker.start()
    return worker


def reset(posts):
    """The forms as they were before, for the next run."""
    from annual_report.models import Answer, Explanation, Submission
    from okmo_portal.notifications.models import Notification

    forms = [post.form.pk for post in posts]
    for post in posts:
        Notification.objects.filter(key__startswith=f"annual_report:{post.form.pk}:").delete()
    Explanation.objects.filter(submission__in=forms).delete()
    Answer.objects.filter(submission__in=forms).delete()
    Submission.objects.filter(pk__in=forms).update(
        state="not_started", filled=0, submitted_at=None, submitted_by=None, filed_at=None,
        certified_checksum="", decided_at=None, decided_by=None,
    )  # fmt: skip
