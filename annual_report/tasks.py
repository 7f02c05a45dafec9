"""Background work of the annual report; bodies are in services."""

from celery import group, shared_task
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.urls import reverse

from annual_report.enums import BulkOutcome
from annual_report.models import (
    BulkRun,
    Campaign,
    ObservationImport,
    Report,
    ReportChapter,
    Snapshot,
    WorkbookBatch,
    WorkbookBundle,
    WorkbookIntake,
)
from annual_report.services import (
    bulk,
    campaigns,
    chapters,
    notices,
    observations,
    reminders,
    report_build,
    reports,
    rule_runs,
    unusual,
    workbook_intakes,
    workbook_sets,
)
from annual_report.services.snapshots import SnapshotDamaged
from okmo_portal.audit.services import record
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.workflow.transitions import TransitionNotAllowed


@shared_task(name="annual_report.remind_of_deadlines")
def remind_of_deadlines() -> int:
    return reminders.remind_of_deadlines()


@shared_task(name=notices.TELL_COUNCILS)
def tell_councils() -> int:
    # First of all: a form that is sent from now on asks for the next round.
    cache.delete(notices.TELL_COUNCILS)
    told = 0
    while count := notices.tell_councils():
        told += count
    return told


@shared_task(name="annual_report.open_campaign")
def open_campaign(*, job_id: str, campaign_id: int) -> None:
    """A repeated run finds the campaign open and only ends the job."""
    if not jobs.begin(job_id, total=1):
        return
    with jobs.guarded(job_id):
        campaign = Campaign.objects.get(pk=campaign_id)
        person = Job.objects.select_related("created_by").get(pk=job_id).created_by
        try:
            # Who queued it was checked by the admin's action; here the portal itself acts.
            campaigns.open_campaign(campaign=campaign, by=None)
        except ValidationError as error:
            raise jobs.JobFailed(error.messages[0]) from error
        except TransitionNotAllowed:
            pass
        else:
            record(action="annual_report.opened", by=person, subject=campaign)
        jobs.finish_job(job_id, result_url=reverse("annual_report:board"))


@shared_task(name="annual_report.run_bulk")
def run_bulk(*, job_id: str, run_id: int) -> None:
    """Forms that an earlier, killed attempt has done are not done again."""
    run = BulkRun.objects.select_related("by").filter(pk=run_id).first()
    if run is None:
        jobs.fail_job(job_id, error="Список форм удалён.")
        return
    if not jobs.begin(job_id, total=run.items.filter(outcome=BulkOutcome.WAITING).count()):
        return
    with jobs.guarded(job_id):
        bulk.run_items(run, told=lambda number: jobs.advance(job_id, steps=number))
        jobs.finish_job(job_id, result_url=run.get_absolute_url())


@shared_task(name="annual_report.take_snapshot")
def take_snapshot(*, job_id: str, report_id: int) -> None:
    """Freeze the data, compute figures and chapters; a repeated run finds the same files."""
    report = Report.objects.select_related("campaign__form").get(pk=report_id)
    if not jobs.begin(job_id, total=report.chapters.count() + 2):
        return
    with jobs.guarded(job_id):
        jobs.beat(job_id, "Утверждённые ответы и сводные показатели")
        person = Job.objects.select_related("created_by").get(pk=job_id).created_by
        try:
            reports.take_snapshot(report=report, by=person)
        except ValidationError as error:
            raise jobs.JobFailed(error.messages[0]) from error
        except SnapshotDamaged as error:
            raise jobs.JobFailed(str(error)) from error
        jobs.advance(job_id)
        # Whoever opens a form next must not be the one who finds that nothing is known yet.
        unusual.learn_usual(report.snapshot)
        finish_computing(job_id, report_id)


@shared_task(name="annual_report.compute_chapters")
def compute_chapters(*, job_id: str, report_id: int) -> None:
    """What an earlier attempt computed is kept; chapters edited meanwhile are computed too."""
    report = Report.objects.get(pk=report_id)
    if not jobs.begin(job_id, total=max(len(chapters.stale_chapters(report)), 1)):
        return
    with jobs.guarded(job_id):
        finish_computing(job_id, report_id)


