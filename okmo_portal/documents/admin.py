from django.contrib import admin

from okmo_portal.core.admin import ReadOnlyAdmin
from okmo_portal.documents.models import Document


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """What is stored and how the scan ended; the file itself is opened where its object is."""

    list_display = ["name", "content_type", "size", "scan_state", "uploaded_by", "created_at"]
    list_filter = ["scan_state", "content_type", "created_at"]
    search_fields = ["name", "sha256", "uploaded_by__email"]
    list_select_related = ["uploaded_by"]
    exclude = ["file"]
