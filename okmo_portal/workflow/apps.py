from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "okmo_portal.workflow"
    label = "workflow"
    verbose_name = "Ход работы"
