"""``make pictures``: the guides' and the README's pictures, taken from a running demo.

``python -m okmo_portal.devtools.pictures [PORT]`` needs ``make demo`` in another window, Chromium
and, for the report's pages, ``pdftoppm``.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "images"
PASSWORD = "demo-okmo-2026"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WIDE, PHONE = {"width": 1100, "height": 760}, {"width": 360, "height": 720}
HEIGHT = 1000

#: name → (account or "", address, window, what to click first)
PICTURES = {
    "home": ("", "/", WIDE, ""),
    "sign-up": ("", "/accounts/signup/", WIDE, ""),
    "newcomer": ("novichok", "/cabinet/", WIDE, ""),
    "request": ("novichok", "/organisations/memberships/request/", WIDE, ""),
    "cabinet": ("specialist", "/cabinet/", WIDE, ""),
    "form": ("specialist", "/cabinet/", WIDE, "a.button"),
    "section": ("specialist", "/cabinet/", WIDE, "a.button|.task-list a >> nth=2"),
    "section-phone": ("specialist", "/cabinet/", PHONE, "a.button|.task-list a >> nth=2"),
    "check": ("glava", "/cabinet/", WIDE, "a.button|text=Проверить и отправить"),
    "people": ("glava", "/organisations/people/", WIDE, ""),
    "queue": ("sovet", "/cabinet/review/", WIDE, ""),
    "queue-phone": ("sovet", "/cabinet/review/", PHONE, ""),
    "review": ("sovet", "/cabinet/review/?state=submitted", WIDE, "main table a"),
    "membership": ("sovet", "/organisations/memberships/", WIDE, "main table a"),
    "board": ("kongress", "/cabinet/board/", WIDE, ""),
    "manage": ("kongress", "/cabinet/reports/{year}/", WIDE, ""),
    "admin": ("kongress", "/admin/organisations/municipality/", WIDE, ""),
    "audit": ("auditor", "/cabinet/", WIDE, ""),
    "second-factor": ("kongress", "/accounts/2fa/", WIDE, ""),
}


def save(name: str, picture: Image.Image) -> None:
    """At most HEIGHT high and in 128 colours: a page of text needs no more."""
    picture = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, HEIGHT)))
    picture.quantize(128).save(TARGET / f"{name}.png", optimize=True)


def sign_in(page, base: str, account: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", f"{account}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def take(browser, base: str, year: int) -> None:
    contexts = {}
    for name, (account, address, window, clicks) in PICTURES.items():
        if account not in contexts:
            contexts[account] = browser.new_context(
                locale="ru-RU", color_scheme="light", bypass_csp=True
            )
            if account:
                sign_in(contexts[account].new_page(), base, account)
        page = contexts[account].new_page()
        page.set_viewport_size(window)
        page.goto(base + address.format(year=year))
        for selector in filter(None, clicks.split("|")):
            page.locator(
                f"main >> {selector}" if "main" not in selector else selector
            ).first.click()
            page.wait_for_load_state()
        save(name, Image.open(io.BytesIO(page.screenshot(full_page=True, style=NOT_STICKY))))
        print(name, flush=True)
        page.close()
    report_pages(contexts[""], base, year)


#: A bar that sticks to the window's edge would lie across the middle of a whole-page picture.
NOT_STICKY = ".save-bar { position: static !important }"


def report_pages(context, base: str, year: int) -> None:
    """Six pages of the PDF side by side."""
    page = context.new_page()
    page.goto(f"{base}/report/{year}/")
    with page.expect_download() as download:
        page.click("text=Скачать PDF")
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "p"
        subprocess.run(["pdftoppm", "-r", "50", "-png", download.value.path(), prefix], check=True)
        files = sorted(Path(folder).glob("p-*.png"))
        sheets = [Image.open(files[number]).convert("RGB") for number in (0, 1, 2, 4, 5, 6)]
        width, height = sheets[0].size
        whole = Image.new("RGB", (3 * (width + 12) + 12, 2 * (height + 12) + 12), "#b9b4a7")
        for number, sheet in enumerate(sheets):
            column, row = number % 3, number // 3
            whole.paste(sheet, (12 + column * (width + 12), 12 + row * (height + 12)))
    whole.quantize(128).save(TARGET / "report.png", optimize=True)


def main(arguments: list[str]) -> int:
    from datetime import date

    port = arguments[0] if arguments else "8000"
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        take(browser, f"http://127.0.0.1:{port}", date.today().year - 2)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
