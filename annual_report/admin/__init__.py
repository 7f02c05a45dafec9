"""Staff keep the catalogue, campaigns and chapters here."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect

from annual_report.admin import catalogue, observation  # noqa: F401 (they register their models)
from annual_report.analysis import UnknownPlaceholder, placeholders
from annual_report.blocks import BlockError, check_block
from annual_report.enums import ReportState
from annual_report.models import (
    Campaign,
    Indicator,
    Report,
    ReportChapter,
    Snapshot,
    Submission,
)
from annual_report.services import campaigns, chapters, reports
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin
from okmo_portal.core.text import format_date
from okmo_portal.core.workdays import next_working, why_off
from okmo_portal.workflow.transitions import TransitionNotAllowed


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


class CampaignForm(forms.ModelForm):
    """A deadline on a day off would be read in two ways (Civil Code, art. 193)."""

    def clean(self):
        data = super().clean()
        for name in ("municipality_deadline", "council_deadline", "congress_deadline"):
            day = data.get(name)
            if day and (reason := why_off(day)):
                self.add_error(
                    name,
                    f"{format_date(day)} — выходной ({reason}). Ближайший рабочий день: "
                    f"{format_date(next_working(day))}.",
                )
        return data


@admin.register(Campaign)
class CampaignAdmin(KeptAdmin):
    form = CampaignForm
    list_display = ["title", "year", "state", "opens_on", "municipality_deadline"]
    readonly_fields = ["state"]
    actions = ["open_selected", "close_selected", "reopen_selected"]

    @admin.action(description="Открыть сбор")
    def open_selected(self, request, queryset):
        """A long job: the person is taken to its page."""
        started = self._move(request, queryset, campaigns.start_opening)
        return redirect(started[-1]) if started else None

    @admin.action(description="Закрыть сбор")
    def close_selected(self, request, queryset):
        self._move(request, queryset, campaigns.close_campaign)

    @admin.action(description="Открыть сбор снова")
    def reopen_selected(self, request, queryset):
        self._move(request, queryset, campaigns.reopen_campaign)

    def _move(self, request, queryset, service):
        done = []
        for campaign in queryset:
            try:
                done.append(service(campaign=campaign, by=request.user))
            except ValidationError as error:
                self.message_user(request, error.messages[0], messages.ERROR)
            except TransitionNotAllowed:
                self.message_user(
                    request,
                    f"{campaign}: сейчас «{campaign.get_state_display()}».",
                    messages.WARNING,
                )
        if done:
            self.message_user(
                request, "Готово." if service != campaigns.start_opening else "Сбор открывается."
            )
        return done


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ["municipality", "campaign", "region", "state", "filled", "required"]
    list_filter = ["campaign", "state", "region"]
    search_fields = ["municipality__name", "municipality__oktmo"]
    list_select_related = ["municipality", "campaign", "region"]


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