def finish_computing(job_id: str, report_id: int) -> None:
    report = Report.objects.select_related("campaign", "snapshot").get(pk=report_id)
    try:
        # A chapter that is edited while the others are computed is stale again.
        while chapters.compute_chapters(report, job_id=job_id):
            pass
    except SnapshotDamaged as error:
        raise jobs.JobFailed(str(error)) from error
    jobs.finish_job(
        job_id, result_url=reverse("annual_report:report-manage", args=[report.campaign.year])
    )


@shared_task(name="annual_report.learn_usual")
def learn_usual(*, snapshot_id: int) -> None:
    """Without a job: nobody waits for it, and the next page that misses it asks again."""
    snapshot = Snapshot.objects.filter(pk=snapshot_id).first()
    if snapshot is not None:
        unusual.learn_usual(snapshot)


@shared_task(name="annual_report.build_report")
def build_report(*, job_id: str, report_id: int) -> None:
    """Send out the chapters that are not rendered yet; one step for each and one for joining."""
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        jobs.fail_job(job_id, error="Доклад удалён.")
        return
    if report.snapshot_id is None:
        jobs.fail_job(job_id, error="Сначала сделайте снимок данных.")
        return
    missing = report_build.missing_chapters(report, job_id)
    # A step for the figures, one for each chapter, one for joining.
    if not jobs.begin(job_id, total=len(missing) + 2):
        return
    with jobs.guarded(job_id):
        jobs.beat(job_id, "Показатели, таблицы и графики")
        report_build.write_chapters(job_id=job_id, report=report)
        jobs.advance(job_id)
        send_chapters(job_id, report_id, report_build.longest_first(missing, job_id))


def send_chapters(job_id: str, report_id: int, missing: list[ReportChapter]) -> None:
    if not missing:
        send_join(job_id, report_id)
        return
    group(
        render_chapter.s(job_id=job_id, report_id=report_id, chapter_id=chapter.pk)
        for chapter in missing
    ).apply_async()


@shared_task(name="annual_report.render_chapter")
def render_chapter(*, job_id: str, report_id: int, chapter_id: int) -> None:
    """One chapter; the task that leaves no chapter missing sends the joining.

    Files are counted, not steps: after a killed worker, messages of its attempt can be delivered
    beside those of the next one.
    """
    chapter = ReportChapter.objects.filter(pk=chapter_id).select_related("report").first()
    if chapter is None:
        jobs.fail_job(job_id, error="Главу удалили во время сборки. Повторите сборку.")
        return
    with jobs.guarded(job_id):
        job = jobs.beat(job_id, f"Глава «{chapter.title}»")
        if job is None or job.is_finished:
            return
        report_build.render_chapter(job_id=job_id, chapter=chapter)
        jobs.advance(job_id)
        if not report_build.missing_chapters(chapter.report, job_id):
            send_join(job_id, report_id)


def send_join(job_id: str, report_id: int) -> None:
    """Once for each attempt of the job, whoever comes first."""
    if report_build.claim_join(job_id):
        build_join.delay(job_id=job_id, report_id=report_id)


@shared_task(name="annual_report.build_join")
def build_join(*, job_id: str, report_id: int) -> None:
    report = Report.objects.get(pk=report_id)
    with jobs.guarded(job_id):
        jobs.beat(job_id, "Содержание и номера страниц")
        report_build.join_report(report=report, job_id=job_id)
        jobs.finish_job(
            job_id, result_url=reverse("annual_report:report-manage", args=[report.campaign.year])
        )


# --- observations


@shared_task(name="annual_report.check_observations")
def check_observations(*, job_id: str, import_id: int) -> None:
    _observations(job_id, import_id, observations.check_file, "annual_report.checked_observations")


@shared_task(name="annual_report.take_observations")
def take_observations(*, job_id: str, import_id: int) -> None:
    _observations(job_id, import_id, observations.take_file, "annual_report.took_observations")


def _observations(job_id: str, import_id: int, service, action: str) -> None:
    """A repeated run after a killed worker starts over: nothing was written by halves."""
    run = (
        ObservationImport.objects.select_related("dataset", "mapping").filter(pk=import_id).first()
    )
    if run is None:
        jobs.fail_job(job_id, error="Загрузка удалена.")
        return
    if not jobs.begin(job_id, total=observations.STEPS):
        return
    with jobs.guarded(job_id):
        person = Job.objects.select_related("created_by").get(pk=job_id).created_by
        try:
            # Who queued it was checked by the page; here the portal itself acts.
            with jobs.Teller(job_id) as tell:
                run = service(run=run, by=None, progress=tell, comment=f"По поручению: {person}")
        except TransitionNotAllowed as error:
            raise jobs.JobFailed("Загрузку уже обработали. Откройте её страницу.") from error
        if run.error:
            raise jobs.JobFailed(run.error)
        record(action=action, by=person, subject=run)
        jobs.finish_job(job_id, result_url=run.get_absolute_url())


