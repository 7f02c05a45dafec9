"""Workbooks for many municipalities, and archives of them that a council hands over."""

import io
import zipfile
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annual_report import tasks
from annual_report.enums import SubmissionState
from annual_report.filled_form import get_filled_form
from annual_report.models import (
    Answer,
    ControlRule,
    Dataset,
    FormField,
    Indicator,
    Observation,
    Submission,
    WorkbookBatch,
    WorkbookBundle,
    WorkbookIntake,
    WorkbookUpload,
)
from annual_report.services import workbook_intakes, workbook_sets, workbooks
from annual_report.services.answers import explain_problems
from annual_report.services.campaigns import close_campaign
from annual_report.workbooks.reader import read_workbook
from okmo_portal.documents.models import Document
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.models import Region
from tests.annual_report.test_workbooks_accept import cell
from tests.annual_report.workbook_files import edit
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def places():
    """Two municipalities of one region and one of another."""
    other = Region.objects.get(code="77")
    return [
        people.MunicipalityFactory(),
        people.MunicipalityFactory(kind="urban_okrug"),
        people.MunicipalityFactory(region=other),
    ]


@pytest.fixture
def campaign(places):
    """With last year's figures, plans, federal data, explanations and rules over all of them."""
    form = make_form()
    FormField.objects.filter(indicator__code="C02").update(asks_plan=True, prefill="federal")
    for code, text in (
        ("K3", 'C01 <= prev("C01") * 3'),
        ("K4", 'C02 == outside("C02")'),
        ("K5", 'C04 <= prev("C04", 2)'),
    ):
        ControlRule.objects.create(
            form=form, code=code, severity="explain", expression=text, message="Не сходится."
        )
    head = people.UserFactory()
    for year in (2023, 2024):
        last = make_campaign(form, year)
        for number, submission in enumerate(last.submissions.order_by("pk"), 1):
            for code in ("C01", "C02", "C04"):
                Answer.objects.update_or_create(
                    submission=submission,
                    indicator=Indicator.objects.get(code=code),
                    defaults={"value": number * 7},
                )
        Submission.objects.filter(campaign=last).update(
            state=SubmissionState.APPROVED, submitted_at="2025-02-01T00:00Z", submitted_by=head,
            decided_at="2025-02-01T00:00Z", decided_by=head,
        )  # fmt: skip
        close_campaign(campaign=last, by=None)
    campaign = make_campaign(form, 2025)
    dataset = Dataset.objects.create(code="f", title="Росстат", source="Росстат", is_federal=True)
    for number, place in enumerate(places[:2], 1):
        Observation.objects.create(
            dataset=dataset, municipality=place, indicator=Indicator.objects.get(code="C02"),
            year=2025, value=number * Decimal("2.5"),
        )  # fmt: skip
    submission = campaign.submissions.get(municipality=places[0])
    specialist = people.municipality_specialist(places[0])
    result = fill(submission, specialist, C01=50, C02=40, C04=45)
    ids = {problem.rule_id for problem in result.problems if problem.rule_id}
    explain_problems(submission=submission, texts=dict.fromkeys(ids, "Так и есть"), by=specialist)
    return campaign


def forms_of(campaign):
    return list(
        campaign.submissions.select_related("campaign__form", "municipality", "region").order_by(
            "pk"
        )
    )


def test_many_are_read_as_one_is(campaign):
    forms = forms_of(campaign)
    many = {
        form.pk: content for form, _layout, content in workbook_sets.read_contents(campaign, forms)
    }
    for form in forms:
        one = workbooks.get_content(get_filled_form(form))
        found = many[form.pk]
        layout = workbooks.get_layout(campaign.form, form.municipality.kind, 2025)
        assert (found.saved, found.previous, found.explained) == (
            one.saved, one.previous, one.explained,
        )  # fmt: skip
        assert (found.municipality, found.region, found.due) == (
            one.municipality, one.region, one.due,
        )  # fmt: skip
        shown = layout.known_keys.keys()
        assert {k: v for k, v in one.known.items() if k in shown} == found.known
    assert any(content.known for content in many.values())
    assert any(content.explained for content in many.values())


