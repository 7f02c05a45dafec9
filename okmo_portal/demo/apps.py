from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "okmo_portal.demo"
    label = "demo"
    verbose_name = "Демонстрация"
