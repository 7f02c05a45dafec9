"""The pages around a form's workbook, as the three roles see them."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annual_report.models import Answer, WorkbookUpload
from annual_report.services import workbooks
from annual_report.services.campaigns import create_submissions
from annual_report.services.submissions import submit_submission
from okmo_portal.documents.models import Document
from tests.annual_report.test_workbooks_accept import cell, change, upload
from tests.annual_report.workbook_files import edit, read_cells
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def submission():
    here = people.MunicipalityFactory()
    return make_campaign(make_form()).submissions.get(municipality=here)


@pytest.fixture
def head(submission, client):
    head = people.municipality_head(submission.municipality)
    people.sign_in(client, head)
    return head


def send(client, submission, content, name="книга.xlsx"):
    file = SimpleUploadedFile(name, content)
    path = reverse("annual_report:workbook-upload", args=[submission.pk])
    return client.post(path, {"file": file}, follow=True)


def page(answer):
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def test_download_is_the_forms_workbook(client, submission, head):
    fill(submission, head, C01=10)
    answer = client.get(reverse("annual_report:workbook-download", args=[submission.pk]))
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert submission.municipality.oktmo in answer["Content-Disposition"]
    assert read_cells(answer.content)["Служба"][4][4] == 10.0


def test_upload_shows_the_comparison_and_saves_nothing(client, submission, head):
    content = edit(workbooks.make_workbook(submission), {cell("C01"): 12.0, cell("C02"): "много"})
    answer = send(client, submission, content)
    text = page(answer)
    assert "Служба!E6</strong>, Замещено: стоит «много»." in text
    assert "Нужно число от 0,0 до 1 000,0. Единица: ед." in text
    assert "Принять «Служба»: 1 показатель" in text
    assert Answer.objects.count() == 0


def test_refused_file_is_told_at_the_field_and_kept_nowhere(client, submission, head):
    there = people.MunicipalityFactory()
    campaign = submission.campaign
    create_submissions(campaign=campaign)
    other = workbooks.make_workbook(campaign.submissions.get(municipality=there))
    answer = send(client, submission, other)
    assert f"Это книга муниципалитета «{there.name}», а здесь" in page(answer)
    assert 'id="error-summary"' in answer.content.decode()
    assert (WorkbookUpload.objects.count(), Document.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"x" * 6_000_000]
)
def test_any_other_file_is_refused_in_a_sentence(client, submission, head, content):
    answer = send(client, submission, content)
    assert answer.status_code == 200
    assert 'id="error-summary"' in answer.content.decode()


def accept(client, found, **data):
    path = reverse("annual_report:workbook-accept", args=[found.pk])
    return client.post(path, data, follow=True)


def test_accepting_tells_what_was_saved(client, submission, head):
    found = upload(submission, head, {cell("C01"): 12.0, cell("C02"): "много"})
    text = page(accept(client, found, part="C"))
    assert "Сохранено: 1 показатель (C01)." in text
    assert "Не сохранено из-за ошибок в ячейках: 1 показатель (C02)." in text
    assert "Принято" in text
    assert list(Answer.objects.values_list("value", "source")) == [(12, "workbook")]
    assert "Не сохранено" in page(accept(client, found, part="all"))
    assert Answer.objects.count() == 1


def test_conflicts_are_chosen_cell_by_cell_or_for_the_section(client, submission, head):
    colleague = people.municipality_specialist(submission.municipality)
    fill(submission, head, C01=10, C02=5, C04=1)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11, C02=6, C04=2)
    found = upload(
        submission, head, {cell("C01"): 20.0, cell("C02"): 21.0, cell("C04"): 22.0}, content
    )
    text = page(client.get(found.get_absolute_url()))
    assert "в портале <strong>11,0</strong>, в книге <strong>20,0</strong>" in text
    assert str(colleague).replace("\u00a0", " ") in text
    seen = {f"seen-{row.code}": row.seen for row in workbooks.compare_upload(found).conflicts}
    accept(client, found, part="C")
    assert values(submission) == {"C01": 11, "C02": 6, "C04": 2}
    accept(client, found, part="C", **{"choice-C01": "theirs", "choice-all-C": "mine"}, **seen)
    assert values(submission) == {"C01": 11, "C02": 21, "C04": 22}


def values(submission):
    rows = Answer.objects.filter(submission=submission)
    return dict(rows.values_list("indicator__code", "value"))


def test_closed_form_is_checked_only(client, submission, head):
    fill(submission, head, C01=9, C02=5, C04=2)
    submit_submission(submission=submission, by=head, certified=True)
    found = upload(submission, head, {cell("C01"): 12.0})
    text = page(client.get(found.get_absolute_url()))
    assert "на проверке в совете" in text
    assert "Принять" not in text
    assert "на проверке в совете" in page(accept(client, found, part="C"))
    assert values(submission)["C01"] == 9


def test_error_workbook_has_the_values_notes_at_cells_and_is_taken_back(client, submission, head):
    fill(submission, head, C01=10)
    found = upload(submission, head, {cell("C01"): 2000.0, cell("C02"): "много", cell("C04"): 3.0})
    answer = client.get(reverse("annual_report:workbook-errors", args=[found.pk]))
    cells = read_cells(answer.content)["Служба"]
    assert [row[4] for row in cells[4:7]] == [2000.0, "много", 3.0]
    assert notes(answer.content) == {
        "E5": "Стоит 2 000,0. Нужно число от 0,0 до 1 000,0. Единица: ед. Значение не может быть "
        "больше 1 000,0 ед. Проверьте его и единицу измерения.",
        "E6": "Стоит «много». Нужно число от 0,0 до 1 000,0. Единица: ед. «много» — не число. "
        "Введите цифры, например 1234 или 12,5.",
    }
    mended = edit(answer.content, {cell("C01"): 11.0, cell("C02"): 5.0})
    again = workbooks.take_workbook(
        submission=submission, content=mended, name="исправлено.xlsx", by=head
    )
    assert (again.changed, again.wrong) == (3, 0)


def notes(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/comments1.xml").decode().replace("\u00a0", " ")
    found = re.findall(r'<comment ref="(\w+)".*?<t(?: [^>]*)?>(.*?)</t>', xml, re.S)
    return dict(found)


def test_uploads_are_the_municipalitys_own(client, submission, head):
    found = upload(submission, head)
    for stranger in (
        people.municipality_head(people.MunicipalityFactory()),
        people.council_director(submission.region),
        people.congress_staff(),
    ):
        people.sign_in(client, stranger)
        assert client.get(found.get_absolute_url()).status_code == 404
        path = reverse("documents:document-download", args=[found.document_id])
        assert client.get(path).status_code == 404


def test_answer_page_asks_the_same_queries_for_one_and_three_cells(client, submission, head):
    colleague = people.municipality_specialist(submission.municipality)
    fill(submission, head, C01=10, C02=5, C04=1)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11, C02=6, C04=2)
    counts = []
    for codes in (["C01"], ["C01", "C02", "C04"]):
        found = upload(submission, head, {cell(code): 30.0 for code in codes}, content)
        client.get(found.get_absolute_url())
        with CaptureQueriesContext(connection) as captured:
            client.get(found.get_absolute_url())
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 20
