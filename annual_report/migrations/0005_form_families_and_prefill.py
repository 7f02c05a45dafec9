"""The choice replaces the flag; one version number once in a family of forms."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0004_catalogue_first_versions")]
    operations = [
        migrations.RemoveField(model_name="formfield", name="prefill"),
        migrations.RenameField(model_name="formfield", old_name="prefill_from", new_name="prefill"),
        migrations.AddConstraint(
            model_name="form",
            constraint=models.UniqueConstraint(
                fields=("family", "version"), name="form_version_once"
            ),
        ),
    ]
