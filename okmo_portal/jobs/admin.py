from django.contrib import admin

from okmo_portal.core.admin import ReadOnlyAdmin
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.jobs.services import retry_job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """All jobs; a failed one can be queued again from the list."""

    list_display = ["title", "state", "done", "total", "attempts", "created_by", "created_at"]
    list_filter = ["state", "queue", "created_at"]
    search_fields = ["title", "created_by__email"]
    list_select_related = ["created_by"]
    actions = ["retry_selected"]

    @admin.action(description="Повторить неудавшиеся задания", permissions=["view"])
    def retry_selected(self, request, queryset):
        failed = list(queryset.filter(state=JobState.FAILED))
        for job in failed:
            retry_job(job=job)
        self.message_user(request, f"Поставлено в очередь: {len(failed)}.")
