"""Django settings: one file, and every value that may differ between two installations comes from the environment.

Read by name through ``django.conf.settings``; nothing imports this module.
"""

import re
import secrets
from datetime import timedelta
from os import cpu_count, environ
from pathlib import Path
from sys import stderr
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn

BASE_DIR = Path(__file__).resolve().parent.parent

# ---------------------------------------------------------------------------------------------------------------------
# Reading the environment: a wrong value is one sentence that names the variable, never a silent default
# ---------------------------------------------------------------------------------------------------------------------


SHOWN_LETTERS = 60


def shown(word: str) -> str:
    """Return what was given, as a sentence shows it: never all of a page."""
    return repr(word if len(word) <= SHOWN_LETTERS else f"{word[:SHOWN_LETTERS]}...")


def text(name: str, default: str = "") -> str:
    """Return the variable, trimmed; the default when it is absent or empty.

    :raises ImproperlyConfigured: it is no UTF-8, which nothing that reads it could write.
    """
    word = environ.get(name, "").strip() or default
    if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
        raise ImproperlyConfigured(f"{name} has bytes that are no UTF-8.")
    return word


def flag(name: str, default: bool) -> bool:
    """Return the variable as a boolean.

    :raises ImproperlyConfigured: it is neither of 1, true, yes, on, 0, false, no, off.
    """
    word = text(name, str(default)).lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {shown(word)}; say true or false.")


