"""Tests: real PostgreSQL and Redis, quick hashes, letters in memory."""

import os
import re
from pathlib import Path

from okmo_portal.settings.base import *  # noqa: F403  (settings modules are layered this way)
from okmo_portal.settings.base import (
    BASE_DIR,
    CACHES,
    CELERY_BROKER_URL,
    DATABASES,
    REDIS_URL,
    env,
)

SECRET_KEY = "test-" + "k" * 60
ALLOWED_HOSTS = ["*"]
SHOW_GALLERY = True
DEMO_ALLOWED = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = env("TEST_MEDIA_ROOT", default=str(BASE_DIR / "var/test/uploads"))
DATA_ROOT = Path(env("TEST_DATA_ROOT", default=str(BASE_DIR / "var/test/data")))
# Parallel test processes share one Redis: a database of their own for the queues of each.
_number = env.int(
    "TEST_REDIS_NUMBER", default=int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
)
REDIS_URL = re.sub(r"db=\d+", f"db={8 + _number}", REDIS_URL)
CELERY_BROKER_URL = re.sub(r"virtual_host=\d+", f"virtual_host={8 + _number}", CELERY_BROKER_URL)
CACHES["default"]["LOCATION"] = REDIS_URL
if env("TEST_DATABASE_NAME", default=""):
    DATABASES["default"]["NAME"] = env("TEST_DATABASE_NAME")
# A pool would keep the test database busy when it is dropped.
DATABASES["default"]["OPTIONS"].pop("pool")
WHITENOISE_AUTOREFRESH = True
