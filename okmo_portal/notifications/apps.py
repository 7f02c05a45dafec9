from django.apps import AppConfig

from okmo_portal.core.registry import registry


class NotificationsConfig(AppConfig):
    name = "okmo_portal.notifications"
    label = "notifications"
    verbose_name = "Уведомления"

    def ready(self):
        from okmo_portal.notifications import services  # models exist only now

        registry.add_personal_data("notifications", services.personal_notifications)
        registry.add_erasure(services.forget_person)
