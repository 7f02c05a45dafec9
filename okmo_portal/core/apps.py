from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "okmo_portal.core"
    label = "core"
    verbose_name = "Общее"
