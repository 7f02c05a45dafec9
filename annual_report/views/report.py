"""Staff make a report: snapshot, chapters, PDF, publication."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.models import Campaign, Report
from annual_report.permissions import manage_reports
from annual_report.services import chapters, report_build
from annual_report.services import reports as services
from annual_report.services.snapshots import SnapshotDamaged
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.permissions import is_auditor
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


def require_reader(request):
    if not (manage_reports.test(request.user) or is_auditor(request.user)):
        raise Http404


@login_required
def report_manage_list(request):
    require_reader(request)
    campaigns = Campaign.objects.main().select_related("report").order_by("-year")
    return render(request, "annual_report/report/list.html", {"campaigns": campaigns})


@login_required
def report_manage(request, year):
    require_reader(request)
    campaign = get_object_or_404(Campaign.objects.main(), year=year)
    report = Report.objects.select_related("snapshot", "pdf").filter(campaign=campaign).first()
    builds = (
        Job.objects.filter(key=f"annual_report:build:{report.pk}") if report else Job.objects.none()
    )
    context = {
        "campaign": campaign,
        "report": report,
        "approved": campaign.submissions.counted().count(),
        "expected": campaign.submissions.count(),
        "job": builds.first(),
        "events": StateChange.objects.of(report)[:20] if report else [],
        "can_manage": manage_reports.test(request.user),
        "moves": open_moves(request.user, report) if report else {},
        "flagged": chapters.flagged(report) if report else [],
        "files": report.files.select_related("document") if report else [],
    }
    return render(request, "annual_report/report/manage.html", context)


@login_required
@require_POST
def report_act(request, year, action):
    """One step of the report's making."""
    if not manage_reports.test(request.user):
        raise Http404
    campaign = get_object_or_404(Campaign.objects.main(), year=year)
    try:
        return perform(request, campaign, action)
    except SnapshotDamaged as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Состояние доклада уже изменилось.")
    except PermissionDenied:
        raise Http404 from None
    return redirect("annual_report:report-manage", year=year)


def perform(request, campaign, action):
    user, back = request.user, redirect("annual_report:report-manage", year=campaign.year)
    if action == "prepare":
        services.prepare_report(campaign=campaign, by=user)
        messages.success(request, "Главы доклада созданы.")
        return back
    report = get_object_or_404(Report.objects.select_related("campaign"), campaign=campaign)
    if action == "snapshot":
        return redirect(services.start_snapshot(report=report, by=user))
    if action == "build":
        return redirect(report_build.start_build(report=report, by=user))
    messages.success(request, MOVES[action](request, report))
    return back


def review(request, report):
    services.send_to_review(report=report, by=request.user)
    return "Доклад отправлен на согласование."


def approve(request, report):
    services.approve_report(
        report=report, by=request.user, comment=request.POST.get("comment", "")[:2000]
    )
    return "Доклад согласован: главы и данные заморожены."


def return_to_draft(request, report):
    services.return_report(
        report=report, by=request.user, comment=request.POST.get("comment", "")[:2000]
    )
    return "Доклад возвращён в работу."


def publish(request, report):
    services.publish_report(report=report, by=request.user)
    return "Доклад опубликован."


def unpublish(request, report):
    services.unpublish_report(report=report, by=request.user)
    return "Доклад снят с публикации."


MOVES = {
    "review": review,
    "approve": approve,
    "return": return_to_draft,
    "publish": publish,
    "unpublish": unpublish,
}


def open_moves(user, report):
    """Which buttons to offer."""
    found = {
        "review": workflow.SEND_TO_REVIEW,
        "approve": workflow.APPROVE_REPORT,
        "return": workflow.RETURN_REPORT,
        "publish": workflow.PUBLISH,
        "unpublish": workflow.UNPUBLISH,
    }
    return {name: move.is_open_to(user, report) for name, move in found.items()}
