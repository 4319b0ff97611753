"""Django's settings, read from the environment; docs/deployment.md lists every variable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
import platformdirs
from django.utils.translation import gettext_lazy

from facetell.options import Limits
from facetell.web import environment
from facetell.web.outbound.targets import read_places
from facetell.web.secret import secret_key

HERE = Path(__file__).parent

DATA_DIR = environment.folder(
    "FACETELL_DATA_DIR", Path(platformdirs.user_data_dir("facetell", appauthor=False))
)
DEBUG = environment.flag("FACETELL_DEBUG", False)
SECRET_KEY = secret_key(environment.text("FACETELL_SECRET_KEY"), DATA_DIR)

# People and privacy -------------------------------------------------------------------------
ACCOUNTS = environment.flag("FACETELL_ACCOUNTS", False)
"""Whether people sign in; without accounts there is one user, on this machine alone."""
GUESTS = environment.flag("FACETELL_GUESTS", False)
"""With accounts: whether strangers may analyse too, each seeing their own only."""
OPEN = environment.flag("FACETELL_OPEN", False)
"""Without accounts: whether other machines may reach it, everybody being the same user."""
RETENTION_DAYS = environment.whole("FACETELL_RETENTION_DAYS", 7)
"""Days until an analysis is deleted; 0 deletes the video as soon as the verdict is there."""
ALLOWED_HOSTS = environment.words("FACETELL_ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.words("FACETELL_TRUSTED_ORIGINS")
BEHIND_TLS = environment.flag("FACETELL_TLS", False)
"""Whether people reach it by https, here or at the proxy in front."""
PROXIES = environment.words("FACETELL_PROXY")
"""Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed; see asgi.py."""

# What is accepted ---------------------------------------------------------------------------
MAX_UPLOAD_BYTES = environment.whole("FACETELL_MAX_UPLOAD_MB", 2048, 1) * 1024 * 1024
MAX_REQUEST_BYTES = 2 * MAX_UPLOAD_BYTES + 1024 * 1024
"""Of one request: a form without scripts may send several files at once."""
LIMITS = Limits(
    file_bytes=MAX_UPLOAD_BYTES,
    duration_s=environment.whole("FACETELL_MAX_SECONDS", 6 * 3600, 1),
    pixels=environment.whole("FACETELL_MAX_PIXELS", Limits().pixels, 1),
    rate_hz=environment.whole("FACETELL_MAX_RATE", 1000, 1),
    frames=environment.whole("FACETELL_MAX_FRAMES", 2_000_000, 1),
    streams=environment.whole("FACETELL_MAX_STREAMS", Limits().streams, 1),
    decoded_bytes=environment.whole("FACETELL_MAX_DECODED_GB", 2000, 1) * 10**9,
    memory_bytes=environment.whole("FACETELL_MAX_DECODER_MB", 4096, 512) * 1024 * 1024,
    processor_s=environment.whole("FACETELL_MAX_DECODER_SECONDS", 3600, 1),
    wait_s=environment.whole("FACETELL_MAX_WAIT_SECONDS", 120, 1),
)
"""What a video may be and cost; see `Limits`."""
MAX_QUEUED = environment.whole("FACETELL_MAX_QUEUED", 1000, 1)
"""Analyses waiting at once, of everybody together."""
URL_PLACES = read_places("FACETELL_URL_HOSTS", environment.words("FACETELL_URL_HOSTS"))
"""Where a video may be fetched from that somebody gives the address of; see outbound."""
MODELS = environment.words("FACETELL_MODELS")
"""Cards of models beside the bundled ones that people may choose."""
THREADS = environment.whole("FACETELL_THREADS", 0)
"""Threads of each worker's inference; 0 takes all cores."""

# The live page ------------------------------------------------------------------------------
LIVE_MODEL = environment.text("FACETELL_LIVE_MODEL") or "default"
"""Name or card of the model that judges cameras."""
LIVE_THREADS = environment.whole("FACETELL_LIVE_THREADS", 0)
"""Threads of its inference; 0 takes all cores."""
LIVE_STREAMS = environment.whole("FACETELL_LIVE_STREAMS", 2)
"""Cameras that one user may have judged at once."""
LIVE_STREAMS_TOTAL = environment.whole("FACETELL_LIVE_STREAMS_TOTAL", 8)
"""The same of everybody together, for each web process; 0 switches the page off."""

