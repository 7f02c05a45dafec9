"""Opening and closing a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.urls import reverse

from annual_report import workflow
from annual_report.earlier import HEIRS
from annual_report.enums import COUNTED_STATES
from annual_report.models import Campaign, Form
from annual_report.permissions import manage_reports
from annual_report.services import notices, reminders
from annual_report.services.forms import check_form_version
from annual_report.services.origins import refresh_origins
from annual_report.services.prefill import prefill_submissions
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.workflow import transitions

#: The indicator of residents.
POPULATION = "A05"

CREATE_SUBMISSIONS = """
INSERT INTO annual_report_submission
    (campaign_id, municipality_id, region_id, state, filled, required, critical, version,
     return_comment, congress_comment, certified_checksum, prefilled, kept, answered,
     active_seconds, revision)
SELECT %(campaign)s, m.id, m.region_id, 'not_started', 0, COALESCE(asked.number, 0), 0, 0, '',
    '', '', 0, 0, 0, 0, 1
FROM organisations_municipality m
LEFT JOIN (
    SELECT k.kind, count(*) AS number
    FROM (SELECT DISTINCT kind FROM organisations_municipality) k
    JOIN annual_report_formfield f ON f.form_id = %(form)s AND f.is_required
    JOIN annual_report_indicator i ON i.id = f.indicator_id AND i.formula = ''
    WHERE (cardinality(i.applicable_kinds) = 0 OR k.kind = ANY(i.applicable_kinds))
      AND (
        NOT EXISTS (SELECT 1 FROM annual_report_legalbasis l WHERE l.indicator_id = i.id)
        OR EXISTS (
            SELECT 1 FROM annual_report_legalbasis l
            WHERE l.indicator_id = i.id
              AND (cardinality(l.kinds) = 0 OR k.kind = ANY(l.kinds))
              AND (l.valid_from IS NULL OR l.valid_from <= make_date(%(year)s, 12, 31))
              AND (l.valid_to IS NULL OR l.valid_to > make_date(%(year)s, 12, 31))
        )
      )
    GROUP BY k.kind
) asked ON asked.kind = m.kind
WHERE m.status <> 'review'
  AND (m.valid_from IS NULL OR m.valid_from <= %(date)s)
  AND (m.valid_to IS NULL OR m.valid_to > %(date)s)
  AND (%(only)s::bigint[] IS NULL OR m.id = ANY(%(only)s::bigint[]))
ON CONFLICT (campaign_id, municipality_id) DO NOTHING
"""


#: Last year's approved answer, else the newest federal figure of the last years.
KNOW_POPULATION = """
UPDATE annual_report_submission s SET population = known.value
FROM (
    SELECT DISTINCT ON (municipality_id) municipality_id, value
    FROM (
        SELECT p.municipality_id, a.value, 0 AS rank, 0 AS years_back
        FROM annual_report_answer a
        JOIN annual_report_submission p ON p.id = a.submission_id
        JOIN annual_report_campaign c ON c.id = p.campaign_id
        WHERE c.year = %(year)s - 1 AND c.is_main AND p.state = ANY(%(counted)s)
          AND a.indicator_id = (SELECT id FROM annual_report_indicator
                                WHERE code = %(population)s)
          AND NOT EXISTS (
            SELECT 1 FROM annual_report_formorigin h
            JOIN annual_report_submission x ON x.id = h.submission_id
            WHERE x.campaign_id = %(campaign)s AND x.municipality_id = p.municipality_id
              AND h.years_back = 1
          )
        UNION ALL
        SELECT heirs.place, heirs.value, 0, 0
        FROM ({heirs}) heirs
        WHERE heirs.indicator = (SELECT id FROM annual_report_indicator
                                 WHERE code = %(population)s)
        UNION ALL
        SELECT o.municipality_id, o.value, 1, %(year)s + 1 - o.year
        FROM annual_report_observation o
        JOIN annual_report_dataset d ON d.id = o.dataset_id AND d.is_federal
        WHERE o.year BETWEEN %(year)s - 3 AND %(year)s + 1
          AND o.indicator_id = (SELECT id FROM annual_report_indicator
                                WHERE code = %(population)s)
    ) candidates
    WHERE value BETWEEN 0 AND 2000000000
    ORDER BY municipality_id, rank, years_back
) known
WHERE s.campaign_id = %(campaign)s AND s.municipality_id = known.municipality_id
  AND (%(only)s::bigint[] IS NULL OR s.municipality_id = ANY(%(only)s::bigint[]))
