"""Take observations from a file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from annual_report.models import Dataset, ImportMapping
from annual_report.observations.mapping import MappingError
from annual_report.observations.readers import ReadError
from annual_report.observations.refusals import REPAIRS, SKIPS
from annual_report.observations.words import count_lines
from annual_report.services.observations import import_path


class Command(BaseCommand):
    help = (
        "Imports observations from CSV, XLSX or Parquet: the long form (oktmo or territory and "
        "code_system, indicator, period, value) directly, other layouts through a saved mapping."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", metavar="NAME", help="a mapping saved by staff")
        parser.add_argument("--dataset", metavar="CODE", help="needed without a mapping")
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
        parser.add_argument("--rejected", type=Path, metavar="OUT.csv", help="refused rows")
        group = parser.add_argument_group("the long form only; a mapping says these itself")
        group.add_argument("--repair", action="append", choices=sorted(REPAIRS), default=[])
        group.add_argument("--skip", action="append", choices=sorted(SKIPS), default=[])
        group.add_argument("--decimal", choices=[",", "."], default="")
        group.add_argument(
            "--no-unit-check", nargs="*", metavar="INDICATOR", help="of these, or of all"
        )

    def handle(self, *, file, mapping, dataset, dry_run, rejected, **options):
        chosen = self.find(ImportMapping, "сопоставления", "name", mapping) if mapping else None
        if chosen is None and not dataset:
            raise CommandError("Укажите набор данных (--dataset) или сопоставление (--mapping).")
        found = self.find(Dataset, "набора данных", "code", dataset) if dataset else chosen.dataset
        try:
            counts = import_path(
                path=file, dataset=found, chosen=chosen, by=None, dry_run=dry_run,
                rejected=rejected, **self.long_form_options(chosen, options),
            )  # fmt: skip
        except (ReadError, MappingError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Файл {error.filename} не записан: {error.strerror}.") from error
        lines = count_lines(counts)
        if rejected is not None:
            lines.append(f"отклонённые строки: {rejected}")
        if dry_run:
            lines.append("Пробный запуск: ничего не записано.")
        self.stdout.write("\n".join(lines))

    def find(self, model, words, field, value):
        row = model.objects.filter(**{field: value}).first()
        if row is None:
            known = ", ".join(model.objects.values_list(field, flat=True)) or "пока нет ни одного"
            raise CommandError(f"Нет {words} «{value}». Есть: {known}.")
        return row

    def long_form_options(self, chosen, options):
        off = options["no_unit_check"]
        given = {
            "repairs": options["repair"],
            "skip": options["skip"],
            "decimal": options["decimal"],
            "no_unit_check": ["*"] if off == [] else off or [],
        }
        if chosen and any(given.values()):
            raise CommandError(
                "С --mapping эти ключи не нужны: исправления и пропуски записаны в сопоставлении."
            )
        return {} if chosen else given
