"""The index of public things, and asking it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from celery import current_app
from django.contrib.postgres.search import (
    SearchHeadline,
    SearchQuery,
    SearchRank,
    SearchVector,
)
from django.db import transaction
from django.db.models import Case, Count, F, FloatField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Replace
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from rapidfuzz import fuzz, process

from okmo_portal.core.registry import registry
from okmo_portal.core.text import sort_key
from okmo_portal.search.models import SearchEntry, SearchWord

CONFIG = "russian"
WORD = re.compile(r"[а-яa-z]{4,}")
#: What a raw query may hold: nothing that means something to ``to_tsquery``.
TYPED = re.compile(r"[а-яa-z0-9]+")
SIMILAR_ENOUGH = 75
#: Private-use characters around a found word; they turn into tags only after escaping.
MARK_OPEN, MARK_CLOSE = "\ue000", "\ue001"


def _without_yo(field: str) -> Replace:
    """The column with ё as е: the stemmer takes them for different letters."""
    text = TextField()
    lower = Replace(F(field), Value("ё"), Value("е"), output_field=text)
    return Replace(lower, Value("Ё"), Value("Е"), output_field=text)


def _query(words: str) -> SearchQuery:
    plain = words.replace("ё", "е").replace("Ё", "Е")
    return SearchQuery(plain, config=CONFIG, search_type="websearch")


@transaction.atomic
def rebuild_index() -> int:
    """Index anew what the apps registered; returns the number of entries."""
    SearchEntry.objects.all().delete()
    words: Counter[str] = Counter()
    for kind in registry.search_kinds.values():
        batch = []
        for object_id, title, text, url_name, url_args in kind.rows():
            words.update(WORD.findall(sort_key(title)))
            batch.append(
                SearchEntry(
                    kind=kind.key,
                    object_id=object_id,
                    title=title[:300],
                    text=text,
                    url_name=url_name,
                    url_args=list(url_args),
                )
            )
        SearchEntry.objects.bulk_create(batch, batch_size=2000)
    SearchEntry.objects.update(
        vector=SearchVector(_without_yo("title"), weight="A", config=CONFIG)
        + SearchVector(_without_yo("text"), weight="C", config=CONFIG)
    )
    SearchWord.objects.all().delete()
    SearchWord.objects.bulk_create(
        [SearchWord(word=word, frequency=count) for word, count in words.items()], batch_size=5000
    )
    return SearchEntry.objects.count()


def refresh_search() -> None:
    """Index anew in the background, after something public has come or gone."""
    current_app.send_task("search.refresh_index", ignore_result=True)


@dataclass(frozen=True)
class Found:
    entries: QuerySet[SearchEntry]
    counts: list[tuple[str, str, int]]


def find(words: str, kind: str = "") -> Found:
    """Entries by word forms, exact and leading titles first, and counts by kind."""
    query = _query(words)
    matching = SearchEntry.objects.filter(Q(vector=query) | Q(object_id=words.strip()))
    by_kind = dict(matching.order_by().values_list("kind").annotate(Count("pk")))
    counts = [
        (item.key, str(item.label), by_kind[item.key])
        for item in sorted(registry.search_kinds.values(), key=lambda item: item.order)
        if by_kind.get(item.key)
    ]
    if kind:
        matching = matching.filter(kind=kind)
    order = {item.key: item.order for item in registry.search_kinds.values()}
    entries = matching.annotate(
        rank=SearchRank(F("vector"), query)
        + Case(When(title__istartswith=words.strip(), then=Value(1.0)), default=Value(0.0)),
        kind_order=Case(
            *[When(kind=key, then=Value(float(number))) for key, number in order.items()],
            default=Value(999.0),
            output_field=FloatField(),
        ),
    ).order_by("-rank", "kind_order", "title", "pk")
    return Found(entries, counts)


def complete(words: str) -> list[str]:
    """Up to eight titles that hold the typed words, the last of them perhaps unfinished."""
    typed = TYPED.findall(sort_key(words))
    if not typed or len(typed[-1]) < 2:
        return []
    parts = [*typed[:-1], f"{typed[-1]}:*"]
    query = SearchQuery(" & ".join(parts), config=CONFIG, search_type="raw")
    found = (
        SearchEntry.objects.filter(vector=query)
        .annotate(rank=SearchRank(F("vector"), query))
        .order_by("-rank", "title", "pk")
        .values_list("title", flat=True)
    )
    return list(dict.fromkeys(found[:24]))[:8]


def snippets(words: str, entries: list[SearchEntry]) -> dict[int, SafeString]:
    """Part of each entry's text around the found words, these in ``<mark>``, by primary key.

    Asked for one page of entries at a time: PostgreSQL parses the whole text for it. A snippet
    shows ё as е, as the index has it; the title keeps its letters.
    """
    headline = SearchHeadline(
        _without_yo("text"),
        _query(words),
        config=CONFIG,
        start_sel=MARK_OPEN,
        stop_sel=MARK_CLOSE,
        max_words=28,
        min_words=12,
    )
    rows = SearchEntry.objects.filter(pk__in=[entry.pk for entry in entries])
    return {pk: _marked(text) for pk, text in rows.values_list("pk", headline)}


def _marked(text: str) -> SafeString:
    safe = str(escape(text)).replace(MARK_OPEN, "<mark>").replace(MARK_CLOSE, "</mark>")
    # A text that holds these characters itself must not leave a tag open.
    if safe.count("<mark>") != safe.count("</mark>"):
        safe = safe.replace("<mark>", "").replace("</mark>", "")
    return mark_safe(safe)  # noqa: S308 - escaped above, the marks are ours


def suggest(words: str) -> str:
    """The query with misspelt words put right from the vocabulary, or an empty string."""
    vocabulary = list(SearchWord.objects.values_list("word", flat=True))
    if not vocabulary:
        return ""
    mended, changed = [], False
    for word in sort_key(words).split():
        best = process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH)
        mended.append(best[0] if best else word)
        changed |= bool(best and best[0] != word)
    return " ".join(mended) if changed else ""
