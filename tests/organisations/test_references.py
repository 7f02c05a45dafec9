"""The municipal reference taken in on a page: dry run, counts, refusals, import, again."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from okmo_portal.audit.models import AuditEvent
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.organisations import tasks
from okmo_portal.organisations.models import Municipality, MunicipalityChange, ReferenceImport
from okmo_portal.organisations.services import references
from tests.factories import people
from tests.organisations.test_transformations_import import (
    DISTRICT,
    OKRUG,
    TOWN,
    district,
    row,
    workbook,
)

pytestmark = pytest.mark.django_db
PATH = "/organisations/reference/"


@pytest.fixture
def staff(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    user = people.congress_staff()
    people.sign_in(client, user)
    return user


@pytest.fixture
def register():
    return district(1, "Алексинский район"), district(2, "Борисовский район")


def reference_file(extra=()):
    rows = [
        row("29-601-000-000", "Алексинский район", DISTRICT, (2018, 2020), "1", after="union_1"),
        row("29-602-000-000", "Борисовский район", DISTRICT, (2018, 2020), "2", after="union_1"),
        row("29-501-000-000", "Общий округ", OKRUG, (2020, 9999), "4", before="union_1"),
        *extra,
    ]
    return SimpleUploadedFile("mo_ref.xlsx", workbook(rows))


#: A record whose code no region has, and one of an unknown kind.
WRONG = (
    row("00-701-000-000", "Нигде", TOWN, (2018, 9999), "8"),
    row("29-702-000-000", "Волость", "волость", (2018, 9999), "9"),
)


def run_job(job):
    task = {"organisations.check_reference": tasks.check_reference,
            "organisations.take_reference": tasks.take_reference}[job.task]  # fmt: skip
    task(job_id=str(job.pk), **job.arguments)
    job.refresh_from_db()
    return job


def upload(client, extra=()):
    answer = client.post(f"{PATH}upload/", {"file": reference_file(extra)})
    assert answer.status_code == 302, answer.content.decode()
    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    return ReferenceImport.objects.get(), run_job(job)


def act(client, run, action):
    answer = client.post(f"{PATH}{run.pk}/{action}/")
    job = Job.objects.order_by("-created_at").first()
    assert answer["Location"] == job.get_absolute_url()
    return run_job(job)


def counts(run):
    run.refresh_from_db()
    return dict(run.counts)


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_whole_way_through_real_transactions(migrated_data, client, staff, register):
    """Progress is told through a second connection, so the tasks run outside of a test's own."""
    run, job = upload(client, WRONG)
    assert (job.state, job.result_url) == (JobState.SUCCEEDED, run.get_absolute_url())
    run.refresh_from_db()
    assert (run.state, run.has_news) == ("checked", True)
    assert not MunicipalityChange.objects.exists()
    assert Municipality.objects.filter(valid_to=None).count() == 2

    page = client.get(run.get_absolute_url()).content.decode()
    assert "Что будет принято" in page
    assert "Принять в реестр" in page
    assert counts(run)["внесено преобразований — объединение"] == "1"
    assert counts(run)["записей отклонено"] == "2"
    assert "нет, отклонено" in page
    answer = client.get(f"{PATH}{run.pk}/remarks.csv")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert lines[0] == ["Строка файла", "Код ОКТМО", "Название", "Взято", "Что не так",
                        "Как исправить"]  # fmt: skip
    assert sorted(line[2] for line in lines[1:]) == ["Волость", "Нигде"]

    assert act(client, run, "take").state == JobState.SUCCEEDED
    run.refresh_from_db()
    assert run.state == "done"
    assert run.finished_at is not None
    assert MunicipalityChange.objects.get().kind == "merge"
    assert MunicipalityChange.objects.get().recorded_by == staff
    assert AuditEvent.objects.filter(
        action="organisations.transformations_imported", actor=staff
    ).exists()
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Что принято" in page
    assert "Принять в реестр" not in page

    # The same file again brings nothing.
    Job.objects.all().delete()
    answer = client.post(f"{PATH}upload/", {"file": reference_file(WRONG)})
    again = ReferenceImport.objects.exclude(pk=run.pk).get()
    run_job(Job.objects.get())
    again.refresh_from_db()
    assert (again.state, again.has_news) == ("checked", False)
    assert counts(again)["преобразований уже внесено раньше"] == "1"
    assert "Принимать нечего" in client.get(again.get_absolute_url()).content.decode()
    client.post(f"{PATH}{again.pk}/take/")
    assert MunicipalityChange.objects.count() == 1


def stored(staff, extra=()):
    return references.register_reference(file=reference_file(extra), by=staff)


def process(run, staff, *, dry_run):
    return references.process(
        run=run, dry_run=dry_run, by=None, person=staff, progress=lambda step: None
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("mo_ref.csv", b"a;b", "Нужна книга Excel"),
        ("mo_ref.xlsx", b"not a workbook", "mo_ref.xlsx"),
        ("mo_ref.xlsx", workbook([["x"]], headers=["нечто"]), "oktmo"),
        ("mo_ref.xlsx", workbook([]), "нет ни одной записи"),
    ],
    # A workbook holds the second in which it was made, and so would its name.
    ids=["csv", "no workbook", "other headers", "no rows"],
)
def test_what_is_no_reference_is_refused_at_once(client, staff, name, content, words):
    page = client.post(f"{PATH}upload/", {"file": SimpleUploadedFile(name, content)})
    assert page.status_code == 200
    assert "error-summary" in page.content.decode()
    assert words in page.content.decode()
    assert not ReferenceImport.objects.exists()
    assert not Job.objects.exists()


def test_reference_of_another_country_part_ends_with_its_error(staff):
    """No code of the file is in the register: then the register is missing."""
    run = process(stored(staff), staff, dry_run=True)
    assert run.state == "failed"
    assert run.error
    assert run.counts == []


def test_taken_file_is_not_taken_twice(client, staff, register):
    run = stored(staff)
    client.post(f"{PATH}{run.pk}/take/")
    assert not Job.objects.exists()
    process(run, staff, dry_run=True)
    process(run, staff, dry_run=False)
    process(run, staff, dry_run=False)
    assert MunicipalityChange.objects.count() == 1
    client.post(f"{PATH}{run.pk}/check/")
    assert not Job.objects.exists()


def test_like_reasons_are_counted_together(staff, register):
    run = stored(staff, WRONG)
    ReferenceImport.objects.filter(pk=run.pk).update(
        remarks=[
            ["2", "1", "А", "нет", "в реестре под этим кодом «Б»", "Исправьте."],
            ["3", "2", "В", "нет", "в реестре под этим кодом «Г»", "Исправьте."],
            ["4", "3", "Д", "да", "за 2019 год нет", "Сверьте."],
        ]
    )
    run.refresh_from_db()
    assert [tuple(item.values()) for item in references.remarks_by_reason(run)] == [
        (True, "в реестре под этим кодом …", 2, "Исправьте."),
        (False, "за … год нет", 1, "Сверьте."),
    ]


def test_cabinet_leads_here(client, staff):
    assert PATH in client.get("/cabinet/").content.decode()
