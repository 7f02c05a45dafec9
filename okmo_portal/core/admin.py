"""Shared shapes of the admin."""

from django.contrib import admin

from okmo_portal.core.models import ProductionDay, ProductionYear


class KeptAdmin(admin.ModelAdmin):
    """Rows on which figures and histories stand: they end by date or by state, never by deletion."""

    show_full_result_count = False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the portal writes: staff look and filter, nobody edits them by hand."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ProductionDayInline(admin.TabularInline):
    model = ProductionDay
    extra = 1


@admin.register(ProductionYear)
class ProductionYearAdmin(KeptAdmin):
    """Each autumn: a new year with the decree's number and the days that it moves."""

    list_display = ["year", "source"]
    inlines = [ProductionDayInline]
