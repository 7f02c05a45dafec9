"""The editorial route: who hands the text to whom, when it comes out."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from media import workflow
from media.enums import ArticleState
from media.models import Article, ArticleComment, EditTask, Image, JournalIssue
from media.permissions import is_chief_editor, works_on_article
from media.services.checklist import blockers
from media.services.images import images_in, release_images
from okmo_portal.audit.services import record
from okmo_portal.notifications.services import notify
from okmo_portal.search.services import refresh_search
from okmo_portal.workflow import transitions


def move_article(
    *, article: Article, name: str, by: Any, comment: str = "", publish_at: datetime | None = None
) -> Article:
    """Make the named move; raises ValidationError for what stands against it.

    ``TransitionNotAllowed`` and ``PermissionDenied`` come from ``transitions.apply``.
    """
    move = workflow.MOVES[name]
    if name in workflow.EXPLAINED and not comment.strip():
        raise ValidationError("Напишите, почему: следующий увидит Ваше пояснение.")
    if name == "schedule" and (publish_at is None or publish_at <= timezone.now()):
        raise ValidationError("Выберите день и час выхода в будущем.")
    with transitions.apply(move, article, by=by, comment=comment.strip()) as locked:
        if move.target in (ArticleState.SCHEDULED, ArticleState.PUBLISHED):
            _check_ready(locked)
        locked.publish_at = publish_at if name == "schedule" else None
        locked.locked_by = locked.locked_at = None
        if move.target == ArticleState.PUBLISHED:
            # A text that was taken down and mended keeps its first date.
            locked.published_at = locked.published_at or timezone.now()
            release_images(locked)
    transaction.on_commit(partial(_tell, locked.pk, move.label, comment, by))
    if ArticleState.PUBLISHED in (move.target, article.state):
        transaction.on_commit(refresh_search)
    return locked


def _check_ready(article: Article) -> None:
    missing = blockers(article)
    if missing:
        raise ValidationError(
            "Публиковать рано. Не выполнено: "
            + "; ".join(text[0].lower() + text[1:] for text in missing)
            + "."
        )


def publish_due() -> int:
    """Publish what was scheduled for now; what is no longer ready goes back to the proof."""
    done = 0
    for article in list(Article.objects.due()):
        try:
            move_article(article=article, name="publish", by=None)
            done += 1
        except ValidationError as error:
            move_article(article=article, name="unschedule", by=None, comment=error.messages[0])
        except transitions.TransitionNotAllowed:
            # Somebody else was first.
            continue
    return done


def _tell(article_id: int, label: str, comment: str, by: Any) -> None:
    """Those who work on the article: who made it, and who has tasks on it."""
    article = Article.objects.select_related("created_by").filter(pk=article_id).first()
    if article is None:
        return
    people = {task.assignee for task in article.tasks.select_related("assignee")}
    people |= {article.created_by} if article.created_by else set()
    notify(
        kind="media.article",
        recipients=[person for person in people if by is None or person.pk != by.pk],
        key=f"media:article:{article.pk}:{article.state}:{article.version}:{timezone.now():%s}",
        title=f"{label}: {article.title}"[:200],
        body=comment,
        url=reverse("journal_desk:article-detail", args=[article.pk]),
    )


@transaction.atomic
def add_comment(*, article: Article, text: str, by: Any, quote: str = "") -> ArticleComment:
    if not works_on_article(by, article):
        raise ValidationError("Замечания пишут те, кто работает над статьёй.")
    if not text.strip():
        raise ValidationError("Напишите замечание.")
    comment = ArticleComment.objects.create(
        article=article,
        text=text.strip()[:3000],
        quote=quote.strip()[:300],
        version=article.version,
        by=by,
    )
    record(action="media.comment_added", by=by, subject=article)
    return comment


def resolve_comment(*, comment: ArticleComment, by: Any) -> None:
    ArticleComment.objects.filter(pk=comment.pk, resolved_at=None).update(
        resolved_at=timezone.now(), resolved_by=by
    )


@transaction.atomic
def add_task(*, article: Article, title: str, assignee: Any, due_on: Any, by: Any) -> EditTask:
    """A task for one of those who may work on the article."""
    if not works_on_article(by, article):
        raise ValidationError("Поручения даёт тот, кто работает над статьёй.")
    task = EditTask.objects.create(
        article=article, title=title.strip(), assignee=assignee, due_on=due_on, by=by
    )
    notify(
        kind="media.task",
        recipients=[assignee],
        key=f"media:task:{task.pk}",
        title=f"Поручение: {task.title}"[:200],
        body=f"«{article.title}», срок {due_on:%d.%m.%Y}.",
        url=reverse("journal_desk:article-detail", args=[article.pk]),
    )
    return task


def finish_task(*, task: EditTask, by: Any) -> None:
    if task.assignee_id != by.pk and not is_chief_editor(by):
        raise ValidationError("Поручение закрывает тот, кому оно дано, или главный редактор.")
    EditTask.objects.filter(pk=task.pk, done_at=None).update(done_at=timezone.now())


def publish_issue(*, issue: JournalIssue, by: Any) -> JournalIssue:
    """The issue and those of its articles that are not out yet, all or nothing."""
    with transaction.atomic():
        with transitions.apply(workflow.PUBLISH_ISSUE, issue, by=by) as locked:
            _check_issue(locked)
            locked.published_at = timezone.now()
            keys = images_in(locked.editorial) | {locked.cover_id}
            Image.objects.filter(pk__in=keys).update(is_public=True)
        for article in locked.articles.exclude(state=ArticleState.PUBLISHED):
            move_article(article=article, name="publish", by=by)
    transaction.on_commit(refresh_search)
    return locked


def _check_issue(issue: JournalIssue) -> None:
    missing = []
    if issue.cover_id is None:
        missing.append("нет обложки")
    if not issue.editorial:
        missing.append("нет слова редактора")
    articles = list(issue.articles.exclude(state=ArticleState.PUBLISHED))
    if not articles and not issue.articles.exists():
        missing.append("нет ни одной статьи")
    ready = (ArticleState.PROOF, ArticleState.SCHEDULED)
    for article in articles:
        reasons = blockers(article)
        if article.state not in ready:
            missing.append(f"«{article.title}»: {article.get_state_display()}")
        elif reasons:
            missing.append(f"«{article.title}»: {reasons[0].lower()}")
    if missing:
        raise ValidationError("Выпускать рано: " + "; ".join(missing[:8]) + ".")
