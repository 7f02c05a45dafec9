"""Which municipalities' earlier forms a form goes on with, found once and kept beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db import transaction

from annual_report.models import Campaign, FormOrigin, Submission
from okmo_portal.organisations.genealogy import Borders, Genealogy
from okmo_portal.organisations.services.genealogy import load_genealogy

#: How far rules look back.
YEARS_BACK = (1, 2, 3)
BATCH = 5000


@transaction.atomic
def refresh_origins(*, campaign: Campaign) -> int:
    """Write the origins of a campaign's forms anew; returns how many rows there are.

    Compares the borders on the register's date with those on the dates of the three campaigns
    before; a tenth of a second for each of them, whatever the number of forms.
    """
    FormOrigin.objects.filter(submission__campaign=campaign).delete()
    earlier = dict(
        Campaign.objects.filter(is_main=campaign.is_main, year__lt=campaign.year)
        .order_by("register_date")
        .values_list("year", "register_date")
    )
    wanted = [back for back in YEARS_BACK if campaign.year - back in earlier]
    if not wanted:
        return 0
    forms = dict(Submission.objects.filter(campaign=campaign).values_list("municipality", "pk"))
    genealogy = load_genealogy()
    target = campaign.register_date.toordinal()
    rows: list[FormOrigin] = []
    for back in wanted:
        day = earlier[campaign.year - back].toordinal()
        for place, summands in _changed(genealogy, day, target, forms.keys()):
            rows += [
                FormOrigin(
                    submission_id=forms[place],
                    years_back=back,
                    municipality_id=source,
                    with_settlements=nested,
                    apart=apart,
                )
                for source, nested, apart in summands
            ]
    FormOrigin.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)


Summand = tuple[int | None, bool, bool]


def _changed(
    genealogy: Genealogy, source: int, target: int, places: Collection[int]
) -> Iterator[tuple[int, list[Summand]]]:
    """Of ``places``, those that are not simply themselves on the earlier day, with their summands."""
    borders = genealogy.borders(source, target)
    links = defaultdict(list)
    for link in borders.links:
        links[link.target].append(link)
    for place, found in links.items():
        if place not in places:
            continue
        if len(found) == 1 and found[0].source == place and found[0].alone and found[0].whole:
            continue
        yield place, _summands(borders, place)


def _summands(borders: Borders, place: int) -> list[Summand]:
    nested, apart = (
        set(borders.sources_of(place, nested=way))
        if borders.is_comparable(place, nested=way)
        else set()
        for way in (True, False)
    )
    found: list[Summand] = [(key, key in nested, key in apart) for key in sorted(nested | apart)]
    return found or [(None, False, False)]
