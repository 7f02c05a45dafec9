"""Workbooks: one uploaded and answered through the real pages; prefilled ones for the country.

The upload's figure is the POST and the page that it leads to, together. Prefilled workbooks are made
by two processes as two workers would make them, bundle by bundle, without the queue; by default a
sample of 2,000 is made and the time taken for 22,000 (``WORKBOOKS=22000`` makes all).
"""

import os
import subprocess
import sys
import time
import uuid

from benchmarks.annual_report.pages import head_of
from benchmarks.databases import use_full
from benchmarks.figures import Figure
from benchmarks.server import TOKEN, Client, percentile95, running, session_cookie

UPLOADS, PEOPLE, COUNTRY = 120, 20, 22_000
WARM_UP = 8


def run():
    env = use_full()
    from annual_report.models import Campaign, Submission

    campaign = Campaign.objects.open().main().get()
    forms = Submission.objects.filter(campaign=campaign, state__in=["draft", "not_started"])
    forms = list(
        forms.select_related("campaign__form", "municipality", "region").order_by("?")[:PEOPLE]
    )
    with running(env) as port:
        yield Figure("annual_report.workbook_p95", time_uploads(port, forms), "ms", "<= 150")
    count = int(os.environ.get("WORKBOOKS", "2000"))
    seconds = make_copies(env, campaign, count)
    yield Figure("annual_report.workbooks_sample", count, "workbooks", ">= 2000")
    yield Figure("annual_report.workbooks_seconds", seconds * COUNTRY / count, "s", "<= 300")


def time_uploads(port, forms):
    """Milliseconds of the 95th percentile; each workbook has a handful of changed cells."""
    from annual_report.services import workbooks

    visits = []
    for form in forms:
        client = Client(port, session_cookie(head_of(form)))
        visits.append((client, form, workbooks.make_workbook(form)))
    taken = []
    for number in range(UPLOADS + WARM_UP):
        client, form, content = visits[number % len(visits)]
        started = time.perf_counter()
        address = upload(client, f"/cabinet/forms/{form.pk}/workbook/upload/", content)
        status, _body = client.get(address)
        taken.append(time.perf_counter() - started)
        if status != 200:
            raise RuntimeError(f"{address} answered {status}")
    return percentile95(taken[WARM_UP:]) * 1000


def upload(client, path, content):
    """POST the file as a browser does; returns where the answer leads."""
    mark = uuid.uuid4().hex
    body = b"".join(
        [
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="book.xlsx"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode(),
            content,
            f"\r\n--{mark}--\r\n".encode(),
        ]
    )
    headers = {
        "Cookie": client.cookies,
        "Content-Type": f"multipart/form-data; boundary={mark}",
        "X-CSRFToken": TOKEN,
    }
    client.connection.request("POST", path, body, headers)
    answer = client.connection.getresponse()
    text = answer.read()
    if answer.status != 302:
        raise RuntimeError(f"{path} answered {answer.status}: {text[:300]!r}")
    return answer.getheader("Location")


def make_copies(env, campaign, count):
    """Seconds in which two processes make ``count`` workbooks, their own start not counted."""
    forms = list(campaign.submissions.order_by("pk").values_list("pk", flat=True)[:count])
    halves = [forms[0::2], forms[1::2]]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.annual_report.workbooks", str(campaign.pk)],
            env=os.environ | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _half in halves
    ]
    for process in processes:
        process.stdout.readline()
    started = time.perf_counter()
    for process, half in zip(processes, halves, strict=True):
        process.stdin.write(" ".join(map(str, half)) + "\n")
        process.stdin.flush()
    made = sum(int(process.stdout.readline()) for process in processes)
    seconds = time.perf_counter() - started
    for process in processes:
        process.stdin.close()
        process.wait()
    if made != len(forms):
        raise RuntimeError(f"{made} of {len(forms)} workbooks")
    return seconds


def work(campaign_id):
    """One of the two: says when it has started, then makes what it is told, archive by archive."""
    import io
    import zipfile

    import django

    django.setup()
    from annual_report.models import Campaign
    from annual_report.services import workbook_sets

    campaign = Campaign.objects.select_related("form").get(pk=campaign_id)
    print("ready", flush=True)
    forms = [int(item) for item in sys.stdin.readline().split()]
    made = 0
    for part in workbook_sets.cut(forms):
        with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_STORED) as archive:
            for name, content in workbook_sets.make_copies(campaign, part):
                archive.writestr(name, content)
                made += 1
    print(made, flush=True)


if __name__ == "__main__":
    work(int(sys.argv[1]))
