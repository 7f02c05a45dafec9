"""The open API: published figures only, as its description says, whatever is asked."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from annual_report.services import reports
from tests.annual_report.test_reports import built_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people


@pytest.fixture
def published(campaign):
    staff = people.congress_staff()
    return reports.publish_report(report=built_report(campaign, staff), by=staff)


@pytest.mark.django_db
def test_figures_are_those_of_the_published_report(published, client):
    answer = client.get("/api/v1/figures?indicator=C01&scope=nation&year=2025").json()
    assert answer["count"] == 1
    [figure] = answer["items"]
    assert (float(figure["value"]), figure["count"], figure["expected"]) == (60, 3, 3)
    [report] = client.get("/api/v1/reports").json()
    assert report["sha256"] == published.snapshot.sha256


@pytest.mark.django_db
def test_municipality_has_its_own_values(published, client):
    submission = published.campaign.submissions.first()
    answer = client.get(f"/api/v1/municipalities/{submission.municipality.oktmo}").json()
    own = float(submission.answers.get(indicator__code="C01").value)
    assert answer["values"]["C01"] == own
    assert answer["name"] == submission.municipality.name
    assert client.get("/api/v1/municipalities/00000000").status_code == 404


@pytest.mark.django_db
def test_nothing_unpublished_is_there(campaign, client):
    built_report(campaign, people.congress_staff())
    assert client.get("/api/v1/figures").json() == {"items": [], "count": 0}
    assert client.get("/api/v1/reports").json() == []
    oktmo = campaign.submissions.first().municipality.oktmo
    assert client.get(f"/api/v1/municipalities/{oktmo}").status_code == 404


schema = schemathesis.pytest.from_fixture("api_schema")


@pytest.fixture
def api_schema(transactional_db, migrated_data, published, live_server):
    return schemathesis.openapi.from_url(f"{live_server.url}/api/v1/openapi.json")


# Marked here: what a schema asks for at run time comes too late for the order of tests.
@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_generated_calls_get_what_the_description_says(case):
    case.call_and_validate()
