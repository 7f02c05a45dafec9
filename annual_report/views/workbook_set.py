"""Workbooks of a region or of the country: ordered as archives, and taken back from a council."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from annual_report.models import Campaign, WorkbookBatch, WorkbookBundle, WorkbookIntake
from annual_report.services import workbook_intakes, workbook_sets
from annual_report.workbook_forms import ArchiveForm, MakeForm
from okmo_portal.organisations.permissions import is_congress_staff, is_council_member


def own_region(user):
    """The council's region; None for the Congress, which makes them for all. Others see a 404."""
    if is_council_member(user):
        return user.active_membership.organisation.region
    if is_congress_staff(user):
        return None
    raise Http404


@login_required
@require_GET
def workbook_list(request):
    region = own_region(request.user)
    return show_list(request, MakeForm(region=region), ArchiveForm())


def show_list(request, make_form, archive_form):
    user = request.user
    batches = WorkbookBatch.objects.visible_to(user).select_related(
        "campaign", "region", "job", "by"
    )
    context = {
        "campaign": Campaign.objects.open().main().first(),
        "region": own_region(user),
        "make_form": make_form,
        "archive_form": archive_form,
        "batches": batches[:20],
        "intakes": WorkbookIntake.objects.visible_to(user).select_related("document", "job", "by")[
            :20
        ],
    }
    return render(request, "annual_report/workbook/list.html", context)


def open_campaign_or_404():
    campaign = Campaign.objects.open().main().select_related("form").first()
    if campaign is None:
        raise Http404
    return campaign


@login_required
@require_POST
def workbook_make(request):
    """Order the archives; the job's page shows how far they are."""
    form = MakeForm(request.POST, region=own_region(request.user))
    if not form.is_valid():
        return show_list(request, form, ArchiveForm())
    try:
        batch = workbook_sets.start_batch(
            campaign=open_campaign_or_404(),
            region=form.chosen_region,
            only_missing=form.cleaned_data["only_missing"],
            by=request.user,
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:workbook-list")
    return redirect(batch)


@login_required
@require_POST
def workbook_send(request):
    """Take a council's archive; what became of each workbook is told when all are read."""
    if not is_council_member(request.user):
        raise Http404
    form = ArchiveForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            intake = workbook_intakes.start_intake(
                campaign=open_campaign_or_404(), file=form.cleaned_data["file"], by=request.user
            )
        except ValidationError as error:
            form.add_error("file", error.messages[0])
        else:
            return redirect(intake)
    return show_list(request, MakeForm(region=own_region(request.user)), form)


@login_required
@require_GET
def workbook_batch(request, pk):
    """The archives that are ready, and the job that makes the others."""
    user = request.user
    batch = get_object_or_404(
        WorkbookBatch.objects.visible_to(user).select_related("campaign", "region", "job", "by"),
        pk=pk,
    )
    bundles = (
        WorkbookBundle.objects.visible_to(user)
        .filter(batch=batch)
        .select_related("region", "document")
    )
    page = Paginator(bundles, 100).get_page(request.GET.get("page"))
    return render(request, "annual_report/workbook/batch.html", {"batch": batch, "page": page})


@login_required
@require_GET
def workbook_intake(request, pk):
    """What became of each file: a proposal to its municipality, or the sentence that refused it."""
    intake = get_object_or_404(
        WorkbookIntake.objects.visible_to(request.user).select_related(
            "campaign", "document", "job", "by"
        ),
        pk=pk,
    )
    files = intake.files.select_related("upload__submission__municipality")
    context = {
        "intake": intake,
        "taken": files.filter(upload__isnull=False).count(),
        "refused": files.exclude(refusal="").count(),
        "page": Paginator(files, 100).get_page(request.GET.get("page")),
    }
    return render(request, "annual_report/workbook/intake.html", context)
