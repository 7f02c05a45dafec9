import json

import pytest
from django.urls import reverse

from okmo_portal.accounts.models import User
from okmo_portal.audit.models import AuditEvent
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.services.memberships import end_membership
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def head():
    user = people.municipality_head(people.MunicipalityFactory(name="Ясноборский район"))
    for owner in (user, people.UserFactory()):
        Notification.objects.create(user=owner, kind="k", key="k", title=f"Для {owner.email}")
    return user


def test_own_data_are_complete_and_nobody_elses(client, head):
    people.sign_in(client, head)
    data = json.loads(client.get(reverse("profile:data-export")).content)
    assert (data["email"], data["last_name"]) == (head.email, "Образцов")
    assert [row["organisation"] for row in data["memberships"]] == [
        "municipality_body Ясноборский район"
    ]
    assert [row["title"] for row in data["notifications"]] == [f"Для {head.email}"]
    assert [row["action"] for row in data["events"]] == ["accounts.consent_given"]


def test_look_at_a_card_is_on_record_for_its_owner(client, head):
    staff = people.congress_staff()
    sync_staff_access(user=staff)
    people.sign_in(client, staff)
    client.get(reverse("admin:accounts_user_change", args=[head.pk]))
    people.sign_in(client, head)
    events = client.get(reverse("profile:data-readers")).context["events"]
    assert [(event.actor, event.subject_id) for event in events] == [(staff, str(head.pk))]


def test_erasure_waits_for_the_mandate_to_end_and_leaves_no_name(client, head):
    people.sign_in(client, head)
    client.post(reverse("profile:data-erase"))
    assert User.objects.get(pk=head.pk).is_active
    end_membership(membership=head.active_membership, by=None)
    client.post(reverse("profile:data-erase"))
    left = User.objects.get(pk=head.pk)
    assert (left.is_active, left.first_name, left.phone) == (False, "", "")
    assert left.email == f"erased-{head.pk}@erased.invalid"
    assert not Notification.objects.filter(user=head).exists()
    assert AuditEvent.objects.filter(action="accounts.erased", actor=head).count() == 1
    assert client.get("/cabinet/").url.startswith("/accounts/login/")


def test_withdrawn_consent_closes_the_cabinet(client, head):
    people.sign_in(client, head)
    client.post(reverse("profile:consent-withdraw"))
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/cabinet/").url.startswith(reverse("profile:consent"))
