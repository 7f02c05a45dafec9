"""The report's stored figures: weighted to the register, from the snapshot alone."""

import pytest

from annual_report.models import Indicator, Observation, Section
from annual_report.services import reports, review
from annual_report.services import submissions as submission_services
from annual_report.services.snapshots import create_snapshot, load_register
from tests.factories import people
from tests.factories.observations import make_dataset
from tests.factories.report import fill, make_campaign, make_form


@pytest.fixture
def campaign(db):
    """Six districts of one region; the first four have filed 10, 20, 30, 40 posts."""
    municipalities = [people.MunicipalityFactory() for _ in range(6)]
    campaign = make_campaign(make_form())
    director = people.council_director(municipalities[0].region)
    for number, municipality in enumerate(municipalities[:4], start=1):
        head = people.municipality_head(municipality)
        submission = campaign.submissions.get(municipality=municipality)
        fill(submission, head, C01=10 * number, C02=5 * number, C04=number)
        submission_services.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)
    return campaign


def population(municipality, year, value, dataset):
    indicator, _ = Indicator.objects.get_or_create(
        code="A05",
        defaults={
            "section": Section.objects.get_or_create(
                code="A", defaults={"title": "А", "title_en": "A", "order": 0}
            )[0],
            "title": "Население", "title_en": "Population", "unit": "чел.", "unit_en": "people",
            "value_type": "integer", "aggregation": "sum", "definition": "О.", "source": "Росстат",
            "owner": "отдел",
        },
    )  # fmt: skip
    Observation.objects.create(
        dataset=dataset, indicator=indicator, municipality=municipality, year=year, value=value
    )


def test_silent_municipalities_have_their_published_population(campaign):
    dataset = make_dataset()
    places = [item.municipality for item in campaign.submissions.order_by("municipality__oktmo")]
    population(places[5], 2023, 700, dataset)
    population(places[5], 2024, 800, dataset)
    population(places[0], 2025, 5_000, dataset)
    population(places[4], 2021, 900, dataset)
    register = load_register(create_snapshot(campaign=campaign, by=None)).set_index("oktmo")
    found = register["population"].dropna().to_dict()
    assert found == {places[0].oktmo: 5_000, places[5].oktmo: 800}, "2021 is too old to count"


def test_stored_figures_have_interval_method_and_the_unweighted_value(campaign):
    staff = people.congress_staff()
    report = reports.prepare_report(campaign=campaign, by=staff)
    reports.take_snapshot(report=report, by=staff)
    total = report.figures.get(indicator__code="C01", scope="nation")
    assert (total.value, total.unweighted) == (150, 100)
    assert (total.count, total.expected, total.method) == (4, 6, "sum")
    assert 100 <= total.low < total.value < total.high
    ratio = report.figures.get(indicator__code="C07", scope="region")
    assert (ratio.value, ratio.low, ratio.high) == (50, 50, 50)
    assert report.figures.get(indicator__code="C01", scope="size").scope_code == "unknown"


def test_everybody_filed_gives_the_plain_sum(campaign):
    director = people.council_director(campaign.submissions.first().region)
    for submission in campaign.submissions.exclude(state="approved"):
        head = people.municipality_head(submission.municipality)
        fill(submission, head, C01=1, C02=1, C04=0)
        submission_services.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)
    staff = people.congress_staff()
    report = reports.prepare_report(campaign=campaign, by=staff)
    reports.take_snapshot(report=report, by=staff)
    total = report.figures.get(indicator__code="C01", scope="nation")
    assert total.value == total.unweighted == total.low == total.high == 102
    assert total.method == "full"
