"""The plain fields of an event: each read by its type, and as if absent, but named, where it is of another one."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from events.meaning.texts import cut

MOST_ERRORS = 100
MOST_OF_AN_ERROR = 100  # characters

ALIASES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Csp": "csp",
}


Types = Mapping[str, tuple[type, ...]]  # that the keys of an object take


class Errors:
    """The names of what was as if absent, each once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        if len(self._names) < MOST_ERRORS:
            self._names[cut(name, MOST_OF_AN_ERROR)] = None

    def names(self) -> list[str]:
        return list(self._names)


def without_aliases(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with the names of today: old Ravens wrote the classes of their server. Today's win."""
    found = [(old, name) for old, name in ALIASES.items() if old in event]
    if not found:
        return event
    named = {key: value for key, value in event.items() if key not in ALIASES}
    for old, name in found:
        if named.get(name) is None:
            named[name] = event[old]
    return named


def read_text(event: dict[str, Any], key: str, most: int, errors: Errors) -> str:
    """Return a text without the blanks around it, cut; "" where there is none."""
    value = event.get(key)
    if value is None:
        return ""
    if type(value) is not str:
        errors.add(key)
        return ""
    return cut(value.strip(), most)


def read_object(event: dict[str, Any], key: str, errors: Errors) -> dict[str, Any]:
    """Return an object; an empty one where there is none."""
    value = event.get(key)
    if value is None:
        return {}
    if type(value) is not dict:
        errors.add(key)
        return {}
    return value


def read_objects(event: dict[str, Any], key: str, errors: Errors, within: str = "") -> list[dict[str, Any]]:
    """Return the objects of a list, of ``{"values": [...]}``, or one object alone; none where there is none.

    :param within: what to name before the key: where the object stands that has it.
    """
    name = within + key
    value = event.get(key)
    if type(value) is dict and "values" in value:
        value = value["values"]
    if type(value) is dict:
        return [value]
    if type(value) is not list:
        if value is not None:
            errors.add(name)
        return []
    found = []
    for index, item in enumerate(value):
        if type(item) is dict:
            found.append(item)
        elif item is not None:
            errors.add(f"{name}.{index}")
    return found


def take_out_wrong(found: dict[str, Any], types: Types, name: str, errors: Errors) -> None:
    """Take out of an object what is of a type that the key doesn't take.

    :param name: what to name before the key: where the object stands.
    """
    for key, allowed in types.items():
        if key in found and type(found[key]) not in allowed and found.pop(key) is not None:
            errors.add(f"{name}.{key}")


# ---------------------------------------------------------------------------------------------------------------------
# Which event, and when
# ---------------------------------------------------------------------------------------------------------------------

_AN_ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", re.ASCII)
NIL = UUID(int=0)  # sentry-cli sends it for an event without an id


def read_id(event: dict[str, Any], errors: Errors) -> UUID | None:
    """Return the id in an event."""
    value = event.get("event_id")
    if value is None:
        return None
    if type(value) is not str or not _AN_ID.fullmatch(value):
        errors.add("event_id")
        return None
    found = UUID(value)
    return None if found == NIL else found


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Python alone would read any sign between the date and the time, and weeks.
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,20})?)? ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
DRIFT = timedelta(minutes=55)  # a clock that is wrong by more is set right
AHEAD = timedelta(seconds=60)
BEHIND = timedelta(days=30)


def read_timestamp(event: dict[str, Any], errors: Errors) -> datetime | None:
    """Return an event's time as it was sent, in UTC."""
    value = event.get("timestamp")
    if value is None:
        return None
    found = _from_seconds(value) if type(value) in (int, float) else _from_iso(value) if type(value) is str else None
    if found is None:
        errors.add("timestamp")
    return found


def _from_seconds(seconds: float) -> datetime | None:
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _from_iso(text: str) -> datetime | None:
    text = text.strip()
    if not _ISO.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text.upper())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or none in UTC
        return None


def seen_at(timestamp: datetime | None, *, sent_at: datetime | None, at: datetime) -> datetime:
    """Return when an event was seen: its own time, as far as one can believe it; else when it was received."""
    if timestamp is None:
        return at
    if sent_at is not None and abs(at - sent_at) > DRIFT:
        try:
            timestamp += at - sent_at
        except OverflowError:
            return at
    return timestamp if at - BEHIND <= timestamp <= at + AHEAD else at


