from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from okmo_portal.core.registry import DemoStep, MenuItem, SearchKind, registry


class MediaConfig(AppConfig):
    name = "media"
    label = "media"
    verbose_name = "Журнал «Муниципальная Россия»"

    def ready(self):
        # Models exist only now.
        from media import cabinet, links, targets
        from media.demo import steps
        from media.services import contributions
        from okmo_portal.documents import policies
        from okmo_portal.notifications import kinds

        registry.add_menu(MenuItem(_("Журнал"), "media:archive", order=40, prefixes=("/journal/",)))
        registry.add_home_card(cabinet.home_card, order=30)
        registry.add_cabinet_tasks(cabinet.tasks, order=30)
        registry.add_cabinet_section(cabinet.section, order=40)
        for page, kind in targets.PANELS.items():
            registry.add_panel(page, targets.panel_for(kind), order=200)
        for kind in targets.KINDS:
            links.register(kind)
        registry.add_search(SearchKind("article", _("Статьи"), cabinet.article_rows, order=15))
        registry.add_search(SearchKind("issue", _("Номера журнала"), cabinet.issue_rows, order=16))
        registry.add_personal_data("Материалы, присланные в журнал", contributions.personal_data)
        registry.add_demo(DemoStep("journal", steps.load, order=40))
        policies.register("media.article", cabinet.can_read_download)
        policies.register("media.contribution", cabinet.can_read_contribution)
        for key, label in (
            ("media.article", "Движение статьи в редакции"),
            ("media.task", "Поручение редакции"),
            ("media.contribution", "Читатель прислал материал в журнал"),
        ):
            kinds.register(kinds.Kind(key, label))
