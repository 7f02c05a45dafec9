from celery import shared_task

from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import ReferenceImport
from okmo_portal.organisations.services import memberships, references, transformations
from okmo_portal.workflow.transitions import TransitionNotAllowed


@shared_task(name="organisations.end_expired_memberships")
def end_expired_memberships() -> int:
    return memberships.end_expired_memberships()


@shared_task(name="organisations.end_due_municipalities")
def end_due_municipalities() -> int:
    return transformations.end_due_municipalities()


@shared_task(name="organisations.check_reference")
def check_reference(*, job_id: str, import_id: int) -> None:
    _process(job_id, import_id, dry_run=True)


@shared_task(name="organisations.take_reference")
def take_reference(*, job_id: str, import_id: int) -> None:
    _process(job_id, import_id, dry_run=False)


def _process(job_id: str, import_id: int, *, dry_run: bool) -> None:
    """A repeated run after a killed worker starts over: nothing was written by halves."""
    run = ReferenceImport.objects.select_related("document").filter(pk=import_id).first()
    if run is None:
        jobs.fail_job(job_id, error="Загрузка удалена.")
        return
    if not jobs.begin(job_id, total=references.STEPS):
        return
    with jobs.guarded(job_id):
        person = Job.objects.select_related("created_by").get(pk=job_id).created_by
        try:
            # Who queued it was checked by the page; here the portal itself acts.
            with jobs.Teller(job_id) as tell:
                run = references.process(
                    run=run, dry_run=dry_run, by=None, person=person, progress=tell
                )
        except TransitionNotAllowed as error:
            raise jobs.JobFailed("Файл уже обработали. Откройте его страницу.") from error
        if run.error:
            raise jobs.JobFailed(run.error)
        jobs.finish_job(job_id, result_url=run.get_absolute_url())