@shared_task(name="annual_report.run_rules")
def run_rules(*, job_id: str, campaign_id: int) -> None:
    """One pass over the country takes seconds, so it has one step; a repeated run only replaces."""
    if not jobs.begin(job_id, total=1):
        return
    with jobs.guarded(job_id):
        campaign = Campaign.objects.filter(pk=campaign_id).first()
        if campaign is None:
            raise jobs.JobFailed("Кампания удалена.")
        jobs.beat(job_id, "Проверка форм")
        person = Job.objects.select_related("created_by").get(pk=job_id).created_by
        rule_runs.run_rules(campaign=campaign, by=person)
        address = f"{reverse('annual_report:rule-list')}?campaign={campaign.pk}"
        jobs.finish_job(job_id, result_url=address)


@shared_task(name="annual_report.run_rules_of_open_campaigns")
def run_rules_of_open_campaigns() -> int:
    """By the clock: the rules' page is never older than an hour while forms are being filled."""
    open_now = list(Campaign.objects.open())
    for campaign in open_now:
        rule_runs.run_rules(campaign=campaign, by=None)
    return len(open_now)


# --- workbooks ---------------------------------------------------------------------------------------


@shared_task(name="annual_report.build_workbooks")
def build_workbooks(*, job_id: str, batch_id: str) -> None:
    """Send out the archives that are not made yet; each tells of the copies that it has made."""
    batch = WorkbookBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        jobs.fail_job(job_id, error="Комплект книг удалён. Закажите новый.")
        return
    missing = workbook_sets.missing_bundles(batch)
    if not jobs.begin(job_id, total=sum(bundle.count for bundle in missing) or 1):
        return
    with jobs.guarded(job_id):
        if not missing:
            finish_workbooks(job_id, batch)
            return
        group(
            build_workbook_bundle.s(job_id=job_id, bundle_id=bundle.pk) for bundle in missing
        ).apply_async()


@shared_task(name="annual_report.build_workbook_bundle")
def build_workbook_bundle(*, job_id: str, bundle_id: int) -> None:
    """One archive; the task that leaves none missing ends the job."""
    bundle = (
        WorkbookBundle.objects.select_related("batch__campaign__form", "batch__by", "region")
        .filter(pk=bundle_id)
        .first()
    )
    if bundle is None:
        return
    with jobs.guarded(job_id):
        job = jobs.beat(job_id, f"{bundle.region.name}, часть {bundle.number}")
        if job is None or job.is_finished:
            return
        if bundle.document_id is None:
            workbook_sets.make_bundle(
                bundle=bundle, tell=lambda count: jobs.advance(job_id, steps=count)
            )
        if not workbook_sets.missing_bundles(bundle.batch):
            finish_workbooks(job_id, bundle.batch)


def finish_workbooks(job_id: str, batch: WorkbookBatch) -> None:
    workbook_sets.drop_older(batch)
    jobs.finish_job(job_id, result_url=batch.get_absolute_url())


@shared_task(name="annual_report.take_workbooks")
def take_workbooks(*, job_id: str, intake_id: str) -> None:
    """Read the workbooks of a council's archive; a repeated run goes on where the last one stopped."""
    intake = (
        WorkbookIntake.objects.select_related("campaign__form", "region", "by", "document")
        .filter(pk=intake_id)
        .first()
    )
    if intake is None:
        jobs.fail_job(job_id, error="Архив удалён. Загрузите его снова.")
        return
    with jobs.guarded(job_id):
        with intake.document.file.open("rb") as file:
            total = len(workbook_intakes.check_archive(file))
        if not jobs.begin(job_id, total=total):
            return
        workbook_intakes.take_files(intake=intake, tell=lambda: jobs.advance(job_id))
        jobs.finish_job(job_id, result_url=intake.get_absolute_url())
