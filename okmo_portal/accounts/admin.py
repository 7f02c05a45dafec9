from django.contrib import admin

from okmo_portal.accounts.models import Consent, ConsentText, User
from okmo_portal.audit.services import record
from okmo_portal.core.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Personal data is changed by the person; staff look, and each look is on record."""

    list_display = ["email", "last_name", "first_name", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "last_name", "first_name"]
    fields = [
        "email", "last_name", "first_name", "patronymic", "phone", "time_zone",
        "is_active", "is_staff", "date_joined", "last_login",
    ]  # fmt: skip
    readonly_fields = ["email", "is_staff", "date_joined", "last_login"]
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        user = self.get_object(request, object_id)
        if user is not None and user.pk != request.user.pk:
            record(action="accounts.viewed", by=request.user, subject=user)
        return super().change_view(request, object_id, form_url, extra_context)


@admin.register(ConsentText)
class ConsentTextAdmin(admin.ModelAdmin):
    list_display = ["title", "purpose", "version", "published_at"]


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ["user", "text", "given_at", "withdrawn_at"]
    list_select_related = ["user", "text"]
    search_fields = ["user__email"]
