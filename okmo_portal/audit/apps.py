from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "okmo_portal.audit"
    label = "audit"
    verbose_name = "Журнал событий"
