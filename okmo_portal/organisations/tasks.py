from celery import shared_task

from okmo_portal.organisations.services import memberships, transformations


@shared_task(name="organisations.end_expired_memberships")
def end_expired_memberships() -> int:
    return memberships.end_expired_memberships()


@shared_task(name="organisations.end_due_municipalities")
def end_due_municipalities() -> int:
    return transformations.end_due_municipalities()
