"""Writing issues and the order of their contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from media.models import Article, JournalIssue
from media.permissions import is_chief_editor
from okmo_portal.audit.services import record

#: Between two places, so that a later article can go in between.
STEP = 10


@transaction.atomic
def save_issue(*, issue: JournalIssue, by: Any) -> JournalIssue:
    """A checked issue; ``by=None``: the portal itself."""
    if by is not None and not is_chief_editor(by):
        raise PermissionDenied
    issue.save()
    record(action="media.issue_saved", by=by, subject=issue)
    return issue


@transaction.atomic
def order_contents(*, issue: JournalIssue, places: Mapping[int, int], by: Any) -> None:
    """Put the articles where ``places`` (by key) says, and number them anew in steps."""
    if by is not None and not is_chief_editor(by):
        raise PermissionDenied
    rows = list(issue.articles.select_for_update(of=("self",)).only("pk", "position", "issue"))
    rows.sort(key=lambda row: (places.get(row.pk, row.position), row.position, row.pk))
    for number, row in enumerate(rows, start=1):
        row.position = number * STEP
    Article.objects.bulk_update(rows, ["position"])
    record(action="media.issue_ordered", by=by, subject=issue)
