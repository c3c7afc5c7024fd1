"""What a line of the log looks like, and which request it belongs to.

Everything goes to standard error, where a process manager collects it: as JSON, one object on a line; or, for a person
at a terminal, as plain lines (LOG_FORMAT).
"""

import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

# What a caller may choose as the id of its request: nothing that could break a line, or fill one.
_SAFE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")

# Under this name a WSGI environment keeps what is known of its request: Django logs some of its lines when the request
# has left the middleware, and gives it along.
CONTEXT = "issuetracker.log_context"

LONGEST_NEWS = 300  # characters of what a caller has written

_current: ContextVar[dict[str, str] | None] = ContextVar("current", default=None)


def new_request_id() -> str:
    return secrets.token_hex(16)


def request_id(wanted: str) -> str:
    """Return the id that the caller wants for its request, if it is safe; else a new one."""
    return wanted if _SAFE_ID.fullmatch(wanted) else new_request_id()


@contextmanager
def about(context: dict[str, str]) -> Iterator[None]:
    """Put this into every line that is logged within, also what is added to it later."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def add(**known: str) -> None:
    """Add what has become known of the request, if there is one."""
    if (context := _current.get()) is not None:
        context.update({name: _short(value) for name, value in known.items()})


class AddContext(logging.Filter):
    """Puts what is known of the request into a record, as if each line had been given it as ``extra``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it, and keep the record."""
        meta: Mapping[str, object] = getattr(getattr(record, "request", None), "META", {})
        context = _current.get() or meta.get(CONTEXT)
        if isinstance(context, dict):
            for name, value in context.items():
                record.__dict__.setdefault(name, value)
        return True


class CallersNews(logging.Filter):
    """Makes a short warning of what only a caller is wrong about: Django tells some of it as an error with a traceback.

    And it quotes all that they have written. Whoever looks for open servers by their addresses, or posts to one of a
    megabyte, would else fill the log. Of a bug, the address alone is cut.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, if Django has made it of a request, and keep it."""
        if record.name.startswith("django.security."):
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        if record.name.startswith(("django.security.", "django.request")):
            record.msg, record.args = _short(record.getMessage()), ()
        return True


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NEWS else f"{text[:LONGEST_NEWS]}…"


class JsonLines(JsonFormatter):
    """One JSON object for each record: when, how bad, where, what, and whatever ``extra`` and the request add."""

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            # Django gives its request along, whose text is its whole address: ten thousand ids, and whatever else
            # stands in a query.
            reserved_attrs=[*RESERVED_ATTRS, "request"],
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return the time as answers have it (contract 1.8)."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
