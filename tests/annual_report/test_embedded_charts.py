"""Charts that other pages embed: published figures only, live or frozen, complete in themselves."""

from xml.etree import ElementTree

import pytest

from annual_report.models import Report, ReportFigure
from annual_report.services import reports
from tests.annual_report.test_reports import built_report
from tests.annual_report.test_reports import campaign as campaign
from tests.factories import people
from tests.factories.report import make_campaign

YEARS = "/report/indicators/C01/years.svg"


@pytest.fixture
def published(campaign):
    staff = people.congress_staff()
    return reports.publish_report(report=built_report(campaign, staff), by=staff)


def texts(answer):
    root = ElementTree.fromstring(answer.content)
    return [item.text for item in root.iter("{http://www.w3.org/2000/svg}text")]


def test_picture_stands_alone_with_heading_unit_and_source(published, client):
    answer = client.get(YEARS)
    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    found = texts(answer)
    assert found[0] == "Должности, ед."
    assert found[-1] == f"ОКМО, доклад за 2025 год, снимок {published.snapshot.sha256[:12]}"
    assert "2025" in found
    english = texts(client.get(f"/en{YEARS}"))
    assert english[0] == "Posts, units"
    assert english[-1].startswith("OKMO, report for 2025, snapshot ")


def test_frozen_chart_does_not_follow_a_later_report(published, client):
    later = make_campaign(published.campaign.form, year=2026, opened=False)
    newer = Report.objects.create(
        campaign=later, title="Доклад", state="published", snapshot=published.snapshot,
        published_at=published.published_at, pdf=published.pdf, pages=4,
        built_at=published.built_at,
    )  # fmt: skip
    figure = ReportFigure.objects.get(report=published, indicator__code="C01", scope="nation")
    figure.pk, figure.report, figure.value = None, newer, 777
    figure.save()
    assert "2026" in texts(client.get(YEARS))
    frozen = client.get(f"{YEARS}?year=2025")
    assert "2026" not in texts(frozen)
    assert frozen["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize(
    "address",
    [
        f"{YEARS}?year=2024",
        f"{YEARS}?year=x",
        f"{YEARS}?year=²",
        "/report/indicators/Z99/years.svg",
        "/report/indicators/C01/pie.svg",
    ],
)
def test_what_is_not_published_has_no_picture(published, client, address):
    assert client.get(address).status_code == 404


def test_unpublished_report_has_no_picture(campaign, client):
    built_report(campaign, people.congress_staff())
    assert client.get(YEARS).status_code == 404


def test_page_of_figures_offers_the_line_to_paste(published, client):
    text = client.get("/report/indicators/C01/figures/").content.decode()
    assert "&lt;img src=&quot;http://testserver/report/indicators/C01/years.svg&quot;" in text
    assert "years.svg?year=2025&quot; alt=&quot;Должности&quot;" in text
