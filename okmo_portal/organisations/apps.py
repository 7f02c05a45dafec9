from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    name = "okmo_portal.organisations"
    label = "organisations"
    verbose_name = "Территории и организации"
