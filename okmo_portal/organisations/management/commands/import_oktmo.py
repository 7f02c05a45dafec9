"""Take the register of municipalities from a file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from okmo_portal.organisations import oktmo
from okmo_portal.organisations.services.registry import import_register, kind_labels


class Command(BaseCommand):
    help = "Imports OKTMO: Rosstat's open data (UTF-8 or windows-1251) or the flat list."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--layout", choices=[layout.value for layout in oktmo.Layout])
        parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")

    def handle(self, *, file, layout, dry_run, **options):
        try:
            register = oktmo.classify(oktmo.read(file, oktmo.Layout(layout) if layout else None))
        except oktmo.OktmoFileError as error:
            raise CommandError(str(error)) from error
        result = import_register(register=register, by=None, dry_run=dry_run)
        self.report(register, result, dry_run)

    def report(self, register, result, dry_run):
        lines = [f"{label}: {count}" for label, count in kind_labels(result)]
        lines.append(f"всего муниципальных образований: {sum(result.by_kind.values())}")
        lines.append(
            f"не взято: заголовков {register.headings}, межселенных территорий "
            f"{register.inter_settlement}, отклонено строк {len(result.refused)}"
        )
        lines.append(f"поселений без района в реестре (на проверку): {result.orphans}")
        if result.transformed:
            lines.append(
                f"не тронуто преобразованных: {result.transformed}; их историю ведут преобразования"
            )
        for title, remarks in (("исправлено", result.corrected), ("отклонено", result.refused)):
            lines += [f"{title}: строка {x.line}, код {x.code}: {x.text}" for x in remarks]
        lines.append(
            f"добавлено {result.added}, изменено {result.changed}, без изменений {result.unchanged}"
        )
        if dry_run:
            lines.append("Пробный запуск: ничего не записано.")
        self.stdout.write("\n".join(lines))
