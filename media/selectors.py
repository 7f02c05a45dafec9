"""Reads across the journal's models, for pages of the journal and of other apps."""

from __future__ import annotations

from django.db.models import QuerySet

from media.enums import IssueState
from media.models import Article, JournalIssue

#: How many articles a page of another object shows.
PANEL_SIZE = 5


def articles_about(kind: str, key: str) -> QuerySet[Article]:
    """Published articles that name the object, the newest first."""
    return (
        Article.objects.published()
        .filter(links__kind=kind, links__key=key)
        .listed()
        .in_archive_order()
    )


def latest_issue() -> JournalIssue | None:
    return (
        JournalIssue.objects.filter(state=IssueState.PUBLISHED)
        .select_related("cover")
        .order_by("-through_number")
        .first()
    )


def issue_contents(issue: JournalIssue, *, everything: bool = False) -> list[Article]:
    """The issue's articles in their free order, without their texts; one query."""
    rows = issue.articles.all() if everything else issue.articles.published()
    return list(
        rows.select_related("rubric")
        .only(
            "slug", "title", "title_en", "lead", "lead_en", "byline", "position", "state", "issue",
            "rubric__slug", "rubric__title", "rubric__title_en", "rubric__order",
        )
        .in_issue_order()
    )  # fmt: skip
