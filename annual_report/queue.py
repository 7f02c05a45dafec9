"""Which campaign a page shows, and the queue of its forms: filters, order, counts, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from annual_report.enums import (
    COUNTED_STATES,
    DONE_STATES,
    FILED_STATES,
    CampaignState,
    SubmissionState,
)
from annual_report.models import Campaign, Submission
from okmo_portal.core.text import sort_key

#: How a queue is ordered: key → label.
ORDERS = {
    "name": "по названию",
    "waiting": "дольше ждут сверху",
    "errors": "больше ошибок сверху",
    "filled": "меньше заполнено сверху",
    "population": "больше жителей сверху",
}
ORDER_FIELDS = {
    "name": ("municipality__sort_key", "pk"),
    "waiting": (F("submitted_at").asc(nulls_last=True), "pk"),
    "errors": ("-critical", "municipality__sort_key", "pk"),
    "filled": ("filled", "municipality__sort_key", "pk"),
    "population": (F("population").desc(nulls_last=True), "municipality__sort_key", "pk"),
}
#: Questions to the queue beside the states themselves.
EXTRA_STATES = {
    "not_filed": "не сдали",
    "overdue": "не сдали, срок прошёл",
    "late": "сданы с опозданием",
    "extended": "срок продлён",
    "sent_back": "вернул Конгресс",
    "again": "исправлены и сданы снова",
}
STATE_CHOICES = (*EXTRA_STATES.items(), *SubmissionState.choices)


def find_campaign(user: Any, params: Mapping[str, str]) -> tuple[Campaign | None, list[Campaign]]:
    """The campaign that the address names, and all that ``user`` may choose.

    ``campaign`` is an id and reaches the additional ones; ``year`` means the main one of the year.
    Without either the open main one comes, else the newest that was opened. Raises LookupError for
    one that is not there.
    """
    campaigns = list(Campaign.objects.visible_to(user).select_related("form"))
    if number := params.get("campaign", ""):
        return _only(item for item in campaigns if str(item.pk) == number), campaigns
    if year := params.get("year", ""):
        return _only(item for item in campaigns if item.is_main and str(item.year) == year), (
            campaigns
        )
    order = {CampaignState.OPEN: 0, CampaignState.CLOSED: 1, CampaignState.DRAFT: 2}
    chosen = sorted(
        campaigns, key=lambda item: (order[item.state], not item.is_main, -item.year, item.pk)
    )
    return (chosen[0] if chosen else None), campaigns


def _only(found):
    campaign = next(found, None)
    if campaign is None:
        raise LookupError
    return campaign


def overdue() -> Q:
    """Not filed, and its own last day has passed."""
    today = timezone.localdate()
    return (
        ~Q(state__in=DONE_STATES)
        & Q(campaign__municipality_deadline__lt=today)
        & (Q(extended_to__isnull=True) | Q(extended_to__lt=today))
    )


def state_filter(state: str) -> Q:
    if state == "not_filed":
        return ~Q(state__in=DONE_STATES)
    if state == "overdue":
        return overdue()
    if state == "late":
        return Q(filed_at__date__gt=F("campaign__municipality_deadline"))
    if state == "extended":
        return Q(extended_to__isnull=False)
    if state == "sent_back":
        return Q(state=SubmissionState.SUBMITTED) & ~Q(congress_comment="")
    if state == "again":
        return Q(state=SubmissionState.SUBMITTED, decided_at__isnull=False, congress_comment="")
    return Q(state=state)


def filter_queue(rows: QuerySet[Submission], chosen: Mapping[str, str]) -> QuerySet[Submission]:
    """The rows that the page's filters leave, in its order; ``chosen`` is a form's cleaned data."""
    if region := chosen.get("region"):
        rows = rows.filter(region__code=region)
    if state := chosen.get("state"):
        rows = rows.filter(state_filter(state))
    if kind := chosen.get("kind"):
        rows = rows.filter(municipality__kind=kind)
    if words := chosen.get("q"):
        rows = rows.filter(
            Q(municipality__sort_key__contains=sort_key(words))
            | Q(municipality__oktmo__startswith=words)
        )
    return rows.order_by(*ORDER_FIELDS[chosen.get("order") or "name"])


def state_counts(rows: QuerySet[Submission]) -> dict[str, float]:
    """Forms by state, and those that the Congress sent back, in one query."""
    found = (
        rows.order_by()
        .values("state")
        .annotate(number=Count("pk"), sent_back=Count("pk", filter=~Q(congress_comment="")))
    )
    counts: dict[str, float] = dict.fromkeys(SubmissionState.values, 0)
    sent_back = 0
    for row in found:
        counts[row["state"]] = row["number"]
        if row["state"] == SubmissionState.SUBMITTED:
            sent_back = row["sent_back"]
    counts["all"] = sum(counts.values())
    counts["filed"] = sum(counts[state] for state in FILED_STATES)
    expected = counts["all"] - counts[SubmissionState.CLOSED]
    counts["not_filed"] = expected - counts["filed"]
    counts["counted"] = sum(counts[state] for state in COUNTED_STATES)
    counts["share"] = counts["filed"] / expected if expected else 0.0
    counts["sent_back"] = sent_back
    return counts


@dataclass(frozen=True)
class Place:
    """Where a form stands in its queue."""

    previous: int | None
    next: int | None
    number: int | None
    total: int


def find_place(queue: QuerySet[Submission], pk: int) -> Place:
    """Neighbours of a form; one that the filters no longer hold is followed by the first."""
    numbers = list(queue.values_list("pk", flat=True))
    if pk not in numbers:
        return Place(None, numbers[0] if numbers else None, None, len(numbers))
    at = numbers.index(pk)
    return Place(
        numbers[at - 1] if at else None,
        numbers[at + 1] if at + 1 < len(numbers) else None,
        at + 1,
        len(numbers),
    )
