from django.contrib import admin

from okmo_portal.core.admin import ReadOnlyAdmin
from okmo_portal.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Which letters left and which did not; the filter «не отправлено» finds the failed ones."""

    list_display = ["title", "user", "kind", "email_state", "email_attempts", "created_at"]
    list_filter = ["email_state", "kind", "created_at"]
    search_fields = ["user__email", "title"]
    list_select_related = ["user"]
