"""The store of observations: its keys, and that a revised value loses nothing."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from annual_report.models import Indicator, Observation
from tests.factories import people
from tests.factories.observations import make_dataset
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts():
    make_form()
    return Indicator.objects.get(code="C01")


def observe(dataset, indicator, municipality, year=2024, value="1"):
    return Observation.objects.create(
        dataset=dataset, indicator=indicator, municipality=municipality, year=year,
        value=Decimal(value),
    )  # fmt: skip


def test_one_value_for_each_set_indicator_year_and_municipality(posts):
    dataset, municipality = make_dataset(), people.MunicipalityFactory()
    observe(dataset, posts, municipality)
    with pytest.raises(IntegrityError, match="observation_once"), transaction.atomic():
        observe(dataset, posts, municipality, value="2")
    observe(make_dataset("other"), posts, municipality)
    with pytest.raises(IntegrityError, match="observation_year"), transaction.atomic():
        observe(dataset, posts, municipality, year=1024)


def test_revised_and_deleted_values_leave_what_they_were(posts):
    row = observe(make_dataset(), posts, people.MunicipalityFactory(), value="10")
    row.save()
    assert not row.events.exists()
    row.value = 12
    row.save()
    other = observe(row.dataset, posts, people.MunicipalityFactory(), value="7")
    Observation.objects.filter(pk__in=[row.pk, other.pk]).delete()
    kept = row.events.model.objects.order_by("pgh_id").values_list("pgh_label", "value")
    assert sorted(kept) == [("delete", 7), ("delete", 12), ("update", 10)]


def test_the_most_important_federal_set_counts(posts):
    municipality = people.MunicipalityFactory()
    second = observe(make_dataset("b", is_federal=True, priority=2), posts, municipality, value="2")
    first = observe(make_dataset("a", is_federal=True, priority=1), posts, municipality, value="1")
    observe(make_dataset("c", priority=0), posts, municipality, value="3")
    earlier = observe(second.dataset, posts, municipality, year=2023, value="4")
    assert list(Observation.objects.federal().preferred()) == [earlier, first]
