"""On the way back: figures of single options have no place in the older table."""

from django.db import migrations


def drop_options(apps, schema_editor):
    apps.get_model("annual_report", "ReportFigure").objects.filter(option__isnull=False).delete()


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0023_figures_of_options")]

    operations = [migrations.RunPython(migrations.RunPython.noop, drop_options)]
