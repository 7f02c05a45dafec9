"""The trail of one form for the municipality, its council and the Congress."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render

from annual_report.history import KINDS, Trail, download_rows
from annual_report.models import Submission
from annual_report.views.choice import reads_queue
from okmo_portal.core.downloads import csv_response

PAGE = 50


def visible_submission(request, pk):
    return get_object_or_404(Submission.objects.visible_to(request.user).with_territory(), pk=pk)


@login_required
def history(request, pk):
    """All changes old → new, by whom and when."""
    submission = visible_submission(request, pk)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "page": Paginator(Trail(submission, kind), PAGE).get_page(request.GET.get("page")),
        "kind": kind,
        "kinds": KINDS.items(),
        "reviews": reads_queue(request.user),
    }
    return render(request, "annual_report/review/history.html", context)


@login_required
def history_download(request, pk):
    submission = visible_submission(request, pk)
    return csv_response(
        f"history-{submission.municipality.oktmo}-{submission.campaign.year}.csv",
        ["Когда", "Кто", "Что менялось", "Показатель или действие", "Было", "Стало", "Пояснение"],
        download_rows(submission),
    )
