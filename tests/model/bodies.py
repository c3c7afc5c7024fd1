"""What a body asks for, and how its values are read (1.4)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.things import NO_TERMS, Person, Resolution, Team, Terms

STATUSES = {"resolved": "resolved", "unresolved": "unresolved", "ignored": "ignored", "muted": "ignored"}
MARKS = ("hasSeen", "isBookmarked", "isSubscribed")
BOOLEANS = ("isPublic", "merge", *MARKS)
NUMBERS = {
    "ignoreDuration": (0, 52_560_000),
    "snoozeDuration": (0, 52_560_000),
    "ignoreCount": (0, 2_147_483_647),
    "ignoreWindow": (1, 10_080),
    "ignoreUserCount": (0, 2_147_483_647),
    "ignoreUserWindow": (1, 10_080),
}
TERMS = (*NUMBERS, "ignoreUntil")
SUBSTATUSES = {
    "ignored": ("archived_until_escalating", "archived_until_condition_met", "archived_forever"),
    "unresolved": ("ongoing", "new", "regressed", "escalating"),
}
Reader = Callable[[Any], Any]  # of a value in a body


@dataclass(frozen=True, slots=True)
class Wish:
    """1.4, validated. None is "absent"; ``assigns`` tells "to nobody" from it."""

    status: str | None = None
    substatus: str | None = None
    resolution: Resolution | None = None
    terms: Terms = NO_TERMS
    assigns: bool = False
    assignee: Person | Team | None = None
    priority: str | None = None
    is_public: bool | None = None
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None
    merge: bool | None = None

    @property
    def is_status_only(self) -> bool:
        without = replace(self, status=None, substatus=None, resolution=None, terms=NO_TERMS)
        return self.status is not None and without == Wish()


class Refused(Exception):
    """A 400; see :class:`Expected`."""

    def __init__(self, wrong: Mapping[str, object]) -> None:
        self.wrong = wrong


class Wrong(Exception):
    """A value that is none; the sentence is None where the contract doesn't give it."""

    def __init__(self, sentence: str | None = None) -> None:
        self.sentences = None if sentence is None else [sentence]


def read_body(text: str) -> dict[str, Any]:
    """1.4: a JSON object, or nothing at all."""
    if not text:
        return {}
    try:
        body = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except ValueError as error:
        raise Refused({"detail": None}) from error
    if not isinstance(body, dict):
        raise Refused({"detail": None})
    return body


def _refuse(word: str) -> None:
    raise ValueError(word)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def read_all(body: Mapping[str, Any], readers: Mapping[str, Reader], wrong: dict[str, object]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, read in readers.items():
        if key in body:
            try:
                values[key] = read(body[key])
            except Wrong as error:
                wrong[key] = error.sentences
    return values


def read_status(raw: Any) -> str:
    if not isinstance(raw, str) or raw not in {*STATUSES, "resolvedInNextRelease"}:
        raise Wrong
    return raw


def read_substatus(raw: Any) -> str | None:
    if raw is not None and raw not in [word for words in SUBSTATUSES.values() for word in words]:
        raise Wrong
    return None if raw is None else str(raw)


def read_priority(raw: Any) -> str:
    if raw not in ("high", "medium", "low"):
        raise Wrong
    return str(raw)


def misfits(
    substatus: str | None, status: str | None, has_terms: bool, terms_are_known: bool, until_escalating: bool
) -> bool:
    """1.4: whether it doesn't go with the status and its terms."""
    if substatus is None:
        return False
    if status is None or substatus not in SUBSTATUSES.get(STATUSES.get(status, status), ()):
        return True
    if until_escalating and substatus in ("archived_until_condition_met", "archived_forever"):
        return True
    if substatus == "archived_until_condition_met":
        return not has_terms and terms_are_known
    return has_terms and status != "unresolved"


def read_boolean(raw: Any) -> bool:
    for value, words in ((True, ("true", "1")), (False, ("false", "0"))):
        if isinstance(raw, bool | int | str) and str(raw).lower() in words:
            return value
    raise Wrong


def read_boolean_or_null(raw: Any) -> bool | None:
    return None if raw is None else read_boolean(raw)


def read_text(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise Wrong
    return str(raw).strip()


def term_readers(at: datetime) -> dict[str, Reader]:
    def read_instant(raw: Any) -> datetime | None:
        if raw is None:
            return None
        try:
            moment = datetime.fromisoformat(raw) if str(raw).isascii() else None
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment <= at:
            raise Wrong
        return moment.astimezone(UTC)

    return {key: number_reader(key) for key in NUMBERS} | {"ignoreUntil": read_instant}


def number_reader(key: str) -> Callable[[Any], int | None]:
    least, greatest = NUMBERS[key]

    def read(raw: Any) -> int | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not re.fullmatch("-?[0-9]+", str(raw)) or not least <= int(raw) <= greatest:
            raise Wrong
        return int(raw)

    return read


def resolution_of(status: str | None, details: Mapping[str, Any], newest: str | None) -> Resolution | None:
    if status == "resolvedInNextRelease" or details.get("inNextRelease"):
        return Resolution(after=newest)
    return Resolution(details["inRelease"]) if details.get("inRelease") else None


def terms_of(given: Mapping[str, Any], until_escalating: bool, at: datetime) -> Terms:
    minutes = given.get("ignoreDuration", given.get("snoozeDuration"))
    return Terms(
        until=given.get("ignoreUntil") if minutes is None else at + timedelta(minutes=minutes),
        count=given.get("ignoreCount"),
        window=given.get("ignoreWindow"),
        user_count=given.get("ignoreUserCount"),
        user_window=given.get("ignoreUserWindow"),
        until_escalating=until_escalating,
    )
