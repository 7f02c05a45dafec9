"""Staff describe data sets and mappings here, and look through the observations."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import connection
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property

from annual_report.models import (
    Dataset,
    ImportMapping,
    Indicator,
    Observation,
    ObservationImport,
)
from annual_report.observations.mapping import MappingError, parse
from annual_report.services.observation_reference import FIRST_YEAR
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin
from okmo_portal.core.text import format_number, sort_key
from okmo_portal.organisations.models import Municipality

#: Counting stops here: the list says «больше 10 000», and its pages end.
MOST_COUNTED = 10_000
MOST_EXPORTED = 1_000_000


class DatasetForm(forms.ModelForm):
    url = forms.URLField(label="Адрес", required=False, assume_scheme="https")


@admin.register(Dataset)
class DatasetAdmin(KeptAdmin):
    form = DatasetForm
    list_display = ["code", "title", "publisher", "is_federal", "priority"]
    list_filter = ["is_federal"]
    search_fields = ["code", "title", "publisher"]

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj else []


class ImportMappingForm(forms.ModelForm):
    """Checked as the import would read it."""

    def clean(self):
        data = super().clean()
        if "columns" in data and "options" in data:
            try:
                parse(data["columns"] or {}, data["options"] or {})
            except MappingError as error:
                raise ValidationError(str(error)) from error
        return data

    def clean_options(self):
        return self.cleaned_data["options"] or {}


@admin.register(ImportMapping)
class ImportMappingAdmin(KeptAdmin):
    """Built on a preview on the page of an import; here for a small change, or to copy."""

    form = ImportMappingForm
    list_display = ["name", "title", "dataset", "layout", "updated_at"]
    list_filter = ["dataset", "layout"]
    search_fields = ["name", "title"]
    list_select_related = ["dataset"]
    readonly_fields = ["created_by"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(ObservationImport)
class ObservationImportAdmin(ReadOnlyAdmin):
    list_display = [
        "file_name", "dataset", "state", "read", "new", "changed", "unchanged", "refused",
        "created_by", "created_at",
    ]  # fmt: skip
    list_filter = ["state", "dataset", "created_at"]
    search_fields = ["file_name", "sha256"]
    list_select_related = ["dataset", "created_by"]
    exclude = ["file", "rejected"]


class CappedPaginator(Paginator):
    """Counts to a cap: a count over twenty million rows takes seconds."""

    @cached_property
    def count(self):
        return self.object_list.order_by()[: MOST_COUNTED + 1].count()


class FirstOf(admin.SimpleListFilter):
    """A filter whose choices come from small tables, never from the observations."""

    def lookups(self, request, model_admin):
        return []

    def queryset(self, request, queryset):
        value = self.value() or ""
        if not value:
            return queryset
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            return queryset.none()
        return queryset.filter(**{self.field: int(value)})


class DatasetFilter(FirstOf):
    title, parameter_name, field = "набору", "dataset", "dataset_id"

    def lookups(self, request, model_admin):
        return list(Dataset.objects.values_list("pk", "title"))

    def queryset(self, request, queryset):
        found = super().queryset(request, queryset)
        if not self.value():
            return found
        # With all indicators and years named, the unique key finds the few rows of a small set.
        return found.filter(
            indicator_id__in=list(Indicator.objects.values_list("pk", flat=True)),
            year__in=list(years()),
        )


class IndicatorFilter(FirstOf):
    title, parameter_name, field = "показателю", "indicator", "indicator_id"

    def lookups(self, request, model_admin):
        return [(pk, f"{code} {title}") for pk, code, title in
                Indicator.objects.values_list("pk", "code", "title")]  # fmt: skip


class YearFilter(FirstOf):
    title, parameter_name, field = "году", "year", "year"

    def lookups(self, request, model_admin):
        return [(year, year) for year in reversed(years())]

    def queryset(self, request, queryset):
        found = super().queryset(request, queryset)
        if not self.value():
            return found
        return found.filter(indicator_id__in=list(Indicator.objects.values_list("pk", flat=True)))


def years():
    return range(FIRST_YEAR, timezone.localdate().year + 1)


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    """Read only: a value changes by an import, which keeps what it was before."""

    list_display = ["municipality", "indicator", "year", "shown", "dataset", "taken_from"]
    list_filter = [DatasetFilter, IndicatorFilter, YearFilter]
    list_select_related = ["municipality", "indicator", "dataset", "taken_from"]
    search_fields = ["municipality__oktmo"]
    search_help_text = "Код ОКТМО или начало названия муниципального образования"
    # The order of the unique key: the first page is read from the index, with any filter.
    ordering = ["indicator_id", "year", "dataset_id", "municipality_id"]
    paginator = CappedPaginator
    list_max_show_all = 0
    change_list_template = "admin/annual_report/observation/change_list.html"
    sortable_by = ()

    @admin.display(description="значение")
    def shown(self, obj):
        return format_number(obj.value)

    def get_search_results(self, request, queryset, search_term):
        """Municipalities are looked up first: theirs are found by their own index."""
        words = search_term.strip()
        if not words:
            return queryset, False
        found = Municipality.objects.filter(oktmo=words) if words.isdigit() else None
        if found is None:
            found = Municipality.objects.filter(sort_key__startswith=sort_key(words))
        return queryset.filter(
            municipality__in=list(found.values_list("pk", flat=True)[:200])
        ), False

    def get_urls(self):
        address = path(
            "export/",
            self.admin_site.admin_view(self.export),
            name="annual_report_observation_export",
        )
        return [address, *super().get_urls()]

    def export(self, request):
        """What the filters leave, in the long form that the import takes back."""
        rows = self.get_changelist_instance(request).get_queryset(request).order_by()
        back = f"{reverse('admin:annual_report_observation_changelist')}?{request.GET.urlencode()}"
        if rows[: MOST_EXPORTED + 1].count() > MOST_EXPORTED:
            self.message_user(
                request,
                f"Отобрано больше {format_number(MOST_EXPORTED)} наблюдений. Сузьте отбор.",
                "warning",
            )
            return redirect(back)
        response = StreamingHttpResponse(export_rows(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="observations.csv"'
        return response


def export_rows(rows):
    """Streamed by COPY: the server's memory does not grow with the file."""
    query = rows.values_list(
        "dataset__code", "municipality__oktmo", "indicator__code", "year", "value"
    )
    sql, parameters = query.query.sql_with_params()
    yield b"\xef\xbb\xbfdataset;oktmo;indicator;period;value\n"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv, DELIMITER ';')", parameters) as copy,
    ):
        for chunk in copy:
            yield bytes(chunk)
