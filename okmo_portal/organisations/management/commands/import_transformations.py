"""Take transformations of municipalities from the reference mo_ref.xlsx."""

import csv
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from okmo_portal.core.downloads import safe_cell
from okmo_portal.organisations import mo_ref
from okmo_portal.organisations.services.transformation_import import import_transformations
from okmo_portal.organisations.services.transformation_report import (
    REMARK_HEADERS,
    remark_cells,
    result_lines,
)


class Command(BaseCommand):
    help = "Imports transformations from mo_ref.xlsx over the register that import_oktmo took in."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
        parser.add_argument("--rejected", type=Path, help="CSV for what needs a person")

    def handle(self, *, file, dry_run, rejected, **options):
        try:
            reference = mo_ref.read(file)
            result = import_transformations(reference=reference, by=None, dry_run=dry_run)
        except mo_ref.MoRefFileError as error:
            raise CommandError(str(error)) from error
        if rejected:
            self.write_rejected(rejected, result.remarks)
        lines = result_lines(result)
        if dry_run:
            lines.append("Пробный запуск: ничего не записано.")
        self.stdout.write("\n".join(lines))

    def write_rejected(self, path, remarks):
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as handle:
                writer = csv.writer(handle, delimiter=";")
                writer.writerow(REMARK_HEADERS)
                writer.writerows(
                    [safe_cell(cell) for cell in remark_cells(remark)] for remark in remarks
                )
        except OSError as error:
            raise CommandError(f"Файл {path} не записывается: {error.strerror}.") from error
