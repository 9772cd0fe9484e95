"""Django's settings, made from district.toml of the folder in the environment.

Without a folder (checks, `makemigrations`, tests) the database is in memory and the keys are random. Nothing that runs
so can keep data.
"""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from district.config import BrokerConfig, RealnameConfig, config_of_process

CONFIG = config_of_process()
_HERE = Path(__file__).resolve().parent


_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON; PRAGMA foreign_keys=ON; "
    "PRAGMA secure_delete=ON;"  # what is erased leaves no bytes in the file
)


def _database(url: str, file: str) -> dict[str, Any]:
    """Return Django's description of the database. SQLite waits for its turn at the start of a transaction, so that
    none fails in the middle.
    """
    if not url:
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": _PRAGMAS,
        }
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": options, "CONN_MAX_AGE": None}
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {"options": "-c jit=off -c random_page_cost=1.1 -c search_path=district,public"},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = (CONFIG.keys / "secret.key").read_text().strip() if CONFIG else secrets.token_urlsafe(50)
FIELD_KEY_FOLDER = CONFIG.keys if CONFIG else None
FIELD_KEY = None if CONFIG else secrets.token_bytes(32)
DEBUG = False
_PUBLIC = urlsplit(CONFIG.web.public_url) if CONFIG and CONFIG.web.public_url else None
_SECURE = _PUBLIC is not None and _PUBLIC.scheme == "https"
ALLOWED_HOSTS = (
    [_PUBLIC.hostname or "", "127.0.0.1", "localhost"] if _PUBLIC else ["127.0.0.1", "localhost", "testserver"]
)
CSRF_FAILURE_VIEW = "district.overview.views.too_old"
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"] if _PUBLIC else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "district.accounts.session_store"
SESSION_SERIALIZER = "district.session_data.EncryptedSerializer"
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "district.accounts",  # its templates stand before those of allauth
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "django_tasks",
    "django_tasks_db",
    "treebeard",
    "district.audit",
    "district.imports",
    "district.places",
    "district.people",
    "district.exchange",
    "district.phones",
    "district.enrolment",
    "district.attendance",
    "district.emergency",
    "district.cases",
    "district.declarations",
    "district.supplies",
    "district.screening",
    "district.quarantine",
    "district.support",
    "district.training",
    "district.realname",
    "district.tracing",
    "district.figures",
    "district.api",
    "district.web",
    "district.overview",
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
    "district.phones.uploads.BodyLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "district.accounts.middleware.OneBrowserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "district.urls"
WSGI_APPLICATION = "district.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    }
]
DATABASES = {
    "default": _database(
        CONFIG.database_url if CONFIG else "", str(CONFIG.folder / "district.db") if CONFIG else ":memory:"
    )
}
CACHES = {
    "default": {
        "BACKEND": "district.plain_cache.PlainCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},  # else a flood of keys would push out the limits kept here
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["district.accounts.passwords.SmallArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "district.accounts.passwords.OwnWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "district.accounts.adapters.SignInAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 86_400 if CONFIG and CONFIG.demo else 900  # nobody has a demonstration's codes
# Passwords have limits of their own (accounts/limits.py). This one is for codes, after the right password.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/300s/key,40/d/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if _SECURE else 0
MFA_ADAPTER = "district.accounts.adapters.CodesAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # phones whose clock is half a minute off
MFA_TOTP_ISSUER = CONFIG.name if CONFIG else "sitegate"
MFA_RECOVERY_CODE_COUNT = 10

LANGUAGE_CODE = CONFIG.language if CONFIG else "en"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [_HERE / "locale"]
TIME_ZONE = CONFIG.time_zone if CONFIG else "Asia/Shanghai"
USE_I18N = USE_TZ = True

REALNAME = CONFIG.realname if CONFIG else RealnameConfig()
BROKER = CONFIG.broker if CONFIG else BrokerConfig()
WEBHOOK_NETWORKS = CONFIG.webhooks.networks if CONFIG else ()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "common.uncaught.LogFormatter", "format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"one_line": {"()": "district.web.away.OneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["one_line"]}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}
STATIC_URL = "static/"
STATICFILES_DIRS = [_HERE.parent / "common/web/static"]
"""Style sheets and icons that the gate's pages share."""
WHITENOISE_USE_FINDERS = True  # the files lie in the package: no step copies them
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
EMAIL_BACKEND = (
    "django.core.mail.backends.filebased.EmailBackend"
    if CONFIG and not CONFIG.mail.host
    else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_TIMEOUT = 20
"""Seconds. A mail server that is silent holds up no page and no other mail."""
EMAIL_FILE_PATH = CONFIG.folder / "mail" if CONFIG else None
if CONFIG and CONFIG.mail.host:
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = CONFIG.mail.host, CONFIG.mail.port, CONFIG.mail.tls
    EMAIL_HOST_USER, DEFAULT_FROM_EMAIL = CONFIG.mail.username, CONFIG.mail.sender
    EMAIL_HOST_PASSWORD = (
        CONFIG.path(CONFIG.mail.password_path).read_text().strip() if CONFIG.mail.password_path else ""
    )