def number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as a whole number.

    Every number has a greatest value too: what is beyond what PostgreSQL, the system or a date can take would fail at
    each request, or years later, and not here.

    :raises ImproperlyConfigured: it is no whole number, or out of its range.
    """
    word = text(name, str(default))
    digits = word.lstrip("0") or "0"
    if not (
        word.isascii() and word.isdigit() and len(digits) <= len(str(maximum)) and minimum <= int(digits) <= maximum
    ):
        raise ImproperlyConfigured(f"{name} is {shown(word)}; it must be a whole number from {minimum} to {maximum}.")
    return int(digits)


# ---------------------------------------------------------------------------------------------------------------------
# The site
# ---------------------------------------------------------------------------------------------------------------------

DEBUG = flag("DEBUG", False)

# True behind a proxy that ends TLS and sets X-Forwarded-Proto and X-Forwarded-For. That, and nothing else, makes it
# production (docs/decisions/0015): only there can cookies be kept off plain HTTP, and only there do others call.
SECURE_PROXY = flag("SECURE_PROXY", False)


def required_in_production(name: str, why: str, default: str) -> str:
    """Return the variable; the default when it is absent or empty, which behind a proxy it must not be.

    :raises ImproperlyConfigured: it must not, and is.
    """
    if SECURE_PROXY and not text(name):
        raise ImproperlyConfigured(f"SECURE_PROXY is on, so this is production: set {name}, {why}.")
    return text(name, default)


if SECURE_PROXY and DEBUG:
    raise ImproperlyConfigured("SECURE_PROXY is on, so this is production: DEBUG must be off, for it shows settings.")

NAME = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?"
IPV6 = r"\[[0-9a-f:.]+\]"


def allowed_hosts() -> list[str]:
    """Return ALLOWED_HOSTS.

    :raises ImproperlyConfigured: some is no name of a host; with a port or a scheme it would never be asked for.
    """
    why = "the names under which it may be called, with commas"
    given = required_in_production("ALLOWED_HOSTS", why, "localhost,127.0.0.1,[::1]")
    hosts = [host.strip() for host in given.split(",")]
    for host in hosts:
        if not re.fullmatch(rf"\*|\.?{NAME}|{IPV6}", host, re.IGNORECASE | re.ASCII):
            raise ImproperlyConfigured(
                f"ALLOWED_HOSTS has {shown(host)}; write names with commas, without scheme and port: "
                "issues.example.com,.example.com,127.0.0.1,[::1]"
            )
    return hosts


ALLOWED_HOSTS = allowed_hosts()


def base_url() -> str:
    """Return BASE_URL without a slash at its end.

    :raises ImproperlyConfigured: links could not start with it.
    """
    word = text("BASE_URL").rstrip("/")
    found = re.fullmatch(rf"https?://({NAME}|{IPV6})(?::(?P<port>\d{{1,5}}))?", word, re.IGNORECASE | re.ASCII)
    if word and not (found and 1 <= int(found["port"] or 1) <= 65535):
        # What stands before an @ may be a password: not shown.
        given = "has a user or a password in it" if "@" in word else f"is {shown(word)}"
        raise ImproperlyConfigured(
            f"BASE_URL {given}; write scheme and host, with a port if need be: https://issues.example.com"
        )
    return word


# Absolute links (`permalink`) start with this; empty means the host that the request named.
BASE_URL = base_url()

# Every visit begins the thirty days anew; a host that must go back to plain HTTP waits no longer than that.
HSTS_SECONDS = number("HSTS_SECONDS", 30 * 24 * 60 * 60, minimum=0, maximum=2 * 365 * 24 * 60 * 60)

# That a constraint in SQL is seen to by the database alone: the services, which write these rows, use no forms.
SILENCED_SYSTEM_CHECKS = ["models.W045"]
if SECURE_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = HSTS_SECONDS
    # Pages for people only. A redirect would drop the body of a PUT, and hide that its key went over the wire in clear.
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(?!$|admin$|admin/|share/|organizations/)"]
    # Whether HSTS also holds for subdomains, and in the lists that browsers ship, is for the owner of the domain to
    # say, in the proxy: nothing here knows what else is served there.
    SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL else []

ROOT_URLCONF = "issuetracker.urls"
WSGI_APPLICATION = "issuetracker.wsgi.application"

# The contract answers 404 for a missing trailing slash and says so; a redirect would drop the body of a PUT.
APPEND_SLASH = False

INSTALLED_APPS = [
    "issuetracker",
    "desk",
    "events",
    "issues",
    "projects",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "unfold.apps.BasicAppConfig",  # before the admin, whose templates it replaces
    "issuetracker.apps.IssueTrackerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
]

MIDDLEWARE = [
    "issuetracker.middleware.EventsMiddleware",
    "issuetracker.middleware.RequestMiddleware",
    "issuetracker.middleware.ApiHeadersMiddleware",
    "issuetracker.policies.PolicyMiddleware",
    "issuetracker.health.HealthMiddleware",
    "issuetracker.middleware.ConnectionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "issuetracker.middleware.ReadingMiddleware",  # before whatever asks the database
    "issuetracker.middleware.SessionCookieMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as it wishes
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "/static/"
# The admin's files are served from where pip put them: no collectstatic step between clone and log-in.
WHITENOISE_USE_FINDERS = True

# ---------------------------------------------------------------------------------------------------------------------
# The database
# ---------------------------------------------------------------------------------------------------------------------

# Where the embedded PostgreSQL keeps its data, and `manage.py demo` its secrets; empty: issuetracker/postgres chooses.
DATA_DIR = text("DATA_DIR")

# A mutation waits so long for a row that another request holds, then answers 503 (contract 1.9).
LOCK_TIMEOUT_SECONDS = number("LOCK_TIMEOUT_SECONDS", 5, minimum=1, maximum=3600)
# A statement that takes longer is ended, and answers 503, be it of the API or of the admin. In the transaction of a
# mutation there is no such limit: "update all" takes what it takes.
READ_TIMEOUT_SECONDS = number("READ_TIMEOUT_SECONDS", 15, minimum=1, maximum=3600)


# A connection lives as long as its server thread: opening one costs more than a small mutation.
KEPT_CONNECTIONS: dict[str, Any] = {
    "CONN_MAX_AGE": None,
    # A PostgreSQL that was restarted meanwhile is noticed before a page is made. The API does without the question
    # (projects/database/connections.py).
    "CONN_HEALTH_CHECKS": True,
    # PgBouncer in transaction mode can't keep them.
    "DISABLE_SERVER_SIDE_CURSORS": True,
    # A request opens its own transaction (issues/services/bulk.py), and it must be the outermost one.
    "ATOMIC_REQUESTS": False,
}


def database(name: str, connect_timeout: int) -> dict[str, Any]:
    """Return the database that this variable names.

    :param connect_timeout: in seconds, unless the URL says another one.
    :raises ImproperlyConfigured: it is no URL of a PostgreSQL database.
    """
    wanted = "write it as postgresql://user:password@host:5432/name"
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(text(name)))
    except (
        ValueError
    ) as error:  # also its own ParseError and UnknownSchemeError; the URL may hold a password: not shown
        raise ImproperlyConfigured(f"{name} can't be read; {wanted}.") from error
    if parsed["ENGINE"] != "django.db.backends.postgresql" or not parsed["NAME"]:
        raise ImproperlyConfigured(f"{name} names no PostgreSQL database; {wanted}.")
    parsed["OPTIONS"] = {"connect_timeout": connect_timeout, **parsed.get("OPTIONS", {})}
    try:
        make_dsn("", **parsed["OPTIONS"])
    except ProgrammingError as error:  # at the first connection it would look like a bug in a query
        raise ImproperlyConfigured(f"{name} can't be read ({str(error).strip()}); {wanted}.") from error
    return parsed | KEPT_CONNECTIONS


def databases() -> dict[str, dict[str, Any]]:
    """Return the primary, DATABASE_URL or the embedded PostgreSQL; and its replica, if READ_DATABASE_URL names one.

    :raises ImproperlyConfigured: one of them can't be read, or the replica is none.
    """
    if not text("DATABASE_URL"):
        if text("READ_DATABASE_URL"):
            raise ImproperlyConfigured(
                "READ_DATABASE_URL is set, but not DATABASE_URL: the embedded PostgreSQL has no replica."
            )
        return {"default": KEPT_CONNECTIONS | {"ENGINE": "issuetracker.postgres", "NAME": "issuetracker"}}
    primary = database("DATABASE_URL", connect_timeout=5)
    if not text("READ_DATABASE_URL"):
        return {"default": primary}
    replica = database("READ_DATABASE_URL", connect_timeout=2)
    address = ("HOST", "PORT", "NAME")
    if [replica[key] or replica["OPTIONS"].get(key.lower()) for key in address] == [
        primary[key] or primary["OPTIONS"].get(key.lower()) for key in address
    ]:
        raise ImproperlyConfigured("READ_DATABASE_URL names the database of DATABASE_URL: name a replica of it.")
    # It is asked before each use whether it is there, and more (projects/database/replica.py). For tests, which write
    # and never commit, it is the primary.
    return {"default": primary, "replica": replica | {"CONN_HEALTH_CHECKS": False, "TEST": {"MIRROR": "default"}}}


DATABASES = databases()
DATABASE_ROUTERS = ["projects.database.reading.Router"]
# Which of them answers those who only read.
READ_DATABASE = "replica" if "replica" in DATABASES else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------------------------------------------------------------
# Who calls
# ---------------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "projects.User"
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]

# Attempts to log in to the admin are counted by name and address together: neither can somebody guess on, nor shut
# others out. After five, none for a quarter of an hour; `manage.py axes_reset` ends that. Keys, tokens and whoever is
# logged in already are not concerned.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "issuetracker.logins.CountFirst"
# What is tried meanwhile is counted, but not looked at; the pause ends no later for it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "projects.api.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "issuetracker.logins.locked_out"
# Not in logs, nor in what was posted: people type their password where the name goes.
AXES_SENSITIVE_PARAMETERS = ["username", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # User.last_login says it
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# The look of the admin; what it leads to is issuetracker/site.py.
UNFOLD = {
    "SITE_TITLE": "Issue tracker",
    "SITE_HEADER": "Issue tracker",
    "SITE_SYMBOL": "bug_report",
    "SITE_URL": None,  # there is no other page to view
    "SIDEBAR": {"show_search": True, "command_search": True},
}

# Whoever logs in without having asked for a page first: unfold's form names none, and Django's own default isn't there.
LOGIN_REDIRECT_URL = "desk:list"


def secret_key() -> str:
    """Return SECRET_KEY.

    :raises ImproperlyConfigured: this is production, and it is absent or could be guessed.
    """
    why = "fifty random characters that all its servers share"
    word = required_in_production("SECRET_KEY", why, secrets.token_urlsafe(50))
    if SECURE_PROXY and (len(word) < 50 or len(set(word)) < 10 or word.startswith("django-insecure-")):
        # It may be a real one with a slip: not shown.
        raise ImproperlyConfigured(
            "SECURE_PROXY is on, so this is production: SECRET_KEY must have at least 50 characters, 10 of them "
            "different; make one with: openssl rand -hex 32"
        )
    return word


# Signs the admin's sessions. `manage.py serve` keeps one in the data folder; without it, every process has its own.
SECRET_KEY = secret_key()

# ---------------------------------------------------------------------------------------------------------------------
# The API
# ---------------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "projects.api.authentication.ApiKeyAuthentication",
        "projects.api.authentication.ApiTokenAuthentication",
        "projects.api.authentication.NoOtherScheme",
        "projects.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["projects.api.permissions.HasEventScope"],
    "DEFAULT_THROTTLE_CLASSES": ["projects.api.throttling.CredentialThrottle"],
    "DEFAULT_PARSER_CLASSES": ["projects.api.negotiation.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "projects.api.negotiation.JSONNegotiation",
    "COMPACT_JSON": False,  # a space after ":" and ",", as in the published example
    "EXCEPTION_HANDLER": "issuetracker.exceptions.to_response",
    "DEFAULT_SCHEMA_CLASS": "issuetracker.openapi.schema.DescribedSchema",
}

# The document of the API, which issuetracker/openapi/ writes: docs/openapi.yaml, /api/0/schema/ and /api/0/docs/.
SPECTACULAR_SETTINGS = {
    "TITLE": "Issues",
    "VERSION": "0",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["issuetracker.openapi.schema.complete"],
}

# How many requests a credential may make in a minute, in each worker: they don't know each other's counts. 0: no limit.
THROTTLE_PER_MINUTE = number("THROTTLE_PER_MINUTE", 6000, minimum=0, maximum=1_000_000)

# ---------------------------------------------------------------------------------------------------------------------
# What SDKs send
# ---------------------------------------------------------------------------------------------------------------------

MIB = 2**20
# The greatest sizes: of a request as it was sent, attachments and all (over 1 MiB it waits in a file, see
# issuetracker/server/holding.py), of the same decoded, of an event in it, and of what is kept of that.
INGEST_REQUEST_BYTES = number("INGEST_REQUEST_BYTES", 20 * MIB, minimum=MIB, maximum=1024 * MIB)
INGEST_DECODED_BYTES = number("INGEST_DECODED_BYTES", 100 * MIB, minimum=1024, maximum=1024 * MIB)
INGEST_EVENT_BYTES = number("INGEST_EVENT_BYTES", 8 * MIB, minimum=1024, maximum=256 * MIB)
INGEST_EVENT_KEPT_BYTES = number("INGEST_EVENT_KEPT_BYTES", MIB, minimum=1024, maximum=64 * MIB)
# How many events a client key may send in a minute, in each worker, beside a limit of its own; 0: no limit.
INGEST_PER_MINUTE = number("INGEST_PER_MINUTE", 60_000, minimum=0, maximum=100_000_000)
# When more than so many events wait to be counted, others are refused.
INGEST_BACKLOG = number("INGEST_BACKLOG", 1_000_000, minimum=1, maximum=1_000_000_000)
# Whether `serve` and `demo` count what came in, by a `manage.py count_events` of their own.
COUNT_EVENTS = flag("COUNT_EVENTS", True)
# When the disk of the embedded PostgreSQL has less room than so many megabytes, events are refused; 0: never.
INGEST_DISK_FREE_MB = number("INGEST_DISK_FREE_MB", 500, minimum=0, maximum=1_000_000_000)
# So many of its newest events an issue keeps whole, beside its first; for so many days, up to a week more. An event may
# be 30 days late: with fewer days its week would be taken away at once.
EVENTS_PER_ISSUE = number("EVENTS_PER_ISSUE", 200, minimum=1, maximum=1_000_000)
EVENTS_DAYS = number("EVENTS_DAYS", 90, minimum=30, maximum=36_500)
# Whether the address of who sent an event is kept with it, where the SDK asks for it (`{{auto}}`).
KEEP_ADDRESSES = flag("KEEP_ADDRESSES", False)

# Django's limit of 1,000 fields counts query parameters too: 1,001 ids would be an HTML 400 before any view. The server
# bounds the request line (1 MiB, issuetracker/server/limits.py), projects/api/negotiation.py the body.
DATA_UPLOAD_MAX_NUMBER_FIELDS = None

# ---------------------------------------------------------------------------------------------------------------------
# The server
# ---------------------------------------------------------------------------------------------------------------------

# Where `manage.py serve` and `demo` listen, unless --port says otherwise.
PORT = number("PORT", 8000, minimum=1, maximum=65535)
# Processes, and threads in each: so many requests are worked on at once, and each thread keeps a database connection.
# As many workers as cores: they share those with PostgreSQL, and more of them only make requests take longer. At most
# 16 by default, whose threads fit into the 100 connections that PostgreSQL takes by default.
WEB_WORKERS = number("WEB_WORKERS", min(cpu_count() or 1, 16), minimum=1, maximum=256)
WEB_THREADS = number("WEB_THREADS", 4, minimum=1, maximum=256)


def metrics_token() -> str:
    """Return METRICS_TOKEN, which opens /metrics to who sends it; without one, there is no such address.

    :raises ImproperlyConfigured: it could be guessed, or no header can carry it.
    """
    word = text("METRICS_TOKEN")
    if word and not re.fullmatch(r"[!-~]{20,200}", word):
        # It may be a real one with a slip: not shown.
        raise ImproperlyConfigured(
            "METRICS_TOKEN must have 20 to 200 characters, letters and digits for example; make one with: "
            "openssl rand -hex 32"
        )
    return word


METRICS_TOKEN = metrics_token()

# ---------------------------------------------------------------------------------------------------------------------
# The history
# ---------------------------------------------------------------------------------------------------------------------

# How long things are kept; `manage.py prune` removes what is older (docs/operate.md says what bounds each table).
MOST_DAYS = 36_500
# So many days a mutation can be undone.
MUTATIONS_KEPT_DAYS = number("MUTATIONS_KEPT_DAYS", 30, minimum=1, maximum=MOST_DAYS)
# So many days it is told what was done to an issue: not fewer, since an undo reads that. Notes are no part of it: they
# stay as long as their issue.
ACTIVITIES_KEPT_DAYS = number(
    "ACTIVITIES_KEPT_DAYS", max(365, MUTATIONS_KEPT_DAYS), minimum=MUTATIONS_KEPT_DAYS, maximum=MOST_DAYS
)
# So many days events are counted by the hour: of 90 days can be asked (`statsPeriod`), which begin within a day.
HOURS_KEPT_DAYS = number("HOURS_KEPT_DAYS", 91, minimum=91, maximum=MOST_DAYS)
# Whether `serve` and `demo` take away what is older, by a `manage.py prune` of their own.
PRUNE = flag("PRUNE", True)

# ---------------------------------------------------------------------------------------------------------------------
# Language and time: answers are English and UTC, whatever a client prefers
# ---------------------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "issuetracker.formats"

# ---------------------------------------------------------------------------------------------------------------------
# What a browser must not do, and what the operator reads
# ---------------------------------------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "issuetracker.exceptions.csrf_failed"
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"


def log_level() -> str:
    """Return LOG_LEVEL, in capitals.

    :raises ImproperlyConfigured: it is none of logging's levels, or NOTSET, which here means nothing.
    """
    word = text("LOG_LEVEL", "WARNING").upper()
    if word not in {"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"}:
        raise ImproperlyConfigured(f"LOG_LEVEL is {shown(word)}; say DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    return word


def log_format() -> str:
    """Return LOG_FORMAT; without it, lines for who reads them at a terminal, JSON for what collects them.

    :raises ImproperlyConfigured: it is neither of the two.
    """
    word = text("LOG_FORMAT", "line" if stderr.isatty() else "json").lower()
    if word not in {"json", "line"}:
        raise ImproperlyConfigured(f"LOG_FORMAT is {shown(word)}; say json or line.")
    return word


# To standard error, where a process manager collects it. Secrets are never logged; bodies only those of mutations.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "context": {"()": "issuetracker.logs.AddContext"},
        "callers_news": {"()": "issuetracker.logs.CallersNews"},
    },
    "formatters": {
        "line": {
            "()": "logging.Formatter",
            "fmt": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
            "defaults": {"request_id": "-"},
        },
        "json": {"()": "issuetracker.logs.JsonLines"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": log_format(), "filters": ["context", "callers_news"]}
    },
    "root": {"handlers": ["stderr"], "level": log_level()},
    "loggers": {
        # A refused request is the caller's news, not the operator's; bugs are logged as errors.
        "django.request": {"level": "ERROR"},
        # A line for each mutation, unless only errors are wanted (issues/observing.py).
        "issues.mutations": {"level": "INFO" if log_level() in {"INFO", "WARNING", "WARN"} else log_level()},
        # A line each time that something was taken away for its age (issuetracker/pruning.py).
        "issuetracker.pruning": {"level": "INFO" if log_level() in {"INFO", "WARNING", "WARN"} else log_level()},
    },
}
