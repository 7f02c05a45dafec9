"""The council's queue and decisions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.enums import SubmissionState
from annual_report.forms import ReturnForm, ReviewFilterForm
from annual_report.models import Campaign, Submission
from annual_report.permissions import reviews_submission
from annual_report.selectors import get_filled_form, progress
from annual_report.services import submissions as services
from annual_report.services.checks import check_form
from annual_report.services.unusual import unusual_problems
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.text import counted, sort_key
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff, is_council_member
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


def reads_queue(user):
    return is_council_member(user) or is_congress_staff(user) or is_auditor(user)


def current_campaign(request):
    """The campaign of ``?year=``, else the newest visible one."""
    campaigns = Campaign.objects.visible_to(request.user)
    year = request.GET.get("year", "")
    if year.isdigit():
        return get_object_or_404(campaigns.main(), year=int(year))
    return campaigns.main().first()


def filtered_queue(request, campaign):
    """The region's forms with the page's filters; staff may narrow to one region."""
    rows = Submission.objects.visible_to(request.user).filter(campaign=campaign)
    if region := request.GET.get("region", ""):
        rows = rows.filter(region__code=region)
    form = ReviewFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    filtered = rows
    if chosen.get("state") == "not_filed":
        filtered = filtered.not_filed()
    elif chosen.get("state"):
        filtered = filtered.filter(state=chosen["state"])
    if chosen.get("kind"):
        filtered = filtered.filter(municipality__kind=chosen["kind"])
    if chosen.get("q"):
        filtered = filtered.filter(municipality__sort_key__contains=sort_key(chosen["q"]))
    return rows, filtered, form


@login_required
def review_list(request):
    if not reads_queue(request.user):
        raise Http404
    campaign = current_campaign(request)
    if campaign is None:
        return render(request, "annual_report/review/empty.html")
    rows, filtered, form = filtered_queue(request, campaign)
    ordered = filtered.select_related("municipality__parent", "region").order_by(
        "municipality__sort_key", "pk"
    )
    context = {
        "campaign": campaign,
        "campaigns": Campaign.objects.visible_to(request.user),
        "progress": progress(rows, campaign.municipality_deadline),
        "page": Paginator(ordered, 50).get_page(request.GET.get("page")),
        "filter": form,
        "can_review": is_council_member(request.user) and campaign.takes_answers,
        "region": request.GET.get("region", ""),
    }
    return render(request, "annual_report/review/list.html", context)


@login_required
def review_phones(request):
    """Who has not filed, with contacts: the council's phone list as CSV."""
    if not reads_queue(request.user):
        raise Http404
    campaign = current_campaign(request)
    if campaign is None:
        raise Http404
    rows, _filtered, _form = filtered_queue(request, campaign)
    missing = (
        rows.not_filed()
        .order_by("region__sort_key", "municipality__sort_key")
        .values_list(
            "region__name",
            "municipality__name",
            "state",
            "municipality__organisations__phone",
            "municipality__organisations__email",
        )
    )
    labels = dict(SubmissionState.choices)
    return csv_response(
        f"not-filed-{campaign.year}.csv",
        ["Субъект РФ", "Муниципалитет", "Состояние", "Телефон", "Почта"],
        (
            [region, name, labels[state], phone or "", email or ""]
            for region, name, state, phone, email in missing.iterator(chunk_size=2000)
        ),
    )


@login_required
def review_detail(request, pk):
    if not reads_queue(request.user):
        raise Http404
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user)
        .with_territory()
        .select_related("submitted_by", "decided_by"),
        pk=pk,
    )
    form = get_filled_form(submission)
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "sections": form.sections,
        "problems": check_form(form) + unusual_problems(form),
        "events": StateChange.objects.of(submission)[:30],
        "can_approve": workflow.APPROVE.is_open_to(request.user, submission),
        "can_reopen": workflow.REOPEN.is_open_to(request.user, submission),
        "form": ReturnForm(),
    }
    return render(request, "annual_report/review/detail.html", context)


@login_required
@require_POST
def review_decide(request, pk, action):
    """Approve, return or reopen, then go to the next form that waits."""
    submission = get_object_or_404(Submission.objects.visible_to(request.user), pk=pk)
    if not reviews_submission.test(request.user, submission):
        raise Http404
    comment = request.POST.get("comment", "")
    try:
        if action == "approve":
            services.approve_submission(submission=submission, by=request.user, comment=comment)
            messages.success(request, f"Утверждено: {submission.municipality}.")
        elif action == "return":
            services.return_submission(submission=submission, by=request.user, comment=comment)
            messages.success(request, f"Возвращено: {submission.municipality}.")
        else:
            services.reopen_submission(submission=submission, by=request.user, comment=comment)
            messages.success(request, "Утверждение снято, форма у муниципалитета.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:review-detail", pk=pk)
    except TransitionNotAllowed:
        messages.info(request, "По этой форме уже принято другое решение.")
    except PermissionDenied:
        messages.error(request, "Сбор за этот год закрыт: решение принять нельзя.")
    return redirect(next_in_queue(request, submission))


def next_in_queue(request, submission):
    waiting = (
        Submission.objects.visible_to(request.user)
        .awaiting_review()
        .filter(campaign_id=submission.campaign_id)
        .order_by("submitted_at")
        .first()
    )
    if waiting is None:
        messages.info(request, "Очередь пуста: больше проверять нечего.")
        return redirect("annual_report:review-list").url
    return redirect("annual_report:review-detail", pk=waiting.pk).url


@login_required
def review_approve_many(request):
    """Approve the ticked forms, after a page that names them."""
    if not is_council_member(request.user):
        raise Http404
    numbers = [value for value in request.POST.getlist("submission") if value.isdigit()][:500]
    chosen = list(
        Submission.objects.visible_to(request.user)
        .awaiting_review()
        .filter(pk__in=numbers)
        .with_territory()
    )
    if not chosen:
        messages.info(request, "Отметьте формы, которые ждут проверки.")
        return redirect("annual_report:review-list")
    if "confirmed" not in request.POST:
        return render(request, "annual_report/review/approve_many.html", {"submissions": chosen})
    result = services.approve_many(submissions=chosen, by=request.user)
    messages.success(request, f"Утверждено: {counted(result.approved, 'форма,формы,форм')}.")
    if result.skipped:
        messages.warning(
            request,
            f"Пропущено, состояние изменилось: {counted(result.skipped, 'форма,формы,форм')}.",
        )
    return redirect("annual_report:review-list")
