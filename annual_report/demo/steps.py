"""Campaigns of three years: two finished and published, one under way."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import numpy as np
import pandas as pd
from django.db import connection, transaction
from django.utils import timezone

from annual_report.demo import proposals, showcase
from annual_report.demo.observations import load_federal
from annual_report.demo.values import SEED, make_plans, make_values
from annual_report.enums import CampaignState, SubmissionState
from annual_report.models import Answer, Campaign, Form, Indicator, Report
from annual_report.services import chapters, report_build, reports
from annual_report.services.campaigns import (
    close_campaign,
    open_campaign,
    prefill_submissions,
)
from annual_report.services.catalogue import FORM_CODE, load_catalogue
from annual_report.services.rule_runs import run_rules
from annual_report.services.versions import add_version
from annual_report.versions import conversion_factor
from okmo_portal.accounts.models import User
from okmo_portal.core.workdays import next_working
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.organisations.demo.accounts import ACCOUNTS
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership
from okmo_portal.search.services import rebuild_index

#: State → share of the forms of the campaign under way.
UNDER_WAY = (
    (SubmissionState.APPROVED, 0.52),
    (SubmissionState.SUBMITTED, 0.18),
    (SubmissionState.RETURNED, 0.04),
    (SubmissionState.DRAFT, 0.12),
    (SubmissionState.NOT_STARTED, 0.14),
)
FINISHED = (
    (SubmissionState.APPROVED, 0.93),
    (SubmissionState.SUBMITTED, 0.02),
    (SubmissionState.DRAFT, 0.02),
    (SubmissionState.NOT_STARTED, 0.03),
)


def load(*, scale: str) -> None:
    load_catalogue()
    _change_a_unit()
    staff = _account(Role.CONGRESS_STAFF)
    today = timezone.localdate()
    for year in (today.year - 3, today.year - 2, today.year - 1):
        current = year == today.year - 1
        campaign = _campaign(year, today, current)
        with transaction.atomic():
            open_campaign(campaign=campaign, by=None, announce=False, prefill=False)
            _fill(campaign, UNDER_WAY if current else FINISHED)
            load_federal(campaign, staff)
            prefill_submissions(campaign=campaign)
            if not current:
                close_campaign(campaign=campaign, by=None)
        if not current:
            _publish(campaign, staff)
    _leave_task_for_showcase()
    _ask_about_neighbourhoods(campaign)
    showcase.load(campaign, _account(Role.COUNCIL_DIRECTOR), staff)
    run_rules(campaign=campaign, by=staff)
    rebuild_index()


def _change_a_unit() -> None:
    """Land for building was once asked in square metres, so that pages have a version to show."""
    indicator = Indicator.objects.get(code="E08")
    older = {"unit": "кв. м", "unit_en": "sq. m", "decimals": 0}
    newer = {name: getattr(indicator, name) for name in older}
    if indicator.versions.count() > 1:
        return
    for part in (indicator, indicator.versions.get()):
        for name, value in older.items():
            setattr(part, name, value)
        part.save()
    add_version(
        indicator=indicator,
        from_year=timezone.localdate().year - 2,
        conversion=Decimal("0.0001"),
        note="Площадь собирается в гектарах: прежние значения пересчитываются.",
        note_en="The area is asked in hectares: earlier values are converted.",
        by=None,
        **newer,
    )


def _account(role: Role) -> User:
    user = User.objects.get(email=next(a.email for a in ACCOUNTS if a.role == role))
    # One person may have several; the services ask for the one in force in this role.
    user.active_membership = (
        Membership.objects.valid().with_organisation().filter(user=user, role=role).first()
    )
    return user


def _campaign(year: int, today: date, current: bool) -> Campaign:
    start = today - timedelta(days=40) if current else date(year + 1, 1, 20)
    return Campaign.objects.create(
        form=Form.objects.get(code=FORM_CODE),
        year=year,
        title=f"Ежегодный доклад за {year} год",
        register_date=date(year + 1, 1, 1),
        opens_on=start,
        municipality_deadline=next_working(start + timedelta(days=54)),
        council_deadline=next_working(start + timedelta(days=68)),
        congress_deadline=next_working(start + timedelta(days=89)),
        state=CampaignState.DRAFT,
    )


def _fill(campaign: Campaign, plan) -> None:
    """Answers by COPY, states by one statement; the history of a demo form begins here."""
    rows = campaign.submissions.order_by("pk").values_list(
        "pk", "municipality__kind", "municipality_id", "municipality__parent_id"
    )
    frame = pd.DataFrame(list(rows), columns=["pk", "kind", "municipality", "parent"])
    generator = np.random.default_rng(SEED + 7 * campaign.year)
    states, shares = [state.value for state, _ in plan], [share for _, share in plan]
    frame["state"] = generator.choice(states, len(frame), p=shares)
    places = pd.Series(frame.index, index=frame["municipality"])
    values = make_values(frame["kind"], campaign.year, frame["parent"].map(places))
    with connection.cursor() as cursor:
        _copy_answers(cursor, campaign, frame, values, generator)
        _set_states(cursor, frame, campaign, generator)


def _copy_answers(cursor, campaign, frame, values, generator) -> None:
    statement = (
        "COPY annual_report_answer (submission_id, indicator_id, value, plan_1, plan_2, plan_3, "
        "no_data_reason, note, source, revision, updated_at) FROM STDIN"
    )
    now = timezone.now()
    started = frame["state"] != SubmissionState.NOT_STARTED.value
    partly = (frame["state"] == SubmissionState.DRAFT.value).to_numpy()
    # Read before the COPY begins: the connection is busy until it ends.
    fields = list(
        campaign.form.fields.filter(indicator__formula="")
        .select_related("indicator")
        .prefetch_related("indicator__versions", "indicator__legal_bases")
    )
    plans = make_plans(
        values, [item.indicator.code for item in fields if item.asks_plan], campaign.year
    )
    before = _values_of_last_year(campaign, frame)
    applies_to = {
        item.indicator.code: set(item.indicator.kinds_in(campaign.year)) for item in fields
    }
    with cursor.copy(statement) as copy:
        for item in fields:
            indicator = item.indicator
            applies = started & frame["kind"].isin(applies_to[indicator.code])
            skipped = partly & (generator.random(len(frame)) < 0.4)
            chosen = applies.to_numpy() & ~skipped
            version = indicator.version_for(campaign.year)
            scale = _into_unit_of(indicator, campaign.year)
            columns = [values[indicator.code]] + [
                plans[step].get(indicator.code) for step in (1, 2, 3)
            ]
            texts = [
                [None] * int(chosen.sum())
                if column is None
                else [f"{value * scale:.{version.decimals}f}" for value in column[chosen]]
                for column in columns
            ]
            sources = np.full(len(frame), "manual", dtype=object)
            if before is not None and item.prefill == "last_year":
                now_and_then = (round(found[indicator.code], version.decimals)
                                for found in (values, before))  # fmt: skip
                sources[np.equal(*now_and_then)] = "last_year"
            for pk, source, *row in zip(frame["pk"][chosen], sources[chosen], *texts, strict=True):
                copy.write_row((pk, indicator.pk, *row, "", "", source, 1, now))


def _values_of_last_year(campaign: Campaign, frame: pd.DataFrame) -> dict | None:
    """What these municipalities had a year before; None for the first campaign."""
    if not Campaign.objects.filter(year=campaign.year - 1).exists():
        return None
    places = pd.Series(frame.index, index=frame["municipality"])
    return make_values(frame["kind"], campaign.year - 1, frame["parent"].map(places))


def _into_unit_of(indicator: Indicator, year: int) -> float:
    """What turns a value in the newest unit into the one that was asked in ``year``."""
    versions = list(indicator.versions.all())
    newest = max((version.from_year for version in versions), default=year)
    factor = conversion_factor(versions, max(newest, year), year)
    return 1.0 if factor is None else float(factor)


def _set_states(cursor, frame, campaign, generator) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE demo_states (id bigint, state text, days int) ON COMMIT DROP"
    )
    days = generator.integers(
        -38, 6 if campaign.municipality_deadline < timezone.localdate() else -14, len(frame)
    )
    with cursor.copy("COPY demo_states FROM STDIN") as copy:
        for pk, state, day in zip(frame["pk"], frame["state"], days, strict=True):
            copy.write_row((pk, state, int(day)))
    _measure_work(frame, campaign, generator)
    deadline = timezone.make_aware(datetime.combine(campaign.municipality_deadline, time(15)))
    cursor.execute(UPDATE_STATES, {"campaign": campaign.pk, "deadline": deadline})
    cursor.execute("DROP TABLE demo_states")


def _measure_work(frame, campaign, generator) -> None:
    """Minutes of work by kind, fewer from year to year as more is known beforehand; and the counts
    of the burden meter, which the portal keeps while people save."""
    first = Campaign.objects.order_by("year").values_list("year", flat=True)[0]
    typical = frame["kind"].map(MINUTES).fillna(150).to_numpy() * 0.86 ** (campaign.year - first)
    minutes = typical * generator.lognormal(0, 0.35, len(frame))
    rows = [
        (pk, int(60 * number))
        for pk, number, state in zip(frame["pk"], minutes, frame["state"], strict=True)
        if state not in (SubmissionState.NOT_STARTED, SubmissionState.DRAFT)
    ]
    with connection.cursor() as cursor:
        cursor.execute(COUNT_WORK, {
            "campaign": campaign.pk, "form": campaign.form_id, "is_first": campaign.year == first,
            "pks": [pk for pk, _seconds in rows], "seconds": [number for _pk, number in rows],
        })  # fmt: skip


#: Typical minutes for a form of the first year, by kind.
MINUTES = {"rural_settlement": 70, "urban_settlement": 95, "municipal_district": 210}
COUNT_WORK = """
UPDATE annual_report_submission s SET
    active_seconds = work.seconds, answered = counted.answered, kept = counted.kept,
    prefilled = CASE WHEN %(is_first)s THEN 0 ELSE counted.beforehand END
