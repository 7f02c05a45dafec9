"""Staff keep the catalogue, campaigns and chapters here."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from annual_report.admin import (  # noqa: F401 (they register their models)
    campaign,
    catalogue,
    observation,
)
from annual_report.analysis import UnknownPlaceholder, placeholders
from annual_report.blocks import BlockError, check_block
from annual_report.enums import ReportState
from annual_report.models import (
    Indicator,
    Report,
    ReportChapter,
    Snapshot,
)
from annual_report.services import chapters, reports
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin


class ChapterForm(forms.ModelForm):
    """Placeholders and blocks are checked here, not when the PDF is built."""

    def clean_text(self):
        try:
            placeholders(self.cleaned_data["text"], known_codes())
        except UnknownPlaceholder as error:
            raise ValidationError(str(error)) from error
        return self.cleaned_data["text"]

    def clean_blocks(self):
        blocks = self.cleaned_data["blocks"] or []
        if not isinstance(blocks, list):
            raise ValidationError("Нужен список блоков в квадратных скобках.")
        codes = known_codes()
        try:
            for block in blocks:
                check_block(block, codes)
        except BlockError as error:
            raise ValidationError(str(error)) from error
        return blocks


def known_codes():
    return dict.fromkeys(Indicator.objects.values_list("code", flat=True))


class ChapterInline(admin.StackedInline):
    model = ReportChapter
    form = ChapterForm
    extra = 0


@admin.register(Report)
class ReportAdmin(KeptAdmin):
    list_display = ["title", "campaign", "state", "pages", "published_at"]
    fields = ["title", "title_en", "summary", "summary_en"]
    inlines = [ChapterInline]

    def has_change_permission(self, request, obj=None):
        """The page and the PDF of a published report must not come apart."""
        published = obj is not None and obj.state == ReportState.PUBLISHED
        return not published and super().has_change_permission(request, obj)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if any(formset.has_changed() for formset in formsets):
            reports.mark_changed(report=form.instance)
            if form.instance.snapshot_id is not None:
                chapters.start_computing(report=form.instance, by=request.user)

    def has_add_permission(self, request):
        return False


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ["campaign", "created_at", "municipalities", "rows", "sha256"]
    list_select_related = ["campaign"]
