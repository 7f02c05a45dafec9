"""The Celery application; queues: default, report (long PDFs) and mail."""

import contextlib
import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "okmo_portal.settings.development")

app = Celery("okmo_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def load_heavy_libraries(**kwargs):
    """Before the worker forks: each of its processes would else spend a second on it, and memory."""
    import pandas  # noqa: F401

    # Without Pango the import fails; the job that needs it says so.
    with contextlib.suppress(OSError):
        import weasyprint  # noqa: F401
