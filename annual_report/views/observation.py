"""Staff take in files of outside figures: upload, mapping on a preview, dry run, import, result."""

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from annual_report import import_forms as forms
from annual_report.enums import ImportState
from annual_report.models import Dataset, ImportMapping, ObservationImport
from annual_report.observations import words
from annual_report.observations.mapping import MappingError, find_long_form
from annual_report.observations.readers import Layout, ReadError, join_header, preview
from annual_report.permissions import manage_reports
from annual_report.services import observations as services
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.permissions import is_auditor
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed

PER_PAGE = 30
#: Columns of the file that the preview shows; the mapping asks about all of them.
SHOWN_COLUMNS = 40
SAMPLES = 3


def require_staff(request):
    if not manage_reports.test(request.user):
        raise Http404


def visible_import(request, pk):
    runs = ObservationImport.objects.visible_to(request.user)
    return get_object_or_404(
        runs.select_related("dataset", "mapping__dataset", "created_by"), pk=pk
    )


@login_required
def observation_list(request):
    if not (manage_reports.test(request.user) or is_auditor(request.user)):
        raise Http404
    runs = ObservationImport.objects.visible_to(request.user)
    runs = runs.select_related("dataset", "mapping", "created_by")
    context = {
        "page": Paginator(runs, PER_PAGE).get_page(request.GET.get("page")),
        "datasets": Dataset.objects.all(),
        "can_manage": manage_reports.test(request.user),
    }
    return render(request, "annual_report/observations/list.html", context)


@login_required
def observation_upload(request):
    require_staff(request)
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            run = services.register_file(
                file=data["file"], dataset=data["dataset"], chosen=data["mapping"], by=request.user
            )
        except ValidationError as error:
            form.add_error("file", error)
        else:
            return redirect(run)
    return render(request, "annual_report/observations/upload.html", {"form": form})


@login_required
def observation_import(request, pk):
    """Where the file stands and what to do next."""
    run = visible_import(request, pk)
    shown = read_preview(run, layout_of_mapping(run.mapping))
    can_manage = manage_reports.test(request.user)
    context = {
        "run": run,
        "preview": shown,
        "can_manage": can_manage,
        "can_check": can_manage
        and run.file
        and run.state != ImportState.DONE
        and is_ready(run, shown),
        "can_take": can_manage and run.state == ImportState.CHECKED,
        "choose": forms.ChooseMappingForm(dataset=run.dataset) if can_manage else None,
        "counts": words.count_rows(vars(run)) if run.read else [],
        "refusals": words.refusal_rows(run.refused_by),
        "repairs": words.repair_rows(run.repaired),
        "job": Job.objects.filter(key=services.job_key(run)).first(),
        "same": services.taken_before(run),
        "events": StateChange.objects.of(run)[:20],
    }
    return render(request, "annual_report/observations/import.html", context)


def is_ready(run, shown):
    """A mapping is chosen, or the file is in the long form."""
    return bool(run.mapping_id or (shown and find_long_form(shown["headers"])))


def layout_of_mapping(mapping):
    if mapping is None:
        return Layout()
    return Layout(mapping.sheet, mapping.header_row, mapping.header_rows)


def read_preview(run, layout):
    """First rows of an uploaded file; None where there is no file or it cannot be read so."""
    if not run.file:
        return None
    try:
        sheets, rows = preview(Path(run.file.path), layout.sheet)
        named = rows[layout.header_row - 1 : layout.first_data_row - 1]
        headers = join_header(named) if named else []
    except (ReadError, FileNotFoundError):
        return None
    return {
        "sheets": sheets,
        "headers": headers,
        "rows": [(n, row[:SHOWN_COLUMNS]) for n, row in enumerate(rows, start=1)],
        "samples": rows[layout.first_data_row - 1 :],
        "hidden": max(0, len(headers) - SHOWN_COLUMNS),
        "width": range(1, min(len(headers), SHOWN_COLUMNS) + 1),
        "layout": layout,
    }


