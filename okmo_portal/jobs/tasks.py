from celery import shared_task

from okmo_portal.jobs import services


@shared_task(name="jobs.resume_lost")
def resume_lost() -> int:
    return services.resume_lost()
