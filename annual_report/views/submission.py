"""The municipality's forms: the card of each, the head's signature, sending and taking back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from annual_report import certificate, workflow
from annual_report.burden import form_burden
from annual_report.card import (
    certifier_names,
    council_of,
    find_holder,
    latest_extension,
    notable_changes,
    what_if_late,
)
from annual_report.enums import Severity
from annual_report.filled_form import get_filled_form
from annual_report.forms import SubmitForm, TakeBackForm
from annual_report.permissions import edits_submission
from annual_report.selectors import my_submissions
from annual_report.services import submissions as services
from annual_report.services.checks import check_form
from annual_report.services.unusual import unusual_problems
from annual_report.views.filling import (
    form_context,
    group_problems,
    own_submission,
    visible_submission,
)
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


@login_required
def submission_list(request):
    """The municipality's forms of all years."""
    return render(
        request, "annual_report/submission/list.html", {"submissions": my_submissions(request.user)}
    )


@login_required
def submission_detail(request, pk):
    """«Моя карточка»: where the form stands, who holds it, until when, what is wrong, what changed."""
    submission = visible_submission(request, pk)
    form = get_filled_form(submission)
    problems = check_form(form) + unusual_problems(form)
    user = request.user
    context = form_context(request, submission) | {
        "sections": describe_sections(form, problems),
        "groups": group_problems([p for p in problems if not p.code.startswith("M-")]),
        "missing": sum(problem.code.startswith("M-") for problem in problems),
        "blocked": any(problem.blocks for problem in problems),
        "filled": form,
        "changes": notable_changes(form),
        "burden": form_burden(form),
        "events": StateChange.objects.of(submission)[:20],
        "can_withdraw": workflow.WITHDRAW.is_open_to(user, submission),
        "can_take_back": workflow.TAKE_BACK.is_open_to(user, submission),
        "can_sign": workflow.SUBMIT.is_open_to(user, submission),
        "signature": describe_signature(submission),
        "sent_back_by_head": sent_back_by_head(submission),
    }
    context |= describe_standing(submission)
    if context["can_edit"] and not context["certifies"]:
        context["certifiers"] = certifier_names(submission)
    return render(request, "annual_report/submission/detail.html", context)


def describe_standing(submission):
    """Who holds the form and until when; the council's contact where it can help."""
    late = what_if_late(submission)
    return {
        "holder": find_holder(submission),
        "extension": latest_extension(submission),
        "late": late,
        "council": council_of(submission) if late or submission.is_expired else None,
    }


def sent_back_by_head(submission):
    """The head's last words to whoever prepared the form, while they are still to be done."""
    if submission.state != "draft":
        return None
    last = StateChange.objects.of(submission).first()
    return last if last and last.transition == workflow.TAKE_BACK.name and last.comment else None


def describe_signature(submission):
    """Who certified the data, and whether they are still the same; None before that."""
    if not submission.certified_checksum:
        return None
    return {
        "by": submission.submitted_by,
        "at": submission.submitted_at,
        "checksum": submission.certified_checksum,
        "is_unchanged": certificate.is_unchanged(submission),
    }


def describe_sections(form, problems):
    """Each section with its state in words."""
    wrong = {
        problem.codes[0]
        for problem in problems
        if problem.severity == Severity.CRITICAL
        and problem.codes
        and not problem.code.startswith("M-")
    }
    described = []
    for part in form.sections:
        if wrong & part.codes:
            state, kind = "есть ошибки", "bad"
        elif part.filled == part.required:
            state, kind = "готов", "ok"
        elif part.filled == 0:
            state, kind = "не начат", ""
        else:
            state, kind = f"заполнено {part.filled} из {part.required}", "info"
        returned = sum(bool(cell.returned) for cell in part.cells)
        if returned:
            state, kind = f"вернули показателей: {returned}", "warn"
        described.append({"part": part, "state": state, "kind": kind})
    return described


@login_required
def submission_certify(request, pk):
    """The head's sheet: every value, the change against last year, what was explained; sign or return."""
    submission = visible_submission(request, pk)
    if request.method == "POST":
        if not edits_submission.test(request.user, submission):
            raise Http404
        answered = certify_post(request, submission)
        if answered is not None:
            return answered
    form = get_filled_form(submission)
    problems = check_form(form) + unusual_problems(form)
    context = form_context(request, submission) | {
        "sections": form.sections,
        "filled": form,
        "groups": group_problems([p for p in problems if not p.code.startswith("M-")]),
        "missing": sum(problem.code.startswith("M-") for problem in problems),
        "blocked": any(problem.blocks for problem in problems),
        "unconfirmed": sum(
            bool(cell.answer) and cell.answer.is_prefilled and not cell.answer.is_confirmed
            for cell in form.asked
        ),
        "changes": notable_changes(form),
        "years": range(form.spec.year + 1, form.spec.year + 4),
        "can_sign": workflow.SUBMIT.is_open_to(request.user, submission),
        "can_take_back": workflow.TAKE_BACK.is_open_to(request.user, submission),
        "signature": describe_signature(submission),
        "certifiers": certifier_names(submission),
        "certify_form": SubmitForm(),
        "take_back_form": TakeBackForm(),
    }
    return render(request, "annual_report/submission/certify.html", context)


def certify_post(request, submission):
    """Sign and send; None when the page is to be shown again."""
    try:
        services.submit_submission(
            submission=submission, by=request.user, certified=bool(request.POST.get("certified"))
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return None
    except PermissionDenied:
        raise Http404 from None
    except TransitionNotAllowed:
        messages.info(request, "Форма уже отправлена.")
        return redirect(submission)
    return redirect("annual_report:submission-sent", pk=submission.pk)


@login_required
def submission_certified(request, pk):
    """The certified data as the text whose SHA-256 the signature names; see ``certificate``."""
    submission = visible_submission(request, pk)
    response = HttpResponse(
        certificate.current_text(submission), content_type="text/plain; charset=utf-8"
    )
    name = f"form-{submission.municipality.oktmo}-{submission.campaign.year}.txt"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
def submission_sent(request, pk):
    submission = visible_submission(request, pk)
    context = form_context(request, submission) | {
        "burden": form_burden(get_filled_form(submission)),
        "council": council_of(submission),
        "now": timezone.now(),
    }
    return render(request, "annual_report/submission/sent.html", context)


@login_required
@require_POST
def submission_take_back(request, pk):
    """From the signature back to filling; the head says why."""
    submission = own_submission(request, pk)
    try:
        services.take_back_submission(
            submission=submission, by=request.user, comment=request.POST.get("comment", "")[:2000]
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:submission-certify", pk=pk)
    except TransitionNotAllowed:
        messages.info(request, "Форма уже не на подписи.")
    except PermissionDenied:
        messages.error(request, "Сбор закрыт или срок прошёл: вернуть форму на доработку нельзя.")
    else:
        messages.success(request, "Форма снова заполняется.")
    return redirect(submission)


@login_required
@require_POST
def submission_withdraw(request, pk):
    submission = own_submission(request, pk)
    try:
        services.withdraw_submission(submission=submission, by=request.user)
    except TransitionNotAllowed:
        messages.info(request, "Совет уже принял решение по форме.")
    except PermissionDenied:
        messages.error(request, "Сбор закрыт или срок прошёл: отозвать форму нельзя.")
    else:
        messages.success(request, "Форма снова у Вас. Исправьте и отправьте её.")
    return redirect(submission)
