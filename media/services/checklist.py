"""What must be right before a text is printed, and what would make it easier to read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from media.models import Article, Image
from media.sanitise import plain_text
from media.services.images import images_in

#: Longer sentences lose readers; plain-language guides advise 20 to 25 words.
LONG_SENTENCE = 30
EMPTY_LINK_WORDS = {
    "здесь", "тут", "ссылка", "подробнее", "далее", "читать", "по ссылке", "сайт", "here", "link",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One line; ``blocks`` holds back publication, ``place`` quotes where to look."""

    text: str
    ok: bool
    blocks: bool = True
    place: str = ""


def checklist(article: Article) -> list[Item]:
    """Before publication: what is missing holds it back."""
    body = plain_text(article.body)
    images = list(Image.objects.filter(pk__in=images_in(article.body)))
    cover = article.cover
    return [
        Item("Есть заголовок", bool(article.title.strip())),
        Item("Есть вступление в два предложения", bool(article.lead.strip())),
        Item("Есть текст", len(body) >= 200),
        Item("Указан хотя бы один автор", article.signatures.exists()),
        Item("Все изображения текста есть в библиотеке", len(images) == len(images_in(article.body))),
        Item(
            "У изображений указаны права и описание",
            all(image.alt and image.rights for image in [*images, *([cover] if cover else [])]),
        ),
        Item("Все замечания учтены", not article.comments.filter(resolved_at=None).exists()),
        Item("Есть изображение для анонса", cover is not None, blocks=False),
        Item("Отмечено, кому статья полезна", bool(article.audience), blocks=False),
        Item("Заполнена врезка «Что делать»", bool(article.steps), blocks=False),
        Item("Указаны источники", bool(article.sources), blocks=False),
        Item("Есть связи с муниципалитетами, показателями или актами", article.links.exists(), blocks=False),
        Item("Есть заголовок по-английски", bool(article.title_en), blocks=False),
    ]  # fmt: skip


def blockers(article: Article) -> list[str]:
    return [item.text for item in checklist(article) if item.blocks and not item.ok]


class _Outline(HTMLParser):
    """Collects what the hints are made of from cleaned HTML."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.headings: list[tuple[int, str]] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self.tables: list[bool] = []
        self._collect: list[str] | None = None

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("h2", "h3", "h4", "a"):
            self._collect = []
        elif tag == "img":
            self.images.append((values.get("alt") or "").strip())
        elif tag == "table":
            self.tables.append(False)
        elif tag == "th" and self.tables:
            self.tables[-1] = True

    def handle_data(self, data):
        if self._collect is not None:
            self._collect.append(data)

    def handle_endtag(self, tag):
        if self._collect is None:
            return
        text = "".join(self._collect).strip()
        if tag in ("h2", "h3", "h4"):
            self.headings.append((int(tag[1]), text))
            self._collect = None
        elif tag == "a":
            self.links.append(text)
            self._collect = None


def hints(html: str) -> list[Item]:
    """Advice to the author on reading by ear, by eye and on a phone; WCAG 2.2 and plain language."""
    outline = _Outline()
    outline.feed(html)
    found = [*_heading_hints(outline.headings), *_link_hints(outline.links)]
    found += [
        Item("У изображения нет описания для незрячих.", ok=False, blocks=False)
        for alt in outline.images
        if not alt
    ]
    found += [
        Item("У таблицы нет строки заголовков: отметьте её в редакторе.", ok=False, blocks=False)
        for has_head in outline.tables
        if not has_head
    ]
    return found + _sentence_hints(plain_text(html))


def _heading_hints(headings: list[tuple[int, str]]) -> list[Item]:
    found, level = [], 1
    for number, text in headings:
        if number > level + 1:
            found.append(
                Item(
                    "Заголовок пропускает уровень: читающим на слух кажется, что часть текста потеряна.",
                    ok=False,
                    blocks=False,
                    place=text,
                )
            )
        level = number
    return found


def _link_hints(links: list[str]) -> list[Item]:
    return [
        Item(
            "Из текста ссылки не понять, куда она ведёт: назовите документ или страницу.",
            ok=False,
            blocks=False,
            place=text or "пустая ссылка",
        )
        for text in links
        if text.lower().strip(" .,»«") in EMPTY_LINK_WORDS or not text or text.startswith("http")
    ]


def _sentence_hints(text: str) -> list[Item]:
    sentences = re.split(r"(?<=[.!?…])\s+|\n", text)
    return [
        Item(
            f"Длинное предложение, слов: {len(words)}. Разделите его.",
            ok=False,
            blocks=False,
            place=" ".join(words[:8]) + "…",
        )
        for sentence in sentences
        if len(words := sentence.split()) > LONG_SENTENCE
    ][:10]
