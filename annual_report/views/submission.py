"""The municipality's form: sections, saving, check, sending."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from annual_report import workflow
from annual_report.card import why_closed
from annual_report.enums import Severity
from annual_report.filled_form import get_filled_form
from annual_report.forms import SectionInput, SubmitForm, read_cell, read_cells
from annual_report.models import Submission
from annual_report.permissions import change_answers, edits_submission
from annual_report.selectors import my_submissions
from annual_report.services import answers as answer_services
from annual_report.services import submissions as services
from annual_report.services.checks import check_form
from okmo_portal.core.text import clean_text, format_datetime
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed


def visible_submission(request, pk):
    return get_object_or_404(Submission.objects.visible_to(request.user).with_territory(), pk=pk)


@login_required
def submission_list(request):
    """The municipality's forms of all years."""
    return render(
        request, "annual_report/submission/list.html", {"submissions": my_submissions(request.user)}
    )


@login_required
def submission_detail(request, pk):
    """Task list of the form: who holds it, until when, what is wrong."""
    submission = visible_submission(request, pk)
    form = get_filled_form(submission)
    problems = check_form(form)
    context = form_context(request, submission) | {
        "sections": describe_sections(form, problems),
        "problems": [problem for problem in problems if not problem.code.startswith("M-")],
        "missing": sum(problem.code.startswith("M-") for problem in problems),
        "events": StateChange.objects.of(submission)[:20],
        "can_withdraw": workflow.WITHDRAW.is_open_to(request.user, submission),
    }
    return render(request, "annual_report/submission/detail.html", context)


def form_context(request, submission):
    return {
        "submission": submission,
        "municipality": submission.municipality,
        "can_edit": change_answers.test(request.user, submission),
        "why_closed": why_closed(submission),
    }


def describe_sections(form, problems):
    """Each section with its state in words."""
    described = []
    for part in form.sections:
        codes = part.codes
        wrong = sum(
            problem.severity == Severity.CRITICAL
            and not problem.code.startswith("M-")
            and bool(problem.codes)
            and problem.codes[0] in codes
            for problem in problems
        )
        if wrong:
            state, kind = "есть ошибки", "bad"
        elif part.filled == part.required:
            state, kind = "готов", "ok"
        elif part.filled == 0:
            state, kind = "не начат", ""
        else:
            state, kind = f"заполнено {part.filled} из {part.required}", "info"
        described.append({"part": part, "state": state, "kind": kind})
    return described


@login_required
def submission_section(request, pk, code):
    """One section; saves with and without JavaScript."""
    submission = visible_submission(request, pk)
    form = get_filled_form(submission)
    part = form.section(code)
    if part is None:
        raise Http404
    posted, conflicts = SectionInput(), []
    if request.method == "POST":
        if not edits_submission.test(request.user, submission):
            raise Http404
        posted = read_cells(part.asked, request.POST)
        result = save_or_tell(request, submission, posted)
        if result is not None:
            form, conflicts = result.form, result.conflicts
            if not posted.errors and not conflicts:
                messages.success(request, "Раздел сохранён.")
                return redirect(next_place(request, submission, form, code))
            part = form.section(code)
    context = form_context(request, submission) | {
        "part": part,
        "rows": section_rows(part, posted, conflicts),
        "problems": [p for p in check_form(form) if set(p.codes) & part.codes and p.rule_id],
        "errors": [(text, f"field-{code}") for code, text in posted.errors.items()],
        "conflicts": conflicts,
        "sections": form.sections,
    }
    return render(request, "annual_report/submission/section.html", context)


def save_or_tell(request, submission, posted):
    try:
        return answer_services.save_answers(
            submission=submission, cells=posted.cells, by=request.user
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return None


def next_place(request, submission, form, code):
    """The next section after "save and go on", else the task list."""
    codes = [part.section.code for part in form.sections]
    position = codes.index(code)
    if "next" in request.POST and position + 1 < len(codes):
        return section_url(submission, codes[position + 1])
    return submission.get_absolute_url()


def section_url(submission, code):
    return reverse("annual_report:submission-section", args=[submission.pk, code])


def section_rows(part, posted, conflicts):
    """Cells with what stands in their inputs: the typed text when it was wrong, else the value."""
    by_code = {conflict.code: conflict for conflict in conflicts}
    rows = []
    for cell in part.cells:
        code = cell.indicator.code
        typed = posted.typed.get(code) if code in posted.errors or code in by_code else None
        rows.append(
            {
                "cell": cell,
                "indicator": cell.indicator,
                "value": typed["value"] if typed else cell.typed,
                "reason": typed["reason"] if typed else cell.no_data_reason,
                "note": typed["note"] if typed else (cell.answer.note if cell.answer else ""),
                "error": posted.errors.get(code, ""),
                "conflict": by_code.get(code),
                "seen": cell.answer.updated_at.isoformat() if cell.answer else "",
                "prefilled": bool(cell.answer and cell.answer.source == "last_year"),
            }
        )
    return rows


@login_required
@require_POST
def answer_save(request, pk):
    """Autosave of one cell: JSON in, JSON out; the same rules as the page."""
    submission = visible_submission(request, pk)
    if not edits_submission.test(request.user, submission):
        raise Http404
    try:
        if request.content_type != "application/json":
            raise ValueError(request.content_type)
        given = json.loads(request.body)
        code = clean_text(str(given["code"]))
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "Запрос не понят. Обновите страницу."}, status=400)
    cell = get_filled_form(submission).cells.get(code)
    if cell is None or cell.indicator.formula:
        return JsonResponse({"error": "Такого показателя в форме нет."}, status=400)
    posted = SectionInput()
    texts = {key: clean_text(str(given.get(key) or "")) for key in ("value", "reason", "note")}
    seen = clean_text(str(given.get("seen") or ""))
    read_cell(posted, cell, texts, seen=seen, overwrite=bool(given.get("overwrite")))
    if posted.errors:
        return JsonResponse({"error": posted.errors[code]}, status=422)
    try:
        result = answer_services.save_answers(
            submission=submission, cells=posted.cells, by=request.user
        )
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=409)
    return JsonResponse(describe_saved(result, code), status=409 if result.conflicts else 200)


