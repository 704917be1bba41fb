"""Settings, from the environment; what is not set is safe.

NAPPAGE_HOME        folder of the database and the secrets (default: ./var)
DATABASE_URL        postgres://… instead of SQLite in NAPPAGE_HOME
NAPPAGE_HOSTS       comma-separated names this server answers to (default: localhost only)
NAPPAGE_PLAIN_HTTP  1: no TLS in front; only for localhost
NAPPAGE_PROXY       1: a proxy in front sets X-Forwarded-Proto and X-Forwarded-For, and strips a client's own
NAPPAGE_DEMO        1: invented patients; a banner says so, and the second factor is not asked for; only for localhost
EMAIL_URL           smtp://user:password@host:port of the mail server with STARTTLS, or smtps:// (default: mails are
                    printed to the console)
NAPPAGE_MAIL_FROM   the sender of mails
NAPPAGE_DEBUG       1: for developers only
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlparse

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from . import sqlite


def _flag(name: str) -> bool:
    return os.environ.get(name, "") in ("1", "true", "yes")


def _secret(home: Path) -> str:
    """The key of cookies and links, made on the first start, readable by the owner only."""
    path = home / "secret-key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(part, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text()


HOME = Path(os.environ.get("NAPPAGE_HOME", "var")).resolve()
SECRET_KEY = _secret(HOME)
DEBUG = _flag("NAPPAGE_DEBUG")
DEMO = _flag("NAPPAGE_DEMO")
PLAIN_HTTP = _flag("NAPPAGE_PLAIN_HTTP")
_LOCAL = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [host for host in os.environ.get("NAPPAGE_HOSTS", "").split(",") if host] or _LOCAL
if not set(ALLOWED_HOSTS) <= set(_LOCAL):
    if PLAIN_HTTP:
        raise ImproperlyConfigured("NAPPAGE_PLAIN_HTTP is for localhost only: patients' data must not travel openly.")
    if DEMO:
        raise ImproperlyConfigured("NAPPAGE_DEMO is for localhost only: a demo asks for no second factor.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "nappage_web.design",  # before the libraries: its templates replace theirs
    "nappage_web.clinic",
    "nappage_web.patients",
    "nappage_web.portal",
    "nappage_web.planning",
    "nappage_web.care",
    "nappage_web.reports",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "nappage_web.config.headers.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "nappage_web.clinic.signin.middleware.Gate",
]
ROOT_URLCONF = "nappage_web.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "nappage_web.clinic.context.shell",
            ]
        },
    }
]

if os.environ.get("DATABASE_URL"):
    DATABASES = {
        "default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600, conn_health_checks=True)
    }
else:
    sqlite.install()
    DATABASES = {
        "default": {
            "ENGINE": "nappage_web.config.sqlite",
            "NAME": str(HOME / "nappage.sqlite3"),
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000; "
                "PRAGMA temp_store=MEMORY",
            },
            "TEST": {"NAME": str(HOME / "test.sqlite3")},  # a file: the queue and WAL are those of a clinic
        }
    }
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # they name patients: no cookie holds them
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_ADAPTER = "nappage_web.clinic.signin.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # staff are invited by the lead; nobody signs up
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "nappage_web.clinic.signin.adapter.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "nappage"
MFA_TOTP_TOLERANCE = 1  # a code counts half a minute longer: clocks differ, and typing takes time
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = PLAIN_HTTP  # localhost only, see above

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "nappage_web.config.formats"
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "nappage_web.config.static.Storage"},
}
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 12
REQUEST_MAX_BYTES = 32 * 2**20  # a whole request, files and all
FILE_UPLOAD_HANDLERS = [
    "nappage_web.config.uploads.Typed",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not PLAIN_HTTP
SECURE_REDIRECT_EXEMPT = ["^health$"]  # a supervisor asks from this machine
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 86400
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if PROXY := _flag("NAPPAGE_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # whose tries to sign in are counted: the client's, not the proxy's
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # HSTS preload is a promise about a whole domain: its owner's to make
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

DEFAULT_FROM_EMAIL = os.environ.get("NAPPAGE_MAIL_FROM", "nappage@localhost")
if _mail := os.environ.get("EMAIL_URL"):
    _at = urlparse(_mail)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _at.hostname or "localhost", _at.port or (465 if _at.scheme == "smtps" else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_at.username or ""), unquote(_at.password or "")
    EMAIL_USE_SSL = _at.scheme == "smtps"
    EMAIL_USE_TLS = not EMAIL_USE_SSL
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"discreet": {"()": "nappage_web.config.logs.Discreet"}},
    "handlers": {"console": {"class": "logging.StreamHandler", **({} if DEBUG else {"formatter": "discreet"})}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},  # Django's own handlers quote everything
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},  # scanners
    },
}
