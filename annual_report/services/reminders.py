"""The campaign's schedule of reminders: what goes out when, and at most once.

A step counts so many days before (negative: after) its audience's deadline. A day off moves a
reminder to the working day before it, one after the deadline to the working day after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from annual_report.enums import COUNTED_STATES, Audience, CampaignState, SubmissionState
from annual_report.models import Campaign, Extension, ReminderRun, ReminderStep, Submission
from annual_report.services import notices
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.core.workdays import is_working, next_working, working_deadline
from okmo_portal.organisations.models import Region

#: A step that was missed for longer (the portal stood still) is not made up for.
MAKE_UP = timedelta(days=7)
MUNICIPALITY_DAYS = (14, 7, 3, 1, -1, -5)
#: Working days after the municipalities' deadline on which councils get the list.
ESCALATIONS = (1, 4, 8)
DAY = timedelta(days=1)
MAX_DAYS = 120


@dataclass(frozen=True)
class Planned:
    """One step for one deadline: the day it goes out, and the run once it has."""

    step: ReminderStep
    due: date
    on: date
    run: ReminderRun | None = None

    @property
    def key(self) -> tuple[str, int, date]:
        return self.step.audience, self.step.days, self.due


def default_steps(campaign: Campaign) -> list[tuple[str, int]]:
    """Audience and days: six for municipalities, three escalations to councils, then the Congress."""
    steps = [(Audience.MUNICIPALITY, days) for days in MUNICIPALITY_DAYS]
    for number in ESCALATIONS:
        day = working_deadline(campaign.municipality_deadline, number).date
        steps.append((Audience.COUNCIL, (campaign.council_deadline - day).days))
    steps.append((Audience.COUNCIL, 1))
    after = working_deadline(campaign.council_deadline, 1).date
    steps.append((Audience.CONGRESS, (campaign.congress_deadline - after).days))
    return sorted(set(steps), key=lambda step: (step[0], -step[1]))


def give_default_steps(*, campaign: Campaign) -> None:
    """A campaign without a schedule gets the usual one."""
    if not campaign.reminders.exists():
        ReminderStep.objects.bulk_create(
            ReminderStep(campaign=campaign, audience=audience, days=days)
            for audience, days in default_steps(campaign)
        )


@transaction.atomic
def add_step(*, campaign: Campaign, audience: str, days: int, by: User) -> ReminderStep:
    if abs(days) > MAX_DAYS:
        raise ValidationError(f"Не больше {MAX_DAYS} дней до срока или после него.")
    step, created = ReminderStep.objects.get_or_create(
        campaign=campaign, audience=audience, days=days
    )
    if not created:
        raise ValidationError("Такое напоминание в расписании уже есть.")
    record(action="annual_report.reminder_added", by=by, subject=campaign, to=audience, days=days)
    return step


@transaction.atomic
def remove_step(*, step: ReminderStep, by: User) -> None:
    record(
        action="annual_report.reminder_removed",
        by=by,
        subject=step.campaign,
        to=step.audience,
        days=step.days,
    )
    step.delete()


def planned_day(due: date, days: int) -> date:
    """The working day on which a step for the deadline ``due`` goes out."""
    day = due - DAY * days
    if days < 0:
        return next_working(day)
    while not is_working(day):
        day -= DAY
    return day


def deadlines(campaign: Campaign) -> dict[str, list[date]]:
    """The deadlines that are somebody's own, by audience; extended ones beside the campaign's."""
    municipal = (
        campaign.submissions.not_filed()
        .annotate(own=own_deadline())
        .order_by()
        .values_list("own", flat=True)
        .distinct()
    )
    return {
        Audience.MUNICIPALITY: sorted({campaign.municipality_deadline, *municipal}),
        Audience.COUNCIL: sorted(
            {campaign.council_deadline, *council_deadlines(campaign).values()}
        ),
        Audience.CONGRESS: [campaign.congress_deadline],
    }


def own_deadline():
    """A form's last day as an expression over ``Submission``."""
    return Greatest(
        F("campaign__municipality_deadline"),
        Coalesce(F("extended_to"), F("campaign__municipality_deadline")),
    )


