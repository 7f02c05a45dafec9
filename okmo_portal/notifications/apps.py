from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "okmo_portal.notifications"
    label = "notifications"
    verbose_name = "Уведомления"
