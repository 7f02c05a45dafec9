"""LibreOffice without a window, for tests of the formulas that workbooks carry."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_OFFICE = "apt-get install libreoffice-calc-nogui"

#: Files of other programs are not recalculated unless the profile says so.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def office() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


def require_office() -> str:
    """The program; without it CI fails and a developer's run skips, saying how to get it."""
    found = office()
    if found is None and os.environ.get("CI"):
        pytest.fail(f"no LibreOffice in CI: {INSTALL_OFFICE}")
    if found is None:
        pytest.skip(f"no LibreOffice: {INSTALL_OFFICE}")
    return found


def recalculate(workbook: Path, folder: Path) -> Path:
    """The workbook with every formula computed, as a new file in ``folder``."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE, encoding="utf-8")
    out = folder / "computed"
    command = [
        require_office(), f"-env:UserInstallation={profile.as_uri()}", "--headless",
        "--convert-to", "xlsx", "--outdir", str(out), str(workbook),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=180)
    computed = out / workbook.name
    assert computed.exists(), result.stderr or result.stdout
    return computed
