"""Cleaning of pasted and typed HTML: markup goes, words stay.

Method: nh3 (ammonia, html5ever's parser) with a short list of tags in two passes; between them the
tags of word processors are turned into those of the list, so that a heading stays a heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

import nh3

TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "s", "sub", "sup", "a",
    "br", "hr", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption",
    "img", "pre", "code",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
}
#: What other programs write, and what it becomes.
RENAMED = {
    "h1": "h2", "h5": "h4", "h6": "h4", "b": "strong", "i": "em", "strike": "s", "del": "s",
    "div": "p", "section": "p", "article": "p", "address": "p",
}  # fmt: skip
#: Their content is no text of the author.
DROPPED_WHOLE = {"script", "style", "xml", "title"}
SCHEMES = {"http", "https", "mailto", "tel"}
OWN_IMAGES = re.compile(r"^/journal/images/[0-9a-f-]{36}/\w+\.jpg$")
_TAG = re.compile(r"</?[a-z][^>]*>", re.I)
_RENAME = re.compile(r"<(/?)(" + "|".join(RENAMED) + r")\b[^>]*>", re.I)
_LIST_ITEM = re.compile(r'<p class="MsoList[^"]*">(.*?)</p>', re.S)
_BULLET = re.compile(r"^(?:\s|&nbsp;)*(?:[·•▪§o–—-]|(\d{1,3})[.)])(?:\s|&nbsp;|\u00a0)+")
_EMPTY = re.compile(r"<(p|h[2-4]|li|strong|em|s|figcaption|blockquote)>(?:\s|&nbsp;|<br>)*</\1>")
_IMAGE_WITHOUT_SOURCE = re.compile(r"<img(?![^>]*\ssrc=)[^>]*>")
_WORD = re.compile(r'class="?Mso|<o:p|urn:schemas-microsoft-com|mso-', re.I)


@dataclass(frozen=True)
class Cleaned:
    html: str
    #: What was taken out, in Russian, for the person who pasted it.
    notes: list[str] = field(default_factory=list)


def clean_body(html: str) -> Cleaned:
    """Sanitised HTML of an article, and what was removed from it. Idempotent."""
    html = html.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if not html:
        return Cleaned("")
    if not _TAG.search(html):
        html = paragraphs(html)
    first = nh3.clean(
        html,
        tags=TAGS | set(RENAMED),
        attributes={**ATTRIBUTES, "p": {"class"}},
        clean_content_tags=DROPPED_WHOLE,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    renamed = _RENAME.sub(lambda m: f"<{m.group(1)}{RENAMED[m.group(2).lower()]}>", _lists(first))
    cleaned = nh3.clean(
        renamed,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_own_images_only,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    cleaned = _without_empty(_IMAGE_WITHOUT_SOURCE.sub("", cleaned))
    return Cleaned(cleaned, _notes(html, cleaned))


def paragraphs(text: str) -> str:
    """Plain text as paragraphs: an empty line parts them, a single one breaks the line."""
    parts = [
        part.strip()
        for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    ]
    return "".join(
        "<p>" + "<br>".join(escape(line.strip(), quote=False) for line in part.split("\n")) + "</p>"
        for part in parts
        if part
    )


def plain_text(html: str) -> str:
    """The words of cleaned HTML, blocks parted by line breaks."""
    from html import unescape

    broken = re.sub(r"<br>|</(?:p|h[2-4]|li|tr|blockquote|figcaption|caption)>", "\n", html)
    broken = re.sub(r"</t[hd]>", " ", broken)
    return re.sub(r"\n{2,}", "\n", unescape(_TAG.sub("", broken))).strip()


def _own_images_only(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src" and not OWN_IMAGES.match(value):
        return None
    return value


def _lists(html: str) -> str:
    """Word's list paragraphs (a bullet or number typed as text) as real lists."""
    if 'class="MsoList' not in html:
        return html
    html = _LIST_ITEM.sub(_list_item, html)
    for tag in ("ul", "ol"):
        html = re.sub(rf"</{tag}>\s*<{tag}>", "", html)
    return html


def _list_item(match: re.Match) -> str:
    inner = match.group(1)
    bullet = _BULLET.match(inner)
    if bullet is None:
        return f"<p>{inner}</p>"
    tag = "ol" if bullet.group(1) else "ul"
    return f"<{tag}><li>{inner[bullet.end() :]}</li></{tag}>"


def _without_empty(html: str) -> str:
    while True:
        shorter = _EMPTY.sub("", html)
        if shorter == html:
            return html.strip()
        html = shorter


def _notes(before: str, after: str) -> list[str]:
    notes = []
    if re.search(r"<script|\son\w+\s*=|javascript:", before, re.I):
        notes.append("Убраны сценарии: в тексте статьи они не работают.")
    if _WORD.search(before):
        notes.append("Разметка Word убрана, текст и заголовки сохранены.")
    lost = len(re.findall(r"<img\b", before, re.I)) - after.count("<img ")
    if lost > 0:
        notes.append(
            "Изображения с чужих адресов убраны: загрузите их в библиотеку и вставьте оттуда."
        )
    return notes
