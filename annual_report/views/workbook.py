"""A form as an Excel workbook: download, upload, the comparison, accepting it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from annual_report.filled_form import get_filled_form
from annual_report.models import WorkbookUpload
from annual_report.services import workbook_notes, workbooks
from annual_report.services.answers import why_closed
from annual_report.services.workbook_compare import RULES
from annual_report.views.filling import own_submission, visible_submission
from annual_report.workbook_forms import WorkbookForm, read_decisions
from okmo_portal.audit.services import record
from okmo_portal.core.text import counted

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
INDICATORS = "показатель,показателя,показателей"
SHOWN_CODES = 12


def xlsx_response(content, name):
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_GET
def workbook_download(request, pk):
    """The form with what is saved now."""
    submission = visible_submission(request, pk)
    record(action="annual_report.workbook_made", by=request.user, subject=submission)
    return xlsx_response(workbooks.make_workbook(submission), workbooks.workbook_name(submission))


@login_required
def workbook_upload(request, pk):
    """Take a workbook back; what is no workbook of this form is refused in a sentence."""
    submission = own_submission(request, pk)
    form = WorkbookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = workbooks.take_workbook(
                submission=submission, content=file.read(), name=file.name, by=request.user
            )
        except ValidationError as error:
            form.add_error("file", error.messages[0])
        else:
            return redirect(upload)
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "form": form,
        "why_closed": why_closed(submission),
        "uploads": WorkbookUpload.objects.filter(submission=submission)
        .select_related("document", "by")
        .prefetch_related("acceptances")[:10],
    }
    return render(request, "annual_report/workbook/upload.html", context)


def visible_upload(request, pk):
    uploads = WorkbookUpload.objects.visible_to(request.user).select_related(
        "submission__campaign__form", "submission__municipality", "submission__region",
        "document", "by",
    )  # fmt: skip
    return get_object_or_404(uploads, pk=pk)


@login_required
@require_GET
def workbook_answer(request, pk):
    """What the workbook changes, what is wrong in it, what has changed meanwhile."""
    upload = visible_upload(request, pk)
    submission = upload.submission
    try:
        comparison = workbooks.compare_upload(upload)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(submission)
    closed, owns = why_closed(submission), workbooks.may_accept(request.user, upload)
    context = {
        "upload": upload,
        "submission": submission,
        "municipality": submission.municipality,
        "comparison": comparison,
        "parts": workbook_notes.describe_parts(comparison),
        "acceptances": list(upload.acceptances.select_related("by")),
        "why_closed": closed,
        "owns": owns,
        "accepts": owns and not closed,
        "RULES": RULES,
    }
    return render(request, "annual_report/workbook/answer.html", context)


@login_required
@require_POST
def workbook_accept(request, pk):
    """Save one section or all, with the decisions about conflicts."""
    upload = visible_upload(request, pk)
    part = request.POST.get("part", "")
    try:
        comparison = workbooks.compare_upload(upload)
        everything = [row.section.code for row in comparison.rows.values()] + [RULES]
        result = workbooks.accept_upload(
            upload=upload,
            parts=sorted(set(everything)) if part == "all" else [part],
            decisions=read_decisions(comparison, request.POST),
            by=request.user,
        )
    except PermissionDenied:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        tell(request, result)
    return redirect(upload)


def tell(request, result):
    """Say what was saved and what was not, with the reason."""
    if result.saved:
        messages.success(request, f"Сохранено: {listed(result.saved)}.")
    if result.explained:
        count = counted(len(result.explained), "пояснение,пояснения,пояснений")
        messages.success(request, f"Сохранено: {count}.")
    if result.open:
        messages.warning(
            request,
            f"Не сохранено, пока Вы не выберете одно из двух значений: {listed(result.open)}.",
        )
    if result.wrong:
        messages.warning(request, f"Не сохранено из-за ошибок в ячейках: {listed(result.wrong)}.")
    for reason in dict.fromkeys(result.refused.values()):
        messages.warning(request, reason)
    if not (result.saved or result.explained or result.open or result.wrong or result.refused):
        messages.info(request, "Менять нечего: в портале уже то же, что в книге.")


def listed(codes):
    """«3 показателя (D01, D02, D05)»; a long list is cut."""
    shown = ", ".join(codes[:SHOWN_CODES]) + (" и другие" if len(codes) > SHOWN_CODES else "")
    return f"{counted(len(codes), INDICATORS)} ({shown})"


@login_required
@require_GET
def workbook_errors(request, pk):
    """The same workbook with a note at each wrong cell, to be mended and uploaded again."""
    upload = visible_upload(request, pk)
    try:
        content = workbook_notes.annotate_upload(upload, get_filled_form(upload.submission))
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(upload)
    return xlsx_response(content, f"Ошибки {workbooks.workbook_name(upload.submission)}")
