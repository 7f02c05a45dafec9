"""Similar municipalities and figures with their precision, as readers and municipalities see them."""

import numpy as np
import pandas as pd
import pytest

from annual_report.services import chapters, cubes, peers, reports, review
from annual_report.services import submissions as submission_services
from tests.annual_report.test_reports import built_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def published(campaign):
    """Three municipalities of one kind, alike in what is known of them."""
    form = campaign.form
    form.indicators.filter(code__in=("C02", "C07")).update(direction="up")
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    return reports.publish_report(report=report, by=staff)


@pytest.fixture
def known_features(monkeypatch):
    """The small form has no population: what the peers are found by is given here."""

    def measure(get, register):
        size = np.arange(1.0, len(register) + 1)
        return pd.DataFrame({"population": size * 1000, "density": size, "rural": size / 10})

    monkeypatch.setattr("annual_report.services.peers.measure", measure)


def test_peers_come_with_the_reason_and_a_place_as_an_interval(published, known_features, client):
    snapshot = cubes.published_snapshot()
    first = published.campaign.submissions.order_by("answers__value").first().municipality
    found = peers.peers_of(snapshot, first.oktmo)
    assert len(found) == 2
    assert found[0].distance <= found[1].distance
    assert all(item.why.startswith(("Похожи", "Отличаются", "Близки")) for item in found)
    text = client.get(f"/report/municipalities/{first.oktmo}/peers/").content.decode()
    assert found[0].name in text
    assert "Место среди похожих" in text
    assert published.snapshot.sha256[:12] in text


def test_municipality_without_known_features_is_compared_with_nobody(published, client):
    oktmo = published.campaign.submissions.first().municipality.oktmo
    text = client.get(f"/report/municipalities/{oktmo}/peers/").content.decode()
    assert "Похожих муниципалитетов не нашлось" in text


def test_own_benchmark_opens_when_the_form_is_sent(published, known_features, client):
    """Right after sending: the new values, not last year's, beside the published ones."""
    published.campaign.state = "closed"
    published.campaign.save()
    later = make_campaign(published.campaign.form, year=2026)
    submission = later.submissions.order_by("pk").first()
    head = people.municipality_head(submission.municipality)
    fill(submission, head, C01=40, C02=37, C04=1)
    people.sign_in(client, head)
    address = f"/cabinet/forms/{submission.pk}/benchmark/"
    assert "откроется, когда форма будет отправлена" in client.get(address).content.decode()
    submission_services.submit_submission(submission=submission, by=head, certified=True)
    text = client.get(address).content.decode()
    assert "92,5" in text  # 37 of 40, this year's
    stranger = people.municipality_head(people.MunicipalityFactory())
    people.sign_in(client, stranger)
    assert client.get(address).status_code == 404


def test_figures_show_interval_unweighted_value_coverage_and_origin(published, client):
    text = client.get("/report/indicators/C01/figures/").content.decode()
    assert "60,0" in text
    assert "3 из 3" in text
    assert published.snapshot.sha256 in text
    assert "rebuild_report_tables 2025" in text
    assert client.get("/report/indicators/Z99/figures/").status_code == 404


def test_uncovered_stratum_turns_red_and_its_figure_is_withheld(client, db):
    """Two of ten municipalities answered: 20 % is below the stated coverage."""
    municipalities = [people.MunicipalityFactory() for _ in range(10)]
    campaign = make_campaign(make_form())
    director = people.council_director(municipalities[0].region)
    for municipality in municipalities[:2]:
        head = people.municipality_head(municipality)
        submission = campaign.submissions.get(municipality=municipality)
        fill(submission, head, C01=77, C02=5, C04=1)
        submission_services.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    chapters.compute_chapters(report)
    reports.publish_report(report=report, by=staff)
    text = client.get("/report/indicators/C01/figures/").content.decode()
    assert 'status--bad">20' in text
    assert "данных мало" in text
    assert "154" not in text
