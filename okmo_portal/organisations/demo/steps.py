"""What the demo command runs for this app."""

from django.db import transaction

from okmo_portal.organisations.demo.people import SHOWCASE_REGION, load_people
from okmo_portal.organisations.demo.territory import load_changes, load_territory
from okmo_portal.organisations.demo.transformations import load_transformations


@transaction.atomic
def load(*, scale: str) -> None:
    load_territory(scale=scale)
    load_transformations()
    load_people()
    load_changes(region_code=SHOWCASE_REGION)
