from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from okmo_portal.core.registry import DemoStep, MenuItem, SearchKind, registry


class AnnualReportConfig(AppConfig):
    name = "annual_report"
    label = "annual_report"
    verbose_name = "Ежегодный доклад"

    def ready(self):
        # Models exist only now.
        from annual_report import cabinet
        from annual_report.demo import steps
        from annual_report.services import transformed
        from annual_report.services.reports import can_read_document
        from annual_report.services.workbook_intakes import can_read_intake
        from annual_report.services.workbook_sets import can_read_bundle
        from annual_report.services.workbooks import can_read_upload
        from annual_report.views import peers, public, series
        from okmo_portal.documents import policies
        from okmo_portal.notifications import kinds
        from okmo_portal.organisations import consequences

        registry.add_menu(
            MenuItem(_("Отчёт"), "report:report-list", order=20, prefixes=("/report/",))
        )
        registry.add_home_card(public.home_card, order=20)
        registry.add_cabinet_tasks(cabinet.tasks, order=10)
        registry.add_cabinet_section(cabinet.section, order=10)
        registry.add_panel("region", public.region_panel)
        registry.add_panel("municipality", series.municipality_panel)
        registry.add_panel("municipality", peers.municipality_panel, order=110)
        registry.add_search(
            SearchKind("indicator", _("Показатели"), cabinet.indicator_rows, order=30)
        )
        registry.add_search(SearchKind("report", _("Доклады"), cabinet.report_rows, order=5))
        registry.add_demo(DemoStep("annual report", steps.load, order=20))
        consequences.register(
            "annual_report",
            consequences.Consequence(transformed.carry_out, transformed.take_back),
        )
        policies.register("annual_report.report", can_read_document)
        policies.register("annual_report.workbookupload", can_read_upload)
        policies.register("annual_report.workbookbundle", can_read_bundle)
        policies.register("annual_report.workbookintake", can_read_intake)
        for key, label in (
            ("annual_report.opened", "Открыт сбор данных для доклада"),
            ("annual_report.prepared", "Форма ждёт подписи главы или возвращена им"),
            ("annual_report.submitted", "Муниципалитет отправил форму на проверку"),
            ("annual_report.decided", "Совет проверил форму"),
            ("annual_report.reminder", "Напоминания о сроках"),
            ("annual_report.proposal", "Решение по предложению муниципалитета"),
            ("annual_report.damaged", "Снимок данных доклада повреждён"),
            ("annual_report.workbook", "Совет прислал книгу Excel с данными"),
        ):
            kinds.register(kinds.Kind(key, label))
