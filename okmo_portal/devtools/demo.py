"""``make demo``: everything the portal needs, started together and stopped together.

Keeps web, worker and beat alive (a killed one is started again) until Ctrl-C or SIGTERM.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from okmo_portal.devtools import services, translations

ROOT = services.ROOT
STAMP = services.VAR / "static.sha256"
BIN = Path(sys.executable).parent


class Stopped(Exception):
    """A signal asked for the end."""


def environment(port: int) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "okmo_portal.settings.development",
        "DEBUG": "0",
        "SITE_URL": os.environ.get("SITE_URL", f"http://127.0.0.1:{port}"),
        "PYTHONUNBUFFERED": "1",
        # In a container the demo runs as root; Celery's warning of that helps nobody here.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise services.ServiceError(
                f"Port {port} is in use: stop what listens there or choose another, "
                "for example `make demo PORT=8001`."
            ) from error


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(env: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    if subprocess.run(command, cwd=ROOT, env=env).returncode:
        raise services.ServiceError(f"`manage.py {' '.join(arguments)}` failed; see above.")


def collect_static(env: dict[str, str]) -> None:
    """Only when a source changed since the last time."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    sources = (*(ROOT / "static").rglob("*"), *(ROOT / "docs" / "images").glob("*"))
    for path in sorted(sources):
        if path.is_file():
            digest.update(f"{path}:{path.stat().st_mtime_ns}".encode())
    if STAMP.exists() and STAMP.read_text() == digest.hexdigest():
        return
    manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    STAMP.write_text(digest.hexdigest())


def commands(port: int) -> dict[str, list[str]]:
    celery = [str(BIN / "celery"), "--quiet", "-A", "okmo_portal"]
    return {
        "web": [
            str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", "2", "--blocking-threads", "1",
            "--log-level", "warning", "okmo_portal.wsgi:application",
        ],
        "worker": [
            *celery, "worker", "--loglevel", "WARNING", "--concurrency", "2",
            "--queues", "default,report,mail", "--without-gossip", "--without-mingle",
        ],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""],
    }  # fmt: skip


class Group:
    """The processes of the demo; each in a session of its own, so that all of it can be ended."""

    def __init__(self, env: dict[str, str], port: int):
        self.env, self.commands = env, commands(port)
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self, name: str) -> None:
        self.processes[name] = subprocess.Popen(
            self.commands[name], cwd=ROOT, env=self.env, start_new_session=True
        )

    def start_all(self) -> None:
        for name in self.commands:
            self.start(name)

    def revive(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                print(
                    f"{name} ended with code {process.returncode}; starting it again.", flush=True
                )
                time.sleep(1)
                self.start(name)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 15
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_ready(port: int, group: Group) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        group.revive()
    raise services.ServiceError("The web server did not answer within a minute; see above.")


def prepare(env: dict[str, str]) -> None:
    translations.compile_catalogues()
    manage(env, "migrate", "--noinput", "--verbosity", "0")
    collect_static(env)
    manage(env, "load_demo", "--scale", os.environ.get("DEMO_SCALE") or "small")


def serve(env: dict[str, str], port: int) -> None:
    group = Group(env, port)
    try:
        group.start_all()
        wait_until_ready(port, group)
        manage(env, "demo_accounts")
        print(f"\nReady: {env['SITE_URL']}/   (Ctrl-C stops everything)", flush=True)
        while True:
            time.sleep(1)
            group.revive()
    finally:
        group.stop()


def on_signal(number, frame):
    raise Stopped


def main() -> int:
    port = int(os.environ.get("PORT") or "8000")
    env = environment(port)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        check_port(port)
        services.start()
        prepare(env)
        serve(env, port)
    except Stopped:
        print("\nStopping …", flush=True)
    except services.ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        services.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
