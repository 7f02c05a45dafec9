"""``python -m benchmarks.earlier_years COUNT``: as many finished years before the demo's first one.

Each is the first year again with other values, written by statements inside PostgreSQL and without
the keys' and the history's triggers: the rows are right by construction. Then every year is frozen and
the newest published report put on the snapshot of all of them.
"""

import sys
import time

import django

SUBMISSIONS = """
INSERT INTO annual_report_submission ({columns})
SELECT {values} FROM annual_report_submission WHERE campaign_id = %(source)s
"""
#: Whole numbers stay whole, choices stay what they are, the rest shrinks by two in a hundred a year.
ANSWERS = """
INSERT INTO annual_report_answer (submission_id, indicator_id, value, no_data_reason, note, source,
    revision, updated_at)
SELECT t.id, a.indicator_id,
    CASE WHEN i.value_type IN ('boolean', 'choice') THEN a.value
         WHEN i.value_type = 'integer' THEN round(a.value * %(factor)s)
         ELSE round(a.value * %(factor)s, 2) END,
    a.no_data_reason, '', 'manual', 1, a.updated_at
FROM annual_report_submission s
JOIN annual_report_submission t ON t.campaign_id = %(target)s AND t.municipality_id = s.municipality_id
JOIN annual_report_answer a ON a.submission_id = s.id
JOIN annual_report_indicator i ON i.id = a.indicator_id
WHERE s.campaign_id = %(source)s
"""


def main(count: int) -> None:
    django.setup()
    from django.db import connection

    from annual_report.models import Campaign

    first = Campaign.objects.main().order_by("year")[0]
    for back in range(1, count + 1):
        copy_year(first, back)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE annual_report_submission, annual_report_answer")
    freeze()


def copy_year(first, back):
    from django.db import connection, transaction

    from annual_report.models import Campaign

    campaign = Campaign.objects.get(pk=first.pk)
    campaign.pk, campaign.year = None, first.year - back
    campaign.title = f"Ежегодный доклад за {campaign.year} год"
    for name in (
        "register_date", "opens_on", "municipality_deadline", "council_deadline", "congress_deadline",
    ):  # fmt: skip
        moment = getattr(first, name)
        setattr(campaign, name, moment.replace(year=moment.year - back, day=min(moment.day, 28)))
    campaign.save(force_insert=True)
    names = columns_of("annual_report_submission")
    values = ["%(target)s" if name == "campaign_id" else name for name in names]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        given = {"source": first.pk, "target": campaign.pk, "factor": 0.98**back}
        cursor.execute(
            SUBMISSIONS.format(columns=", ".join(names), values=", ".join(values)), given
        )
        cursor.execute(ANSWERS, given)


def columns_of(table):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema AND table_name = %s AND column_name <> 'id' "
            "AND is_identity = 'NO' AND is_generated = 'NEVER'",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def freeze():
    """Snapshots of all years; the newest published report stands on the last one."""
    from annual_report.models import Report
    from annual_report.services import cubes, snapshots

    report = Report.objects.published().order_by("-campaign__year")[0]
    started = time.perf_counter()
    snapshot = snapshots.create_snapshot(campaign=report.campaign, by=None)
    print(f"snapshots of nine years: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    Report.objects.filter(pk=report.pk).update(snapshot=snapshot)
    cubes.warm(snapshot)


if __name__ == "__main__":
    main(int(sys.argv[1]))
