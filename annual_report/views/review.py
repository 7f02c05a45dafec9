"""The queue of forms, one form, and decisions of the council and the Congress."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.filled_form import get_filled_form
from annual_report.history import differences_since
from annual_report.models import CellReturn, Submission
from annual_report.permissions import extends_submission, manage_reports, reviews_submission
from annual_report.queue import filter_queue, find_place, state_counts
from annual_report.review_forms import ExtendForm, ReturnForm, SendBackForm
from annual_report.services import review as services
from annual_report.services.bulk import kinds_of
from annual_report.services.checks import check_form
from annual_report.services.reminders import council_due
from annual_report.services.unusual import unusual_problems
from annual_report.views.choice import (
    back_params,
    choose_campaign,
    forms_of,
    queue_of,
    read_filter,
    reads_queue,
)
from okmo_portal.core.text import clean_text
from okmo_portal.organisations.models import Region
from okmo_portal.organisations.permissions import is_council_member
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed

PAGE = 50
CELL_PREFIX = "cell-"


@login_required
def review_list(request):
    if not reads_queue(request.user):
        raise Http404
    campaign, campaigns = choose_campaign(request)
    if campaign is None:
        return render(request, "annual_report/review/empty.html")
    form = read_filter(request.GET)
    chosen = form.chosen()
    code = chosen.get("region")
    region = Region.objects.filter(code=code).first() if code else None
    rows = forms_of(request.user, campaign)
    scope = rows.filter(region=region) if region else rows
    queue = filter_queue(rows, chosen).select_related("municipality__parent", "region", "campaign")
    context = {
        "campaign": campaign,
        "campaigns": campaigns,
        "counts": state_counts(scope),
        "page": Paginator(queue, PAGE).get_page(request.GET.get("page")),
        "filter": form,
        "region": region,
        "council_due": review_due(request.user, campaign),
        "kinds": kinds_of(request.user) if campaign.takes_answers or manages(request) else (),
        "is_staff": manages(request),
    }
    return render(request, "annual_report/review/list.html", context)


def manages(request):
    return manage_reports.test(request.user)


def review_due(user, campaign):
    """The council's own last day; the campaign's for everybody else."""
    if not is_council_member(user):
        return campaign.council_deadline
    return council_due(campaign, user.active_membership.organisation.region_id)


@login_required
def review_detail(request, pk):
    if not reads_queue(request.user):
        raise Http404
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user)
        .with_territory()
        .select_related("submitted_by", "decided_by", "accepted_by"),
        pk=pk,
    )
    form = get_filled_form(submission)
    was_sent_again = submission.decided_at is not None and (
        submission.submitted_at is None or submission.submitted_at > submission.decided_at
    )
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "sections": form.sections,
        "problems": check_form(form) + unusual_problems(form),
        "differences": differences_since(submission, submission.decided_at)
        if was_sent_again
        else [],
        "was_sent_again": was_sent_again,
        "returns": last_returns(submission),
        "events": StateChange.objects.of(submission)[:10],
        "place": find_place(neighbours(request, submission), submission.pk),
        "back": request.GET.urlencode(),
        "return_form": ReturnForm(prefix="whole"),
        "send_back_form": SendBackForm(),
        "extend_form": ExtendForm(),
    }
    return render(
        request, "annual_report/review/detail.html", context | rights(request.user, submission)
    )


def rights(user, submission):
    """What the page offers to ``user``; the services decide again."""
    return {
        "can_approve": workflow.APPROVE.is_open_to(user, submission),
        "can_reopen": workflow.REOPEN.is_open_to(user, submission),
        "can_accept": workflow.ACCEPT.is_open_to(user, submission),
        "can_send_back": workflow.SEND_BACK.is_open_to(user, submission),
        "can_extend": submission.campaign.takes_answers
        and submission.is_with_municipality
        and extends_submission.test(user, submission),
        "can_correct": submission.is_counted and reviews_submission.test(user, submission),
    }


def last_returns(submission):
    """What was sent back last, mended or not."""
    rows = CellReturn.objects.filter(submission=submission).select_related("indicator", "by")
    rows = list(rows.order_by("-at", "-pk")[:100])
    return [row for row in rows if row.at == rows[0].at or row.resolved_at is None]


def neighbours(request, submission):
    """The queue of the address within the form's own region, however large the country is."""
    queue = queue_of(request.user, submission.campaign, request.GET)
    return queue.filter(region=submission.region_id)


@login_required
@require_POST
def review_decide(request, pk, action):
    """One decision on one form, then the next form of the list from which it was opened."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user).with_territory(), pk=pk
    )
    allowed = manages(request) if action in ("accept", "send_back") else None
    if not (reviews_submission.test(request.user, submission) if allowed is None else allowed):
        raise Http404
    onward = onward_address(request, submission)
    try:
        messages.success(request, DECISIONS[action](request, submission))
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:review-detail", pk=pk)
    except TransitionNotAllowed:
        messages.info(request, "По этой форме уже принято другое решение.")
    except PermissionDenied:
        messages.error(request, "Сбор за этот год закрыт: решение принять нельзя.")
    return redirect(onward)


def approve(request, submission):
    comment = clean_text(request.POST.get("comment", ""))[:2000]
    services.approve_submission(submission=submission, by=request.user, comment=comment)
    return f"Утверждено: {submission.municipality}."


def send_to_mend(request, submission, service=services.return_submission):
    """The whole form, or the indicators beside which something was written."""
    cells = {
        key.removeprefix(CELL_PREFIX): value[:500]
        for key, value in request.POST.items()
        if key.startswith(CELL_PREFIX) and value.strip()
    }
    comment = request.POST.get("whole-comment", "") or request.POST.get("comment", "")
    service(submission=submission, by=request.user, comment=comment[:2000], cells=cells)
    return f"Возвращено: {submission.municipality}."


def reopen(request, submission):
    send_to_mend(request, submission, services.reopen_submission)
    return "Утверждение снято, форма у муниципалитета."


def accept(request, submission):
    services.accept_submission(submission=submission, by=request.user)
    return f"Принято: {submission.municipality}."


def send_back(request, submission):
    comment = request.POST.get("comment", "")[:2000]
    services.send_back_submission(submission=submission, by=request.user, comment=comment)
    return f"Возвращено в совет: {submission.municipality}."


DECISIONS = {
    "approve": approve,
    "return": send_to_mend,
    "reopen": reopen,
    "accept": accept,
    "send_back": send_back,
}


def onward_address(request, submission):
    """Where to after the decision: the next form of the list, or the list."""
    params = back_params(request)
    if not params:
        # Opened from a letter: the council goes on with what waits longest.
        params = params.copy()
        state = "approved" if manages(request) else "submitted"
        params.update({"campaign": str(submission.campaign_id), "state": state, "order": "waiting"})
    queue = queue_of(request.user, submission.campaign, params)
    following = find_place(queue.filter(region=submission.region_id), submission.pk).next
    if following is None or following == submission.pk:
        return f"{reverse('annual_report:review-list')}?{params.urlencode()}"
    address = reverse("annual_report:review-detail", args=[following])
    return f"{address}?{params.urlencode()}"
