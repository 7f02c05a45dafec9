from celery import shared_task

from okmo_portal.notifications import services


@shared_task(name="notifications.deliver_due")
def deliver_due() -> int:
    return services.deliver_due()