# The REST API ---------------------------------------------------------------------------------
WEBHOOK_PLACES = read_places("FACETELL_WEBHOOK_HOSTS", environment.words("FACETELL_WEBHOOK_HOSTS"))
"""Who may be told that an analysis has ended; see outbound."""
RATE_KEY = environment.whole("FACETELL_RATE_KEY", 600)
"""Requests a minute with one key; 0 for no limit."""
RATE_ADDRESS = environment.whole("FACETELL_RATE_ADDRESS", 3000)
"""Requests a minute to the API from one address; 0 for no limit."""

WEB_PROCESSES = environment.whole("WEB_CONCURRENCY", 1, 1)
"""How many processes answer requests; uvicorn and gunicorn read this variable too."""
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Django's 300 would drop the counters of busy addresses
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# E-mail, for people who forgot their password --------------------------------------------------
EMAIL_HOST = environment.text("FACETELL_EMAIL_HOST")
"""The server that takes our letters; without one none is sent."""
EMAIL_SECURITY = environment.choice("FACETELL_EMAIL_SECURITY", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
_EMAIL_PORTS = {"starttls": 587, "tls": 465, "none": 25}
EMAIL_PORT = environment.whole("FACETELL_EMAIL_PORT", _EMAIL_PORTS[EMAIL_SECURITY], 1)
EMAIL_HOST_USER = environment.text("FACETELL_EMAIL_USER")
EMAIL_HOST_PASSWORD = environment.text("FACETELL_EMAIL_PASSWORD")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.sender("FACETELL_EMAIL_FROM", needed=bool(EMAIL_HOST))

# Jobs ---------------------------------------------------------------------------------------
LEASE_S = environment.whole("FACETELL_LEASE_S", 30, 2)
"""A job whose worker has not been heard of for so long is given to another."""
MAX_ATTEMPTS = 3
"""A job over which so many workers died is put aside."""
DRAIN_S = environment.whole("FACETELL_DRAIN_S", 20)
"""A worker that is to end may finish its job for so long, and then hands it back."""
TASKS: dict[str, Any] = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"facetell": {"level": environment.text("FACETELL_LOG_LEVEL", "INFO").upper()}},
}

# Django -------------------------------------------------------------------------------------
ROOT_URLCONF = "facetell.web.urls"
CSRF_FAILURE_VIEW = "facetell.web.pages.faults.stale_form"
ASGI_APPLICATION = "facetell.web.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "facetell.web.accounts",
    "facetell.web.analyses",
    "facetell.web.webhooks",
    "facetell.web.api",
    "facetell.web.pages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "facetell.web.accounts.headers.SecurityHeadersMiddleware",
    "facetell.web.api.middleware.ApiMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "facetell.web.accounts.middleware.SoleUserMiddleware",
    "facetell.web.accounts.gate.GateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "facetell.web.pages.context.server",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        environment.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'facetell.sqlite3'}"),
        # under ASGI each request has a thread of its own, which would leave its connection open
        conn_max_age=0,
    )
}
_ONE_FILE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
SHARED_COUNTS = environment.flag("FACETELL_SHARED_COUNTS", WEB_PROCESSES > 1 or not _ONE_FILE)
"""Whether requests and failed sign-ins are counted in the database, for several web processes."""
if _ONE_FILE:
    # WAL lets people read while a worker writes; immediate transactions wait for each other
    # in the beginning instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        # never served as a folder: whatever leaves it goes through a view that asks whose it is
        "OPTIONS": {"location": str(DATA_DIR / "media"), "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR / "incoming")
"""On the disk of the media: /tmp may be small, or memory."""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
WHITENOISE_USE_FINDERS = True

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", gettext_lazy("English")),
    ("de", gettext_lazy("German")),
    ("es", gettext_lazy("Spanish")),
    ("fr", gettext_lazy("French")),
    ("hi", gettext_lazy("Hindi")),
    ("pt", gettext_lazy("Portuguese")),
]
LOCALE_PATHS = [HERE / "locale"]

# Security -----------------------------------------------------------------------------------
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
if BEHIND_TLS:
    # with this prefix browsers take the cookie from this very host only, never from a subdomain
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(health|ready|metrics)$"]  # asked for by the machine itself
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SILENCED_SYSTEM_CHECKS = [
    # whether the domain's other hosts have TLS too is not ours to say
    "security.W005",
    "security.W021",
]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "media-src": ["'self'", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
}
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation"),
        *("gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"),
    )
)
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "sign-in", "upload", "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
