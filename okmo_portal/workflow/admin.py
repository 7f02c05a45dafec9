from django.contrib import admin

from okmo_portal.core.admin import ReadOnlyAdmin
from okmo_portal.workflow.models import StateChange


@admin.register(StateChange)
class StateChangeAdmin(ReadOnlyAdmin):
    """Who moved what from which state to which."""

    list_display = ["at", "label", "subject_label", "subject_id", "source", "target", "by"]
    list_filter = ["subject_label", "transition", "at"]
    search_fields = ["subject_id", "by__email"]
    list_select_related = ["by"]
