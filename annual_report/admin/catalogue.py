"""Staff keep indicators, their versions and law, forms and control rules here."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from import_export.admin import ImportExportModelAdmin

from annual_report.exchange import resources
from annual_report.exchange.book import export_book, import_book
from annual_report.exchange.files import FORMATS, XLSX_TYPE, UnreadableFile
from annual_report.models import (
    ControlRule,
    FieldMove,
    Form,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Section,
)
from annual_report.services.catalogue_checks import check_indicator, check_rule
from annual_report.services.forms import clone_form, diff_forms, previous_version, why_locked
from annual_report.services.versions import add_version, retire_indicator, sync_newest_version
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin
from okmo_portal.core.text import counted


class ExchangeAdmin(ImportExportModelAdmin, KeptAdmin):
    """Out and in as XLSX or CSV; rows are refused one by one, in words."""

    formats = FORMATS


class CheckedForm(forms.ModelForm):
    """A model form whose object also passes a check of the services."""

    @staticmethod
    def check_object(instance):
        raise NotImplementedError

    def _post_clean(self):
        super()._post_clean()
        if self.errors:
            return
        try:
            self.check_object(self.instance)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                shown = name if name in self.fields else NON_FIELD_ERRORS
                self.add_error(None if shown == NON_FIELD_ERRORS else shown, texts)


class IndicatorForm(CheckedForm):
    check_object = staticmethod(check_indicator)


class RuleForm(CheckedForm):
    check_object = staticmethod(check_rule)


@admin.register(Section)
class SectionAdmin(KeptAdmin):
    list_display = ["code", "title", "order"]
    search_fields = ["title"]


class VersionInline(admin.StackedInline):
    """What was asked from which year; a new one has a page of its own."""

    model = IndicatorVersion
    fields = readonly_fields = ["number", "from_year", "title", "unit", "conversion", "note"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False


class LegalBasisInline(admin.StackedInline):
    model = LegalBasis
    extra = 0
    can_delete = False
    fields = [
        ("act", "article"), "wording", "kinds", ("valid_from", "valid_to"),
        ("act_en", "wording_en"), "to_verify",
    ]  # fmt: skip


class VersionForm(forms.ModelForm):
    """The texts of the next version, the year it begins with, and how values carry over."""

    class Meta:
        model = IndicatorVersion
        fields = [
            "from_year", "unit", "unit_en", "decimals", "conversion", "note", "note_en", "title",
            "title_en", "definition", "definition_en", "source", "source_en", "formula",
            "legal_base",
        ]  # fmt: skip

    def __init__(self, *args, indicator, **kwargs):
        initial = {name: getattr(indicator, name) for name in self.Meta.fields
                   if hasattr(indicator, name)}  # fmt: skip
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["note"].required = True

    def clean_conversion(self):
        value = self.cleaned_data["conversion"]
        if value is not None and value <= 0:
            raise ValidationError(
                "Коэффициент пересчёта больше нуля. Если пересчитать нельзя, оставьте поле пустым."
            )
        return value


@admin.register(Indicator)
class IndicatorAdmin(ExchangeAdmin):
    resource_classes = [resources.IndicatorResource]
    import_export_change_list_template = "admin/annual_report/indicator/change_list.html"
    change_form_template = "admin/annual_report/indicator/change_form.html"
    form = IndicatorForm
    list_display = ["code", "title", "unit", "aggregation", "federal_form", "owner", "is_retired"]
    list_filter = [
        "section", "value_type", "aggregation", "direction", "owner", "is_retired",
        ("federal_form", admin.EmptyFieldListFilter), "legal_bases__to_verify",
    ]  # fmt: skip
    search_fields = ["code", "title", "title_en", "definition", "federal_form"]
    autocomplete_fields = ["numerator", "denominator"]
    inlines = [VersionInline, LegalBasisInline]
    actions = ["retire_selected"]
    fieldsets = [
        (None, {"fields": [
            "code", "section", "order", "title", "title_en", "definition", "definition_en", "hint",
        ]}),
        ("Значение", {"fields": [
            "value_type", ("unit", "unit_en"), "decimals", ("min_value", "max_value"),
            "choices", "choices_en", "retired_choices", "direction",
        ]}),
        ("Сводка", {"fields": [
            "aggregation", "includes_settlements", "formula", "numerator", "denominator", "scale",
        ]}),
        ("Откуда и на каком основании", {"fields": [
            ("source", "source_en"), ("owner", "owner_en"), "federal_form", "legal_base",
            "applicable_kinds", ("valid_from", "valid_to"), "is_retired",
        ]}),
    ]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj else []

    def get_inlines(self, request, obj):
        return self.inlines if obj else [LegalBasisInline]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        sync_newest_version(indicator=obj)

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("book/", view(self.book), name="annual_report_indicator_book"),
            path(
                "book/download/",
                view(self.download_book),
                name="annual_report_indicator_book_download",
            ),
            path(
                "<int:pk>/version/",
                view(self.new_version),
                name="annual_report_indicator_new_version",
            ),
        ]
        return own + super().get_urls()

    @admin.action(description="Больше не собирать")
    def retire_selected(self, request, queryset):
        for indicator in queryset:
            retire_indicator(indicator=indicator, by=request.user)
        done = counted(queryset.count(), "показатель,показателя,показателей")
        self.message_user(
            request, f"Больше не собираются: {done}. Их значения и страницы остаются."
        )

    def new_version(self, request, pk):
        """A page: what changes, from which year, and by what old values are multiplied."""
        indicator = get_object_or_404(Indicator, pk=pk)
        if not self.has_change_permission(request, indicator):
            raise PermissionDenied
        form = VersionForm(request.POST or None, indicator=indicator)
        if request.method == "POST" and form.is_valid():
            texts = dict(form.cleaned_data)
            named = {name: texts.pop(name) for name in ("from_year", "conversion", "note")}
            try:
                version = add_version(indicator=indicator, by=request.user, **named, **texts)
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                self.message_user(
                    request, f"Версия {version.number} действует с {version.from_year} года."
                )
                return redirect("admin:annual_report_indicator_change", indicator.pk)
        context = {
            "title": f"{indicator.code}: новая версия",
            "form": form,
            "indicator": indicator,
            "versions": indicator.versions.all(),
        }
        return self._page(request, "admin/annual_report/indicator/version.html", context)

    def download_book(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = f"okmo-catalogue-{timezone.localdate():%Y-%m-%d}.xlsx"
        return HttpResponse(
            export_book(),
            content_type=XLSX_TYPE,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def book(self, request):
        """The whole catalogue in one workbook: out, and in again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = BookForm(request.POST or None, request.FILES or None)
        report = None
        if request.method == "POST" and form.is_valid():
            try:
                report = import_book(
                    content=form.cleaned_data["file"].read(),
                    by=request.user,
                    dry_run=form.cleaned_data["dry_run"],
                )
            except UnreadableFile as error:
                form.add_error("file", str(error))
        context = {"title": "Каталог целиком", "form": form, "report": report}
        return self._page(request, "admin/annual_report/indicator/book.html", context)

    def _page(self, request, template, context):
        shared = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, shared)


