"""Which of an issue's events are asked for, told of what is kept of each: they are packed, and no statement can tell.

Conditions are those of a search (issues.search); upper and lower case don't count.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.reading.tagging import tags_of
from issues.search import AnyOf, Pattern, Term
from issues.search.conditions import HasText

Data = Mapping[str, Any]
Holds = Callable[[Data], bool]

USER_FIELDS = {
    "id": "id",
    "email": "email",
    "username": "username",
    "name": "name",
    "ip": "ip_address",
    "ip_address": "ip_address",
}


@dataclass(frozen=True, slots=True)
class HasWords:
    """Its title, message, culprit, or what one of its exceptions says, contains it."""

    text: Pattern


@dataclass(frozen=True, slots=True)
class HasTag:
    """It has this tag, with this value."""

    key: str
    value: Pattern


@dataclass(frozen=True, slots=True)
class HasUser:
    """A field of its user has this value."""

    field: str
    value: Pattern


def all_hold(terms: Sequence[Term], environments: Collection[str]) -> Holds:
    """Return whether all of these hold of an event, and it was seen in one of these environments, if there are any."""
    names = {name.lower() for name in environments}

    def holds(data: Data) -> bool:
        if names and data.get("environment", "").lower() not in names:
            return False
        return all(_holds(term.condition, data) is not term.negated for term in terms)

    return holds


def _holds(condition: object, data: Data) -> bool:
    match condition:
        case AnyOf(conditions):
            return any(_holds(each, data) for each in conditions)
        case HasText(text) | HasWords(text):
            return any(contains(text, word) for word in _words(data))
        case HasTag(key, value):
            return any(is_like(value, tag) for name, tag in tags_of(data).items() if name.lower() == key.lower())
        case HasUser(field, value):
            user = data.get("user")
            return isinstance(user, dict) and field in user and is_like(value, str(user[field]))
    raise LookupError(f"Nobody asks {condition} of an event.")


def _words(data: Data) -> Iterator[str]:
    for key in ("title", "message", "culprit"):
        if isinstance(data.get(key), str):
            yield data[key]
    exceptions = data.get("exception")
    values = exceptions.get("values") if isinstance(exceptions, dict) else None
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield f"{value.get('type', '')}: {value.get('value', '')}"


def contains(pattern: Pattern, text: str) -> bool:
    """Return whether the parts of a pattern stand in a text, one after the other."""
    place, text = 0, text.lower()
    for part in pattern.parts:
        place = text.find(part.lower(), place)
        if place < 0:
            return False
        place += len(part)
    return True


def is_like(pattern: Pattern, text: str) -> bool:
    """Return whether a pattern is the whole of a text."""
    first, last = pattern.parts[0].lower(), pattern.parts[-1].lower()
    text = text.lower()
    if len(pattern.parts) == 1:
        return text == first
    middle = text[len(first) : len(text) - len(last)]
    fits = text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)
    return fits and contains(Pattern(("", *pattern.parts[1:-1])), middle)