""".replace(
    "{heirs}",
    HEIRS.format(
        year="%(year)s - 1", back="1", is_main="true", states="%(counted)s",
        forms="s.campaign_id = %(campaign)s",
    ),
)  # fmt: skip


@transaction.atomic
def save_campaign(*, campaign: Campaign, by: User) -> Campaign:
    """Keep a campaign that its form has checked; a new one gets the usual reminders."""
    if not manage_reports(by):
        raise PermissionDenied
    created = campaign.pk is None
    campaign.save()
    reminders.give_default_steps(campaign=campaign)
    action = "annual_report.campaign_created" if created else "annual_report.campaign_changed"
    deadlines = {
        name: getattr(campaign, name).isoformat()
        for name in ("municipality_deadline", "council_deadline", "congress_deadline")
    }
    record(action=action, by=by, subject=campaign, **deadlines)
    return campaign


def open_campaign(
    *, campaign: Campaign, by: User | None, announce: bool = True, prefill: bool = True
) -> Campaign:
    """Make a form for each municipality of the register on its date, filled from last year.

    Locks the form version: from now on its fields stay. Raises ValidationError when another main
    campaign is open or the form is empty.
    """
    check_can_open(campaign)
    with transitions.apply(workflow.OPEN_CAMPAIGN, campaign, by=by) as locked:
        Form.objects.filter(pk=locked.form_id).update(is_locked=True)
        create_submissions(campaign=locked)
        reminders.give_default_steps(campaign=locked)
        if prefill:
            prefill_submissions(campaign=locked)
        if announce:
            transaction.on_commit(partial(notices.announce_campaign, campaign=locked))
    return locked


def check_can_open(campaign: Campaign) -> None:
    if not campaign.form.fields.exists():
        raise ValidationError("В форме нет ни одного поля. Добавьте показатели.")
    check_form_version(campaign.form)
    others = Campaign.objects.open().main().exclude(pk=campaign.pk)
    if campaign.is_main and others.exists():
        raise ValidationError("Другая кампания ещё открыта. Сначала закройте её.")


def start_opening(*, campaign: Campaign, by: User) -> Job:
    """Queue the opening: forms and letters for 22,000 municipalities take longer than a page may.

    Raises as ``open_campaign`` does, so that a person learns of it before the job starts.
    """
    check_can_open(campaign)
    if campaign.state not in workflow.OPEN_CAMPAIGN.sources:
        raise transitions.TransitionNotAllowed(workflow.OPEN_CAMPAIGN, campaign.state)
    return jobs.start_job(
        title=f"Открытие сбора за {campaign.year} год",
        task="annual_report.open_campaign",
        arguments={"campaign_id": campaign.pk},
        by=by,
        key=f"annual_report:open:{campaign.pk}",
        back_url=reverse("annual_report:campaign-detail", args=[campaign.pk]),
    )


def create_submissions(*, campaign: Campaign, only: Sequence[int] | None = None) -> None:
    """Set-based, so that 22,000 forms take seconds; existing ones are left alone.

    ``only``: of these municipalities, where heirs begin after the opening.
    """
    _run(campaign, CREATE_SUBMISSIONS, only)
    refresh_origins(campaign=campaign)
    _run(campaign, KNOW_POPULATION, only)


def _run(campaign: Campaign, statement: str, only: Sequence[int] | None) -> None:
    params: dict[str, Any] = {
        "campaign": campaign.pk,
        "form": campaign.form_id,
        "date": campaign.register_date,
        "year": campaign.year,
        "counted": sorted(COUNTED_STATES),
        "population": POPULATION,
        "only": None if only is None else list(only),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        # The next statement of this transaction joins what was just written: without fresh
        # statistics the planner takes 22,000 forms for one and loops.
        cursor.execute("ANALYZE annual_report_submission, annual_report_answer")


def close_campaign(*, campaign: Campaign, by: User | None) -> Campaign:
    with transitions.apply(workflow.CLOSE_CAMPAIGN, campaign, by=by) as locked:
        pass
    return locked


def reopen_campaign(*, campaign: Campaign, by: User | None) -> Campaign:
    check_can_open(campaign)
    with transitions.apply(workflow.REOPEN_CAMPAIGN, campaign, by=by) as locked:
        pass
    return locked