FROM unnest(%(pks)s::bigint[], %(seconds)s::int[]) AS work (id, seconds),
LATERAL (
    SELECT count(*) AS answered, count(*) FILTER (WHERE a.source = 'last_year') AS kept,
        count(*) FILTER (WHERE f.prefill = 'last_year') AS beforehand
    FROM annual_report_answer a
    JOIN annual_report_formfield f ON f.form_id = %(form)s AND f.indicator_id = a.indicator_id
    WHERE a.submission_id = work.id
) counted
WHERE s.id = work.id AND s.campaign_id = %(campaign)s
"""

UPDATE_STATES = """
UPDATE annual_report_submission s SET
    state = d.state,
    filled = (SELECT count(*) FROM annual_report_answer a
              JOIN annual_report_formfield f ON f.indicator_id = a.indicator_id
                   AND f.form_id = c.form_id AND f.is_required
              WHERE a.submission_id = s.id),
    submitted_at = CASE WHEN d.state IN ('submitted', 'approved', 'returned')
                   THEN %(deadline)s::timestamptz + d.days * interval '1 day' END,
    council_told_at = now(),
    filed_at = CASE WHEN d.state IN ('submitted', 'approved', 'returned')
               THEN %(deadline)s::timestamptz + d.days * interval '1 day' END,
    submitted_by_id = CASE WHEN d.state IN ('submitted', 'approved', 'returned') THEN head.user_id END,
    decided_at = CASE WHEN d.state IN ('approved', 'returned')
                 THEN %(deadline)s::timestamptz + (d.days + 2) * interval '1 day' END,
    decided_by_id = CASE WHEN d.state IN ('approved', 'returned') THEN director.user_id END,
    return_comment = CASE WHEN d.state = 'returned'
        THEN 'Проверьте доходы бюджета: сумма поступлений не сходится с формой 0503117.' ELSE '' END
