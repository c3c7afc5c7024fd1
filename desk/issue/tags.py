"""A tag of events, and the way to those that have it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from desk.issue.ways import Origin
from desk.texts import visible
from issues.models import Issue
from issues.search import NOT_UTF_8, quoted

LONGEST = 400  # characters of a value that a link asks for
_A_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)  # as docs/search-grammar.md has it
_NO_TAG = re.compile(r"message|title|user\..*", re.ASCII | re.IGNORECASE)  # what a search takes for something else


@dataclass(frozen=True, slots=True)
class TagShown:
    """A tag, and the address of the events that have it; empty where a search can't say it."""

    key: str
    value: str
    address: str


def linked(tags: Iterable[tuple[str, str]], issue: Issue, origin: Origin) -> tuple[TagShown, ...]:
    """Return tags, each with the way to the events that have it."""
    return tuple(TagShown(visible(key), visible(value), address_of(key, value, issue, origin)) for key, value in tags)


def address_of(key: str, value: str, issue: Issue, origin: Origin) -> str:
    """Return the address of an issue's events with this tag; empty where a search can't say it."""
    is_a_key = _A_KEY.fullmatch(key) and not _NO_TAG.fullmatch(key)
    if not is_a_key or not 0 < len(value) <= LONGEST or NOT_UTF_8 in value:
        return ""
    return origin.of("desk:events", issue.pk, query=f"{key}:{quoted(value)}")
