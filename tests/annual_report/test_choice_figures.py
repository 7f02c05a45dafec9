"""Questions with options: the share of each option on the page, in the open data and in the API."""

from decimal import Decimal

import pytest

from annual_report.models import FormField, Indicator, ReportFigure
from annual_report.services import reports, review, submissions
from tests.annual_report.test_reports import built_report
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

#: Of five municipalities four answered: three held elections, one chose otherwise.
ANSWERS = (1, 1, 2, 1)


@pytest.fixture
def published(db):
    form = make_form()
    posts = Indicator.objects.get(code="C01")
    question = Indicator.objects.create(
        code="B07", section=posts.section, title="Как избран глава", title_en="How elected",
        definition="Определение.", unit="вариант", unit_en="option", value_type="choice",
        choices=[[1, "выборы"], [2, "конкурс"], [3, "назначение"]],
        choices_en=[[1, "election"], [2, "contest"], [3, "appointment"]],
        aggregation="choice", order=9, source="устав", owner="отдел",
    )  # fmt: skip
    FormField.objects.create(form=form, indicator=question)
    towns = [people.MunicipalityFactory() for _ in range(5)]
    campaign = make_campaign(form)
    director = people.council_director(towns[0].region)
    for town, option in zip(towns, ANSWERS, strict=False):
        head = people.municipality_head(town)
        submission = campaign.submissions.get(municipality=town)
        fill(submission, head, C01=10, C02=5, C04=1, B07=option)
        submissions.submit_submission(submission=submission, by=head, certified=True)
        review.approve_submission(submission=submission, by=director)
    staff = people.congress_staff()
    return reports.publish_report(report=built_report(campaign, staff), by=staff)


def test_each_option_has_its_share_and_the_question_its_counts(published):
    rows = ReportFigure.objects.filter(indicator__code="B07", scope="nation").order_by("option")
    found = {row.option: (row.value, row.count, row.expected) for row in rows}
    assert found == {1: (75, 4, 5), 2: (25, 4, 5), None: (None, 4, 5)}
    share = rows.get(option=1)
    assert share.low < 75 < share.high


def test_page_shows_the_shares_by_option_in_the_readers_language(published, client):
    page = client.get("/report/indicators/B07/figures/")
    text = page.content.decode()
    assert page.context["options"] == ["выборы", "конкурс"]
    nation = next(lines for title, lines in page.context["groups"] if title == "Россия")
    assert [item["share"] for item in nation[0]["options"]] == [Decimal("0.75"), Decimal("0.25")]
    assert '<td class="num" data-label="выборы">75\xa0%' in text
    assert "Доля муниципалитетов, выбравших каждый вариант" in text
    english = client.get("/en/report/indicators/B07/figures/").content.decode()
    assert '<th scope="col" class="num">election</th>' in english
    assert "Weighted share; Jeffreys interval." in english


def test_open_data_name_the_option(published, client):
    lines = client.get(f"/report/{published.campaign.year}/figures.csv").content.decode("utf-8-sig")
    header, *rows = [line.split(";") for line in lines.splitlines()]
    column = {name: place for place, name in enumerate(header)}
    shares = {
        row[column["option"]]: (row[column["value"]], row[column["unit"]])
        for row in rows
        if row[column["indicator"]] == "B07" and row[column["scope"]] == "nation"
    }
    assert shares["1"][1] == "%"
    assert (shares["1"][0], shares["2"][0], shares[""][0]) == ("75", "25", "")


def test_api_gives_the_option(published, client):
    answer = client.get("/api/v1/figures?indicator=B07&scope=nation").json()
    assert {item["option"]: item["value"] for item in answer["items"]} == {
        None: None, 1: "75.000000", 2: "25.000000",
    }  # fmt: skip


def test_reason_of_a_withheld_figure_is_told(published, client):
    ReportFigure.objects.filter(indicator__code="C01", scope="nation").update(
        value=None, low=None, high=None, withheld="coverage"
    )
    text = client.get("/report/indicators/C01/figures/").content.decode()
    assert "ответили слишком немногие" in text