def test_reading_asks_the_same_queries_for_one_and_three(campaign):
    forms = forms_of(campaign)
    counts = []
    list(workbook_sets.read_contents(campaign, forms))
    for part in (forms[:1], forms):
        with CaptureQueriesContext(connection) as captured:
            list(workbook_sets.read_contents(campaign, part))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def run(batch):
    """What the worker does, one task after another."""
    tasks.build_workbooks(job_id=str(batch.job_id), batch_id=str(batch.pk))
    for bundle in workbook_sets.missing_bundles(batch):
        tasks.build_workbook_bundle(job_id=str(batch.job_id), bundle_id=bundle.pk)


@pytest.fixture
def no_queue(monkeypatch):
    """Tasks are called by the test, not by a worker."""

    class Nothing:
        def __init__(self, *args):
            list(*args)

        def apply_async(self):
            return None

    monkeypatch.setattr(tasks, "group", Nothing)


def opened(document):
    with document.file.open("rb") as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


def test_batch_makes_an_archive_for_each_region(campaign, places, no_queue):
    staff = people.congress_staff()
    batch = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=True, by=staff)
    run(batch)
    job = Job.objects.get(pk=batch.job_id)
    assert (job.state, job.done, job.result_url) == (
        JobState.SUCCEEDED, 3, batch.get_absolute_url(),
    )  # fmt: skip
    found = {}
    for bundle in batch.bundles.select_related("document", "region"):
        with opened(bundle.document) as archive:
            for name in archive.namelist():
                meta = read_workbook(archive.read(name)).meta
                assert name == f"{meta.oktmo} {meta.municipality} 2025.xlsx"
                found.setdefault(bundle.region.code, set()).add(meta.oktmo)
    assert found == {"40": {places[0].oktmo, places[1].oktmo}, "77": {places[2].oktmo}}


def test_batch_is_cut_into_bundles_of_like_size():
    assert [len(part) for part in workbook_sets.cut(list(range(1001)))] == [201, 201, 201, 201, 197]
    assert workbook_sets.cut([1, 2]) == [[1, 2]]


def test_those_who_have_filed_get_no_copy(campaign, places, no_queue):
    director = people.council_director(places[0].region)
    Submission.objects.filter(campaign=campaign, municipality=places[0]).update(
        state="submitted", submitted_at="2026-02-01T00:00Z", submitted_by=director
    )
    batch = workbook_sets.start_batch(
        campaign=campaign, region=places[0].region, only_missing=True, by=director
    )
    assert [bundle.count for bundle in batch.bundles.all()] == [1]
    Submission.objects.filter(campaign=campaign).update(
        state="submitted", submitted_at="2026-02-01T00:00Z", submitted_by=director
    )
    with pytest.raises(ValidationError, match="уже сдали"):
        workbook_sets.start_batch(
            campaign=campaign, region=places[2].region, only_missing=True, by=director
        )


def test_second_order_while_the_first_runs_is_the_first(campaign, places):
    staff = people.congress_staff()
    first = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=False, by=staff)
    second = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=False, by=staff)
    assert (first.pk, WorkbookBatch.objects.count()) == (second.pk, 1)


def test_repeated_job_makes_only_what_is_missing(campaign, places, no_queue):
    staff = people.congress_staff()
    batch = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=False, by=staff)
    tasks.build_workbooks(job_id=str(batch.job_id), batch_id=str(batch.pk))
    first = workbook_sets.missing_bundles(batch)[0]
    tasks.build_workbook_bundle(job_id=str(batch.job_id), bundle_id=first.pk)
    kept = WorkbookBundle.objects.get(pk=first.pk).document_id
    # A message that is delivered twice changes nothing.
    tasks.build_workbook_bundle(job_id=str(batch.job_id), bundle_id=first.pk)
    Job.objects.filter(pk=batch.job_id).update(beat_at="2026-01-01T00:00Z")
    run(batch)
    assert WorkbookBundle.objects.get(pk=first.pk).document_id == kept
    assert Job.objects.get(pk=batch.job_id).state == JobState.SUCCEEDED
    assert Document.objects.count() == 2


