"""Settings that hold everywhere; the other modules of this package narrow them."""

import json
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = BASE_DIR / "var"
env = environ.Env()

# The embedded servers write their addresses here; the environment goes first.
_services_file = VAR_DIR / "services.json"
SERVICES = json.loads(_services_file.read_text("utf-8")) if _services_file.exists() else {}

# --- the organisation (a setting, never text in templates) -----------------------------------
ORGANISATION_NAME = env(
    "ORGANISATION_NAME", default="Общероссийский Конгресс муниципальных образований"
)
ORGANISATION_SHORT_NAME = env("ORGANISATION_SHORT_NAME", default="ОКМО")
ORGANISATION_NAME_EN = env(
    "ORGANISATION_NAME_EN", default="All-Russian Congress of Municipal Formations"
)
ORGANISATION_SHORT_NAME_EN = env("ORGANISATION_SHORT_NAME_EN", default="OKMO")
CONTACT_EMAIL = env("CONTACT_EMAIL", default="portal@okmo.example")
CONTACT_PHONE = env("CONTACT_PHONE", default="")

# --- Django ------------------------------------------------------------------------------------
SECRET_KEY = env("SECRET_KEY", default="")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "okmo_portal.urls"
WSGI_APPLICATION = "okmo_portal.wsgi.application"
ASGI_APPLICATION = "okmo_portal.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = None

INSTALLED_APPS = [
    "okmo_portal.core",
    "okmo_portal.audit",
    "okmo_portal.accounts",
    "okmo_portal.workflow",
    "okmo_portal.documents",
    "okmo_portal.notifications",
    "okmo_portal.search",
    "okmo_portal.jobs",
    "okmo_portal.organisations",
    "annual_report",
    "media",
    "okmo_portal.demo",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "django_celery_beat",
    "django_prose_editor",
    "django_filters",
    "django_htmx",
    "import_export",
    "pgtrigger",
    "pghistory",
    "rules",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "okmo_portal.core.middleware.SecurityHeadersMiddleware",
    "okmo_portal.core.middleware.CleanTextMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "okmo_portal.organisations.middleware.ActiveMembershipMiddleware",
    "okmo_portal.accounts.middleware.AccountGateMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "annual_report.middleware.DamagedSnapshotMiddleware",
    "media.middleware.OldAddressMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "okmo_portal.core.context_processors.portal",
                "okmo_portal.organisations.context_processors.memberships",
                "okmo_portal.notifications.context_processors.unread",
            ],
        },
    }
]
FORM_RENDERER = "okmo_portal.core.forms.PortalRenderer"

# --- databases, cache, queue ---------------------------------------------------------------------
if env("DATABASE_URL", default=""):
    _database = env.db_url("DATABASE_URL")
else:
    _database = SERVICES.get("database") or {"NAME": "okmo", "HOST": "", "USER": "postgres"}
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        # An address may bring options of its own, such as a socket's folder or sslmode.
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
        },
    }
}
REDIS_URL = env("REDIS_URL", default="") or SERVICES.get("redis_url", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = (
    env("CELERY_BROKER_URL", default="")
    or env("REDIS_URL", default="")
    or SERVICES.get("celery_broker_url", REDIS_URL)
)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "okmo",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "annual_report.build_*": {"queue": "report"},
    "annual_report.render_*": {"queue": "report"},
    "notifications.*": {"queue": "mail"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Kilobytes; a process that large reports have swollen is replaced after its task.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 450_000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "Europe/Moscow"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "jobs-resume-lost": {"task": "jobs.resume_lost", "schedule": 30.0},
    "notifications-deliver-due": {"task": "notifications.deliver_due", "schedule": 60.0},
    "audit-seal-events": {"task": "audit.seal_events", "schedule": 60.0},
    "annual-report-tell-councils": {"task": "annual_report.tell_councils", "schedule": 60.0},
    "annual-report-remind": {
        "task": "annual_report.remind_of_deadlines",
        "schedule": crontab(hour=6, minute=0),
    },
    "annual-report-rules": {
        "task": "annual_report.run_rules_of_open_campaigns",
        "schedule": crontab(minute=20),
    },
    "organisations-end-expired": {
        "task": "organisations.end_expired_memberships",
        "schedule": crontab(hour=0, minute=10),
    },
    "organisations-end-due": {
        "task": "organisations.end_due_municipalities",
        "schedule": crontab(hour=0, minute=20),
    },
    "media-publish-due": {"task": "media.publish_due", "schedule": 60.0},
    "media-refresh-links": {
        "task": "media.refresh_link_titles",
        "schedule": crontab(hour=2, minute=10),
    },
    "search-refresh": {"task": "search.refresh_index", "schedule": crontab(hour=2, minute=30)},
}

# --- languages and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Moscow"
USE_TZ = True

# --- files: media/ is an app, so uploads lie elsewhere -------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# The guides' pictures are shown by the help pages.
STATICFILES_DIRS = [BASE_DIR / "static", ("guide", BASE_DIR / "docs" / "images")]
MEDIA_ROOT = VAR_DIR / "uploads"
MEDIA_URL = "/files/"
DATA_ROOT = VAR_DIR / "data"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 21 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
CLAMD_ADDRESS = env("CLAMD_ADDRESS", default="")

# --- sign-in -----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "okmo_portal.accounts.validators.ContextWordPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "cabinet"
ACCOUNT_ADAPTER = "okmo_portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "okmo_portal.accounts.forms.SignupDetailsForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = False
ACCOUNT_PREVENT_ENUMERATION = True
# Attempts per time, by address of the client or by what is tried; the admin's login counts too.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/3m/key",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = ORGANISATION_SHORT_NAME
USERSESSIONS_TRACK_ACTIVITY = False
# Staff, experts, lawyers and council people must have a second factor.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=True)
SESSION_IDLE_SECONDS = 2 * 3600
SESSION_IDLE_SECONDS_STAFF = 30 * 60
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "okmo_portal.core.views.errors.csrf_failure"

# --- safety of pages ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# --- letters -------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=CONTACT_EMAIL)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000")

IMPORT_EXPORT_USE_TRANSACTIONS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        # A line per page and per table of a font says nothing that the job's page does not.
        name: {"level": "WARNING"}
        for name in ("weasyprint", "fontTools", "pikepdf")
    },
}

PORTAL_VERSION = "0.1.0"
SHOW_GALLERY = False
DEMO_ALLOWED = False
