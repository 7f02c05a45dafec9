"""Staff take transformations from the municipal reference: upload, dry run, import, result."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from okmo_portal.core.downloads import csv_response
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.enums import ReferenceState
from okmo_portal.organisations.forms import ReferenceForm
from okmo_portal.organisations.models import ReferenceImport
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff
from okmo_portal.organisations.services import references as services
from okmo_portal.organisations.services.transformation_report import REMARK_HEADERS
from okmo_portal.workflow.models import StateChange

PER_PAGE = 30


def visible_import(request, pk):
    rows = ReferenceImport.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("document", "created_by"), pk=pk)


def require_staff(request):
    if not is_congress_staff(request.user):
        raise Http404


@login_required
def reference_list(request):
    if not (is_congress_staff(request.user) or is_auditor(request.user)):
        raise Http404
    rows = ReferenceImport.objects.visible_to(request.user).select_related("document", "created_by")
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "can_manage": is_congress_staff(request.user),
    }
    return render(request, "organisations/reference_list.html", context)


@login_required
def reference_upload(request):
    """The file is kept and its dry run starts."""
    require_staff(request)
    form = ReferenceForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = services.register_reference(file=form.cleaned_data["file"], by=request.user)
        except ValidationError as error:
            form.add_error("file", error)
        else:
            return redirect(services.start_check(run=run, by=request.user))
    return render(request, "organisations/reference_upload.html", {"form": form})


@login_required
def reference_import(request, pk):
    """What the file brings, or brought; and the next step."""
    run = visible_import(request, pk)
    can_manage = is_congress_staff(request.user)
    context = {
        "run": run,
        "is_done": run.state == ReferenceState.DONE,
        "can_check": can_manage and run.state != ReferenceState.DONE,
        "can_take": can_manage and run.state == ReferenceState.CHECKED and run.has_news,
        "is_known": run.state == ReferenceState.CHECKED and not run.has_news,
        "reasons": services.remarks_by_reason(run),
        "job": Job.objects.filter(key=services.job_key(run)).first(),
        "events": StateChange.objects.of(run)[:20],
    }
    return render(request, "organisations/reference_import.html", context)


@login_required
@require_POST
def reference_act(request, pk, action):
    require_staff(request)
    run = visible_import(request, pk)
    start = services.start_check if action == "check" else services.start_take
    try:
        return redirect(start(run=run, by=request.user))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect(run)


@login_required
def reference_rejected(request, pk):
    """What was refused and what needs a look, row by row, with how to mend it."""
    run = visible_import(request, pk)
    if not run.remarks:
        raise Http404
    return csv_response(f"zamechaniya-{run.pk}.csv", REMARK_HEADERS, run.remarks)
