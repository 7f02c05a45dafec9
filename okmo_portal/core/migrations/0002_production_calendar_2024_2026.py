"""Transfers of days off of 2024 to 2026, from the project's own lists."""

import csv
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).resolve().parents[1] / "data"


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def load(apps, schema_editor):
    year_model = apps.get_model("core", "ProductionYear")
    day_model = apps.get_model("core", "ProductionDay")
    for row in rows("production_years.csv"):
        year_model.objects.update_or_create(year=row["year"], defaults={"source": row["source"]})
    for row in rows("production_calendar.csv"):
        day_model.objects.update_or_create(
            date=row["date"],
            defaults={"year_id": row["date"][:4], "kind": row["kind"], "note": row["note"]},
        )


def unload(apps, schema_editor):
    apps.get_model("core", "ProductionYear").objects.filter(year__in=[2024, 2025, 2026]).delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_production_calendar")]
    operations = [migrations.RunPython(load, unload)]
