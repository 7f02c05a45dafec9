"""Later deadlines of one form or one council."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from annual_report.models import Extension, Submission
from annual_report.permissions import extends_submission, manage_reports
from annual_report.review_forms import CouncilExtensionForm, ExtendForm
from annual_report.services import extensions as services
from annual_report.views.choice import choose_campaign, forms_of, reads_queue
from okmo_portal.core.text import format_date
from okmo_portal.organisations.permissions import is_council_member


def visible_extensions(user, campaign=None):
    """The Congress sees all, a council those of its region."""
    rows = Extension.objects.select_related(
        "submission__municipality", "submission__region", "region", "by", "removed_by", "campaign"
    )
    if campaign is not None:
        rows = rows.filter(campaign=campaign)
    if is_council_member(user):
        region = user.active_membership.organisation.region_id
        rows = rows.filter(Q(region=region) | Q(submission__region=region))
    return rows


@login_required
def extension_list(request):
    """All later deadlines of a campaign; the Congress gives councils theirs here."""
    if not reads_queue(request.user):
        raise Http404
    campaign, campaigns = choose_campaign(request)
    if campaign is None:
        return render(request, "annual_report/review/empty.html")
    can_add = manage_reports(request.user) and campaign.takes_answers
    form = CouncilExtensionForm(request.POST or None) if can_add else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid() and extend_council(request, campaign, form):
            return redirect(f"{reverse('annual_report:extension-list')}?campaign={campaign.pk}")
    rows = visible_extensions(request.user, campaign)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.can_remove = row.removed_at is None and services.may_remove(request.user, row)
    context = {
        "campaign": campaign,
        "campaigns": campaigns,
        "page": page,
        "form": form,
        "extended": forms_of(request.user, campaign).filter(extended_to__isnull=False).count(),
    }
    return render(request, "annual_report/review/extensions.html", context)


def extend_council(request, campaign, form):
    """Whether it was done; else the form holds the reason."""
    data = form.cleaned_data
    try:
        services.extend_region(
            campaign=campaign, region=data["region"], until=data["until"],
            reason=data["reason"], by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        form.add_error("until", error.messages[0])
        return False
    messages.success(request, f"Срок совета продлён до {format_date(data['until'])}.")
    return True


@login_required
@require_POST
def extension_add(request, pk):
    """From the page of one form."""
    submission = get_object_or_404(Submission.objects.visible_to(request.user), pk=pk)
    if not extends_submission.test(request.user, submission):
        raise Http404
    form = ExtendForm(request.POST)
    if not form.is_valid():
        messages.error(request, next(iter(form.errors.values()))[0])
        return redirect("annual_report:review-detail", pk=pk)
    try:
        services.extend_submission(
            submission=submission, until=form.cleaned_data["until"],
            reason=form.cleaned_data["reason"], by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"Срок продлён до {format_date(form.cleaned_data['until'])}.")
    return redirect("annual_report:review-detail", pk=pk)


@login_required
@require_POST
def extension_remove(request, pk):
    if not reads_queue(request.user):
        raise Http404
    extension = get_object_or_404(visible_extensions(request.user), pk=pk)
    try:
        services.remove_extension(extension=extension, by=request.user)
    except PermissionDenied:
        raise Http404 from None
    except ValidationError as error:
        messages.info(request, error.messages[0])
    else:
        messages.success(request, "Продление снято, в истории оно осталось.")
    return redirect(f"{reverse('annual_report:extension-list')}?campaign={extension.campaign_id}")
