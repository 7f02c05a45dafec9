"""The chief editor's issues: card, order of the contents, coming out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Max
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from media.forms import IssueForm
from media.models import JournalIssue
from media.permissions import is_chief_editor
from media.selectors import issue_contents
from media.services import issues as services
from media.services import route
from okmo_portal.organisations.permissions import is_auditor
from okmo_portal.workflow.transitions import TransitionNotAllowed


def check_chief(request, *, look=False):
    if not (is_chief_editor(request.user) or (look and is_auditor(request.user))):
        raise Http404


@login_required
def issue_list(request):
    check_chief(request, look=True)
    rows = (
        JournalIssue.objects.annotate(count=Count("articles"))
        .defer("editorial")
        .order_by("-through_number")
    )
    context = {
        "page": Paginator(rows, 30).get_page(request.GET.get("page")),
        "is_chief": is_chief_editor(request.user),
    }
    return render(request, "media/desk/issue_list.html", context)


@login_required
def issue_create(request):
    check_chief(request)
    highest = JournalIssue.objects.aggregate(Max("through_number"))["through_number__max"] or 0
    initial = {"year": timezone.localdate().year, "through_number": highest + 1}
    form = IssueForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        issue = services.save_issue(issue=form.save(commit=False), by=request.user)
        messages.success(request, f"{issue.name}: номер заведён.")
        return redirect("journal_desk:issue-edit", pk=issue.pk)
    return render(request, "media/desk/issue_form.html", {"form": form})


@login_required
def issue_edit(request, pk):
    check_chief(request)
    issue = get_object_or_404(JournalIssue.objects.select_related("cover"), pk=pk)
    form = IssueForm(request.POST or None, instance=issue)
    if request.method == "POST" and form.is_valid():
        services.save_issue(issue=form.save(commit=False), by=request.user)
        messages.success(request, "Номер сохранён.")
        return redirect("journal_desk:issue-edit", pk=pk)
    context = {"issue": issue, "form": form, "articles": issue_contents(issue, everything=True)}
    return render(request, "media/desk/issue_form.html", context)


@login_required
@require_POST
def issue_order(request, pk):
    """Places as the numbers in the fields say; equal ones keep their former order."""
    check_chief(request)
    issue = get_object_or_404(JournalIssue, pk=pk)
    places = {}
    for article in issue_contents(issue, everything=True):
        text = request.POST.get(f"place-{article.pk}", "")
        is_number = text.isascii() and text.isdigit() and len(text) <= 6
        places[article.pk] = int(text) if is_number else article.position
    services.order_contents(issue=issue, places=places, by=request.user)
    messages.success(request, "Порядок сохранён.")
    return redirect("journal_desk:issue-edit", pk=pk)


@login_required
@require_POST
def issue_publish(request, pk):
    check_chief(request)
    issue = get_object_or_404(JournalIssue, pk=pk)
    try:
        route.publish_issue(issue=issue, by=request.user)
        messages.success(request, "Номер вышел.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Номер уже вышел.")
    return redirect("journal_desk:issue-edit", pk=pk)
