"""One person edits a text at a time; the others see who."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from media.models import Article

#: An abandoned page holds the text no longer; an open one renews its lock as it autosaves.
HELD_FOR = timedelta(minutes=15)


class Locked(Exception):
    """Another person holds the text; ``holder`` is the user."""

    def __init__(self, holder: Any):
        self.holder = holder
        super().__init__(f"Текст сейчас правит {holder}.")


def holder_of(article: Article) -> Any:
    """Who edits the text now, or None."""
    if article.locked_by_id is None or article.locked_at is None:
        return None
    return article.locked_by if article.locked_at > timezone.now() - HELD_FOR else None


def check_lock(article: Article, by: Any) -> None:
    holder = holder_of(article)
    if holder is not None and by is not None and holder.pk != by.pk:
        raise Locked(holder)


@transaction.atomic
def take_lock(*, article: Article, by: Any) -> None:
    """Raises ``Locked`` when somebody else edits."""
    row = Article.objects.select_for_update(of=("self",)).get(pk=article.pk)
    check_lock(row, by)
    now = timezone.now()
    Article.objects.filter(pk=article.pk).update(locked_by=by, locked_at=now)
    article.locked_by, article.locked_at = by, now


def release_lock(*, article: Article, by: Any) -> None:
    Article.objects.filter(pk=article.pk, locked_by=by).update(locked_by=None, locked_at=None)
