"""Territory, organisations and people with roles."""

from datetime import date

import factory
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.organisations.enums import (
    MembershipState,
    MunicipalityKind,
    OrganisationKind,
    Role,
)
from okmo_portal.organisations.models import Membership, Municipality, Organisation, Region
from okmo_portal.organisations.oktmo import check_digit


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user{n}@demo.example")
    last_name = "Образцов"
    first_name = "Пётр"


class MunicipalityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Municipality

    region = factory.LazyFunction(lambda: Region.objects.get(code="40"))
    oktmo = factory.Sequence(lambda n: f"296{n % 90 + 1:02d}000")
    check_digit = factory.LazyAttribute(lambda o: check_digit(o.oktmo))
    name = factory.Sequence(lambda n: f"Ясноборский {n}-й муниципальный район")
    kind = MunicipalityKind.MUNICIPAL_DISTRICT


def organisation(kind, *, region=None, municipality=None):
    found, _created = Organisation.objects.get_or_create(
        kind=kind,
        municipality=municipality,
        region=municipality.region if municipality else region,
        defaults={"name": f"{kind} {municipality or region or ''}".strip()},
    )
    return found


def user_with(role, where, **fields):
    """A person whose only role is active, confirmed and valid."""
    user = UserFactory()
    user.active_membership = Membership.objects.create(
        user=user,
        organisation=where,
        role=role,
        position_title="Должность",
        valid_from=fields.pop("valid_from", date(2020, 1, 1)),
        state=MembershipState.ACTIVE,
        decided_at=timezone.now(),
        **fields,
    )
    return user


def municipality_head(municipality):
    return user_with(
        Role.HEAD, organisation(OrganisationKind.MUNICIPALITY_BODY, municipality=municipality)
    )


def municipality_specialist(municipality):
    return user_with(
        Role.SPECIALIST, organisation(OrganisationKind.MUNICIPALITY_BODY, municipality=municipality)
    )


def council_director(region):
    return user_with(Role.COUNCIL_DIRECTOR, organisation(OrganisationKind.COUNCIL, region=region))


def congress_staff():
    return user_with(Role.CONGRESS_STAFF, organisation(OrganisationKind.CONGRESS))


def give_consent(user):
    from okmo_portal.accounts.services import current_consent_text
    from okmo_portal.accounts.services import give_consent as give

    give(by=user, text=current_consent_text(), address="127.0.0.1")
    return user


def sign_in(client, user):
    """Signed in, with consent given, as the pages expect."""
    give_consent(user)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
