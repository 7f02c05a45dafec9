"""Background work of the journal; bodies are in services."""

from celery import shared_task

from media.services import links, route


@shared_task(name="media.publish_due")
def publish_due() -> int:
    return route.publish_due()


@shared_task(name="media.refresh_link_titles")
def refresh_link_titles() -> int:
    return links.refresh_titles()