class BookForm(forms.Form):
    file = forms.FileField(label="Книга Excel, выгруженная из каталога", allow_empty_file=True)
    dry_run = forms.BooleanField(
        label="Только проверить, ничего не сохранять", required=False, initial=True
    )


@admin.register(IndicatorVersion)
class IndicatorVersionAdmin(ReadOnlyAdmin):
    list_display = ["indicator", "number", "from_year", "unit", "conversion", "note"]
    list_select_related = ["indicator"]
    search_fields = ["indicator__code", "indicator__title", "note"]


@admin.register(LegalBasis)
class LegalBasisAdmin(ExchangeAdmin):
    """All law at a glance: what is in force, what still has to be checked."""

    resource_classes = [resources.LegalBasisResource]
    list_display = ["indicator", "act", "article", "valid_from", "valid_to", "to_verify"]
    list_filter = ["to_verify", "valid_from", "valid_to", "indicator__section"]
    list_select_related = ["indicator"]
    search_fields = ["indicator__code", "indicator__title", "act", "article", "wording"]
    autocomplete_fields = ["indicator"]
    actions = ["mark_verified"]

    @admin.action(description="Сверено с законом")
    def mark_verified(self, request, queryset):
        for basis in queryset:
            basis.to_verify = False
            basis.save()
        self.message_user(request, "Отмечено: сверено с законом.")


class LockedPart:
    """A form's part: of a locked form it is only shown."""

    extra = 0

    def _open(self, obj):
        return obj is None or not obj.is_locked

    def has_add_permission(self, request, obj=None):
        return self._open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return self._open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self._open(obj) and super().has_delete_permission(request, obj)


class FormFieldInline(LockedPart, admin.TabularInline):
    model = FormField
    autocomplete_fields = ["indicator"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("indicator__section", "form")


class FieldMoveInline(LockedPart, admin.TabularInline):
    model = FieldMove
    autocomplete_fields = ["source", "target"]


@admin.register(Form)
class FormAdmin(KeptAdmin):
    change_form_template = "admin/annual_report/form/change_form.html"
    list_display = ["title", "family", "version", "code", "is_locked", "created_at"]
    list_filter = ["family", "is_locked"]
    search_fields = ["title", "code"]
    inlines = [FormFieldInline, FieldMoveInline]
    actions = ["make_next_version"]

    def get_readonly_fields(self, request, obj=None):
        return ["is_locked", "code", "family", "version"] if obj else ["is_locked"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.diff)
        return [path("<int:pk>/diff/", view, name="annual_report_form_diff"), *super().get_urls()]

    def diff(self, request, pk):
        """What this version has that the one before has not."""
        form = get_object_or_404(Form, pk=pk)
        if not self.has_view_permission(request, form):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{form}: что изменилось",
            "diff": diff_forms(previous_version(form), form),
        }
        return TemplateResponse(request, "admin/annual_report/form/diff.html", context)

    @admin.action(description="Следующая версия")
    def make_next_version(self, request, queryset):
        if queryset.count() != 1:
            self.message_user(request, "Выберите одну форму.", messages.ERROR)
            return None
        try:
            clone = clone_form(form=queryset.get(), by=request.user)
        except ValidationError as error:
            self.message_user(request, error.messages[0], messages.ERROR)
            return None
        self.message_user(request, f"Версия {clone.version} создана: правьте поля и правила.")
        return redirect(reverse("admin:annual_report_form_change", args=[clone.pk]))


@admin.register(ControlRule)
class ControlRuleAdmin(ExchangeAdmin):
    resource_classes = [resources.RuleResource]
    form = RuleForm
    list_display = ["code", "kind", "severity", "expression", "form", "is_active"]
    list_filter = ["form", "kind", "severity", "is_active"]
    list_select_related = ["form"]
    search_fields = ["code", "message", "expression"]

    def get_readonly_fields(self, request, obj=None):
        """Of a locked form's rule only the words may be mended, and it may be stopped."""
        if obj is None:
            return []
        locked = ["form", "code", "severity", "expression", "kind"]
        return locked if why_locked(obj.form) else ["kind"]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "form":
            kwargs["queryset"] = Form.objects.filter(is_locked=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
