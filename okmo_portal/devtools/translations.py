"""English catalogue: extract, check, merge and compile with Babel (no msgfmt, no xgettext).

``python -m okmo_portal.devtools.translations check|update|compile``. Sources are Russian msgids
in templates and Python. ``locale/ru`` holds only plural messages, because gettext's fallback
knows two forms and Russian has three.
"""

import io
import os
import sys
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("okmo_portal", "annual_report", "media", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def catalogue_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def sources():
    for top in SOURCES:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "/devtools/" not in str(path):
                yield path


def extracted() -> Catalog:
    """Every message that the sources mark, with where it stands."""
    from django.utils.translation.template import templatize

    catalogue = Catalog(locale="en", fuzzy=False)
    for path in sources():
        text = path.read_text("utf-8")
        code = text if path.suffix == ".py" else templatize(text, origin=str(path))
        found = extract(
            "python", io.BytesIO(code.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
        )
        for _line, message, comments, context in found:
            catalogue.add(
                message,
                locations=[(str(path.relative_to(ROOT)), None)],
                auto_comments=comments,
                context=context,
            )
    return catalogue


def read(language: str) -> Catalog:
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale=language)


def problems() -> list[str]:
    """What is missing, doubtful or left over in the catalogues."""
    wanted, english, russian = extracted(), read("en"), read("ru")
    found = []
    for message in wanted:
        if not message.id:
            continue
        known = english.get(message.id, message.context)
        texts = (
            known.string
            if known and isinstance(known.string, (tuple, list))
            else [known.string if known else ""]
        )
        if not all(texts):
            found.append(f"no English for {message.id!r} ({message.locations[0][0]})")
        elif known.fuzzy:
            found.append(f"fuzzy English for {message.id!r}")
        if message.pluralizable and russian.get(message.id, message.context) is None:
            found.append(f"no Russian plural forms for {message.id!r}")
    for message in english:
        if message.id and wanted.get(message.id, message.context) is None:
            found.append(f"English for {message.id!r}, which nothing uses")
    return found


def update() -> None:
    """Bring new messages in, keep translations, drop what nothing uses."""
    wanted = extracted()
    for language in ("en", "ru"):
        old = read(language)
        new = Catalog(locale=language, fuzzy=False, charset="utf-8")
        for message in wanted:
            if not message.id or (language == "ru" and not message.pluralizable):
                continue
            known = old.get(message.id, message.context)
            string = known.string if known else None
            new.add(message.id, string, locations=message.locations, context=message.context)
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as handle:
            write_po(handle, new, width=100, sort_output=True, omit_header=False)
        _drop_dates(path)


def _drop_dates(path: Path) -> None:
    """Dates would change the file at every update."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(('"POT-Creation', '"PO-Revision'))]
    path.write_text("".join(kept), "utf-8")


def compile_catalogues() -> None:
    for language in ("en", "ru"):
        path = catalogue_path(language)
        target = path.with_suffix(".mo")
        if not path.exists():
            continue
        if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
            continue
        partial = target.with_suffix(".partial")
        with partial.open("wb") as handle:
            write_mo(handle, read(language))
        partial.replace(target)


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "okmo_portal.settings.test")
    django.setup()
    if arguments == ["check"]:
        found = problems()
        print("\n".join(found) or "Translations are complete.")
        return 1 if found else 0
    if arguments == ["update"]:
        update()
    elif arguments == ["compile"]:
        compile_catalogues()
    else:
        print("Usage: … translations check|update|compile", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
