from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.enums import MembershipState, OrganisationKind, Role
from okmo_portal.organisations.models import Membership, Region
from okmo_portal.organisations.services import invitations
from okmo_portal.organisations.services import memberships as services
from tests.factories import people

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%test\n"


def ask(user, municipality, role=Role.SPECIALIST):
    return services.request_membership(
        by=user,
        organisation=services.get_municipality_body(municipality),
        role=role,
        position_title="Специалист",
        valid_from=timezone.localdate(),
        mandate=SimpleUploadedFile("приказ.pdf", PDF),
    )


def test_request_waits_and_tells_the_council(django_capture_on_commit_callbacks):
    municipality = people.MunicipalityFactory()
    director = people.council_director(municipality.region)
    stranger = people.council_director(Region.objects.get(code="77"))
    with django_capture_on_commit_callbacks(execute=True):
        membership = ask(people.UserFactory(), municipality)
    assert membership.state == MembershipState.REQUESTED
    assert Notification.objects.filter(user=director).count() == 1
    assert not Notification.objects.filter(user=stranger).exists()


def test_confirm_denied_to_another_regions_council():
    membership = ask(people.UserFactory(), people.MunicipalityFactory())
    with pytest.raises(PermissionDenied):
        services.confirm_membership(
            membership=membership, by=people.council_director(Region.objects.get(code="77"))
        )
    membership.refresh_from_db()
    assert membership.state == MembershipState.REQUESTED


def test_new_head_ends_the_former_heads_mandate():
    municipality = people.MunicipalityFactory()
    former = people.municipality_head(municipality)
    successor = people.UserFactory()
    membership = ask(successor, municipality, Role.HEAD)
    services.confirm_membership(
        membership=membership, by=people.council_director(municipality.region)
    )
    assert (
        not Membership.objects.valid()
        .filter(user=former, role=Role.HEAD, state="active")
        .exclude(valid_to=timezone.localdate())
        .exists()
    )
    assert Membership.objects.get(user=former).state == MembershipState.ENDED
    assert Membership.objects.valid().get(user=successor).role == Role.HEAD


def test_expired_mandate_gives_nothing_at_the_next_request(client):
    municipality = people.MunicipalityFactory()
    head = people.municipality_head(municipality)
    people.sign_in(client, head)
    assert client.get("/organisations/people/").status_code == 200
    Membership.objects.filter(user=head).update(valid_to=date(2021, 1, 1))
    assert client.get("/organisations/people/").status_code == 404


def test_expired_memberships_are_closed_by_the_task():
    head = people.municipality_head(people.MunicipalityFactory())
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=head).update(valid_to=yesterday)
    assert services.end_expired_memberships() == 1
    assert Membership.objects.get(user=head).state == MembershipState.ENDED
    assert Membership.objects.get(user=head).valid_to == yesterday


def test_mandate_is_read_by_deciders_only(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    municipality = people.MunicipalityFactory()
    membership = ask(people.UserFactory(), municipality)
    address = reverse("documents:document-download", args=[membership.mandate_id])
    assert client.get(address).status_code == 404
    people.sign_in(client, people.municipality_head(people.MunicipalityFactory()))
    assert client.get(address).status_code == 404
    people.sign_in(client, people.council_director(municipality.region))
    assert b"".join(client.get(address).streaming_content) == PDF


def test_invitation_is_used_once_and_by_its_reader_only(
    django_capture_on_commit_callbacks, mailoutbox
):
    head = people.municipality_head(people.MunicipalityFactory())
    with django_capture_on_commit_callbacks(execute=True):
        invitation = invitations.invite_person(
            email="new@demo.example",
            organisation=head.active_membership.organisation,
            role=Role.SPECIALIST,
            position_title="Специалист",
            by=head,
        )
    token = mailoutbox[0].body.split("/invitations/")[1].split("/")[0]
    assert invitations.find_invitation(token) == invitation
    with pytest.raises(ValidationError):
        invitations.accept_invitation(invitation=invitation, by=people.UserFactory())
    reader = people.UserFactory(email="new@demo.example")
    membership = invitations.accept_invitation(invitation=invitation, by=reader)
    assert membership.state == MembershipState.ACTIVE
    assert invitations.find_invitation(token) is None


def test_staff_role_opens_the_admin_and_its_end_closes_it():
    congress = people.organisation(OrganisationKind.CONGRESS)
    boss = people.congress_staff()
    user = people.UserFactory()
    membership = services.request_membership(
        by=user, organisation=congress, role=Role.CONGRESS_STAFF, position_title="Аналитик",
        valid_from=timezone.localdate(),
    )  # fmt: skip
    services.confirm_membership(membership=membership, by=boss)
    user.refresh_from_db()
    assert user.is_staff
    services.end_membership(membership=membership, by=boss)
    user.refresh_from_db()
    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
