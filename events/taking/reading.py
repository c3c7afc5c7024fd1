"""What is read of an event, whatever is in it: a bug in the reading must not lose it."""

import logging
from typing import Any

from events import meaning
from events.meaning.shapes import Event

logger = logging.getLogger(__name__)

# What stands for itself, and needs no reading worth the name.
SIMPLE = (
    *("event_id", "timestamp", "level", "platform", "environment", "release", "dist", "server_name"),
    *("transaction", "logger", "culprit"),
)
INCOMPLETE = {"incomplete": "this event could not be read as a whole"}


def read(event: dict[str, Any], **how: Any) -> Event:
    """Return what is read of the event; of one that the reading fails at, what is simple in it.

    Every field of any type is read (tests/events/meaning/test_any_event.py), so such a one has found a bug. Its SDK
    would not send it again. It is kept with its type and its first line, and marked; the log says why.
    """
    try:
        return meaning.read(event, **how)
    except Exception:
        logger.exception("Bug: the event %.60r could not be read as a whole.", how["event_id"] or event.get("event_id"))
        return meaning.read(simple(event), **how)


def simple(event: dict[str, Any]) -> dict[str, Any]:
    """Return what is text or a number, with a message of what was thrown, or was said."""
    kept = {name: event[name] for name in SIMPLE if isinstance(event.get(name), str | int | float)}
    return kept | {"message": _thrown(event) or _said(event), "tags": INCOMPLETE}


def _thrown(event: dict[str, Any]) -> str:
    found = event.get("exception")
    values = found.get("values") if isinstance(found, dict) else found
    last = values[-1] if isinstance(values, list) and values else None
    words = [last.get("type"), last.get("value")] if isinstance(last, dict) else []
    return ": ".join(word for word in words if isinstance(word, str))


def _said(event: dict[str, Any]) -> str:
    return next((event[name] for name in ("message", "type") if isinstance(event.get(name), str)), "")
