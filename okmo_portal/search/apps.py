from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "okmo_portal.search"
    label = "search"
    verbose_name = "Поиск"
