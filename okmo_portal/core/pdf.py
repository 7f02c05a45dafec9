"""PDF by WeasyPrint: chapters rendered apart, joined with contents and page numbers.

Source of the method: WeasyPrint is linear in time and memory over pages, so a long document is
cheaper as chapters in parallel processes, joined by pikepdf.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from django.contrib.staticfiles import finders

PANGO_COMMAND = (
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
)
STATIC_SCHEME = "static:"


class PdfUnavailable(RuntimeError):
    """The system libraries that WeasyPrint needs are missing."""


@dataclass(frozen=True)
class Part:
    """A rendered chapter on disk."""

    title: str
    path: Path


@dataclass(frozen=True)
class ContentsEntry:
    title: str
    page: int


def _weasyprint():
    """Imported at the first use: without Pango the rest of the portal must still start."""
    try:
        import weasyprint
    except OSError as error:
        raise PdfUnavailable(f"PDF needs Pango. Run: {PANGO_COMMAND}") from error
    return weasyprint


def _make_fetcher(weasyprint):
    """Serves ``static:…`` from our own static files and refuses every other address."""

    class StaticOnly(weasyprint.urls.URLFetcher):
        def fetch(self, url, headers=None):
            if not url.startswith(STATIC_SCHEME):
                raise ValueError(f"address refused in a PDF: {url}")
            found = finders.find(url.removeprefix(STATIC_SCHEME))
            if found is None:
                raise ValueError(f"no such static file: {url}")
            return super().fetch(Path(found).as_uri(), headers)

    return StaticOnly()


def render_pdf(html: str, path: Path, *, stylesheets: Sequence[str]) -> int:
    """Write a tagged PDF of ``html`` to ``path``; returns its number of pages.

    ``stylesheets`` are names of static files. The file appears whole or not at all.
    """
    with _collecting_rarely():
        return _render(html, path, stylesheets)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Leave what is there to itself while a document is laid out, and look for waste less often.

    A layout makes millions of small objects that live until its end: looking through all of them,
    and through the worker's own, again and again took a quarter to a half of its time.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _render(html: str, path: Path, stylesheets: Sequence[str]) -> int:
    weasyprint = _weasyprint()
    sheets = [weasyprint.CSS(filename=finders.find(name)) for name in stylesheets]
    fetcher = _make_fetcher(weasyprint)
    document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(
        stylesheets=sheets, pdf_variant="pdf/ua-1", pdf_tags=True
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    document.write_pdf(partial, pdf_variant="pdf/ua-1", pdf_tags=True)
    partial.replace(path)
    return len(document.pages)


def count_pages(path: Path) -> int:
    with pikepdf.open(path) as pdf:
        return len(pdf.pages)


def join_parts(
    parts: Sequence[Part],
    target: Path,
    *,
    front: Callable[[list[ContentsEntry]], str],
    stamps: Callable[[list[tuple[str, int, int]]], str],
    stylesheets: Sequence[str],
    title: str,
    language: str = "ru",
) -> int:
    """Join cover, contents and chapters into ``target``; returns the number of pages.

    ``front(entries)`` gives the HTML of cover and contents; it is rendered until its own length
    no longer moves the chapters. ``stamps(pages)`` gives the HTML of one transparent page per page
    after the front, each from (chapter title, page, pages); they are laid over once.
    """
    lengths = [count_pages(part.path) for part in parts]
    front_path = target.with_suffix(".front.pdf")
    front_pages, starts = 0, []
    for _attempt in range(4):
        starts = _starts(front_pages or 2, lengths)
        entries = [
            ContentsEntry(part.title, start) for part, start in zip(parts, starts, strict=True)
        ]
        rendered = render_pdf(front(entries), front_path, stylesheets=stylesheets)
        if rendered == (front_pages or 2):
            front_pages = rendered
            break
        front_pages = rendered
    total = front_pages + sum(lengths)
    stamp_path = target.with_suffix(".stamps.pdf")
    numbered = [
        (part.title, start + offset, total)
        for part, start, length in zip(parts, starts, lengths, strict=True)
        for offset in range(length)
    ]
    render_pdf(stamps(numbered), stamp_path, stylesheets=stylesheets)
    with _collecting_rarely():
        _assemble(front_path, parts, stamp_path, target, starts, title, language)
    front_path.unlink()
    stamp_path.unlink()
    return total


def _starts(first: int, lengths: Sequence[int]) -> list[int]:
    """One-based first pages of the chapters that follow ``first`` front pages."""
    starts, page = [], first + 1
    for length in lengths:
        starts.append(page)
        page += length
    return starts


def _assemble(front, parts, stamps, target, starts, title, language):
    """Merge pages, tag trees and outlines; lay the stamps over the chapters' pages."""
    joined = pikepdf.new()
    kids = pikepdf.Array()
    parents = pikepdf.Array()
    next_key = 0
    outlines = []
    for path in (front, *[part.path for part in parts]):
        with pikepdf.open(path) as source:
            outlines.append(_outline_of(source))
            next_key = _shift_parents(source, next_key)
            tree = source.Root.get("/StructTreeRoot")
            joined.pages.extend(source.pages)
            if tree is not None:
                _adopt_tree(joined, tree, kids, parents)
    with pikepdf.open(stamps) as overlay:
        offset = starts[0] - 1 if starts else 0
        for number, stamp in enumerate(overlay.pages):
            _mark_as_artifact(overlay, stamp)
            joined.pages[offset + number].add_overlay(stamp)
    _write_catalogue(joined, kids, parents, next_key, title, language)
    with joined.open_outline() as outline:
        for part, start, inner in zip(parts, starts, outlines[1:], strict=True):
            item = pikepdf.OutlineItem(part.title, start - 1)
            item.children.extend(
                pikepdf.OutlineItem(name, start - 1 + page) for name, page in inner
            )
            outline.root.append(item)
    partial = target.with_suffix(".partial")
    joined.save(partial, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    partial.replace(target)


def _outline_of(source) -> list[tuple[str, int]]:
    """Second-level headings of a chapter with their zero-based pages."""
    pages = {page.obj.objgen: number for number, page in enumerate(source.pages)}
    found = []
    with source.open_outline() as outline:
        for top in outline.root:
            for item in top.children:
                target = item.destination
                if isinstance(target, pikepdf.Array) and target[0].objgen in pages:
                    found.append((str(item.title), pages[target[0].objgen]))
    return found


def _shift_parents(source, start: int) -> int:
    """Renumber /StructParents so that the parts' numbers do not meet; returns the next free."""
    highest = start
    for page in source.pages:
        for holder in (page.obj, *page.obj.get("/Annots", [])):
            for key in ("/StructParents", "/StructParent"):
                if key in holder:
                    holder[key] = int(holder[key]) + start
                    highest = max(highest, int(holder[key]) + 1)
    tree = source.Root.get("/StructTreeRoot")
    if tree is not None and "/ParentTree" in tree:
        numbers = tree.ParentTree.get("/Nums", pikepdf.Array())
        for index in range(0, len(numbers), 2):
            numbers[index] = int(numbers[index]) + start
            highest = max(highest, int(numbers[index]) + 1)
    return highest


def _adopt_tree(joined, tree, kids, parents):
    """Move one part's tags under the common root.

    The part's pages are in ``joined`` already, so the copy's references to pages follow them.
    """
    copy = joined.copy_foreign(tree)
    roots = copy.get("/K", pikepdf.Array())
    for root in roots if isinstance(roots, pikepdf.Array) else [roots]:
        kids.append(root)
    for item in copy.ParentTree.Nums if "/ParentTree" in copy else []:
        parents.append(item)


def _mark_as_artifact(overlay, page):
    """Page numbers are not content: a screen reader passes over an artifact."""
    page.contents_coalesce()
    data = page.Contents.read_bytes()
    page.Contents = overlay.make_stream(b"/Artifact BMC\n" + data + b"\nEMC")
    if "/StructParents" in page.obj:
        del page.obj["/StructParents"]


def _write_catalogue(joined, kids, parents, next_key, title, language):
    root = joined.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot, ParentTreeNextKey=next_key)
    )
    whole = joined.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.StructElem, S=pikepdf.Name.Document, P=root, K=kids)
    )
    root.K = whole
    root.ParentTree = joined.make_indirect(pikepdf.Dictionary(Nums=parents))
    for kid in kids:
        kid.S, kid.P = pikepdf.Name.Part, whole
    joined.Root.StructTreeRoot = root
    joined.Root.MarkInfo = pikepdf.Dictionary(Marked=True)
    joined.Root.Lang = pikepdf.String(language)
    joined.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    joined.docinfo["/Title"] = title
    with joined.open_metadata() as metadata:
        metadata["dc:title"] = title
        metadata["dc:language"] = {language}
        metadata["pdfuaid:part"] = "1"
