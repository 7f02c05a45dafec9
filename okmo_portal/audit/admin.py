from django.contrib import admin

from okmo_portal.audit.models import AuditEvent
from okmo_portal.core.admin import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "action", "actor", "subject_label", "subject_id", "sequence"]
    search_fields = ["action", "subject_id", "actor__email"]
    list_select_related = ["actor"]
