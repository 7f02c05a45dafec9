"""Foreign territory codes: one municipality a code and year, refused in words and by the table."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from okmo_portal.organisations.models import TerritoryCode
from tests.factories.people import MunicipalityFactory

pytestmark = pytest.mark.django_db


def make_code(municipality, year_from, year_to, code="17", system="mo_ref"):
    return TerritoryCode.objects.create(
        system=system,
        code=code,
        municipality=municipality,
        year_from=year_from,
        year_to=year_to,
    )


def test_code_passes_from_one_municipality_to_the_next():
    old, new = MunicipalityFactory(), MunicipalityFactory()
    make_code(old, 2018, 2023)
    make_code(new, 2023, None)
    make_code(new, 2018, None, code="18")
    make_code(new, 2018, None, system="other")

    found = TerritoryCode.objects.filter(system="mo_ref", code="17")
    assert [row.municipality for row in found.in_year(2022)] == [old]
    assert [row.municipality for row in found.in_year(2023)] == [new]
    assert [row.municipality for row in found.in_year(2017)] == []


@pytest.mark.parametrize(
    ("year_from", "year_to"), [(2018, 2023), (2022, None), (None, 2019), (None, None), (2020, 2021)]
)
def test_code_with_two_municipalities_in_one_year_is_refused(year_from, year_to):
    first, second = MunicipalityFactory(), MunicipalityFactory()
    make_code(first, 2018, 2023)

    row = TerritoryCode(
        system="mo_ref", code="17", municipality=second, year_from=year_from, year_to=year_to
    )
    with pytest.raises(ValidationError, match="уже принадлежит"):
        row.clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_code_may_be_saved_again_as_it_is():
    row = make_code(MunicipalityFactory(), 2018, 2023)
    row.clean()
    row.year_to = 2022
    row.save()


def test_code_ends_after_it_begins():
    with pytest.raises(IntegrityError):
        make_code(MunicipalityFactory(), 2020, 2020)
