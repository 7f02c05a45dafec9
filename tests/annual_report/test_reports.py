import hashlib

import pandas as pd
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from annual_report.analysis import Analysis, IndicatorInfo, UnknownPlaceholder, fill_text
from annual_report.enums import ReportState, Scope
from annual_report.models import Report, Snapshot
from annual_report.services import chapters, report_build, reports
from annual_report.services import review as review_services
from annual_report.services import submissions as submission_services
from annual_report.services.snapshots import (
    SnapshotDamaged,
    create_snapshot,
    load_catalogue,
    load_register,
    load_snapshot,
    snapshot_folders,
)
from okmo_portal.documents.services import store_bytes
from okmo_portal.jobs.models import Job, JobState
from okmo_portal.organisations.services.staff import sync_staff_access
from okmo_portal.workflow.transitions import TransitionNotAllowed
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

INFOS = [
    IndicatorInfo("C01", "sum", 0, "ед."),
    IndicatorInfo("C02", "sum", 0, "ед."),
    IndicatorInfo("C07", "ratio", 1, "%", "C02", "C01", 100.0),
]


def frame(rows):
    columns = ["year", "oktmo", "name", "kind", "region", "district", "indicator", "value"]
    return pd.DataFrame(rows, columns=columns)


def register(count):
    return pd.DataFrame(
        [(f"2960{n}000", "municipal_district", "40", "ЦФО") for n in range(count)],
        columns=["oktmo", "kind", "region", "district"],
    )


def rows(values):
    return frame(
        [
            (2025, f"2960{n}000", "М", "municipal_district", "40", "ЦФО", code, float(value))
            for n, pair in enumerate(values)
            for code, value in zip(("C01", "C02"), pair, strict=True)
        ]
    )


def test_ratio_is_recomputed_from_sums_not_averaged():
    analysis = Analysis(rows([(10, 10), (100, 10), (90, 20)]), register(3), INFOS, 2025)
    assert analysis.value("C07").value == 20.0  # 40 of 200; the mean of the three would be 44.1
    assert analysis.value("C01").value == 200


def test_settlements_are_not_counted_with_their_district_and_alone():
    """Bug: people were counted in their settlement and in its district."""
    info = IndicatorInfo("C01", "sum", 0, "чел.", nested=True)
    kinds = ["municipal_district", "rural_settlement", "rural_settlement"] + ["municipal_okrug"] * 2
    given = rows([(100, 1), (60, 1), (40, 1), (50, 1), (7, 1)])
    given["kind"] = [kind for kind in kinds for _code in ("C01", "C02")]
    asked = register(5).assign(kind=kinds)
    analysis = Analysis(given, asked, [info, *INFOS[1:]], 2025)
    assert analysis.value("C01").value == 157
    assert analysis.value("C01").expected == 3
    assert analysis.value("C02").value == 5


def test_thin_figures_are_withheld():
    analysis = Analysis(rows([(10, 10), (100, 10)]), register(10), INFOS, 2025)
    figure = analysis.figures("C01", Scope.REGION)["40"]
    assert (figure.value, figure.count, figure.expected) == (None, 2, 10)


def test_text_takes_numbers_and_refuses_unknown_ones():
    analysis = Analysis(rows([(10, 10), (100, 10), (90, 20)]), register(3), INFOS, 2025)
    assert fill_text("Итого {{ total.C01 }}, полнота {{ coverage }}.", analysis) == (
        "Итого 200\u00a0ед., полнота 100,0\u00a0%."
    )
    with pytest.raises(UnknownPlaceholder, match="Z99"):
        fill_text("{{ total.Z99 }}", analysis)


@pytest.fixture
def campaign(db):
    municipalities = [people.MunicipalityFactory() for _ in range(3)]
    campaign = make_campaign(make_form())
    director = people.council_director(municipalities[0].region)
    for number, municipality in enumerate(municipalities, start=1):
        head = people.municipality_head(municipality)
        submission = campaign.submissions.get(municipality=municipality)
        fill(submission, head, C01=10 * number, C02=5 * number, C04=number)
        submission_services.submit_submission(submission=submission, by=head, certified=True)
        review_services.approve_submission(submission=submission, by=director)
    return campaign


