"""Filling the form: by sections, on one page, cell by cell, and the check before it goes on."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from annual_report.card import certifier_names, describe_custody, why_closed
from annual_report.earlier import find_origins
from annual_report.enums import Severity, ValueType
from annual_report.filled_form import get_filled_form
from annual_report.forms import (
    NO_DATA_REASONS,
    PLANS,
    SectionInput,
    SubmitForm,
    read_cell,
    read_cells,
    read_explanations,
)
from annual_report.models import Submission
from annual_report.permissions import certifies_submission, change_answers, edits_submission
from annual_report.rules.browser import tree_payload
from annual_report.services import answers as answer_services
from annual_report.services import submissions as services
from annual_report.services.checks import browser_rules, check_form, rules_of
from annual_report.services.unusual import unusual_problems
from annual_report.views.grid import LOOKS, build_rows
from okmo_portal.core.text import clean_text, format_datetime
from okmo_portal.workflow.transitions import TransitionNotAllowed

MAX_CELLS = 500


def visible_submission(request, pk):
    return get_object_or_404(
        Submission.objects.visible_to(request.user).with_territory().for_cells(), pk=pk
    )


def own_submission(request, pk):
    """A form of the person's own municipality."""
    submission = visible_submission(request, pk)
    if not edits_submission.test(request.user, submission):
        raise Http404
    return submission


def form_context(request, submission):
    """What every page of one form shows."""
    return {
        "submission": submission,
        "municipality": submission.municipality,
        "can_edit": change_answers.test(request.user, submission),
        "certifies": certifies_submission.test(request.user, submission),
        "why_closed": why_closed(submission),
        "origins": find_origins(submission.pk),
        "custody": describe_custody(submission),
    }


# --- sections and the whole form ---------------------------------------------------------------


@login_required
def submission_section(request, pk, code):
    """One section; saves with and without JavaScript."""
    if request.method == "POST":
        return answer_post(request, pk, code)
    return show_grid(request, visible_submission(request, pk), code)


@login_required
def submission_form(request, pk):
    """All sections on one page: saved, certified and sent by one press, for those who are quick."""
    if request.method == "POST":
        return answer_post(request, pk, None)
    return show_grid(request, visible_submission(request, pk), None)


def answer_post(request, pk, code):
    """Save what was typed; go on when it is as it should be, else show the page with what is not."""
    data, posted = request.POST, SectionInput()
    send = "submit" in data and bool(data.get("certified"))

    def read(form):
        cells = form.asked if code is None else asked_of(form, code)
        posted.update(read_cells(cells, data, confirm_known="confirm" in data))
        return posted

    try:
        result = services.save_form(
            submission_id=pk,
            read=read,
            by=request.user,
            explanations=read_explanations(data),
            send=send,
        )
    except (Submission.DoesNotExist, PermissionDenied):
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:submission-detail", pk=pk)
    if result.submitted:
        return redirect("annual_report:submission-sent", pk=pk)
    return after_save(request, code, posted, result)


def asked_of(form, code):
    part = form.section(code)
    if part is None:
        raise Http404
    return part.asked


def after_save(request, code, posted, result):
    """Where a save leads that did not send the form."""
    submission, data = visible_submission(request, result.form.submission.pk), request.POST
    if posted.errors or result.conflicts or result.refused:
        return show_grid(request, submission, code, posted=posted, result=result)
    if "submit" in data or "prepare" in data:
        if result.blocked or "submit" in data:
            tell_blocked(request, data)
            return show_grid(request, submission, code, posted=posted, result=result)
        return hand_to_head(request, submission)
    messages.success(request, "Сохранено." if code is None else "Раздел сохранён.")
    return redirect(next_place(request, submission, result.form, code))


def tell_blocked(request, data):
    if "submit" in data and not data.get("certified"):
        messages.error(request, f"Введённое сохранено. {services.NOT_CERTIFIED}")
    else:
        messages.error(
            request, "Введённое сохранено, но отправить форму пока нельзя: исправьте отмеченное."
        )


