"""The 8 federal districts and 89 regions, from the project's own lists."""

import csv
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).resolve().parents[1] / "data"


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def load(apps, schema_editor):
    district_model = apps.get_model("organisations", "FederalDistrict")
    region_model = apps.get_model("organisations", "Region")
    for row in rows("federal_districts.csv"):
        district_model.objects.update_or_create(code=row.pop("code"), defaults=row)
    districts = {district.code: district for district in district_model.objects.all()}
    for row in rows("regions.csv"):
        row["federal_district"] = districts[row["federal_district"]]
        row["sort_key"] = row["short_name"].lower().replace("ё", "е")
        region_model.objects.update_or_create(code=row.pop("code"), defaults=row)


def unload(apps, schema_editor):
    apps.get_model("organisations", "Region").objects.all().delete()
    apps.get_model("organisations", "FederalDistrict").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_territory_and_organisations")]
    operations = [migrations.RunPython(load, unload)]
