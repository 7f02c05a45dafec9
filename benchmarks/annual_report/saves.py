"""Cells saved a second through the server with two workers, by eight people at once."""

import json
import threading
import time

from benchmarks.annual_report.pages import head_of
from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import Client, running, session_cookie

PEOPLE, SECONDS, CODE = 8, 10, "A01"


def run():
    env = use_full()
    from annual_report.models import Answer, Campaign, Submission

    campaign = Campaign.objects.open().main().get()
    forms = list(Submission.objects.filter(campaign=campaign, state="not_started")[:PEOPLE])
    cookies = [session_cookie(head_of(form)) for form in forms]
    saved, last = [0] * PEOPLE, [0] * PEOPLE

    def work(number, port, until):
        client, path = Client(port, cookies[number]), f"/cabinet/forms/{forms[number].pk}/answer/"
        while time.perf_counter() < until:
            last[number] = saved[number] + 1
            body = {"code": CODE, "value": str(last[number]), "overwrite": True}
            status, answer = client.post_json(path, json.dumps(body))
            if status != 200:
                raise RuntimeError(answer.decode()[:300])
            saved[number] += 1

    with running(env) as port:
        started = time.perf_counter()
        threads = [
            threading.Thread(target=work, args=(number, port, started + SECONDS))
            for number in range(PEOPLE)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = time.perf_counter() - started
    stored = [
        int(Answer.objects.get(submission=form, indicator__code=CODE).value) for form in forms
    ]
    # ODK Central's published mark for whole submissions is 41.2 a second.
    yield Figure("annual_report.saves", sum(saved) / taken, "cells/s", ">= 41.2")
    lost = sum(value != number for value, number in zip(stored, last, strict=True))
    yield Figure("annual_report.saves_lost", lost, "cells", "<= 0")
    Answer.objects.filter(submission__in=forms, indicator__code=CODE).delete()
    Submission.objects.filter(pk__in=[form.pk for form in forms]).update(state="not_started")
