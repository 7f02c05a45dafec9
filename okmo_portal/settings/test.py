"""Tests: real PostgreSQL and Redis, quick hashes, letters in memory."""

from okmo_portal.settings.base import *  # noqa: F403  (settings modules are layered this way)
from okmo_portal.settings.base import BASE_DIR, DATABASES

SECRET_KEY = "test-" + "k" * 60
ALLOWED_HOSTS = ["*"]
SHOW_GALLERY = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = BASE_DIR / "var/test/uploads"
DATA_ROOT = BASE_DIR / "var/test/data"
# A pool would keep the test database busy when it is dropped.
DATABASES["default"]["OPTIONS"] = {}
WHITENOISE_AUTOREFRESH = True
