"""Preparing a campaign: terms, preview, difference of forms, reminders, opening and closing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.campaign_forms import CampaignForm
from annual_report.models import Campaign, ReminderStep
from annual_report.permissions import manage_reports
from annual_report.preparation import preview, previous_campaign, suggest
from annual_report.review_forms import ReminderForm
from annual_report.services import campaigns as services
from annual_report.services import reminders
from annual_report.services.forms import diff_forms
from annual_report.views.choice import reads_board
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed

MOVES = {
    "open": (workflow.OPEN_CAMPAIGN, services.start_opening, "Сбор открывается."),
    "close": (workflow.CLOSE_CAMPAIGN, services.close_campaign, "Сбор закрыт."),
    "reopen": (workflow.REOPEN_CAMPAIGN, services.reopen_campaign, "Сбор снова открыт."),
}


def read_campaign(request, pk):
    if not reads_board(request.user):
        raise Http404
    return get_object_or_404(Campaign.objects.select_related("form"), pk=pk)


def managed_campaign(request, pk):
    if not manage_reports(request.user):
        raise Http404
    return read_campaign(request, pk)


@login_required
def campaign_list(request):
    if not reads_board(request.user):
        raise Http404
    rows = Campaign.objects.select_related("form").annotate(forms_count=Count("submissions"))
    context = {"campaigns": rows, "can_manage": manage_reports(request.user)}
    return render(request, "annual_report/campaign/list.html", context)


@login_required
def campaign_create(request):
    """A new one, or last year's a year later (``?from=``)."""
    if not manage_reports(request.user):
        raise Http404
    source = find_source(request.GET.get("from", ""))
    form = CampaignForm(request.POST or None, initial=suggest(source))
    if request.method == "POST" and form.is_valid():
        campaign = services.save_campaign(campaign=form.save(commit=False), by=request.user)
        messages.success(request, "Кампания создана. Проверьте её и откройте сбор.")
        return redirect("annual_report:campaign-detail", pk=campaign.pk)
    context = {"form": form, "source": source, "campaigns": Campaign.objects.all()[:30]}
    return render(request, "annual_report/campaign/form.html", context)


def find_source(number):
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return Campaign.objects.select_related("form").filter(pk=number).first()


@login_required
def campaign_edit(request, pk):
    campaign = managed_campaign(request, pk)
    form = CampaignForm(request.POST or None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        services.save_campaign(campaign=form.save(commit=False), by=request.user)
        messages.success(request, "Изменения сохранены.")
        return redirect("annual_report:campaign-detail", pk=pk)
    return render(request, "annual_report/campaign/form.html", {"form": form, "campaign": campaign})


@login_required
def campaign_detail(request, pk):
    campaign = read_campaign(request, pk)
    earlier = previous_campaign(campaign)
    is_new = campaign.state in workflow.OPEN_CAMPAIGN.sources
    context = {
        "campaign": campaign,
        "can_manage": manage_reports(request.user),
        "moves": [
            (action, move.label)
            for action, (move, _service, _words) in MOVES.items()
            if move.is_open_to(request.user, campaign)
        ],
        "obstacle": obstacle(campaign) if is_new else "",
        "preview": preview(campaign),
        "earlier": earlier,
        "diff": diff_forms(earlier.form, campaign.form) if earlier else None,
        "next_reminders": upcoming(campaign)[:5],
        "others": Campaign.objects.filter(year=campaign.year).exclude(pk=pk).select_related("form"),
        "events": StateChange.objects.of(campaign)[:10],
    }
    return render(request, "annual_report/campaign/detail.html", context)


def obstacle(campaign):
    """Why it cannot be opened yet; empty when it can."""
    try:
        services.check_can_open(campaign)
    except ValidationError as error:
        return error.messages[0]
    return ""


def upcoming(campaign):
    today = timezone.localdate()
    return [item for item in reminders.schedule(campaign) if item.run is None and item.on >= today]


@login_required
@require_POST
def campaign_act(request, pk, action):
    campaign = managed_campaign(request, pk)
    _move, service, words = MOVES[action]
    try:
        done = service(campaign=campaign, by=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Состояние кампании уже другое.")
    else:
        if action == "open":
            return redirect(done)
        messages.success(request, words)
    return redirect("annual_report:campaign-detail", pk=pk)


@login_required
def reminder_list(request, pk):
    """What has gone out and what will, with the schedule to edit."""
    campaign = read_campaign(request, pk)
    can_manage = manage_reports(request.user)
    form = ReminderForm(request.POST or None) if can_manage else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid() and add_reminder(campaign, form, request.user):
            messages.success(request, "Напоминание добавлено в расписание.")
            return redirect("annual_report:reminder-list", pk=pk)
    today = timezone.localdate()
    planned = reminders.schedule(campaign)
    context = {
        "campaign": campaign,
        "can_manage": can_manage,
        "form": form,
        "steps": campaign.reminders.order_by("audience", "-days"),
        "ahead": [item for item in planned if item.run is None and item.on >= today],
        "missed": [item for item in planned if item.run is None and item.on < today],
        "runs": campaign.reminder_runs.all()[:200],
    }
    return render(request, "annual_report/campaign/reminders.html", context)


def add_reminder(campaign, form, user):
    try:
        reminders.add_step(campaign=campaign, by=user, **form.cleaned_data)
    except ValidationError as error:
        form.add_error("days", error.messages[0])
        return False
    return True


@login_required
@require_POST
def reminder_remove(request, pk):
    if not manage_reports(request.user):
        raise Http404
    step = get_object_or_404(ReminderStep.objects.select_related("campaign"), pk=pk)
    reminders.remove_step(step=step, by=request.user)
    messages.success(request, "Напоминание убрано из расписания.")
    return redirect("annual_report:reminder-list", pk=step.campaign_id)
