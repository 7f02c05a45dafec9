from django.apps import AppConfig


class AnnualReportConfig(AppConfig):
    name = "annual_report"
    label = "annual_report"
    verbose_name = "Ежегодный доклад"
