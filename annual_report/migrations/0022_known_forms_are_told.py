"""Councils know of every form that was sent before notices went out in rounds."""

from django.db import migrations
from django.db.models import F


def mark_told(apps, schema_editor):
    submissions = apps.get_model("annual_report", "Submission").objects
    submissions.filter(state="submitted").update(council_told_at=F("submitted_at"))


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0021_council_notices_in_rounds")]

    operations = [migrations.RunPython(mark_told, migrations.RunPython.noop)]