def test_same_answers_give_the_same_file(campaign):
    first = create_snapshot(campaign=campaign, by=None)
    assert create_snapshot(campaign=campaign, by=None) == first
    assert (first.rows, first.municipalities, first.expected) == (9, 3, 3)
    assert load_snapshot(first)["value"].sum() == 10 + 20 + 30 + 5 + 10 + 15 + 1 + 2 + 3


READERS = {
    "values.parquet": load_snapshot,
    "register.parquet": load_register,
    "catalogue.json": load_catalogue,
    "manifest.json": load_snapshot,
}


@pytest.mark.parametrize("name", READERS)
def test_changed_file_is_refused(campaign, settings, name):
    snapshot = create_snapshot(campaign=campaign, by=None)
    path = settings.DATA_ROOT / snapshot.path / name
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(SnapshotDamaged, match="хеш"):
        READERS[name](snapshot)


def test_lost_file_is_named(campaign, settings):
    snapshot = create_snapshot(campaign=campaign, by=None)
    (settings.DATA_ROOT / snapshot.path / "values.parquet").unlink()
    with pytest.raises(SnapshotDamaged, match="не найден: .*values.parquet"):
        load_snapshot(snapshot)


def test_snapshot_keeps_gaps_with_their_reasons_and_everybody_who_was_asked(campaign, settings):
    silent = people.MunicipalityFactory()
    campaign.submissions.create(municipality=silent, region=silent.region)
    approved = campaign.submissions.counted().first()
    approved.answers.filter(indicator__code="C04").update(value=None, no_data_reason="Учёта нет.")
    snapshot = create_snapshot(campaign=campaign, by=None)
    folder = settings.DATA_ROOT / snapshot.path
    gaps = pd.read_parquet(folder / "no_data.parquet")
    assert gaps.to_dict("records") == [
        {
            "year": 2025,
            "oktmo": approved.municipality.oktmo,
            "indicator": "C04",
            "reason": "Учёта нет.",
        }
    ]
    register = load_register(snapshot)
    assert (len(register), snapshot.expected, snapshot.municipalities) == (4, 4, 3)
    assert register.set_index("oktmo").loc[silent.oktmo, "state"] == "not_started"


def test_earlier_years_come_as_they_were_frozen(campaign):
    """A later year's snapshot names the earlier one by its hash and does not read it anew."""
    old = create_snapshot(campaign=campaign, by=None)
    later = make_campaign(campaign.form, year=2026, opened=False)
    snapshot = create_snapshot(campaign=later, by=None)
    assert snapshot_folders(snapshot) == {
        2025: (old.path, old.sha256),
        2026: (snapshot.path, snapshot.sha256),
    }
    assert load_snapshot(snapshot)["value"].sum() == load_snapshot(old)["value"].sum()
    assert load_snapshot(snapshot, years=[2026]).empty


def test_snapshot_rows_cannot_be_changed(campaign):
    from django.db import transaction
    from django.db.utils import ProgrammingError

    snapshot = create_snapshot(campaign=campaign, by=None)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(rows=1)


def test_published_report_stays_as_it_was(campaign, client, settings):
    """Bug: a new snapshot, or an edited chapter, changed what had been published."""
    settings.SECOND_FACTOR_REQUIRED = False
    staff = people.congress_staff()
    sync_staff_access(user=staff)
    report = built_report(campaign, staff)
    reports.publish_report(report=report, by=staff)
    before = report.snapshot_id
    reopen_one(campaign)
    people.sign_in(client, staff)
    answer = client.post("/cabinet/reports/2025/snapshot/", follow=True)
    assert "снимите его с публикации" in answer.content.decode()
    report.refresh_from_db()
    assert report.snapshot_id == before
    with pytest.raises(ValidationError, match="снимите"):
        report_build.start_build(report=report, by=staff)
    page = client.get(f"/admin/annual_report/report/{report.pk}/change/")
    assert 'name="_save"' not in page.content.decode()


def test_changed_data_ask_for_a_new_pdf(campaign):
    """Bug: a report could be published whose PDF was built from an older snapshot."""
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    reports.take_snapshot(report=report, by=staff)
    report.refresh_from_db()
    assert report.state == ReportState.READY, "an equal snapshot changes nothing"
    reopen_one(campaign)
    reports.take_snapshot(report=report, by=staff)
    report.refresh_from_db()
    assert report.state == ReportState.DRAFT
    with pytest.raises(TransitionNotAllowed):
        reports.publish_report(report=report, by=staff)


