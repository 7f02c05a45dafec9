"""Fixtures for all tests: real PostgreSQL and Redis, a real worker, a real browser."""

import importlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from hypothesis import settings as hypothesis_settings

# A slow machine is no failure. CI takes the same examples each time, so that a landing does not hang
# on luck; a developer's runs go on looking for new ones.
hypothesis_settings.register_profile(
    "portal", deadline=None, derandomize=bool(os.environ.get("CI"))
)
hypothesis_settings.load_profile("portal")

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
INSTALL_BROWSER = "apt-get install chromium"
WIDTHS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 320, "height": 640}}

# pytest-playwright runs an event loop in the test's thread; Django would refuse its queries.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def chromium() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def xdist_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)


#: Fixtures whose tests commit, and empty the tables at their end.
COMMITTING = {"live_server", "transactional_db", "page", "celery_worker_process"}


def commits(item):
    marker = item.get_closest_marker("django_db")
    return bool(COMMITTING & set(getattr(item, "fixturenames", ()))) or bool(
        marker and marker.kwargs.get("transaction")
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Mark browser tests, and skip them by name where there is no Chromium.

    Tests that empty the tables go last, whatever pytest's grouping by browser made of their order:
    the others need what migrations loaded.
    """
    items.sort(key=commits)
    missing = chromium() is None
    for item in items:
        if "page" in getattr(item, "fixturenames", ()) or "browser" in item.keywords:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium: {INSTALL_BROWSER}"))


def pytest_terminal_summary(terminalreporter):
    if chromium() is None:
        terminalreporter.write_line(
            f"Browser tests were skipped: no Chromium here. To run them: {INSTALL_BROWSER}"
        )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real registers beside the project; not shipped with it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder shared/data with real registers is not here")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def own_redis_prefix():
    """Parallel test processes share one Redis; each has its own keys and queues."""
    number = xdist_number()
    settings.CACHES["default"]["KEY_PREFIX"] = f"test{number}"
    return number


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.DATA_ROOT = tmp_path / "data"


@pytest.fixture
def migrated_data(transactional_db):
    """A transactional test empties the tables; what migrations loaded comes back first."""
    for module in (
        "okmo_portal.core.migrations.0002_production_calendar_2024_2026",
        "okmo_portal.organisations.migrations.0002_regions",
        "okmo_portal.accounts.migrations.0002_consent_text",
    ):
        importlib.import_module(module).load(apps, None)


@pytest.fixture
def celery_worker_process(transactional_db, settings, tmp_path_factory):
    """A real worker on the test database; yields a function that kills and one that restarts it."""
    worker = WorkerProcess(settings)
    worker.start()
    yield worker
    worker.stop()


class WorkerProcess:
    """``celery worker`` as a process of its own, with the test's database, files and queues."""

    def __init__(self, settings):
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "okmo_portal.settings.test",
            "TEST_DATABASE_NAME": connection.settings_dict["NAME"],
            "TEST_REDIS_NUMBER": str(xdist_number()),
            "TEST_MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "TEST_DATA_ROOT": str(settings.DATA_ROOT),
        }
        self.process = None

    def start(self):
        command = [
            sys.executable, "-m", "celery", "-A", "okmo_portal", "worker", "--loglevel", "WARNING",
            "--concurrency", "2", "--queues", "default,report,mail",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, start_new_session=True)

    def kill(self):
        """As an out-of-memory killer would: the whole group, without a word."""
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def wait_for():
    """Poll until a condition holds; fails with its last value after ``seconds``."""

    def wait(condition, *, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"not reached within {seconds} s: {condition} gave {value!r}")
            time.sleep(0.1)
        return value

    return wait


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {
        "executable_path": chromium(),
        "args": [
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"locale": "ru-RU", "timezone_id": "Europe/Moscow"}


#: The elements that stick out of the window, for the message of a failed test.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((item) => item.getBoundingClientRect().right > innerWidth + 1)
    .map((item) => `${item.tagName}.${item.className} ${item.textContent.trim().slice(0, 30)}`)
    .slice(-5)"""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def axe():
    """``axe(page)``: the violations of the page as it stands, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page):
        results = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
        return [
            f"{item['id']}: {node['html'][:200]}"
            for item in results.response["violations"]
            for node in item["nodes"]
        ]

    return check


@pytest.fixture
def check_page(axe):
    """Accessible, and no sideways scroll, at both widths and with text at 200 %."""

    def check(page):
        for name, size in WIDTHS.items():
            page.set_viewport_size(size)
            assert axe(page) == [], f"{page.url} at {name}"
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{page.url} at {name} is wider by {page.evaluate(TOO_WIDE)}"
            assert page.locator("h1").count() == 1, page.url
        # Sizes and breakpoints are in rem, so text at 200 % lays out as a window half as wide.
        page.set_viewport_size({"width": 640, "height": 450})
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{page.url} at 200 % text is wider by {page.evaluate(TOO_WIDE)}"

    return check


@pytest.fixture
def browser_sign_in(context, live_server, client):
    """Put a signed-in session's cookie into the browser."""

    def sign_in(user, membership=None):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        if membership is not None:
            session = client.session
            session["membership_id"] = membership.pk
            session.save()
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url, "httpOnly": True}]
        )

    return sign_in
