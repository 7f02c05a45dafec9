"""An issue to take along."""

from django.core.cache import cache
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from media.models import JournalIssue
from media.services.epub import MIME, make_epub

KEPT_FOR = 3600


def issue_epub(request, year, number):
    """Made once for each state of the texts; published issues only."""
    issue = get_object_or_404(
        JournalIssue.objects.published().select_related("cover", "editorial_by"),
        year=year,
        number=number,
    )
    state = issue.articles.published().aggregate(Max("changed_at"), Count("pk"))
    latest, count = state["changed_at__max"], state["pk__count"]
    stamp = int(latest.timestamp() * 1_000_000) if latest else 0
    key = f"media:epub:{issue.pk}:{issue.published_at.timestamp():.0f}:{count}:{stamp}"
    content = cache.get(key)
    if content is None:
        content = make_epub(issue)
        cache.set(key, content, KEPT_FOR)
    response = HttpResponse(content, content_type=MIME)
    name = f"municipalnaya-rossiya-{issue.year}-{issue.number}.epub"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
