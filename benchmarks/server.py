"""The real web server with two workers, and a client that measures it."""

import http.client
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse
from contextlib import contextmanager
from pathlib import Path

from okmo_portal.devtools.demo import free_port

TOKEN = "b" * 32
REQUESTS = 300


class WebServer:
    """Granian as production runs it, with two workers; can be killed and started again."""

    def __init__(self, env):
        self.env, self.port, self.kills, self.process = env, free_port(), 0, None

    def start(self):
        command = [
            str(Path(sys.executable).parent / "granian"), "--interface", "wsgi",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2",
            "--blocking-threads", "1", "--respawn-failed-workers", "--respawn-interval", "0.5",
            "--log-level", "error", "okmo_portal.wsgi:application",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, env=os.environ | self.env, stdout=subprocess.DEVNULL
        )
        for _ in range(100):
            try:
                if Client(self.port).get("/health/")[0] == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("the web server does not answer")

    def kill_one(self):
        """One worker dies; the server starts another."""
        os.kill(max(children(self.process.pid), key=resident), signal.SIGKILL)
        self.kills += 1

    def kill(self):
        for pid in [self.process.pid, *children(self.process.pid)]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.process.terminate()
        self.process.wait()


@contextmanager
def running(env):
    """Start granian as production does, with two workers; yields the port."""
    with WebServer(env) as web:
        yield web.port


def children(pid):
    """Processes that ``pid`` started, and theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def resident(pid):
    """Highest resident memory of the process so far, MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)


class Client:
    """One kept connection with a signed-in person's cookies."""

    def __init__(self, port, cookies=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = f"csrftoken={TOKEN}; {cookies}"

    def get(self, path):
        return self._send("GET", path)

    def post_json(self, path, body):
        headers = {"Content-Type": "application/json", "X-CSRFToken": TOKEN}
        return self._send("POST", path, body, headers)

    def _send(self, method, path, body=None, headers=None):
        path = urllib.parse.quote(path, safe="/?=&+%")
        self.connection.request(method, path, body, {"Cookie": self.cookies, **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def session_cookie(user):
    """Sign ``user`` in without the page; gives his consent first."""
    from django.conf import settings
    from django.test import Client as TestClient

    from okmo_portal.accounts import services

    if not services.has_consented(user):
        services.give_consent(by=user, text=services.current_consent_text(), address="127.0.0.1")
    client = TestClient()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def percentile95(seconds):
    return statistics.quantiles(seconds, n=20)[-1]


def time_pages(port, visits):
    """Milliseconds of the 95th percentile; ``visits``: (cookie, path) pairs, taken in turn."""
    clients = {cookie: Client(port, cookie) for cookie, _path in visits}
    for cookie, path in visits[:20]:  # both workers import what they need
        clients[cookie].get(path)
    taken = []
    for number in range(REQUESTS):
        cookie, path = visits[number % len(visits)]
        started = time.perf_counter()
        status, _body = clients[cookie].get(path)
        taken.append(time.perf_counter() - started)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
    return percentile95(taken) * 1000


def count_queries(user, path):
    """How many queries one page asks, in this process."""
    from django.db import connection
    from django.test import Client as TestClient
    from django.test.utils import CaptureQueriesContext

    client = TestClient()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)
