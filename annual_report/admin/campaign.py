"""Campaigns, forms of municipalities and what the review keeps of them."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect

from annual_report.campaign_forms import CampaignForm
from annual_report.models import (
    BulkRun,
    Campaign,
    Correction,
    Extension,
    ReminderRun,
    Submission,
)
from annual_report.services import campaigns
from okmo_portal.core.admin import KeptAdmin, ReadOnlyAdmin
from okmo_portal.workflow.transitions import TransitionNotAllowed


@admin.register(Campaign)
class CampaignAdmin(KeptAdmin):
    """The staff's page shows more: preview, difference of forms, schedule."""

    form = CampaignForm
    list_display = ["title", "year", "is_main", "state", "opens_on", "municipality_deadline"]
    list_filter = ["state", "is_main"]
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


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    list_display = ["submission", "number", "state", "at", "by", "decided_at"]
    list_filter = ["state", "submission__campaign"]
    list_select_related = ["submission__municipality", "submission__campaign", "by"]


@admin.register(Extension)
class ExtensionAdmin(ReadOnlyAdmin):
    list_display = ["unit", "campaign", "until", "reason", "by", "at", "removed_at"]
    list_filter = ["campaign"]
    list_select_related = ["submission__municipality", "region", "campaign", "by"]

    @admin.display(description="кому")
    def unit(self, extension):
        return extension.region or extension.submission.municipality


@admin.register(ReminderRun)
class ReminderRunAdmin(ReadOnlyAdmin):
    list_display = ["campaign", "audience", "days", "due", "at", "units", "told"]
    list_filter = ["campaign", "audience"]


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin):
    list_display = ["kind", "campaign", "by", "at", "finished_at"]
    list_filter = ["kind", "campaign"]
    list_select_related = ["campaign", "by"]
