"""A developer's machine and the demo: embedded servers, letters into var/mail."""

from okmo_portal.settings.base import *  # noqa: F403  (settings modules are layered this way)
from okmo_portal.settings.base import VAR_DIR, env

DEBUG = env.bool("DEBUG", default=True)
# Not a secret: this module serves a developer's machine and the demo only.
SECRET_KEY = env("SECRET_KEY", default="development-only-" + "k" * 48)
ALLOWED_HOSTS = ["*"]
SHOW_GALLERY = True
DEMO_ALLOWED = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
# A password is enough here; set SECOND_FACTOR_REQUIRED=1 to try the second factor.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=False)
if DEBUG:
    STORAGES = {  # without collectstatic
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
