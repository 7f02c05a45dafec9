"""The burden meter: what a form costs its municipality, and whether that falls from year to year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from django.db import connection

from annual_report.enums import FILED_STATES
from annual_report.filled_form import FilledForm
from annual_report.form_spec import get_form_spec
from annual_report.models import Campaign, CatalogueStamp


@dataclass(frozen=True)
class Burden:
    """One form's cost: minutes of work, cells asked, of them filled beforehand and changed since.

    ``seconds`` counts gaps between saves of at most five minutes. ``duplicates`` are asked cells
    that a federal form already holds.
    """

    seconds: int
    asked: int
    prefilled: int
    kept: int
    duplicates: int

    @property
    def minutes(self) -> int:
        """Rounded up: a form that took seconds took a minute."""
        return -(-self.seconds // 60)

    @property
    def prefilled_share(self) -> float:
        return self.prefilled / self.asked if self.asked else 0.0

    @property
    def changed(self) -> int:
        """Prefilled cells whose value was not right and was typed anew."""
        return max(self.prefilled - self.kept, 0)

    @property
    def changed_share(self) -> float:
        return self.changed / self.prefilled if self.prefilled else 0.0


def form_burden(form: FilledForm) -> Burden:
    submission = form.submission
    return Burden(
        seconds=submission.active_seconds,
        asked=len(form.spec.asked),
        prefilled=submission.prefilled,
        kept=form.kept,
        duplicates=form.spec.duplicates,
    )


# --- over many forms -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What filed forms cost together: counts are sums over ``forms``, ``seconds`` is the median of
    the ``measured`` ones; a form filled in Excel alone, or by a council, has no measured time."""

    forms: int = 0
    measured: int = 0
    asked: int = 0
    duplicates: int = 0
    prefilled: int = 0
    kept: int = 0
    answered: int = 0
    seconds: float | None = None

    def share(self, number: int) -> float | None:
        """Of the asked cells; None where nothing was filed."""
        return number / self.asked if self.asked else None

    @property
    def asked_per_form(self) -> float | None:
        return self.asked / self.forms if self.forms else None

    @property
    def duplicates_per_form(self) -> float | None:
        return self.duplicates / self.forms if self.forms else None

    @property
    def prefilled_share(self) -> float | None:
        return self.share(self.prefilled)

    @property
    def by_hand_share(self) -> float | None:
        """Cells that a person typed: all answered ones but those that kept what stood there."""
        return self.share(max(self.answered - self.kept, 0))

    @property
    def changed_share(self) -> float | None:
        """Of the cells filled beforehand, those that had to be typed anew."""
        return max(self.prefilled - self.kept, 0) / self.prefilled if self.prefilled else None

    @property
    def minutes(self) -> int | None:
        return None if self.seconds is None else ceil(self.seconds / 60)


@dataclass(frozen=True)
class Compared:
    """One line: this campaign's load and that of the year before, where there was one."""

    name: str
    now: Load
    before: Load | None = None

    @property
    def less(self) -> int | None:
        """Minutes saved against the year before; negative when it takes longer."""
        if self.before is None or self.before.minutes is None or self.now.minutes is None:
            return None
        return self.before.minutes - self.now.minutes

    @property
    def change(self) -> str:
        """Minutes against the year before, with its sign."""
        if self.less is None:
            return "—"
        return f"−{self.less}" if self.less > 0 else f"+{-self.less}" if self.less else "0"


#: One pass over the filed forms of some campaigns, counted whole, by kind, by region and by both
#: (the last only to know how many cells a region was asked). An index-only list of columns of the
#: form's own row: answers are not read.
LOADS = """
SELECT s.campaign_id, m.kind, s.region_id, count(*),
    count(*) FILTER (WHERE s.active_seconds > 0),
    sum(s.prefilled), sum(s.kept), sum(s.answered),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY nullif(s.active_seconds, 0)),
    grouping(m.kind), grouping(s.region_id)
FROM annual_report_submission s
JOIN organisations_municipality m ON m.id = s.municipality_id
WHERE s.campaign_id = ANY(%(campaigns)s) AND s.state = ANY(%(filed)s)
    AND (%(region)s::bigint IS NULL OR s.region_id = %(region)s)
GROUP BY s.campaign_id, GROUPING SETS ((), (m.kind), (s.region_id), (m.kind, s.region_id))
"""


@dataclass(frozen=True)
class Loads:
    """By campaign: of all its filed forms, by kind, and by region's number."""

    whole: dict[int, Load]
    kinds: dict[tuple[int, str], Load]
    regions: dict[tuple[int, int], Load]


def count_loads(campaigns: Sequence[Campaign], region: int | None = None) -> Loads:
    """The loads of filed forms, all of them or one region's; one statement and the forms' specs."""
    by_id = {campaign.pk: campaign for campaign in campaigns}
    with connection.cursor() as cursor:
        cursor.execute(
            LOADS,
            {"campaigns": list(by_id), "filed": sorted(FILED_STATES), "region": region},
        )
        rows = cursor.fetchall()
    stamp = CatalogueStamp.current()
    costs: dict[tuple[int, str], tuple[int, int]] = {}
    sizes: dict[tuple[int, str | None, int | None], list[int]] = defaultdict(lambda: [0, 0])
    for key, kind, place, forms, *_rest, no_kind, no_region in rows:
        if no_kind or no_region:
            continue
        if (key, kind) not in costs:
            spec = get_form_spec(by_id[key].form_id, kind, by_id[key].year, stamp)
            costs[key, kind] = len(spec.asked), spec.duplicates
        for group in ((key, None, None), (key, kind, None), (key, None, place)):
            for at, cost in enumerate(costs[key, kind]):
                sizes[group][at] += forms * cost
    found = Loads({}, {}, {})
    for key, kind, place, forms, measured, prefilled, kept, answered, seconds, *_flags in rows:
        if kind is not None and place is not None:
            continue
        asked, duplicates = sizes[key, kind, place]
        load = Load(forms, measured, asked, duplicates, prefilled, kept, answered, seconds)
        if kind is not None:
            found.kinds[key, kind] = load
        elif place is not None:
            found.regions[key, place] = load
        else:
            found.whole[key] = load
    return found


def earlier_of(campaign: Campaign, others: Iterable[Campaign]) -> Campaign | None:
    """Last year's campaign with a version of the same form."""
    found = [
        item
        for item in others
        if item.year == campaign.year - 1 and item.form.family == campaign.form.family
    ]
    return max(found, key=lambda item: item.pk, default=None)
