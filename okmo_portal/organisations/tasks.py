from celery import shared_task

from okmo_portal.organisations.services import memberships


@shared_task(name="organisations.end_expired_memberships")
def end_expired_memberships() -> int:
    return memberships.end_expired_memberships()