def test_newer_batch_takes_the_place_of_the_older(campaign, places, no_queue):
    staff = people.congress_staff()
    for _ in range(2):
        run(workbook_sets.start_batch(campaign=campaign, region=None, only_missing=True, by=staff))
    assert (WorkbookBatch.objects.count(), Document.objects.count()) == (1, 2)


@pytest.mark.worker
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_batch_is_finished_after_its_worker_was_killed(
    celery_worker_process, migrated_data, wait_for, monkeypatch
):
    """kill -9 in the middle; beat's resume_lost sends the job again and nothing is made twice."""
    staff = people.congress_staff()
    regions = list(Region.objects.order_by("code")[:30])
    for region in regions:
        for _ in range(2):
            people.MunicipalityFactory(region=region)
    campaign = make_campaign(make_form())
    batch = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=True, by=staff)
    wait_for(lambda: batch.bundles.filter(document__isnull=False).count() >= 3, seconds=60)
    celery_worker_process.kill()
    made = set(batch.bundles.filter(document__isnull=False).values_list("document", flat=True))
    assert len(made) < len(regions)
    assert Job.objects.get(pk=batch.job_id).state == JobState.RUNNING
    monkeypatch.setattr(jobs, "LOST_AFTER", timedelta(0))
    celery_worker_process.start()
    assert jobs.resume_lost() == 1
    wait_for(lambda: Job.objects.get(pk=batch.job_id).is_finished, seconds=90)
    job = Job.objects.get(pk=batch.job_id)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    documents = set(batch.bundles.values_list("document", flat=True))
    assert made <= documents
    assert len(documents - {None}) == len(regions) == Document.objects.count()


# --- archives from a council ---------------------------------------------------------------------------


def archive_of(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return SimpleUploadedFile("книги.zip", target.getvalue())


def take(campaign, files, by):
    intake = workbook_intakes.start_intake(campaign=campaign, file=archive_of(files), by=by)
    tasks.take_workbooks(job_id=str(intake.job_id), intake_id=str(intake.pk))
    return intake


def test_councils_archive_becomes_proposals(campaign, places, django_capture_on_commit_callbacks):
    director = people.council_director(places[0].region)
    head = people.municipality_head(places[1])
    first, second, foreign = forms_of(campaign)
    files = {
        "папка/1.xlsx": edit(workbooks.make_workbook(second), {cell("C01"): 12.0}),
        "2.xlsx": workbooks.make_workbook(first),
        "3.xlsx": workbooks.make_workbook(foreign),
        "записка.txt": b"text",
    }
    with django_capture_on_commit_callbacks(execute=True):
        intake = take(campaign, files, director)
    outcomes = {file.name: file for file in intake.files.all()}
    upload = outcomes["папка/1.xlsx"].upload
    assert (upload.submission, upload.is_proposal, upload.by) == (second, True, director)
    assert outcomes["2.xlsx"].refusal == "В книге то же, что в портале: предлагать нечего."
    assert outcomes["3.xlsx"].refusal.startswith(
        f"Это книга муниципалитета «{places[2].name}», а его нет среди"
    )
    assert "не книга Excel" in outcomes["записка.txt"].refusal
    assert not Answer.objects.filter(submission=second, value=12).exists()
    assert Job.objects.get(pk=intake.job_id).state == JobState.SUCCEEDED
    notice = Notification.objects.get(user=head)
    assert (notice.kind, notice.url) == ("annual_report.workbook", upload.get_absolute_url())
    workbooks.accept_upload(upload=upload, parts=["C"], decisions={}, by=head)
    assert Answer.objects.get(submission=second, indicator__code="C01").value == 12


def test_council_looks_at_its_proposal_and_cannot_accept(campaign, places, client):
    director = people.council_director(places[0].region)
    second = forms_of(campaign)[1]
    files = {"1.xlsx": edit(workbooks.make_workbook(second), {cell("C01"): 12.0})}
    upload = take(campaign, files, director).files.get().upload
    people.sign_in(client, director)
    assert "Принять" not in client.get(upload.get_absolute_url()).content.decode()
    path = reverse("annual_report:workbook-accept", args=[upload.pk])
    assert client.post(path, {"part": "all"}).status_code == 404
    with pytest.raises(PermissionDenied):
        workbooks.accept_upload(upload=upload, parts=["C"], decisions={}, by=director)


def test_reading_the_archive_again_makes_nothing_twice(campaign, places):
    director = people.council_director(places[0].region)
    second = forms_of(campaign)[1]
    files = {"1.xlsx": edit(workbooks.make_workbook(second), {cell("C01"): 12.0})}
    intake = take(campaign, files, director)
    Job.objects.filter(pk=intake.job_id).update(state="queued")
    tasks.take_workbooks(job_id=str(intake.job_id), intake_id=str(intake.pk))
    assert (intake.files.count(), WorkbookUpload.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "не архив ZIP"),
        ([], "Архив пуст"),
        (range(1001), "Разделите его"),
    ],
    ids=["no archive", "empty", "too many"],
)
def test_other_archives_are_refused_in_a_sentence(campaign, places, files, words):
    content = b"no archive"
    if files is not None:
        content = archive_of({f"{number}.xlsx": b"" for number in files}).read()
    director = people.council_director(places[0].region)
    with pytest.raises(ValidationError, match=words):
        workbook_intakes.start_intake(
            campaign=campaign, file=SimpleUploadedFile("a.zip", content), by=director
        )
    assert (WorkbookIntake.objects.count(), Document.objects.count()) == (0, 0)


