"""The import through the command: what is taken, what is refused and why, to the last row."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annual_report.models import Indicator, Observation, ObservationImport
from tests.annual_report.test_observations import make_dataset
from tests.factories import people
from tests.factories.report import make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    make_form()
    Indicator.objects.filter(code="C01").update(max_value=10**9)
    people.MunicipalityFactory(oktmo="01605000")
    people.MunicipalityFactory(oktmo="29605000")
    return make_dataset()


def run(path, *arguments, **options):
    out = StringIO()
    call_command("import_observations", str(path), *arguments, stdout=out, **options)
    return out.getvalue()


def test_long_form(dataset, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("oktmo,indicator,period,value\n01605000,C01,2023,10\n29605000,C01,2023,11.5\n")
    print(run(path, dataset="rosstat"))
    assert Observation.objects.count() == 2
    print(run(path, dataset="rosstat"))
    assert ObservationImport.objects.count() == 2
