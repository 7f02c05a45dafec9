from celery import shared_task

from okmo_portal.search import services


@shared_task(name="search.refresh_index")
def refresh_index() -> int:
    return services.rebuild_index()
