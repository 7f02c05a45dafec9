"""Version 1 of what is already there, families of forms, kinds of rules, prefill as a choice."""

import re

from django.db import migrations
from django.db.models import F

TEXTS = (
    "title", "title_en", "unit", "unit_en", "decimals", "definition", "source", "formula",
    "legal_base",
)  # fmt: skip
#: Before any report: the first version holds from the beginning.
FIRST_YEAR = 2000
REACH = (
    ("children", "consolidation"),
    ("outside", "source"),
    ("other", "forms"),
    ("prev", "years"),
)


def forwards(apps, schema_editor):
    model = apps.get_model
    version = model("annual_report", "IndicatorVersion")
    version.objects.bulk_create(
        version(
            indicator=row,
            number=1,
            from_year=FIRST_YEAR,
            **{name: getattr(row, name) for name in TEXTS},
        )
        for row in model("annual_report", "Indicator").objects.filter(versions__isnull=True)
    )
    model("annual_report", "Form").objects.filter(family="").update(family=F("code"))
    model("annual_report", "FormField").objects.filter(prefill=True).update(
        prefill_from="last_year"
    )
    for rule in model("annual_report", "ControlRule").objects.all():
        named = set(re.findall(r"([a-z]+)\s*\(", rule.expression))
        rule.kind = next((kind for name, kind in REACH if name in named), "form")
        rule.save(update_fields=["kind"])


def backwards(apps, schema_editor):
    apps.get_model("annual_report", "FormField").objects.update(prefill=False)
    apps.get_model("annual_report", "FormField").objects.exclude(prefill_from="none").update(
        prefill=True
    )


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0003_catalogue_versions_and_legal_bases")]
    operations = [migrations.RunPython(forwards, backwards)]