def hand_to_head(request, submission):
    try:
        services.prepare_submission(submission=submission, by=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("annual_report:submission-check", pk=submission.pk)
    except (TransitionNotAllowed, PermissionDenied):
        messages.info(request, "Форма уже не у исполнителя.")
    else:
        messages.success(request, "Форма передана главе на подпись. Мы написали ему.")
    return redirect(submission)


def next_place(request, submission, form, code):
    """The next section after "save and go on", else the page one came from."""
    if code is None:
        return reverse("annual_report:submission-form", args=[submission.pk])
    codes = [part.section.code for part in form.sections]
    position = codes.index(code)
    if "confirm" in request.POST:
        return section_url(submission, code)
    if "next" in request.POST and position + 1 < len(codes):
        return section_url(submission, codes[position + 1])
    return submission.get_absolute_url()


def section_url(submission, code):
    return reverse("annual_report:submission-section", args=[submission.pk, code])


def show_grid(request, submission, code, *, posted=None, result=None):
    """The grid of one section, or of all when ``code`` is None."""
    posted = posted or SectionInput()
    form = result.form if result else get_filled_form(submission)
    parts = form.sections if code is None else [form.section(code)]
    if parts == [None]:
        raise Http404
    problems = (result.problems if result else check_form(form)) + unusual_problems(form)
    context = form_context(request, submission)
    conflicts = result.conflicts if result else []
    refused = result.refused if result else {}
    posted.errors.update(refused)
    codes = {item for part in parts for item in part.codes}
    context |= {
        "parts": [
            describe_part(part, form, context["can_edit"], posted, conflicts, problems)
            for part in parts
        ],
        "part": parts[0] if code else None,
        "filled": form,
        "problems": [p for p in problems if set(p.codes) & codes and not p.code.startswith("M-")],
        "looks": LOOKS,
        "errors": error_list(form, posted, conflicts),
        "reasons": NO_DATA_REASONS,
        "years": [form.spec.year + ahead for ahead in range(-1, 4)],
        "seen": submission.updated_at.isoformat() if submission.updated_at else "",
        "certifiers": [] if context["certifies"] else certifier_names(submission),
        "rules": live_rules(form, codes, problems) if context["can_edit"] else None,
        "certify_label": SubmitForm.base_fields["certified"].label,
    }
    name = "form" if code is None else "section"
    return render(request, f"annual_report/submission/{name}.html", context)


def live_rules(form, codes, problems):
    """What the page's scripts need to check the cells of ``codes`` while they are typed."""
    payload = browser_rules(form)
    trees = rules_of(form).formulas
    return payload | {
        "rules": [rule for rule in payload["rules"] if codes & set(rule["codes"])],
        "values": {cell.code: float(cell.value) for cell in form.asked if cell.value is not None},
        "words": {cell.code: cell.shown for cell in form.cells.values()},
        "fields": {cell.code: describe_limits(cell.indicator) for cell in form.asked},
        "computed": {
            item.code: {"tree": tree_payload(trees[item.code]), "decimals": item.decimals}
            for item in form.spec.computed
            if item.code in trees
        },
        "problems": describe_problems(problems),
    }


def describe_limits(spec):
    return {
        "whole": spec.value_type == ValueType.INTEGER,
        "decimals": spec.decimals,
        "min": None if spec.min_value is None else float(spec.min_value),
        "max": None if spec.max_value is None else float(spec.max_value),
    }


def describe_part(part, form, can_edit, posted, conflicts, problems):
    """A section's rows: what is to be asked, and apart from it what is known already."""
    rows = build_rows(
        form, part.cells, can_edit=can_edit, posted=posted, conflicts=conflicts, problems=problems
    )
    return {
        "section": part.section,
        "filled": part.filled,
        "required": part.required,
        "rows": [row for row in rows if not row.is_known],
        "known": [row for row in rows if row.is_known],
        "unconfirmed": sum(row.cell.is_known for row in rows),
        "has_plan": any(row.plans for row in rows),
    }


def error_list(form, posted, conflicts):
    """For the summary above the page: what is wrong with what was typed, cell by cell."""
    found = [(text, f"field-{code}") for code, text in posted.errors.items()]
    for conflict in conflicts:
        title = form.cells[conflict.code].indicator.title
        found.append((f"{title}: {describe_conflict(conflict)}", f"field-{conflict.code}"))
    return found


def describe_conflict(conflict):
    return (
        f"{conflict.by} уже ввёл(а) здесь «{conflict.value or 'пусто'}» "
        f"{format_datetime(conflict.at)}."
    )


# --- cell by cell ------------------------------------------------------------------------------


@login_required
@require_POST
def answer_save(request, pk):
    """Autosave: JSON in, JSON out; the same rules as the pages.

    Takes ``{"cells": [{code, value, reason, note, plan_1…3, seen, overwrite}, …],
    "explanations": {rule: text}}`` or one cell alone; a part that is not given stays. Answers 200
    with the fate of each cell, also when some were refused.
    """
    submission = own_submission(request, pk)
    given = read_json(request)
    if given is None:
        return JsonResponse({"error": "Запрос не понят. Обновите страницу."}, status=400)
    posted, texts = SectionInput(), given["explanations"]

    def read(form):
        read_given(form, given["cells"], posted)
        return posted

    try:
        result = services.save_form(
            submission_id=submission.pk, read=read, by=request.user, explanations=texts
        )
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=409)
    if given["cells"] and not posted.typed:
        return JsonResponse({"error": next(iter(posted.errors.values()))}, status=400)
    return JsonResponse(describe_saved(result, posted))


