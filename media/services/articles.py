"""Writing articles: the texts with their versions, the authors, corrections, addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from media.enums import ArticleState
from media.models import (
    VERSIONED,
    Article,
    ArticleAuthor,
    ArticleVersion,
    Author,
    Correction,
    OldAddress,
    Rubric,
)
from media.permissions import edits_article, is_chief_editor
from media.sanitise import clean_body
from media.services import locks
from media.services.images import release_images
from media.slugs import make_slug
from okmo_portal.audit.services import record
from okmo_portal.search.services import refresh_search

#: Fields that a person's form may change beside the versioned texts.
CARD = ("rubric", "issue", "audience", "cover", "position")


class TextConflict(Exception):
    """Somebody else has saved meanwhile; nothing was written, the caller keeps what was typed."""

    def __init__(self, latest: ArticleVersion | None):
        self.latest = latest
        super().__init__("changed meanwhile")


@dataclass(frozen=True)
class Saved:
    article: Article
    #: What the cleaning took out of the pasted text, in Russian.
    notes: list[str]


@transaction.atomic
def create_article(*, rubric: Rubric, title: str, by: Any, **fields: Any) -> Article:
    """A draft in a rubric that is open to ``by`` (None: the portal itself)."""
    if by is not None and not Rubric.objects.open_to(by).filter(pk=rubric.pk).exists():
        raise PermissionDenied
    slug = make_slug(title, lambda slug: Article.objects.filter(slug=slug).exists())
    article = Article.objects.create(slug=slug, rubric=rubric, title=title, created_by=by, **fields)
    _keep_version(article, by, "Создана")
    record(action="media.article_created", by=by, subject=article)
    return article


@transaction.atomic
def save_article(
    *, article: Article, changes: Mapping[str, Any], seen: int, by: Any, note: str = ""
) -> Saved:
    """Save texts and card; ``seen`` is the version that the person had before the eyes.

    Raises PermissionDenied, ``locks.Locked`` for another's lock and ``TextConflict`` for a version
    that is no longer the latest.
    """
    locked = (
        Article.objects.select_for_update(of=("self",)).select_related("rubric").get(pk=article.pk)
    )
    if not edits_article(by, locked):
        raise PermissionDenied
    locks.check_lock(locked, by)
    if seen != locked.version:
        raise TextConflict(locked.versions.first())
    notes = _write(locked, changes, by, note)
    record(action="media.article_saved", by=by, subject=locked, version=locked.version)
    return Saved(locked, notes)


def _write(article: Article, changes: Mapping[str, Any], by: Any, note: str) -> list[str]:
    rubric = changes.get("rubric", article.rubric)
    moved = rubric.pk != article.rubric_id and by is not None
    if moved and not Rubric.objects.open_to(by).filter(pk=rubric.pk).exists():
        raise PermissionDenied
    cleaned = clean_body(changes.get("body", article.body))
    for name, value in changes.items():
        if name in VERSIONED or name in CARD:
            setattr(article, name, value)
    article.body = cleaned.html
    article.full_clean(exclude=["slug", "created_by", "locked_by"], validate_constraints=False)
    _keep_version(article, by, note)
    return cleaned.notes


def _keep_version(article: Article, by: Any, note: str) -> None:
    """Save, and keep the texts when they differ from the latest version's."""
    texts = {name: getattr(article, name) for name in VERSIONED}
    latest = article.versions.order_by("-number").first()
    if latest is None or latest.texts != texts:
        article.version += 1
        article.save()
        ArticleVersion.objects.create(
            article=article, number=article.version, texts=texts, by=by, note=note[:300]
        )
    else:
        article.save()


def restore_version(*, article: Article, number: int, by: Any) -> Saved:
    """An old text becomes a new version; nothing in between is lost."""
    version = article.versions.get(number=number)
    texts = {name: version.texts.get(name, "") for name in VERSIONED}
    return save_article(
        article=article,
        changes=texts,
        seen=article.version,
        by=by,
        note=f"Восстановлена версия {number}",
    )


@transaction.atomic
def set_authors(*, article: Article, authors: Sequence[tuple[Author, str]]) -> None:
    """Authors in their order with the post each signs with (empty: the author's own)."""
    keys = [author.pk for author, _post in authors]
    if len(keys) != len(set(keys)):
        raise ValidationError("Автор указан дважды.")
    article.signatures.all().delete()
    ArticleAuthor.objects.bulk_create(
        ArticleAuthor(article=article, author=author, order=order, position=post)
        for order, (author, post) in enumerate(authors)
    )
    refresh_byline(article)


def refresh_byline(article: Article) -> None:
    """The names as lists show them; called after any change of the signatures."""
    names = [row.author.short_name for row in article.signatures.select_related("author")]
    article.byline = ", ".join(names)[:500]
    Article.objects.filter(pk=article.pk).update(byline=article.byline)


@transaction.atomic
def change_slug(*, article: Article, slug: str, by: Any) -> None:
    """The former address of a published article goes on leading here."""
    if not is_chief_editor(by):
        raise PermissionDenied
    old, article.slug = article.get_absolute_url(), slug
    article.full_clean(exclude=["created_by", "locked_by"])
    article.save(update_fields=["slug"])
    OldAddress.objects.filter(path=article.get_absolute_url()).delete()
    if article.state == ArticleState.PUBLISHED:
        OldAddress.objects.update_or_create(path=old, defaults={"article": article, "issue": None})
    record(action="media.article_moved", by=by, subject=article, old=old)


@transaction.atomic
def correct_article(*, article: Article, changes: Mapping[str, Any], text: str, by: Any) -> Saved:
    """Put a published article right, and say so under it."""
    locked = Article.objects.select_for_update(of=("self",)).get(pk=article.pk)
    if not is_chief_editor(by):
        raise PermissionDenied
    if locked.state != ArticleState.PUBLISHED:
        raise ValidationError("Исправления показывают у опубликованных статей.")
    if not text.strip():
        raise ValidationError("Напишите, что исправлено: читатели увидят это под статьёй.")
    notes = _write(locked, changes, by, f"Исправление: {text.strip()}")
    Correction.objects.create(
        article=locked, on=timezone.localdate(), text=text.strip()[:1000], by=by
    )
    release_images(locked)
    record(action="media.article_corrected", by=by, subject=locked)
    transaction.on_commit(refresh_search)
    return Saved(locked, notes)
