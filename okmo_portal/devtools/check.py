"""``make check``: every static check, all of them run even when one fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "okmo_portal.settings.production",
    "SECRET_KEY": "check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "ALLOWED_HOSTS": "portal.example",
}
COMPOSE = {
    "SECRET_KEY": "check",
    "POSTGRES_PASSWORD": "check",
    "ALLOWED_HOSTS": "portal.example",
    "SITE_URL": "https://portal.example",
    "CSRF_TRUSTED_ORIGINS": "https://portal.example",
}


def steps() -> list[tuple[str, list[str], dict[str, str]]]:
    python, manage = str(BIN / "python"), [str(BIN / "python"), "manage.py"]
    found = [
        ("ruff", [str(BIN / "ruff"), "check", "."], {}),
        ("format", [str(BIN / "ruff"), "format", "--check", "."], {}),
        ("mypy", [str(BIN / "mypy")], {}),
        ("imports", [str(BIN / "lint-imports")], {}),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        ("translations", [python, "-m", "okmo_portal.devtools.translations", "check"], {}),
        ("deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ]
    if compose := compose_command():
        found.append(("compose", [*compose, "config", "--quiet"], COMPOSE))
    return found


def compose_command() -> list[str] | None:
    """Docker's compose plugin, where it is there."""
    if shutil.which("docker") is None:
        return None
    probe = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if probe.returncode == 0 else None


def main() -> int:
    failed = []
    for name, command, extra in steps():
        env = os.environ | extra
        result = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True)
        print(f"{name}: {'ok' if result.returncode == 0 else 'FAILED'}", flush=True)
        if result.returncode:
            failed.append(name)
            print(result.stdout + result.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
