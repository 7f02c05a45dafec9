"""Forms filed before the first filing was kept: the last one is the best known."""

from django.db import migrations
from django.db.models import F


def fill(apps, schema_editor):
    submissions = apps.get_model("annual_report", "Submission").objects
    submissions.filter(filed_at__isnull=True, submitted_at__isnull=False).update(
        filed_at=F("submitted_at")
    )


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0007_review_history_runs_and_reminders")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
