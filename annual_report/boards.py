"""Completeness and timeliness of a campaign by territory, and its pace day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import accumulate
from math import ceil
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from annual_report.enums import FILED_STATES, SubmissionState
from annual_report.models import Campaign, Submission
from annual_report.selectors import COUNTS, Progress
from annual_report.statistics.strata import SIZE_CLASSES, SIZE_TITLES, UNKNOWN_SIZE
from okmo_portal.core.charts import Chart, Series, line_chart

#: Points of the chart at most: dates under the axis must not run into each other.
POINTS = 10


@dataclass(frozen=True)
class Tally(Progress):
    """Progress with what the Congress has accepted."""

    accepted: int = 0

    @property
    def waiting_congress(self) -> int:
        """Approved by councils, not accepted yet."""
        return self.approved - self.accepted


NOBODY = Tally(0, 0, 0, 0, 0)
NAMES = [item.name for item in fields(Tally)]


@dataclass(frozen=True)
class Group:
    """The forms of one region, kind and size class."""

    region: int
    kind: str
    size: str
    tally: Tally


def size_class() -> Case:
    """The size class of the population known when the campaign opened, as an expression."""
    bounds = sorted(((start, code) for code, (start, _title) in SIZE_CLASSES.items()), reverse=True)
    return Case(
        *(When(population__gte=start, then=Value(code)) for start, code in bounds),
        default=Value(UNKNOWN_SIZE),
        output_field=CharField(),
    )


def count_groups(submissions: QuerySet[Submission]) -> list[Group]:
    """All counts that a board needs, in one pass over the campaign's forms."""
    rows = (
        submissions.order_by()
        .annotate(size=size_class())
        .values("region", "municipality__kind", "size")
        .annotate(
            **COUNTS,
            accepted=Count("pk", filter=Q(state=SubmissionState.ACCEPTED)),
            late=Count(
                "pk",
                filter=Q(
                    state__in=FILED_STATES,
                    filed_at__date__gt=F("campaign__municipality_deadline"),
                ),
            ),
        )
    )
    return [
        Group(row.pop("region"), row.pop("municipality__kind"), row.pop("size"), Tally(**row))
        for row in rows
    ]


def add_up(tallies: Iterable[Tally]) -> Tally:
    sums = dict.fromkeys(NAMES, 0)
    for tally in tallies:
        for name in NAMES:
            sums[name] += getattr(tally, name)
    return Tally(**sums)


def add_by(groups: Iterable[Group], key: Callable[[Group], Any]) -> dict[Any, Tally]:
    found: dict[Any, list[Tally]] = {}
    for group in groups:
        found.setdefault(key(group), []).append(group.tally)
    return {name: add_up(tallies) for name, tallies in found.items()}


def by_size(groups: Iterable[Group]) -> list[tuple[str, Tally]]:
    """Size classes from the smallest, those of unknown population last."""
    found = add_by(groups, lambda group: group.size)
    return [(title, found[code]) for code, title in SIZE_TITLES.items() if code in found]


# --- pace ----------------------------------------------------------------------------------------


def earlier_campaign(campaign: Campaign) -> Campaign | None:
    """Last year's campaign with a version of the same form."""
    return (
        Campaign.objects.filter(
            year=campaign.year - 1,
            is_main=campaign.is_main,
            form__family=campaign.form.family,
        )
        .order_by("-pk")
        .first()
    )


def filed_by_day(campaign: Campaign, last: int) -> list[float]:
    """Share of the forms filed by the end of each day 0..``last`` since the campaign began, %."""
    expected = campaign.submissions.exclude(state=SubmissionState.CLOSED).count()
    rows = (
        campaign.submissions.filter(state__in=FILED_STATES, filed_at__isnull=False)
        .order_by()
        .annotate(day=TruncDate("filed_at"))
        .values_list("day")
        .annotate(Count("pk"))
    )
    daily = [0] * (last + 1)
    for day, number in rows:
        place = max((day - campaign.opens_on).days, 0)
        if place <= last:
            daily[place] += number
    return [100 * total / expected if expected else 0.0 for total in accumulate(daily)]


def pace_chart(campaign: Campaign, today: date | None = None) -> Chart | None:
    """Share filed by day against last year's on the same day of its campaign; None before it begins."""
    today = today or timezone.localdate()
    passed = (today - campaign.opens_on).days
    if passed < 0:
        return None
    last = max((campaign.council_deadline - campaign.opens_on).days, 1)
    step = max(ceil(last / POINTS), 1)
    days = sorted({*range(0, last + 1, step), min(passed, last)})
    now = filed_by_day(campaign, last)
    series = [Series(f"{campaign.year} год", [now[day] if day <= passed else None for day in days])]
    earlier = earlier_campaign(campaign)
    if earlier is not None:
        then = filed_by_day(earlier, last)
        series.append(Series(f"{earlier.year} год", [then[day] for day in days]))
    labels = [f"{campaign.opens_on + timedelta(days=day):%d.%m}" for day in days]
    return line_chart(labels, series, title="Сдано форм нарастающим итогом", unit="%", decimals=1)
