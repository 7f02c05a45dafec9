from celery import shared_task

from okmo_portal.audit import services


@shared_task(name="audit.seal_events")
def seal_events() -> int:
    return services.seal_events()