def test_chapters_stay_russian_when_an_english_reader_comes_first(campaign, client):
    """Bug: the first reader's language was kept with the chapters."""
    staff = people.congress_staff()
    report = built_report(campaign, staff)
    report.chapters.update(computed_from="")
    with translation.override("en"):
        chapters.compute_chapters(report)
    reports.publish_report(report=report, by=staff)
    for address in ("/en/report/2025/two/", "/report/2025/two/"):
        page = client.get(address).content.decode()
        assert "Вид муниципального образования" in page
        assert "50,0" in page
        assert "50.0" not in page


def built_report(campaign, staff):
    """With a snapshot and a PDF, as the worker leaves it."""
    report = small_report(campaign, staff)
    report.pdf = store_bytes(
        content=b"%PDF-1.4", name="report.pdf", content_type="application/pdf", by=staff,
        subject=report,
    )  # fmt: skip
    report.state, report.pages, report.built_at = ReportState.READY, 4, timezone.now()
    report.save()
    return report


def reopen_one(campaign):
    """One municipality's data are no longer approved, so the next snapshot differs."""
    submission = campaign.submissions.counted().first()
    director = submission.decided_by
    director.active_membership = director.memberships.get()
    review_services.reopen_submission(
        submission=submission, by=director, comment="Исправьте число должностей."
    )


def small_report(campaign, by):
    report = reports.prepare_report(campaign=campaign, by=by)
    report.chapters.all().delete()
    for order, slug in enumerate(("one", "two"), start=1):
        report.chapters.create(
            order=order, slug=slug, title=f"Глава {order}", text="Всего {{ total.C01 }}.",
            blocks=[{"kind": "table", "indicators": ["C01", "C07"], "by": "kind", "title": "Т"}],
        )  # fmt: skip
    reports.take_snapshot(report=report, by=by)
    chapters.compute_chapters(report)
    return report


def agree(report, staff):
    """Numbers looked at, sent to review, approved: ready to be built."""
    chapters.confirm_chapters(chapters=report.chapters.all(), by=staff)
    reports.send_to_review(report=report, by=staff)
    return reports.approve_report(report=report, by=staff)


@pytest.mark.worker
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_worker_builds_the_pdf_and_publication_opens_it(
    celery_worker_process, migrated_data, wait_for, client, settings
):
    settings.SECOND_FACTOR_REQUIRED = False
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(make_form())
    head, staff = people.municipality_head(municipality), people.congress_staff()
    submission = campaign.submissions.get()
    fill(submission, head, C01=10, C02=5, C04=1)
    submission_services.submit_submission(submission=submission, by=head, certified=True)
    review_services.approve_submission(
        submission=submission, by=people.council_director(municipality.region)
    )
    report = small_report(campaign, staff)
    agree(report, staff)
    job = report_build.start_build(report=report, by=staff)
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, seconds=90)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    report.refresh_from_db()
    assert (report.state, report.pages) == (ReportState.READY, 4)
    assert client.get("/report/2025/").status_code == 404
    assert client.get(f"/files/{report.pdf_id}/").status_code == 404
    reports.publish_report(report=report, by=staff)
    assert client.get("/report/2025/").status_code == 200
    assert b"".join(client.get(f"/files/{report.pdf_id}/").streaming_content)[:5] == b"%PDF-"
    assert b"C01" in client.get("/report/2025/figures.csv").content
    files = {file.kind: file for file in report.files.select_related("document")}
    assert sorted(files) == ["csv", "docx", "parquet", "xlsx"]
    for file in files.values():
        answer = client.get(f"/files/{file.document_id}/")
        assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == file.sha256
    call_command("rebuild_report_tables", "2025", verbosity=0)
    assert Report.objects.published().count() == 1


def test_pages_of_a_report_ask_the_same_for_two_chapters_and_for_twelve(campaign, client):
    """Bug: a chapter's page asked once more for each chapter of the report."""
    staff = people.congress_staff()
    report = reports.publish_report(report=built_report(campaign, staff), by=staff)
    addresses = [f"/report/{report.campaign.year}/", f"/report/{report.campaign.year}/one/"]

    def ask():
        counts = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    few = ask()
    for order in range(10, 20):
        report.chapters.create(order=order, slug=f"more{order}", title="Глава", text="Текст.")
    assert ask() == few