@login_required
def observation_mapping(request, pk):
    """The builder: each column of the preview gets its role; saved under a name."""
    require_staff(request)
    run = visible_import(request, pk)
    if not run.file or run.state == ImportState.DONE:
        raise Http404
    saved = layout_of_mapping(run.mapping)
    first = read_preview(run, saved) or read_preview(run, Layout())
    layout_form = forms.LayoutForm(
        request.GET or None, sheets=first["sheets"] if first else (), initial=vars(saved)
    )
    shown = read_preview(run, layout_form.layout()) or first
    headers = shown["headers"][: forms.MAX_COLUMNS] if shown else []
    form = forms.MappingForm(request.POST or None, initial=forms.initial_options(run.mapping))
    columns = forms.ColumnFormSet(
        request.POST or None,
        initial=forms.initial_columns(run.mapping, headers),
        prefix="column",
    )
    if request.method == "POST" and form.is_valid() and columns.is_valid():
        try:
            save_mapping(request, run, form, columns, shown)
        except MappingError as error:
            form.add_error(None, str(error))
        except TransitionNotAllowed:
            messages.info(request, "Файл уже принят.")
            return redirect(run)
        else:
            messages.success(request, "Сопоставление сохранено. Проверьте файл.")
            return redirect(run)
    context = {
        "run": run, "preview": shown, "layout_form": layout_form, "form": form, "columns": columns,
        "rows": column_rows(columns, headers, shown),
        "errors": column_errors(columns, headers),
    }  # fmt: skip
    return render(request, "annual_report/observations/mapping.html", context)


def save_mapping(request, run, form, columns, shown):
    """The run's own mapping is changed; another's name is not taken by mistake."""
    name, layout = form.cleaned_data["name"], shown["layout"]
    found = ImportMapping.objects.filter(name=name).first()
    if found is not None and found.pk != run.mapping_id:
        raise MappingError(f"Сопоставление «{name}» уже есть. Дайте другое имя или выберите его.")
    mapping = found or ImportMapping(name=name)
    mapping.columns, mapping.options = forms.build(form, columns, shown["headers"])
    mapping.title, mapping.dataset = form.cleaned_data["title"], run.dataset
    mapping.layout = forms.layout_of(mapping.columns)
    mapping.sheet, mapping.header_row = layout.sheet, layout.header_row
    mapping.header_rows = layout.header_rows
    services.save_mapping(chosen=mapping, by=request.user, run=run)


def column_rows(columns, headers, shown):
    """Header, form and first values of each column."""
    samples = shown["samples"] if shown else []
    return [
        {
            "number": number + 1,
            "header": header,
            "form": form,
            "samples": [row[number] for row in samples if number < len(row) and row[number]][
                :SAMPLES
            ],
        }
        for number, (header, form) in enumerate(zip(headers, columns.forms, strict=False))
    ]


def column_errors(columns, headers):
    """For the summary: message and the box it stands at."""
    if not columns.is_bound:
        return []
    found = [(message, "") for message in columns.non_form_errors()]
    for header, form in zip(headers, columns.forms, strict=False):
        for name, texts in form.errors.items():
            found += [(f"Столбец «{header}»: {text}", form[name].id_for_label) for text in texts]
    return found


@login_required
@require_POST
def observation_act(request, pk, action):
    """Choose a mapping, check, or take."""
    require_staff(request)
    run = visible_import(request, pk)
    try:
        if action == "choose":
            form = forms.ChooseMappingForm(request.POST, dataset=run.dataset)
            if form.is_valid():
                services.choose_mapping(
                    run=run, chosen=form.cleaned_data["mapping"], by=request.user
                )
            else:
                messages.error(request, "Выберите сопоставление из списка.")
            return redirect(run)
        start = services.start_check if action == "check" else services.start_take
        return redirect(start(run=run, by=request.user))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except TransitionNotAllowed:
        messages.info(request, "Файл уже принят.")
    return redirect(run)


@login_required
def observation_rejected(request, pk):
    """The refused rows of the last check or import, as a spreadsheet reads them."""
    run = visible_import(request, pk)
    if not run.rejected:
        raise Http404
    return FileResponse(
        run.rejected.open("rb"),
        as_attachment=True,
        filename=f"otkloneno-{run.pk}.csv",
        content_type="text/csv; charset=utf-8",
    )
