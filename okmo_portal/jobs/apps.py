from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "okmo_portal.jobs"
    label = "jobs"
    verbose_name = "Фоновые задания"
