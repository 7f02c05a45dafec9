"""Changes of approved data: proposing, deciding, and which published reports they touch."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.enums import CorrectionState
from annual_report.filled_form import get_filled_form
from annual_report.forms import read_cells
from annual_report.history import show_cell
from annual_report.models import Correction, Submission
from annual_report.permissions import manage_reports, proposes_correction, reviews_submission
from annual_report.review_forms import CorrectionReasonForm, DecisionForm
from annual_report.services import corrections as services
from annual_report.services.checks import check_form
from annual_report.services.corrections import NewContent
from annual_report.views.choice import choose_campaign, reads_board, reads_queue
from okmo_portal.workflow.transitions import TransitionNotAllowed


def visible_corrections(user):
    return Correction.objects.visible_to(user).select_related(
        "submission__municipality", "submission__region", "submission__campaign__form", "by",
        "decided_by",
    )  # fmt: skip


@login_required
def correction_list(request):
    """For councils theirs, for the Congress all, with the reports that rest on older values."""
    if not reads_queue(request.user):
        raise Http404
    campaign, campaigns = choose_campaign(request)
    rows = visible_corrections(request.user)
    if request.GET.get("campaign"):
        rows = rows.filter(submission__campaign=campaign)
    state = request.GET.get("state", "")
    if state in CorrectionState.values:
        rows = rows.filter(state=state)
    page = Paginator(rows.order_by("-at", "-pk"), 30).get_page(request.GET.get("page"))
    reports = services.affected_reports(page.object_list) if reads_board(request.user) else {}
    context = {
        "campaigns": campaigns,
        "campaign": campaign if request.GET.get("campaign") else None,
        "states": CorrectionState.choices,
        "state": state,
        "page": page,
        "rows": [(row, reports.get(row.pk, [])) for row in page.object_list],
        "shows_reports": reads_board(request.user),
    }
    return render(request, "annual_report/correction/list.html", context)


@login_required
def correction_create(request, pk):
    """All asked cells as they stand; what is changed becomes the proposal, after a check page."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user).with_territory(), pk=pk
    )
    if not proposes_correction.test(request.user, submission):
        raise Http404
    waiting = submission.corrections.filter(state=CorrectionState.PROPOSED).first()
    if waiting is not None:
        messages.info(request, f"Исправление {waiting.number} ещё ждёт решения.")
        return redirect("annual_report:correction-detail", pk=waiting.pk)
    form = get_filled_form(submission)
    reason = CorrectionReasonForm(request.POST or None)
    posted = read_cells(form.asked, request.POST, confirm_known=True)
    error = ""
    if request.method == "POST" and "edit" not in request.POST:
        given = {
            code: NewContent(cell.value, cell.no_data_reason) for code, cell in posted.cells.items()
        }
        changes = services.changed_cells(form, given)
        if posted.errors or not reason.is_valid():
            pass
        elif not changes:
            error = services.UNCHANGED
        elif "confirmed" in request.POST:
            try:
                correction = services.propose_correction(
                    submission=submission, given=given, by=request.user,
                    reason=reason.cleaned_data["reason"],
                )  # fmt: skip
            except ValidationError as refusal:
                error = refusal.messages[0]
            else:
                messages.success(request, "Исправление отправлено на решение совета.")
                return redirect("annual_report:correction-detail", pk=correction.pk)
        else:
            return check_page(request, submission, form, changes, reason)
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "sections": correction_rows(form, posted),
        "reason": reason,
        "errors": ([(error, "")] if error else [])
        + [(text, f"value-{code}") for code, text in posted.errors.items()]
        + [(item[0], f"id_{name}") for name, item in reason.errors.items()],
        "locked": not submission.is_counted,
    }
    return render(request, "annual_report/correction/form.html", context)


def correction_rows(form, posted):
    """Sections with what stands in the inputs: what was typed, else what is approved."""
    return [
        {
            "section": part.section,
            "rows": [
                {
                    "cell": cell,
                    "value": posted.typed.get(cell.code, {}).get("value", cell.typed),
                    "reason": posted.typed.get(cell.code, {}).get("reason", cell.no_data_reason),
                    "error": posted.errors.get(cell.code, ""),
                }
                for cell in part.asked
            ],
        }
        for part in form.sections
    ]


def check_page(request, submission, form, changes, reason):
    """Was → becomes, and what the rules say of the corrected form, before anything is sent."""
    shown = [
        {
            "code": change.cell.code,
            "title": change.cell.indicator.title,
            "was": show_cell(change.cell.indicator, change.cell.value, change.cell.no_data_reason),
            "becomes": show_cell(change.cell.indicator, change.new.value, change.new.reason),
        }
        for change in changes
    ]
    before = check_form(form)
    after = check_form(services.corrected(form, changes, request.user))
    found = services.new_problems(before, after)
    codes = {change.cell.code for change in changes}
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "changes": shown,
        "problems": found,
        "blocked": bool(services.blocking(found)),
        "reason": reason.cleaned_data["reason"],
        "hidden": [
            (name, value)
            for name, value in request.POST.items()
            if name.partition("-")[2] in codes and name.startswith(("value-", "reason-"))
        ],
    }
    return render(request, "annual_report/correction/check.html", context)


@login_required
def correction_detail(request, pk):
    correction = get_object_or_404(visible_corrections(request.user), pk=pk)
    submission = correction.submission
    waits = correction.state == CorrectionState.PROPOSED
    problems, moved = findings(request.user, correction) if waits else ([], "")
    cells = correction.cells.select_related("indicator__section").order_by(
        "indicator__section__order", "indicator__code"
    )
    reports = services.affected_reports([correction]) if reads_board(request.user) else {}
    context = {
        "correction": correction,
        "submission": submission,
        "municipality": submission.municipality,
        "changes": [
            {
                "code": item.indicator.code,
                "title": item.indicator.title,
                "was": show_cell(item.indicator, item.old_value, item.old_reason),
                "becomes": show_cell(item.indicator, item.new_value, item.new_reason),
            }
            for item in cells
        ],
        "problems": problems,
        "moved": moved,
        "can_apply": workflow.APPLY_CORRECTION.is_open_to(request.user, correction),
        "can_refuse": workflow.REFUSE_CORRECTION.is_open_to(request.user, correction),
        "form": DecisionForm(),
        "reports": reports.get(pk, []),
        "shows_reports": reads_board(request.user),
        "reviews": reads_queue(request.user),
    }
    return render(request, "annual_report/correction/detail.html", context)


def findings(user, correction):
    """What the correction would bring, and why it cannot be applied as it is."""
    form = get_filled_form(correction.submission)
    before = check_form(form)
    try:
        changes = services.changes_of(correction, form)
    except ValidationError as error:
        return [], error.messages[0]
    after = check_form(services.corrected(form, changes, user))
    return services.new_problems(before, after), ""


@login_required
@require_POST
def correction_decide(request, pk, action):
    correction = get_object_or_404(visible_corrections(request.user), pk=pk)
    if not (
        manage_reports(request.user) or reviews_submission.test(request.user, correction.submission)
    ):
        raise Http404
    comment = request.POST.get("comment", "")[:2000]
    try:
        if action == "apply":
            services.apply_correction(correction=correction, by=request.user, comment=comment)
            messages.success(request, "Исправление внесено, в истории осталось прежнее значение.")
        else:
            services.refuse_correction(correction=correction, by=request.user, comment=comment)
            messages.success(request, "Исправление отклонено, данные прежние.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Решение по этому исправлению уже принято.")
    except PermissionDenied:
        messages.error(request, services.OWN)
    return redirect("annual_report:correction-detail", pk=pk)
