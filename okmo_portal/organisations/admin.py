"""Staff run territory, organisations and people here; nothing loads 22,000 options."""

import re

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import URLField
from django.urls import reverse
from django.utils.html import format_html
from import_export import resources
from import_export.admin import ExportMixin, ImportExportModelAdmin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin
from okmo_portal.core.text import normalise_name
from okmo_portal.organisations.models import (
    Competence,
    Expert,
    ExpertAbsence,
    FederalDistrict,
    Invitation,
    Membership,
    Municipality,
    MunicipalityChange,
    Organisation,
    Region,
    TerritoryCode,
)
from okmo_portal.organisations.oktmo import check_digit
from okmo_portal.organisations.services.handover import describe_consequences, offers_of
from okmo_portal.organisations.services.memberships import confirm_membership
from okmo_portal.organisations.services.transformations import undo_transformation
from okmo_portal.organisations.transformation_forms import TransformationForm
from okmo_portal.workflow.transitions import TransitionNotAllowed


class CurrentParentWidget(ForeignKeyWidget):
    """A parent that exists now: an abolished one may have had the same code."""

    def get_queryset(self, value, row, *args, **kwargs):
        return self.model.objects.current()


class MunicipalityResource(resources.ModelResource):
    """Rows by OKTMO code; the region by its code, the parent by its own OKTMO."""

    region = Field("region", "region", ForeignKeyWidget(Region, "code"))
    parent = Field("parent", "parent", CurrentParentWidget(Municipality, "oktmo"))

    class Meta:
        model = Municipality
        import_id_fields = ["oktmo"]
        fields = [
            "oktmo", "check_digit", "name", "kind", "region", "parent", "centre", "valid_from",
        ]  # fmt: skip
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True

    def before_import_row(self, row, **kwargs):
        """Spreadsheets drop the leading zero; the check digit must be the code's own."""
        code = str(row.get("oktmo") or "").strip()
        row["oktmo"] = code.zfill(8) if code.isdigit() else code
        if not re.fullmatch(r"\d{8}", row["oktmo"]):
            raise ValueError(f"Код ОКТМО «{code}»: нужны восемь цифр.")
        right, given = check_digit(row["oktmo"]), str(row.get("check_digit") or "").strip()
        if given and given != right:
            raise ValueError(
                f"Код {row['oktmo']}: контрольное число {given}, а должно быть {right}. Проверьте код."
            )
        row["check_digit"] = right
        row["name"] = normalise_name(str(row.get("name") or ""))


class OrganisationResource(resources.ModelResource):
    class Meta:
        model = Organisation
        fields = [
            "id",
            "kind",
            "name",
            "short_name",
            "region",
            "municipality",
            "inn",
            "email",
            "phone",
        ]
        skip_unchanged = True


class MembershipResource(resources.ModelResource):
    class Meta:
        model = Membership
        fields = [
            "id",
            "user__email",
            "organisation__name",
            "role",
            "state",
            "valid_from",
            "valid_to",
        ]


class OrphanFilter(admin.SimpleListFilter):
    title = "район в реестре"
    parameter_name = "orphan"

    def lookups(self, request, model_admin):
        return [("1", "района нет, требует проверки")]

    def queryset(self, request, queryset):
        return queryset.orphaned() if self.value() == "1" else queryset


@admin.register(FederalDistrict)
class FederalDistrictAdmin(KeptAdmin):
    list_display = ["name", "code", "order"]
    search_fields = ["name"]


@admin.register(Region)
class RegionAdmin(KeptAdmin):
    list_display = ["name", "code", "oktmo_prefix", "federal_district", "time_zone"]
    list_filter = ["federal_district", "kind"]
    search_fields = ["name", "code", "oktmo_prefix"]
    list_select_related = ["federal_district"]


@admin.register(Municipality)
class MunicipalityAdmin(ImportExportModelAdmin, KeptAdmin):
    resource_classes = [MunicipalityResource]
    list_display = ["name", "oktmo", "kind", "region", "status", "valid_to"]
    list_filter = [OrphanFilter, "kind", "status", "region"]
    search_fields = ["name", "oktmo", "sort_key"]
    autocomplete_fields = ["region", "parent"]
    list_select_related = ["region"]


@admin.register(TerritoryCode)
class TerritoryCodeAdmin(KeptAdmin):
    list_display = ["system", "code", "municipality", "year_from", "year_to"]
    list_filter = ["system"]
    search_fields = ["code", "municipality__name", "municipality__oktmo"]
    autocomplete_fields = ["municipality"]
    list_select_related = ["municipality"]


