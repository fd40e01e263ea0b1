"""Settings: one file, read from the environment only. Every variable stands in the README with its default."""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
IS_TEST = "pytest" in sys.modules

# --- where things live --------------------------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
PUBLIC_ROOT = Path(env.str("PUBLIC_ROOT", default=str(DATA_DIR / "public"))).resolve()
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
DEBUG = env.bool("DEBUG", default=False)
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])


def _kept_secret() -> str:
    """A key made once and kept under DATA_DIR (embedded mode: SQLite). Elsewhere every process must be given the
    same one."""
    if "DATABASE_URL" in os.environ and not IS_TEST and not env.str("DATABASE_URL").startswith("sqlite"):
        raise environ.ImproperlyConfigured(
            "Set SECRET_KEY: with a database of its own, several hosts may run Candor and must share one key."
        )
    path = DATA_DIR / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start together one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text() or _kept_secret()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or ("test-only-key" if IS_TEST else _kept_secret())
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", SITE_URL.split("//")[-1].split(":")[0]]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]

# --- the application ----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "incidents",
]
MIDDLEWARE = [
    "incidents.web.headers.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "incidents.web.origins.OriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "incidents.web.accounts.limits.SessionLimits",
    "incidents.web.access.ConsoleMiddleware",
]
ROOT_URLCONF = "statuspage.urls"
WSGI_APPLICATION = "statuspage.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "incidents.web.access.may",
                "incidents.web.console.framing.frame",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- database -----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'candor.sqlite3'}")}
_db = DATABASES["default"]
IS_SQLITE = _db["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    # A file, as in earnest: an SQLite database in memory that threads share knows no WAL and fails where a file waits.
    _db["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    _db["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a deferred transaction that turns to writing fails at once under load
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    _db["CONN_MAX_AGE"] = 0
    _db["OPTIONS"] = {
        **_db.get("OPTIONS", {}),
        "connect_timeout": 2,
        "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
    }
    if not IS_TEST:
        _db["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 16, "timeout": 5, "max_idle": 60}

# --- counts of tries and calls -------------------------------------------------------------------------------------
# In memory, in each Django process. Room for many more networks than the default of 300, past which counts are thrown
# away at random: whoever came from enough addresses would wipe out the pauses of all.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 200_000}}}

# --- broker -------------------------------------------------------------------------------------------------------
BROKER_URL = env.str("BROKER_URL", default="spool://")
BROKER_QUEUE = env.str("BROKER_QUEUE", default="candor")  # its own name where installations share a broker

# --- mail ---------------------------------------------------------------------------------------------------------
# Empty: messages are written to files under DATA_DIR/mail. smtp://user:password@host:25, smtp+tls:// or smtp+ssl://
# sends.
EMAIL_URL = env.str("EMAIL_URL", default="")
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="status@" + SITE_URL.split("//")[-1].split(":")[0])
# Wall clock for one message, whatever the server does: until it takes the text, and from then until it has answered.
MAIL_DEADLINE_SECONDS = (30.0, 60.0)

# --- what is read from elsewhere ----------------------------------------------------------------------------------
# Private networks that may be asked all the same. A mistyped one ends the start, rather than close or open something.
FETCH_ALLOWED_NETWORKS = [
    str(ipaddress.ip_network(each.strip(), strict=False)) for each in env.list("FETCH_ALLOWED_NETWORKS", default=[])
]

# --- sign-in and sessions -----------------------------------------------------------------------------------------
# Argon2id with 19 MiB, two passes and one lane (OWASP); a password hashed otherwise is hashed anew at its next use.
PASSWORD_HASHERS = [
    "incidents.web.accounts.passwords.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "incidents.web.accounts.passwords.NotTooLong"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "incidents.web.accounts.passwords.NotOfThisPlace"},
]
AUTHENTICATION_BACKENDS = ["incidents.web.accounts.backend.UsernameOrAddress"]
SESSION_IDLE_HOURS = env.float("SESSION_IDLE_HOURS", default=12.0)
SESSION_DAYS = env.float("SESSION_DAYS", default=7.0)
SESSION_COOKIE_AGE = int(SESSION_DAYS * 86400)
# How long a proof of who one is (password, code, passkey, single sign-on) counts for a dangerous act.
PROOF_MINUTES = env.float("PROOF_MINUTES", default=5.0)
# Publishers, approvers and administrators must have a second factor; without one they can set one up and no more.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=False)
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:overview"
LOGOUT_REDIRECT_URL = "console:sign-in"
_is_https = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_NAME = "__Host-session" if _is_https else "session"
DEVICE_COOKIE_NAME = "__Host-device" if _is_https else "device"
CSRF_COOKIE_NAME = "__Host-csrf" if _is_https else "csrf"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
CSRF_FAILURE_VIEW = "incidents.web.fault.form_without_token"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains, and in browsers' lists (W021): what else stands below the name is not ours
    "security.W021",
    "security.W008",  # what ends TLS redirects (deploy/nginx.conf); Candor stands behind it
]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the composer has two and more for each component

# --- django-allauth: second factors, passkeys, single sign-on ------------------------------------------------------
ACCOUNT_ADAPTER = "incidents.web.accounts.adapter.Accounts"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator gives the address
ACCOUNT_RATE_LIMITS = False  # web.accounts.guessing slows down instead, and never locks
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(PROOF_MINUTES * 60)
MFA_ADAPTER = "incidents.web.accounts.adapter.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = False  # again after a fresh proof
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off
MFA_FORMS = {
    "authenticate": "incidents.web.accounts.factor_forms.CodeForm",
    "add_webauthn": "incidents.web.accounts.factor_forms.NewPasskeyForm",
    "edit_webauthn": "incidents.web.accounts.factor_forms.RenamedPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "incidents.web.accounts.single_sign_on.SingleSignOn"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: see web.accounts.single_sign_on
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_NAME = env.str("OIDC_NAME", default="Single sign-on")
# From a claim of the provider to roles here, such as OIDC_ROLES=sre=publisher,admins=administrator. Without it the
# roles given in the console stay as they are.
OIDC_ROLES_CLAIM = env.str("OIDC_ROLES_CLAIM", default="groups")
OIDC_ROLES = env.dict("OIDC_ROLES", default={})
# Whether an address that the provider has verified, and nobody here has, is given an account with the viewer's role.
OIDC_MAKES_ACCOUNTS = env.bool("OIDC_MAKES_ACCOUNTS", default=False)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_SERVER_URL, "fetch_userinfo": False},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}

# --- reviews ------------------------------------------------------------------------------------------------------
# Somebody other than the owner must approve a review. Off for a team of one; each version says whether it was so.
REVIEW_TWO_PERSON = env.bool("REVIEW_TWO_PERSON", default=True)
REVIEW_PRIVATE_HOSTS = env.list("REVIEW_PRIVATE_HOSTS", default=[])

# --- text, time, static -------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("PAGE_LANGUAGE", default="en")  # not LANGUAGE, which shells set for other programs
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# --- logs ---------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "filters": {
        "no_tokens": {"()": "incidents.web.public.redaction.NoTokens"},
        "request_id": {"()": "incidents.web.request_id.WithRequestId"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens", "request_id"]}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"urllib3": {"level": "WARNING"}},
}
