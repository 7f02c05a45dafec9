"""The embedded servers on a folder of their own: killed, half-made, started twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from okmo_portal.devtools import demo, services

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A copy of the tools with an empty ``var/``; what it started is stopped and removed."""
    shutil.copytree(ROOT / "okmo_portal/devtools", tmp_path / "okmo_portal/devtools")
    (tmp_path / "okmo_portal/__init__.py").touch()
    yield tmp_path
    tool(tmp_path, "stop")
    embedded = tmp_path / "var/embedded"
    if embedded.is_symlink():
        shutil.rmtree(embedded.resolve())


def tool(checkout, *arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-m", "okmo_portal.devtools.services", *arguments],
        cwd=checkout, env=clean | environment, capture_output=True, text=True,
    )  # fmt: skip


def pids(checkout):
    state = json.loads((checkout / "var/services.json").read_text())
    data = Path(state["database"]["HOST"]).parent / "pgdata"
    redis = int((checkout / "var/redis/redis.pid").read_text())
    return int((data / "postmaster.pid").read_text().split()[0]), redis


@pytest.mark.slow
def test_next_run_recovers_from_a_killed_one(checkout):
    first = tool(checkout, "start")
    assert first.returncode == 0, first.stderr
    before = pids(checkout)
    assert tool(checkout, "start").returncode == 0
    assert pids(checkout) == before, "a second start finds the first one's servers"
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    again = tool(checkout, "start")
    assert again.returncode == 0, again.stderr
    after = pids(checkout)
    assert set(after).isdisjoint(before)
    assert tool(checkout, "stop").returncode == 0
    assert [pid for pid in after if is_alive(pid)] == []


def is_alive(pid):
    """A process that ended and was not reaped yet is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_addresses_of_the_environment_start_nothing(checkout):
    result = tool(
        checkout, "start", DATABASE_URL="postgres://u@h/d", REDIS_URL="redis://127.0.0.1:1/0"
    )
    assert result.returncode == 0, result.stderr
    assert not (checkout / "var/embedded").exists()
    assert not (checkout / "var/redis").exists()


def test_no_network_is_told_in_one_sentence(tmp_path):
    (tmp_path / "okmo_portal/devtools").mkdir(parents=True)
    shutil.copy(ROOT / "okmo_portal/devtools/setup.py", tmp_path / "okmo_portal/devtools")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    base = sys.base_prefix + "/bin/python3"
    result = subprocess.run(
        [base, "okmo_portal/devtools/setup.py"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith("The libraries could not be installed: is there a network")
    assert "Traceback" not in result.stderr


def test_killed_process_of_the_demo_comes_back_and_all_stop(monkeypatch):
    monkeypatch.setattr(
        demo, "commands", lambda port: {name: ["sleep", "60"] for name in ("web", "worker", "beat")}
    )
    group = demo.Group(dict(os.environ), 0)
    group.start_all()
    first = {name: process.pid for name, process in group.processes.items()}
    os.kill(first["worker"], signal.SIGKILL)
    group.processes["worker"].wait()
    group.revive()
    now = {name: process.pid for name, process in group.processes.items()}
    assert (now["web"], now["beat"]) == (first["web"], first["beat"])
    assert now["worker"] != first["worker"]
    group.stop()
    assert [process.poll() is None for process in group.processes.values()] == [False] * 3


def test_unfit_data_folder_is_told_in_one_sentence(checkout):
    assert services.MIN_FREE_MB > 0
    (checkout / "var").mkdir()
    (checkout / "var/services.lock").mkdir()
    result = tool(checkout, "start")
    assert result.returncode == 1