FROM demo_states d, annual_report_campaign c,
     organisations_organisation body, organisations_membership head,
     organisations_organisation council, organisations_membership director
WHERE d.id = s.id AND c.id = %(campaign)s AND s.campaign_id = c.id
  AND body.municipality_id = s.municipality_id AND body.kind = 'municipality_body'
  AND head.id = (SELECT min(m.id) FROM organisations_membership m
                 WHERE m.organisation_id = body.id AND m.role = 'head')
  AND council.region_id = s.region_id AND council.kind = 'council'
  AND director.id = (SELECT min(m.id) FROM organisations_membership m
                     WHERE m.organisation_id = council.id AND m.role = 'council_director')
"""


def _publish(campaign: Campaign, staff: User) -> None:
    """Snapshot, agreement, files and publication by the same services as a person's clicks."""
    report = reports.prepare_report(campaign=campaign, by=staff)
    if not Report.objects.exclude(pk=report.pk).exists():
        proposals.load(report, _account(Role.HEAD), staff)
    reports.take_snapshot(report=report, by=staff)
    report.refresh_from_db()
    chapters.compute_chapters(report)
    chapters.confirm_chapters(chapters=report.chapters.all(), by=staff)
    reports.send_to_review(report=report, by=staff)
    reports.approve_report(report=report, by=staff)
    job = Job.objects.create(
        id=uuid4(),
        title=f"Сборка доклада за {campaign.year} год",
        task="annual_report.build_report",
        arguments={"report_id": report.pk},
        state=JobState.SUCCEEDED,
        key=f"annual_report:build:{report.pk}",
        created_by=staff,
        finished_at=timezone.now(),
    )
    report_build.write_chapters(job_id=str(job.pk), report=report)
    for chapter in report.chapters.all():
        report_build.render_chapter(job_id=str(job.pk), chapter=chapter)
    report_build.join_report(report=report, job_id=str(job.pk))
    reports.publish_report(report=Report.objects.get(pk=report.pk), by=staff)


def _ask_about_neighbourhoods(main: Campaign) -> None:
    """The additional form about ТОС, under way beside the main one."""
    campaign = showcase.tos_campaign(main)
    with transaction.atomic():
        open_campaign(campaign=campaign, by=None, announce=False, prefill=False)
        _fill(campaign, UNDER_WAY)


def _leave_task_for_showcase() -> None:
    """The demo's municipality has a draft to finish, its council forms to check."""
    campaign = Campaign.objects.open().main().get()
    specialist = _account(Role.SPECIALIST).memberships.get()
    forms = campaign.submissions.filter(municipality=specialist.organisation.municipality)
    Answer.objects.filter(submission__in=forms, indicator__section__code__in=("D", "I")).delete()
    left = Answer.objects.filter(submission__in=forms, indicator__formula="").count()
    forms.update(
        state=SubmissionState.DRAFT,
        filled=left,
        submitted_at=None,
        filed_at=None,
        submitted_by=None,
        decided_at=None,
        decided_by=None,
    )
