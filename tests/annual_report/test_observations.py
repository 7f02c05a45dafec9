"""The store of observations: its keys, and that a revised value loses nothing."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from annual_report.demo.observations import load_federal
from annual_report.models import Form, Indicator, Observation, ObservationImport
from annual_report.services.catalogue import load_catalogue
from tests.factories import people
from tests.factories.observations import make_dataset
from tests.factories.report import make_campaign, make_form

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


def test_the_demos_federal_set_comes_through_the_real_import():
    load_catalogue()
    staff = people.congress_staff()
    for number in range(20):
        people.MunicipalityFactory(oktmo=f"016{number + 10}000")
    campaign = make_campaign(Form.objects.get(code="okmo-1"))
    load_federal(campaign, staff)
    run = ObservationImport.objects.get()
    towns = campaign.submissions.count()
    assert (run.state, run.new, run.left_out) == ("done", 3 * towns, 3)
    assert run.refused_by == {"unknown_indicator": 1, "unknown_territory": 1}
    assert run.repaired == {"leading_zero": 3 * towns}
    assert Observation.objects.federal().count() == 3 * towns
    revenue = Observation.objects.filter(indicator__code="D01").first()
    assert Decimal(1000) < revenue.value < Decimal(10**9)
