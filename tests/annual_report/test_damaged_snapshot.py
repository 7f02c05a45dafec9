"""Nothing is shown that is not what was frozen, and the staff hear of it once."""

import pytest
from django.conf import settings

from annual_report.services import cubes, reports
from okmo_portal.notifications.models import Notification
from tests.annual_report.test_reports import built_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people


@pytest.fixture
def published(campaign):
    staff = people.congress_staff()
    return reports.publish_report(report=built_report(campaign, staff), by=staff)


@pytest.fixture
def damaged(published):
    """The values are one letter longer than they were; what was made of them is gone."""
    path = settings.DATA_ROOT / published.snapshot.path / "manifest.json"
    frozen = path.read_bytes()
    path.write_bytes(frozen + b"\n")
    yield published
    path.write_bytes(frozen)


PAGES = ["/report/tables/", "/report/tables/table.csv", "/report/indicators/C01/figures/"]


@pytest.mark.parametrize("address", PAGES)
def test_pages_over_a_damaged_snapshot_say_so(damaged, client, address):
    answer = client.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    text = answer.content.decode()
    assert "Данные проверяются" in text
    assert damaged.snapshot.path not in text


def test_reader_in_english_is_told_in_english(damaged, client):
    text = client.get("/en/report/tables/").content.decode()
    assert "The data are being checked" in text


def test_missing_files_are_told_as_well(published, client):
    path = settings.DATA_ROOT / published.snapshot.path / "values.parquet"
    frozen = path.read_bytes()
    for cube in (settings.DATA_ROOT / "cubes").glob(f"{published.snapshot.sha256[:32]}*"):
        cube.unlink()
    path.unlink()
    try:
        assert client.get("/report/tables/").status_code == 503
    finally:
        path.write_bytes(frozen)
    assert client.get("/report/tables/").status_code == 200
    cubes.warm(published.snapshot)


def test_staff_hear_of_it_once_a_day(damaged, client):
    others = people.municipality_head(people.MunicipalityFactory())
    for address in (*PAGES, *PAGES):
        client.get(address)
    told = Notification.objects.filter(kind="annual_report.damaged")
    assert {row.user for row in told} == {damaged.snapshot.created_by}
    assert others not in {row.user for row in told}
    assert told.count() == 1


def test_pages_without_the_snapshot_go_on(damaged, client):
    assert client.get("/report/indicators/C01/").status_code == 200
    assert client.get("/").status_code == 200
