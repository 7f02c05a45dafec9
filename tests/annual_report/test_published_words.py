"""What municipalities write: explained gaps are published without persons, everything else is not."""

from decimal import Decimal

import pytest

from annual_report.models import Answer
from annual_report.services import corrections, reports, review, submissions
from annual_report.services.answers import CellInput, explain_problems, save_answers
from tests.annual_report.test_reports import built_report
from tests.factories import people
from tests.factories.report import make_campaign, make_form

#: Planted where only those who check the form may read it.
NOTE, EXPLANATION, RETURNED, CORRECTED = (
    "ТАЙНАЗАМЕТКА",
    "ТАЙНАПОЯСНЕНИЕ",
    "ТАЙНАВОЗВРАТА",
    "ТАЙНАПРАВКИ",
)
REASON = "Учёт вёл Иванов Иван Иванович, тел. +7 900 123-45-67, журнал утрачен"


@pytest.fixture
def published(db):
    """Three approved forms; the first has a gap, notes, an explanation, a return and a correction."""
    towns = [people.MunicipalityFactory() for _ in range(3)]
    campaign = make_campaign(make_form())
    director = people.council_director(towns[0].region)
    for number, town in enumerate(towns):
        head = people.municipality_head(town)
        form = campaign.submissions.get(municipality=town)
        gap = CellInput(None, no_data_reason=REASON) if number == 0 else CellInput(Decimal(7))
        cells = {"C01": CellInput(Decimal(9), note=NOTE), "C02": CellInput(Decimal(5)), "C04": gap}
        result = save_answers(submission=form, cells=cells, by=head)
        texts = {p.rule_id: EXPLANATION for p in result.problems if p.rule_id}
        explain_problems(submission=form, texts=texts, by=head)
        submissions.submit_submission(submission=form, by=head, certified=True)
        if number == 0:
            review.return_submission(submission=form, by=director, comment=RETURNED)
            submissions.submit_submission(submission=form, by=head, certified=True)
        review.approve_submission(submission=form, by=director)
    staff = people.congress_staff()
    report = reports.publish_report(report=built_report(campaign, staff), by=staff)
    new = {"C02": corrections.NewContent(Decimal(6), "")}
    corrections.propose_correction(submission=form, given=new, reason=CORRECTED, by=head)
    return report


def addresses(report):
    year = report.campaign.year
    towns = [form.municipality for form in report.campaign.submissions.all()]
    found = [
        "/", "/report/", f"/report/{year}/", f"/report/{year}/figures.csv", f"/report/{year}/one/",
        f"/report/{year}/gaps.csv", "/report/tables/?i=C01&rows=region", "/report/tables/table.csv",
        "/api/v1/figures", "/api/v1/indicators", "/territory/40/", "/search/?q=ТАЙНА",
    ]  # fmt: skip
    for code in ("C01", "C02", "C04"):
        found += [f"/report/indicators/{code}/{tail}" for tail in ("", "figures/", "values.csv")]
    for town in towns:
        base = f"/report/municipalities/{town.oktmo}"
        found += [town.get_absolute_url(), f"{base}/peers/", f"{base}/series/", f"{base}/C04/"]
        found += [f"{base}/C04/series.csv", f"/api/v1/municipalities/{town.oktmo}"]
    return found


def test_public_pages_and_files_hold_no_words_between_a_form_and_its_checkers(published, client):
    assert Answer.objects.filter(note=NOTE).count() == 3
    seen = 0
    for address in addresses(published):
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        seen += answer.status_code == 200
        content = b"".join(answer) if answer.streaming else answer.content
        text = content.decode("utf-8-sig")
        for secret in (NOTE, EXPLANATION, RETURNED, CORRECTED, "Иван Иванович", "123-45-67"):
            assert secret not in text.replace("q=ТАЙНА", ""), (address, secret)
    assert seen >= 25


def test_another_municipality_reads_none_of_them_either(published, client):
    first, second, _third = published.campaign.submissions.order_by("pk")
    head = second.submitted_by
    people.sign_in(client, head)
    for address in ("/cabinet/", "/cabinet/forms/", f"/cabinet/forms/{second.pk}/benchmark/"):
        text = client.get(address, follow=True).content.decode()
        assert not {s for s in (RETURNED, EXPLANATION, "Иван Иванович") if s in text}, address
    assert client.get(f"/cabinet/forms/{first.pk}/").status_code == 404


def test_reasons_are_open_data_with_persons_masked(published, client):
    first = published.campaign.submissions.order_by("pk").first().municipality
    rows = client.get(f"/report/{published.campaign.year}/gaps.csv")
    lines = b"".join(rows).decode("utf-8-sig").splitlines()
    assert lines[0] == "year;oktmo;indicator;title;reason"
    (line,) = lines[1:]
    assert line.startswith(f"2025;{first.oktmo};C04;Обучено;")
    assert "[скрыто: " in line
    assert line.rstrip('"').endswith("журнал утрачен")
    page = client.get(f"/report/municipalities/{first.oktmo}/series/").content.decode()
    assert "Почему нет данных за 2025 год" in page
    assert "журнал утрачен" in page


def test_api_gives_the_reason_beside_the_values(published, client):
    first = published.campaign.submissions.order_by("pk").first().municipality
    answer = client.get(f"/api/v1/municipalities/{first.oktmo}").json()
    assert set(answer["no_data"]) == {"C04"}
    assert answer["no_data"]["C04"].endswith("журнал утрачен")
    assert "C04" not in answer["values"]