def test_only_a_council_sends_archives(campaign, places):
    for person in (people.congress_staff(), people.municipality_head(places[0])):
        with pytest.raises(PermissionDenied):
            workbook_intakes.start_intake(campaign=campaign, file=archive_of({}), by=person)


# --- pages ---------------------------------------------------------------------------------------------


def test_council_orders_and_downloads_its_regions_archive(campaign, places, client, no_queue):
    director = people.council_director(places[0].region)
    people.sign_in(client, director)
    answer = client.post(reverse("annual_report:workbook-make"), {"only_missing": "1"})
    batch = WorkbookBatch.objects.get()
    assert (answer.url, batch.region) == (batch.get_absolute_url(), places[0].region)
    run(batch)
    bundle = batch.bundles.get()
    path = reverse("documents:document-download", args=[bundle.document_id])
    assert path in client.get(batch.get_absolute_url()).content.decode()
    assert client.get(path).status_code == 200
    people.sign_in(client, people.council_director(places[2].region))
    assert client.get(batch.get_absolute_url()).status_code == 404
    assert client.get(path).status_code == 404


def test_council_takes_its_region_out_of_the_countrys_batch(campaign, places, client, no_queue):
    staff = people.congress_staff()
    batch = workbook_sets.start_batch(campaign=campaign, region=None, only_missing=True, by=staff)
    run(batch)
    people.sign_in(client, people.council_director(places[2].region))
    text = client.get(batch.get_absolute_url()).content.decode()
    own, foreign = (batch.bundles.get(region__code=code) for code in ("77", "40"))
    assert str(own.document_id) in text
    assert str(foreign.document_id) not in text
    assert client.get(f"/files/{foreign.document_id}/").status_code == 404


def test_council_sends_an_archive_on_its_page(campaign, places, client):
    people.sign_in(client, people.council_director(places[0].region))
    second = forms_of(campaign)[1]
    content = edit(workbooks.make_workbook(second), {cell("C01"): 12.0})
    path = reverse("annual_report:workbook-send")
    answer = client.post(path, {"file": archive_of({"1.xlsx": content})})
    intake = WorkbookIntake.objects.get()
    assert answer.url == intake.get_absolute_url()
    tasks.take_workbooks(job_id=str(intake.job_id), intake_id=str(intake.pk))
    text = client.get(intake.get_absolute_url()).content.decode()
    assert "Передан муниципалитету" in text
    broken = client.post(path, {"file": SimpleUploadedFile("a.zip", b"nothing")})
    assert "не архив ZIP" in broken.content.decode()
