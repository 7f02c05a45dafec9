"""The Celery application; queues: default, report (long PDFs) and mail."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "okmo_portal.settings.development")

app = Celery("okmo_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
