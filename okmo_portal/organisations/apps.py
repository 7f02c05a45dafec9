from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from okmo_portal.core.registry import DemoStep, MenuItem, SearchKind, registry


class OrganisationsConfig(AppConfig):
    name = "okmo_portal.organisations"
    label = "organisations"
    verbose_name = "Территории и организации"

    def ready(self):
        # Models exist only now.
        from okmo_portal.documents import policies
        from okmo_portal.notifications import kinds
        from okmo_portal.organisations import cabinet
        from okmo_portal.organisations.demo import steps
        from okmo_portal.organisations.services.references import can_read_reference

        registry.add_menu(
            MenuItem(
                _("Муниципалитеты"), "territory:region-list", order=60, prefixes=("/territory/",)
            )
        )
        registry.add_home_card(cabinet.home_card, order=40)
        registry.add_cabinet_tasks(cabinet.tasks, order=50)
        registry.add_cabinet_section(cabinet.organisation_section, order=90)
        registry.add_search(SearchKind("region", _("Субъекты РФ"), cabinet.region_rows, order=10))
        registry.add_search(
            SearchKind("municipality", _("Муниципалитеты"), cabinet.municipality_rows, order=20)
        )
        registry.add_personal_data("memberships", cabinet.personal_memberships)
        registry.add_demo(DemoStep("territory and people", steps.load, order=10))
        policies.register("organisations.referenceimport", can_read_reference)
        policies.register("organisations.membership", cabinet.can_read_mandate)
        for key, label in (
            ("organisations.membership_requested", "Запросы полномочий, которые решаю я"),
            ("organisations.membership_decided", "Решения по моим полномочиям"),
            ("organisations.handover", "Люди упразднённых муниципалитетов и их преемники"),
            ("organisations.membership_ends", "Скорый конец моих полномочий"),
        ):
            kinds.register(kinds.Kind(key, label))
