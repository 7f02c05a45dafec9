from django.apps import AppConfig

from okmo_portal.core.registry import registry


class DocumentsConfig(AppConfig):
    name = "okmo_portal.documents"
    label = "documents"
    verbose_name = "Документы"

    def ready(self):
        from okmo_portal.documents import services  # models exist only now

        registry.add_personal_data("documents", services.personal_documents)
