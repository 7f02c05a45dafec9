"""The index of public things, and asking it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from celery import current_app
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import transaction
from django.db.models import Case, Count, F, FloatField, Q, QuerySet, Value, When
from rapidfuzz import fuzz, process

from okmo_portal.core.registry import registry
from okmo_portal.core.text import sort_key
from okmo_portal.search.models import SearchEntry, SearchWord

CONFIG = "russian"
WORD = re.compile(r"[а-яa-z]{4,}")
SIMILAR_ENOUGH = 75


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
        vector=SearchVector("title", weight="A", config=CONFIG)
        + SearchVector("text", weight="C", config=CONFIG)
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
    query = SearchQuery(words, config=CONFIG, search_type="websearch")
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