def day_of(timestamp: datetime | None, *, is_known: bool, at: datetime) -> date:
    """Return the day that an event is recognised by; one that can't come again is of the day it was received."""
    return (timestamp if timestamp is not None and is_known else at).astimezone(UTC).date()


# ---------------------------------------------------------------------------------------------------------------------
# Level, release, fingerprint, tags
# ---------------------------------------------------------------------------------------------------------------------

ERROR = "error"
LEVELS = {
    **{word: word for word in ("sample", "debug", "info", "warning", ERROR, "fatal")},
    **{"log": "info", "warn": "warning", "critical": "fatal"},
}
# As Python's logging counts, from 0 to 50; programs have some between.
OF_TENS = ("debug", "debug", "info", "warning", ERROR, "fatal")


def read_level(event: dict[str, Any], errors: Errors) -> str:
    """Return how bad an event is: a word of today, from one of today or of old, or from a number of Raven."""
    value = event.get("level")
    if value is None:
        return ERROR
    if type(value) is int and value > 0:
        return OF_TENS[min(value // 10, 5)]
    level = LEVELS.get(value.strip().lower()) if type(value) is str else None
    if level is None:
        errors.add("level")
        return ERROR
    return level


MOST_OF_A_RELEASE = 250
NO_RELEASES = {".", "..", "latest"}
_NOT_IN_A_RELEASE = re.compile(r"[/\\\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def read_release(event: dict[str, Any], errors: Errors) -> str:
    """Return the version that an event names; "" where no release may be called so."""
    release = _as_text(event, "release", MOST_OF_A_RELEASE, errors)
    if release in NO_RELEASES or _NOT_IN_A_RELEASE.search(release):
        errors.add("release")
        return ""
    return release


def read_dist(event: dict[str, Any], most: int, errors: Errors) -> str:
    """Return the build of a release."""
    return _as_text(event, "dist", most, errors)


def _as_text(event: dict[str, Any], key: str, most: int, errors: Errors) -> str:
    """Return a text; whole numbers are texts, too: builds are often numbers."""
    if type(event.get(key)) is int:
        return cut(str(event[key]), most)
    return read_text(event, key, most, errors)


def read_fingerprint(event: dict[str, Any], errors: Errors) -> tuple[str, ...] | None:
    """Return the values of a fingerprint, numbers as text; None where it is missing.

    Old Ravens send one value as ``checksum``.
    """
    value = event.get("fingerprint")
    if value is None:
        checksum = event.get("checksum")
        if type(checksum) is str:
            return (checksum,) if checksum.strip() else None
        if checksum is not None:
            errors.add("checksum")
        return None
    if type(value) is not list:
        errors.add("fingerprint")
        return None
    parts = []
    for index, part in enumerate(value):
        if type(part) in (int, float):
            parts.append(str(part))
        elif type(part) is str:
            parts.append(part)
        elif part is not None:
            errors.add(f"fingerprint.{index}")
    return tuple(parts)


MOST_TAGS = 100
MOST_OF_A_TAG = 200
_A_TAG = re.compile(r"[a-zA-Z0-9_.:-]{1,32}", re.ASCII)


def read_tags(event: dict[str, Any], errors: Errors) -> dict[str, str]:
    """Return the tags of an event, in the order of their keys."""
    kept: dict[str, str] = {}
    for key, value in _pairs(event, "tags", errors):
        if type(key) is not str:
            errors.add("tags")
            continue
        text = value if type(value) is str else str(value) if type(value) in (int, float, bool) else ""
        is_tag = _A_TAG.fullmatch(key) and 0 < len(text) <= MOST_OF_A_TAG and "\n" not in text and "\r" not in text
        if is_tag and (key in kept or len(kept) < MOST_TAGS):
            kept[key] = text
        else:
            errors.add(f"tags.{key}")
    return dict(sorted(kept.items()))


def _pairs(event: dict[str, Any], key: str, errors: Errors) -> list[tuple[Any, Any]]:
    """Return keys and values of an object, a list of pairs, or a list of ``{"key", "value"}``; nothing for null."""
    value = event.get(key)
    pairs: list[tuple[Any, Any]] = []
    if type(value) is dict:
        pairs = list(value.items())
    elif type(value) is list:
        for index, item in enumerate(value):
            if type(item) is list and len(item) == 2:
                pairs.append((item[0], item[1]))
            elif type(item) is dict and "key" in item:
                pairs.append((item["key"], item.get("value")))
            elif item is not None:
                errors.add(f"{key}.{index}")
    elif value is not None:
        errors.add(key)
    return [(key, value) for key, value in pairs if value is not None]