@admin.register(MunicipalityChange)
class MunicipalityChangeAdmin(KeptAdmin):
    """New entries go through the service with its checks; an entry is undone, never edited."""

    form = TransformationForm
    list_display = ["kind", "date", "law", "source_key"]
    list_filter = ["kind"]
    date_hierarchy = "date"
    search_fields = ["law", "predecessors__name", "successors__name", "predecessors__oktmo"]
    autocomplete_fields = ["predecessors", "successors"]
    actions = ["undo_selected"]

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["kind", "date", "law", "note", "predecessors", "successors",
                    "new_successors", "confirmed"]  # fmt: skip
        return ["kind", "date", "law", "note", "predecessors", "successors", "part_of",
                "source_key", "recorded_by", "recorded_at"]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        # The law and the note may be made more exact; what happened to rows stays.
        return [name for name in self.get_fields(request, obj) if name not in ("law", "note")]

    def save_model(self, request, obj, form, change):
        """The form has recorded a new entry already, with its check."""
        if change:
            super().save_model(request, obj, form, change)
            return
        for line in describe_consequences(obj):
            self.message_user(request, line)
        if offers_of(obj):
            address = reverse("organisations:handover-detail", args=[obj.pk])
            link = format_html('<a href="{}">Передать людей преемникам</a>', address)
            self.message_user(request, link, messages.WARNING)

    def save_related(self, request, form, formsets, change):
        """Sides are written by the service."""

    def get_form(self, request, obj=None, **kwargs):
        made = super().get_form(request, obj, **kwargs)
        made.by = request.user
        return made

    @admin.action(description="Отменить ошибочно внесённые", permissions=["change"])
    def undo_selected(self, request, queryset):
        for change in queryset.filter(part_of=None):
            name = str(change)
            try:
                undo_transformation(
                    change=change, by=request.user, reason="Отменено в разделе управления"
                )
            except ValidationError as error:
                self.message_user(request, f"{name}: {' '.join(error.messages)}", messages.ERROR)
            else:
                self.message_user(request, f"{name}: запись отменена.")


@admin.register(Organisation)
class OrganisationAdmin(ImportExportModelAdmin, KeptAdmin):
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    resource_classes = [OrganisationResource]
    list_display = ["name", "kind", "region", "phone", "is_active"]
    list_filter = ["kind", "is_active", "region"]
    search_fields = ["name", "short_name", "inn", "sort_key"]
    autocomplete_fields = ["region", "municipality"]
    list_select_related = ["region"]


@admin.register(Membership)
class MembershipAdmin(ExportMixin, KeptAdmin):
    resource_classes = [MembershipResource]
    list_display = ["user", "organisation", "role", "state", "valid_from", "valid_to"]
    list_filter = ["state", "role", "organisation__region"]
    search_fields = ["user__email", "user__last_name", "organisation__name"]
    autocomplete_fields = ["user", "organisation"]
    raw_id_fields = ["mandate"]
    readonly_fields = ["state", "decided_by", "decided_at", "decision_comment"]
    list_select_related = ["user", "organisation"]
    actions = ["confirm_selected"]

    @admin.action(description="Подтвердить выбранные запросы")
    def confirm_selected(self, request, queryset):
        done = 0
        for membership in queryset:
            try:
                confirm_membership(membership=membership, by=request.user)
                done += 1
            except TransitionNotAllowed:
                self.message_user(request, f"{membership}: уже решено.", messages.WARNING)
        self.message_user(request, f"Подтверждено: {done}.")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "organisation", "role", "expires_at", "accepted_at", "revoked_at"]
    search_fields = ["email", "organisation__name"]
    list_select_related = ["organisation"]


class ExpertAbsenceInline(admin.TabularInline):
    model = ExpertAbsence
    extra = 0


@admin.register(Expert)
class ExpertAdmin(admin.ModelAdmin):
    list_display = ["user", "capacity", "is_active"]
    list_filter = ["is_active", "competences"]
    search_fields = ["user__last_name", "user__email"]
    autocomplete_fields = ["user", "competences", "regions"]
    inlines = [ExpertAbsenceInline]


@admin.register(Competence)
class CompetenceAdmin(admin.ModelAdmin):
    search_fields = ["name"]
