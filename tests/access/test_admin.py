"""The admin: who gets in, what staff may do with each model, and that every list works."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okmo_portal.audit.services import record
from okmo_portal.organisations.models import Expert
from okmo_portal.organisations.services.staff import sync_staff_access
from okmo_portal.workflow.models import StateChange
from tests.access.world import World
from tests.factories import people

pytestmark = pytest.mark.django_db

MANAGED = "add change view"
#: What a member of the Congress's staff may do with each model; "" hides it.
STAFF = {
    "core.ProductionYear": MANAGED,
    "organisations.FederalDistrict": MANAGED,
    "organisations.Region": MANAGED,
    "organisations.Municipality": MANAGED,
    "organisations.MunicipalityChange": MANAGED,
    "organisations.TerritoryCode": MANAGED,
    "organisations.Organisation": MANAGED,
    "organisations.Membership": MANAGED,
    "organisations.Invitation": "view",
    "organisations.Expert": MANAGED,
    "organisations.Competence": MANAGED,
    "annual_report.Section": MANAGED,
    "annual_report.Indicator": MANAGED,
    "annual_report.IndicatorVersion": "view",
    "annual_report.LegalBasis": MANAGED,
    "annual_report.Form": MANAGED,
    "annual_report.ControlRule": MANAGED,
    "annual_report.Campaign": MANAGED,
    "annual_report.Submission": "view",
    "annual_report.Correction": "view",
    "annual_report.Extension": "view",
    "annual_report.ReminderRun": "view",
    "annual_report.BulkRun": "view",
    "annual_report.Report": "change view",
    "annual_report.Snapshot": "view",
    "annual_report.Dataset": MANAGED,
    "annual_report.ImportMapping": MANAGED,
    "annual_report.ObservationImport": "view",
    "annual_report.Observation": "view",
    "media.Article": "change view",
    "media.Author": MANAGED,
    "media.Contribution": "view",
    "media.Image": MANAGED,
    "media.JournalIssue": MANAGED,
    "media.LegalAct": MANAGED,
    "media.OldAddress": MANAGED,
    "media.Rubric": MANAGED,
    "documents.Document": "view",
    "jobs.Job": "view",
    "notifications.Notification": "view",
    "workflow.StateChange": "view",
    "audit.AuditEvent": "view",
    "accounts.User": "view",
    "accounts.ConsentText": "view",
    "accounts.Consent": "view",
    "account.EmailAddress": "",
    "mfa.Authenticator": "",
    "usersessions.UserSession": "",
    "auth.Group": "",
    "django_celery_beat.PeriodicTask": "",
    "django_celery_beat.ClockedSchedule": "",
    "django_celery_beat.CrontabSchedule": "",
    "django_celery_beat.SolarSchedule": "",
    "django_celery_beat.IntervalSchedule": "",
}
MODELS = {model._meta.label: model for model in admin.site._registry}


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def staff(client):
    world = World()
    user = world.people["staff"]
    sync_staff_access(user=user)
    people.sign_in(client, user)
    return world


def test_every_model_of_the_admin_is_classified():
    assert set(STAFF) == set(MODELS)


def address(label, page):
    return reverse(f"admin:{label.lower().replace('.', '_')}_{page}")


@pytest.mark.parametrize("label", sorted(STAFF))
def test_staff_see_and_change_what_is_theirs(client, staff, label):
    may = STAFF[label].split()
    found = client.get(address(label, "changelist"))
    assert found.status_code == (200 if "view" in may else 403)
    assert client.get(address(label, "add")).status_code == (200 if "add" in may else 403)
    row = MODELS[label].objects.first()
    if row is not None and may:
        page = client.get(address(label, "changelist") + f"{row.pk}/change/")
        assert page.status_code == 200
        assert ('name="_save"' in page.content.decode()) == ("change" in may)


@pytest.mark.parametrize("role", ["anonymous", "newcomer", "head", "director", "auditor"])
def test_others_do_not_get_into_the_admin(client, role):
    world = World()
    if role != "anonymous":
        user = world.people[role]
        sync_staff_access(user=user)
        people.sign_in(client, user)
    answer = client.get("/admin/organisations/municipality/")
    assert answer.status_code == 302
    assert "login" in answer["Location"]


@pytest.mark.parametrize(
    "label",
    ["organisations.Municipality", "organisations.Organisation", "organisations.Membership",
     "organisations.Expert", "accounts.User", "audit.AuditEvent", "workflow.StateChange"],
)  # fmt: skip
def test_list_of_many_asks_no_more_than_the_list_of_few(client, staff, label):
    client.get(address(label, "changelist"))  # fills the caches of permissions and content types
    counts, rows = [], []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            rows.append(len(client.get(address(label, "changelist")).context["cl"].result_list))
        counts.append(len(captured))
        more_rows()
    assert counts[0] == counts[1]
    assert rows[1] > rows[0]


def more_rows():
    """Three more of everything that grows without bound."""
    for _ in range(3):
        municipality = people.MunicipalityFactory()
        head = people.municipality_head(municipality)
        Expert.objects.create(user=head)
        record(action="test.looked", by=head, subject=municipality)
        StateChange.objects.create(
            subject_label="x", subject_id="1", transition="t", label="t", source="a", target="b",
            by=head,
        )  # fmt: skip


@pytest.mark.parametrize(
    "label", ["organisations.Organisation", "organisations.Membership", "organisations.Municipality",
              "annual_report.Submission", "organisations.MunicipalityChange"],
)  # fmt: skip
def test_no_select_holds_the_whole_register(client, staff, label):
    names = [people.MunicipalityFactory(name=f"Заметный {n} округ").name for n in range(3)]
    for path in (address(label, "add"), address(label, "changelist")):
        page = client.get(path)
        options = re.findall(r"<option[^>]*>[^<]*Заметный", page.content.decode())
        assert options == [], (path, names)


def test_municipalities_are_found_by_region_kind_and_words(client, staff):
    here = people.MunicipalityFactory(name="Искомый муниципальный район")
    people.MunicipalityFactory(name="Другой городской округ", kind="urban_okrug")
    path = address("organisations.Municipality", "changelist")
    for query in (
        "q=искомый",
        f"q={here.oktmo}",
        "kind__exact=municipal_district&q=Искомый",
        f"region__id__exact={here.region_id}&q=искомый",
    ):
        found = client.get(f"{path}?{query}").context["cl"].queryset
        assert list(found) == [here], query
    complete = client.get(
        "/admin/autocomplete/?app_label=organisations&model_name=organisation"
        "&field_name=municipality&term=искомый"
    )
    assert [item["text"] for item in complete.json()["results"]] == [here.name]