def read_json(request):
    """The cells and explanations of the request, or None when it is not of the agreed shape."""
    try:
        if request.content_type != "application/json":
            return None
        body = json.loads(request.body)
        cells = body.get("cells", [body] if "code" in body else [])
        texts = body.get("explanations", {})
        if not isinstance(cells, list) or len(cells) > MAX_CELLS:
            return None
        if not all(isinstance(cell, dict) for cell in cells) or not isinstance(texts, dict):
            return None
    except (ValueError, AttributeError, RecursionError):
        return None
    return {
        "cells": cells,
        "explanations": read_explanations({f"explain-{k}": str(v) for k, v in texts.items()}),
    }


def read_given(form, cells, posted):
    for given in cells:
        code = clean_text(str(given.get("code", "")))
        cell = form.cells.get(code)
        if cell is None or cell.indicator.formula:
            posted.errors[code[:10]] = "Такого показателя в форме нет."
            continue
        now = {"value": cell.typed, "reason": cell.no_data_reason, "note": cell.note}
        if cell.indicator.asks_plan:
            now |= zip(PLANS, cell.typed_plans, strict=True)
        texts = {name: text_of(given[name]) if name in given else now[name] for name in now}
        seen, overwrite = text_of(given.get("seen")), bool(given.get("overwrite"))
        read_cell(posted, cell, texts, seen=seen, overwrite=overwrite)


def text_of(part):
    return "" if part is None else clean_text(str(part))


def describe_saved(result, posted):
    """What the page shows after a save: time, counts, computed values, messages, errors by cell."""
    form = result.form
    cells = {code: {"error": text} for code, text in (posted.errors | result.refused).items()}
    for conflict in result.conflicts:
        cells[conflict.code] = {
            "error": f"{describe_conflict(conflict)} Чтобы оставить своё, сохраните ещё раз.",
            "conflict": True,
            "theirs": form.cells[conflict.code].typed,
            "seen": conflict.at.isoformat(),
        }
    for code in result.saved:
        answer = form.cells[code].answer
        cells[code] = {"seen": answer.updated_at.isoformat() if answer else ""}
    return {
        "saved_at": timezone.localtime().strftime("%H:%M"),
        "cells": cells,
        "sections": {part.section.code: [part.filled, part.required] for part in form.sections},
        "filled": [form.submission.filled, form.submission.required],
        "computed": {item.code: form.cells[item.code].shown for item in form.spec.computed},
        "problems": describe_problems(
            result.problems + unusual_problems(result.form, only=result.saved)
        ),
    }


def describe_problems(problems):
    """Findings for the page's scripts; what is merely missing is not said at each key."""
    return [
        {
            "id": problem.rule_id,
            "code": problem.code,
            "severity": problem.severity.value,
            "label": str(problem.severity.label),
            "message": problem.message,
            "hint": problem.hint,
            "codes": problem.codes,
            "explanation": problem.explanation,
        }
        for problem in problems
        if not problem.code.startswith("M-")
    ]


# --- check -------------------------------------------------------------------------------------


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
    problems = check_form(form) + unusual_problems(form)
    context = form_context(request, submission)
    context |= {
        "sections": form.sections,
        "filled": form,
        "groups": group_problems([p for p in problems if not p.code.startswith("M-")]),
        "missing": missing_by_section(form),
        "blocked": any(problem.blocks for problem in problems),
        "form": SubmitForm(),
        "certifiers": [] if context["certifies"] else certifier_names(submission),
    }
    return render(request, "annual_report/submission/check.html", context)


def handle_check(request, submission):
    """Store the explanations and send or hand on; None when the page is to be shown again."""
    try:
        answer_services.explain_problems(
            submission=submission, texts=read_explanations(request.POST), by=request.user
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
    except PermissionDenied:
        raise Http404 from None
    except TransitionNotAllowed:
        messages.info(request, "Форма уже отправлена.")
        return redirect(submission)
    if "prepare" in request.POST:
        return hand_to_head(request, submission)
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