def describe_saved(result, code):
    """What the page shows after one cell: time, counts, rule messages of its section."""
    if result.conflicts:
        conflict = result.conflicts[0]
        text = (
            f"{conflict.by} уже ввёл(а) здесь «{conflict.value}» "
            f"{format_datetime(conflict.at)}. Чтобы оставить своё, сохраните ещё раз."
        )
        return {"error": text, "conflict": True}
    cell = result.form.cells[code]
    part = next(part for part in result.form.sections if code in part.codes)
    return {
        "saved_at": timezone.localtime().strftime("%H:%M"),
        "seen": cell.answer.updated_at.isoformat() if cell.answer else "",
        "filled": part.filled,
        "required": part.required,
        "computed": {
            item.indicator.code: item.shown for item in part.cells if item.indicator.formula
        },
        "problems": [
            {
                "code": problem.code,
                "severity": problem.severity.value,
                "label": str(problem.severity.label),
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in result.problems
            if problem.rule_id and set(problem.codes) & part.codes
        ],
    }


@login_required
def submission_check(request, pk):
    """Check your answers: all values, problems with explanations, and sending."""
    submission = visible_submission(request, pk)
    if request.method == "POST":
        if not edits_submission.test(request.user, submission):
            raise Http404
        answered = handle_check(request, submission)
        if answered is not None:
            return answered
    form = get_filled_form(submission)
    problems = check_form(form)
    context = form_context(request, submission) | {
        "sections": form.sections,
        "groups": group_problems([p for p in problems if not p.code.startswith("M-")]),
        "missing": missing_by_section(form),
        "blocked": any(problem.blocks for problem in problems),
        "form": SubmitForm(),
    }
    return render(request, "annual_report/submission/check.html", context)


def handle_check(request, submission):
    texts = {
        int(key.removeprefix("explain-")): value[:1000]
        for key, value in request.POST.items()
        if key.startswith("explain-") and key.removeprefix("explain-").isdigit()
    }
    try:
        known = {p.rule_id for p in check_form(get_filled_form(submission)) if p.rule_id}
        answer_services.explain_problems(
            submission=submission,
            texts={rule: text for rule, text in texts.items() if rule in known},
            by=request.user,
        )
        if "submit" in request.POST:
            services.submit_submission(
                submission=submission,
                by=request.user,
                certified=bool(request.POST.get("certified")),
            )
            return redirect("annual_report:submission-sent", pk=submission.pk)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return None
    except TransitionNotAllowed:
        messages.info(request, "Форма уже отправлена.")
        return redirect(submission)
    messages.success(request, "Пояснения сохранены.")
    return redirect("annual_report:submission-check", pk=submission.pk)


def missing_by_section(form):
    """Required cells without a value, under the sections where they are filled."""
    found = [
        {
            "section": part.section,
            "cells": [cell for cell in part.cells if cell.is_required and not cell.is_filled],
        }
        for part in form.sections
    ]
    return [item for item in found if item["cells"]]


def group_problems(problems):
    """By severity, in the order of gravity."""
    groups = []
    for severity in Severity:
        found = [problem for problem in problems if problem.severity == severity]
        if found:
            groups.append({"severity": severity, "problems": found})
    return groups


@login_required
def submission_sent(request, pk):
    submission = visible_submission(request, pk)
    return render(request, "annual_report/submission/sent.html", form_context(request, submission))


@login_required
@require_POST
def submission_withdraw(request, pk):
    submission = visible_submission(request, pk)
    if not edits_submission.test(request.user, submission):
        raise Http404
    try:
        services.withdraw_submission(submission=submission, by=request.user)
    except TransitionNotAllowed:
        messages.info(request, "Совет уже принял решение по форме.")
    except PermissionDenied:
        raise Http404 from None
    else:
        messages.success(request, "Форма снова у Вас. Исправьте и отправьте её.")
    return redirect(submission)
