from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "okmo_portal.accounts"
    label = "accounts"
    verbose_name = "Пользователи"
