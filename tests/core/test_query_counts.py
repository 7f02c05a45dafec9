"""Every list asks the same number of queries for one row and for three."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annual_report.models import Campaign
from okmo_portal.jobs.models import Job
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.enums import OrganisationKind, Role
from okmo_portal.organisations.models import Invitation, Region
from okmo_portal.search.services import rebuild_index
from tests.factories import people
from tests.factories.observations import make_dataset, upload
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


class Rows:
    """Adds one more of what the list shows; ``owner`` is who looks at it."""

    def __init__(self):
        self.form = make_form()
        people.MunicipalityFactory()
        self.campaign = make_campaign(self.form)
        self.region = Region.objects.get(code="40")
        self.number = 0
        self.owners = {
            "head": people.municipality_head(people.MunicipalityFactory()),
            "director": people.council_director(self.region),
            "staff": people.congress_staff(),
        }

    def add(self):
        self.number += 1
        municipality = people.MunicipalityFactory()
        where = people.organisation(OrganisationKind.MUNICIPALITY_BODY, municipality=municipality)
        person = people.user_with(Role.SPECIALIST, where)
        requested = person.active_membership
        requested.pk, requested.state, requested.decided_at = None, "requested", None
        requested.role = Role.HEAD
        requested.save()
        self.campaign.submissions.create(
            municipality=municipality, region=self.region, required=3, filled=0
        )
        for owner in self.owners.values():
            Notification.objects.create(user=owner, kind="k", key=f"k{self.number}", title="Т")
            Job.objects.create(title="Работа", task="t", created_by=owner)
        own = self.owners["head"].active_membership.organisation
        people.user_with(Role.SPECIALIST, own)
        Invitation.objects.create(
            email=f"i{self.number}@demo.example", organisation=own, role=Role.SPECIALIST,
            invited_by=self.owners["head"], token_hash=str(self.number) * 64,
            expires_at="2100-01-01T00:00Z",
        )  # fmt: skip
        year = 2000 + self.number
        earlier = Campaign.objects.create(
            form=self.form, year=year, title="Т", register_date=f"{year}-01-01",
            opens_on=f"{year}-01-01", municipality_deadline=f"{year}-02-01",
            council_deadline=f"{year}-03-01", congress_deadline=f"{year}-04-01", state="closed",
        )  # fmt: skip
        earlier.submissions.create(
            municipality=self.owners["head"].active_membership.organisation.municipality,
            region=self.region, required=3, filled=0,
        )  # fmt: skip
        upload("oktmo\n", self.owners["staff"], dataset=make_dataset(f"d{self.number}"))
        rebuild_index()


LISTS = [
    ("", "/territory/"), ("", "/territory/40/"), ("", "/search/?q=район"),
    ("", "/report/indicators/"), ("", "/report/"),
    ("head", "/cabinet/"), ("head", "/cabinet/forms/"), ("head", "/notifications/"),
    ("head", "/jobs/"), ("head", "/organisations/people/"),
    ("head", "/organisations/memberships/mine/"),
    ("director", "/cabinet/"), ("director", "/cabinet/review/"),
    ("director", "/organisations/memberships/"), ("director", "/organisations/memberships/?state=all"),
    ("staff", "/cabinet/"), ("staff", "/cabinet/review/"), ("staff", "/cabinet/board/"),
    ("staff", "/cabinet/observations/"), ("staff", "/cabinet/reports/"), ("staff", "/organisations/memberships/"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "path"), LISTS)
def test_queries_do_not_grow_with_rows(client, who, path):
    rows = Rows()
    rows.add()
    if who:
        people.sign_in(client, rows.owners[who])
    client.get(path)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200
        counts.append(len(captured))
        rows.add()
        rows.add()
    assert counts[0] == counts[1], [query["sql"][:150] for query in captured]
