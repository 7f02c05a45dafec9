"""Make the virtual environment and see to the system libraries. Standard library only.

``python3 okmo_portal/devtools/setup.py [--browser]``: a second run finds its stamp and skips.
"""

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".requirements.sha256"
PANGO_PACKAGES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"]
PANGO_LIBRARIES = ["pango-1.0", "pangoft2-1.0", "harfbuzz-subset"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFICES = ("soffice", "libreoffice")


class SetupError(Exception):
    """One sentence that says what is wrong and what to do."""


def wanted() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest() + sys.version


def run(command: list[str], problem: str) -> None:
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise SetupError(f"{problem} ({lines[-1].strip() if lines else 'no output'})")


def make_environment() -> None:
    """Install the locked, hashed requirements with uv where it is, else with pip."""
    if STAMP.exists() and STAMP.read_text() == wanted():
        return
    print("Installing the locked libraries into .venv …", flush=True)
    python = VENV / "bin" / "python"
    uv = shutil.which("uv")
    if not python.exists() or (uv is None and not has_pip(python)):
        make_venv(uv)
    offline = "The libraries could not be installed: is there a network, and room on the disk?"
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(python)]
        run([*command, "--require-hashes", "-r", str(LOCK)], offline)
    else:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*command, "--require-hashes", "-r", str(LOCK)], offline)
    STAMP.write_text(wanted())


def has_pip(python: Path) -> bool:
    """An environment that uv made has none."""
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0


def make_venv(uv: str | None) -> None:
    if uv:
        run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], "uv made no .venv")
        return
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    except (subprocess.CalledProcessError, OSError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            "Python's venv is missing or broken; run: apt-get install python3-venv "
            f"({type(error).__name__})"
        ) from error


def install_packages(names: list[str], what: str) -> bool:
    """Install Debian packages when that is possible here; says how when it is not."""
    command = f"apt-get install {' '.join(names)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"{what} missing. Run: sudo {command}", flush=True)
        return False
    print(f"{what} missing, installing: {command}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *names]):
        result = subprocess.run(step, env=environment, capture_output=True, text=True)
        if result.returncode and step[1] == "install":
            print(f"{what} could not be installed here. Run: {command}", flush=True)
            return False
    return True


def see_to_pango() -> None:
    if not all(ctypes.util.find_library(name) for name in PANGO_LIBRARIES):
        install_packages(PANGO_PACKAGES, "Pango (for PDF) is")


def see_to_browser() -> None:
    """CI installs Chromium; elsewhere the browser tests say how and are skipped."""
    if os.environ.get("CI") and not any(shutil.which(name) for name in BROWSERS):
        install_packages(["chromium"], "Chromium (for browser tests) is")


def see_to_office() -> None:
    """CI installs LibreOffice; elsewhere the tests of workbooks' formulas say how and are skipped."""
    if any(shutil.which(name) for name in OFFICES):
        return
    packages = ["libreoffice-calc-nogui"]
    if os.environ.get("CI"):
        install_packages(packages, "LibreOffice (for tests of workbooks) is")
    else:
        print(f"For tests of workbooks' formulas: sudo apt-get install {packages[0]}", flush=True)


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):
        print("Python 3.11 or newer is needed; found " + sys.version.split()[0], file=sys.stderr)
        return 1
    try:
        make_environment()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    see_to_pango()
    if "--browser" in arguments:
        see_to_browser()
        see_to_office()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