def council_deadlines(campaign: Campaign) -> dict[int, date]:
    """Regions whose council has a later deadline than the campaign's, by region id."""
    rows = Extension.objects.in_force().filter(campaign=campaign, region__isnull=False)
    newest = {item.region_id: item.until for item in rows.order_by("at", "pk")}
    return {region: until for region, until in newest.items() if until > campaign.council_deadline}


def council_due(campaign: Campaign, region_id: int) -> date:
    """The last day of one region's council."""
    return council_deadlines(campaign).get(region_id, campaign.council_deadline)


def schedule(campaign: Campaign) -> list[Planned]:
    """Every step for every deadline with what has become of it, in the order of days."""
    runs = {(run.audience, run.days, run.due): run for run in campaign.reminder_runs.all()}
    ends = deadlines(campaign)
    planned = [
        Planned(step, due, planned_day(due, step.days), runs.get((step.audience, step.days, due)))
        for step in campaign.reminders.all()
        for due in ends[step.audience]
    ]
    return sorted(planned, key=lambda item: (item.on, item.step.audience, item.due))


def due_today(campaign: Campaign, today: date) -> list[Planned]:
    """What goes out on ``today``: for each deadline the last step that has come, if not sent yet.

    Steps that were missed before it are not sent after it: one letter says it all.
    """
    last: dict[tuple[str, date], Planned] = {}
    for item in schedule(campaign):
        if campaign.opens_on <= item.on <= today:
            last[item.step.audience, item.due] = item
    return [item for item in last.values() if item.run is None and item.on >= today - MAKE_UP]


def remind_of_deadlines(today: date | None = None) -> int:
    """Send what the schedules of the open campaigns ask for today; harmless when repeated."""
    today = today or timezone.localdate()
    if not is_working(today):
        return 0
    return sum(
        send(item)
        for campaign in Campaign.objects.filter(state=CampaignState.OPEN)
        for item in due_today(campaign, today)
    )


@transaction.atomic
def send(item: Planned) -> int:
    """One step; the row that says so is written first, so that of two beats only one goes on."""
    step, campaign = item.step, item.step.campaign
    run, created = ReminderRun.objects.get_or_create(
        campaign=campaign,
        audience=step.audience,
        days=step.days,
        due=item.due,
        defaults={"planned_on": item.on},
    )
    if not created:
        return 0
    key = f"annual_report:{campaign.pk}:remind:{step.audience}:{step.days}:{item.due:%Y%m%d}"
    run.units, run.told = SENDERS[step.audience](campaign, item.due, key)
    run.save(update_fields=["units", "told"])
    return run.told


def send_to_municipalities(campaign: Campaign, due: date, key: str) -> tuple[int, int]:
    forms = Submission.objects.not_filed().filter(campaign=campaign)
    forms = forms.annotate(own=own_deadline()).filter(own=due)
    return forms.count(), notices.remind_municipalities(
        campaign=campaign, municipalities=forms, due=due, key=key
    )


def send_to_councils(campaign: Campaign, due: date, key: str) -> tuple[int, int]:
    later = council_deadlines(campaign)
    missing: dict[int, list[str]] = defaultdict(list)
    forms = Submission.objects.not_filed().filter(campaign=campaign)
    for region, name in forms.order_by("municipality__sort_key").values_list(
        "region_id", "municipality__name"
    ):
        if later.get(region, campaign.council_deadline) == due:
            missing[region].append(name)
    regions = Region.objects.filter(pk__in=missing)
    return len(missing), sum(
        notices.remind_council(
            campaign=campaign, region=region, missing=missing[region.pk], key=key
        )
        for region in regions
    )


def send_to_congress(campaign: Campaign, due: date, key: str) -> tuple[int, int]:
    behind: dict[str, int] = defaultdict(int)
    rows = campaign.submissions.exclude(state__in=COUNTED_STATES | {SubmissionState.CLOSED})
    for name in rows.order_by().values_list("region__short_name", flat=True):
        behind[name] += 1
    ordered = sorted(behind.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ordered:
        return 0, 0
    return len(ordered), notices.remind_congress(campaign=campaign, behind=ordered, key=key)


SENDERS: dict[str, Callable[[Campaign, date, str], tuple[int, int]]] = {
    Audience.MUNICIPALITY: send_to_municipalities,
    Audience.COUNCIL: send_to_councils,
    Audience.CONGRESS: send_to_congress,
}
