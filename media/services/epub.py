"""An issue as an EPUB 3 book, from the same texts as its pages.

Source of the layout: W3C EPUB 3.3 (container, package document, navigation document). The archive
begins with an uncompressed ``mimetype``; documents are XHTML, so void tags are closed.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from media.metadata import JOURNAL, permanent
from media.models import Article, Image, JournalIssue
from media.services.images import images_in

MIME = "application/epub+zip"
STYLE = """body { font-family: serif; line-height: 1.5; }
h1, h2, h3 { font-family: sans-serif; line-height: 1.2; }
.rubric, .author, .address { font-family: sans-serif; font-size: 0.9em; }
.lead { font-style: italic; }
aside { border: 1px solid; padding: 0.5em 1em; margin: 1em 0; }
img { max-width: 100%; }
"""
_VOID = re.compile(r"<(br|hr|img)\b([^>]*?)\s*/?>")
_SOURCE = re.compile(r'src="/journal/images/([0-9a-f-]{36})/\w+\.jpg"')


@dataclass(frozen=True)
class Picture:
    id: str
    href: str
    alt: str
    path: str
    is_cover: bool = False


def make_epub(issue: JournalIssue) -> bytes:
    """The published articles of the issue in their order; Russian, whatever language is asked."""
    with override(settings.LANGUAGE_CODE):
        articles = list(
            issue.articles.published()
            .select_related("rubric")
            .prefetch_related("signatures__author", "corrections")
            .in_issue_order()
        )
        pictures = _pictures(issue, articles)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("mimetype", MIME, zipfile.ZIP_STORED)
            _write_texts(book, issue, articles, pictures)
            for picture in pictures.values():
                with default_storage.open(picture.path) as file:
                    book.writestr(f"OEBPS/{picture.href}", file.read(), zipfile.ZIP_STORED)
    return target.getvalue()


def _pictures(issue: JournalIssue, articles: list[Article]) -> dict[UUID, Picture]:
    """By key; a rendition of at most 640 pixels keeps the book light."""
    keys = images_in(issue.editorial).union(*(images_in(article.body) for article in articles))
    if issue.cover_id:
        keys.add(issue.cover_id)
    found = {}
    for image in Image.objects.filter(pk__in=keys):
        fitting = [name for name, width, _height in image.whole if width <= 640]
        path = image.path_of((fitting or [image.whole[0][0]])[-1])
        if default_storage.exists(path):
            key = image.pk.hex
            found[image.pk] = Picture(
                f"i{key}", f"images/{key}.jpg", image.alt, path, image.pk == issue.cover_id
            )
    return found


def _write_texts(book, issue, articles, pictures) -> None:
    common = {
        "issue": issue,
        "title": f"{JOURNAL}, {issue.name}",
        "address": permanent(issue),
        "publisher": settings.ORGANISATION_NAME,
        "articles": articles,
        "images": list(pictures.values()),
        "cover": pictures.get(issue.cover_id),
        "editorial": _xhtml(issue.editorial, pictures),
        "date": f"{issue.published_at:%Y-%m-%d}",
        "modified": f"{max([issue.published_at, *(a.changed_at for a in articles)]):%Y-%m-%dT%H:%M:%SZ}",
    }
    book.writestr("META-INF/container.xml", render_to_string("media/epub/container.xml"))
    book.writestr("OEBPS/style.css", STYLE)
    for name in ("package.opf", "nav.xhtml", "front.xhtml"):
        book.writestr(f"OEBPS/{name}", render_to_string(f"media/epub/{name}", common))
    for article in articles:
        context = {
            "article": article,
            "signatures": article.signatures.all(),
            "corrections": article.corrections.all(),
            "body": _xhtml(article.body, pictures),
            "address": permanent(article),
        }
        text = render_to_string("media/epub/article.xhtml", context)
        book.writestr(f"OEBPS/a{article.pk}.xhtml", text)


def _xhtml(html: str, pictures: dict[UUID, Picture]) -> SafeString:
    """Cleaned HTML as XHTML whose pictures lie in the book; one that is gone leaves its words."""

    def close(match: re.Match) -> str:
        tag, attributes = match.group(1), match.group(2)
        source = _SOURCE.search(attributes)
        if tag != "img":
            return f"<{tag}/>"
        picture = pictures.get(UUID(source.group(1))) if source else None
        if picture is None:
            return ""
        inside = _SOURCE.sub(f'src="{picture.href}"', attributes)
        return f"<img{inside}/>"

    return mark_safe(_VOID.sub(close, html).replace("&nbsp;", "&#160;"))  # noqa: S308 - cleaned at save
