"""Make a report's tables again from its frozen snapshot."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from annual_report.models import Report
from annual_report.services.chapters import chapter_context, get_builder
from annual_report.services.report_files import make_tables
from annual_report.services.snapshots import SnapshotDamaged, hash_of


class Command(BaseCommand):
    help = (
        "Write the tables (XLSX), figures (CSV) and values (Parquet) of a year's report from its "
        "snapshot and compare them with those that were built, byte for byte."
    )

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)
        parser.add_argument("--to", type=Path, help="folder to write the files into")

    def handle(self, *args, year, to, **options):
        report = (
            Report.objects.select_related("campaign", "snapshot")
            .filter(campaign__year=year)
            .first()
        )
        if report is None or report.snapshot is None:
            raise CommandError(f"Доклада со снимком данных за {year} год нет.")
        known = dict(report.files.values_list("kind", "sha256"))
        different = []
        try:
            with translation.override("ru"):
                builder = get_builder(report)
                rows = report.chapters.select_related("region")
                contexts = [chapter_context(chapter, builder) for chapter in rows]
                for name, content in make_tables(report, builder.analysis, contexts):
                    kind = name.rsplit(".", 1)[-1]
                    if to is not None:
                        to.mkdir(parents=True, exist_ok=True)
                        (to / f"okmo-report-{year}.{kind}").write_bytes(content)
                    same = known.get(kind) == hash_of(content)
                    words = (
                        "совпадает" if same else "ОТЛИЧАЕТСЯ" if kind in known else "не собирался"
                    )
                    self.stdout.write(f"{kind}: {hash_of(content)} — {words}")
                    if kind in known and not same:
                        different.append(kind)
        except SnapshotDamaged as error:
            raise CommandError(str(error)) from error
        if different:
            raise CommandError(f"Не совпали с опубликованными: {', '.join(different)}.")
