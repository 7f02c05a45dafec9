from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "okmo_portal.documents"
    label = "documents"
    verbose_name = "Документы"
