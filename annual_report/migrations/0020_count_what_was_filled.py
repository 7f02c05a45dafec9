"""Count the cells of forms that were filled before the counts were kept."""

from django.db import migrations

COUNT = """
UPDATE annual_report_submission s SET answered = counted.answered, kept = counted.kept
FROM (
    SELECT a.submission_id, count(*) AS answered,
        count(*) FILTER (WHERE a.source IN ('last_year', 'federal')) AS kept
    FROM annual_report_answer a
    JOIN annual_report_submission x ON x.id = a.submission_id
    JOIN annual_report_campaign c ON c.id = x.campaign_id
    JOIN annual_report_formfield f ON f.form_id = c.form_id AND f.indicator_id = a.indicator_id
    WHERE a.value IS NOT NULL OR a.no_data_reason <> ''
    GROUP BY a.submission_id
) counted
WHERE s.id = counted.submission_id
"""


class Migration(migrations.Migration):
    dependencies = [("annual_report", "0019_burden_counts")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
