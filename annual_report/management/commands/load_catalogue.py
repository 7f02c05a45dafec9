from django.core.management.base import BaseCommand

from annual_report.services.catalogue import load_catalogue


class Command(BaseCommand):
    help = "Loads the shipped indicators, form and control rules; a second run changes nothing."

    def handle(self, **options):
        counts = load_catalogue()
        self.stdout.write(
            f"разделов {counts['sections']}, показателей {counts['indicators']}, "
            f"контрольных соотношений {counts['rules']}"
        )
