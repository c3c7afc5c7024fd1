"""What is asked of a list of events (contract 7.10)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, get_args
from uuid import UUID

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from events.reading.events import MOST_ID, NEWEST_FIRST, OLDEST_FIRST, EventsAsked
from events.reading.matching import USER_FIELDS, HasTag, HasUser, HasWords, Holds, all_hold
from events.reading.tags import Order
from issues.search import Pattern, parse
from issues.search.keys import Key, not_compared, pattern
from issues.serializers.list_query import read_time, seconds_of
from projects.api.pagination import MICROSECONDS, read_limit
from projects.api.parameters import MAX_QUERY, read_query_once
from projects.database.keyset import EPOCH, MICROSECOND, Position, Sort

OF_LISTS = frozenset({"full", "query", "environment", "statsPeriod", "start", "end", "per_page", "cursor", "sort"})
SORTS = {"-timestamp": NEWEST_FIRST, "timestamp": OLDEST_FIRST}
TRUE, FALSE = {"1", "true"}, {"", "0", "false"}
LONGEST = 100 * 366 * 86_400  # seconds: longer than anything is kept
ORDERS: Sequence[str] = get_args(Order)
WORDS = {"message", "title"}


@dataclass(frozen=True, slots=True)
class ListAsked:
    """Which events, and whether they are shown whole."""

    events: EventsAsked
    is_full: bool


def read_list_asked(params: QueryDict, *, at: datetime) -> ListAsked:
    """Return what the parameters ask for.

    :raises ValidationError: a known one is wrong.
    :raises BadTerm: a term of the search means nothing.
    """
    start, end = _read_window(params, at=at)
    sort = params.get("sort") or "-timestamp"
    if sort not in SORTS:
        raise ValidationError({"sort": [f'"{sort[:40]}" is not a sort; say one of {", ".join(SORTS)}.']})
    full = params.get("full", "").lower()
    if full not in TRUE | FALSE:
        raise ValidationError({"full": ["Say full=true or full=false."]})
    events = EventsAsked(
        position=read_event_cursor(params.get("cursor"), SORTS[sort]),
        limit=read_limit(params.get("per_page"), name="per_page"),
        start=start,
        end=end,
        holds=_read_conditions(params),
        has_entries=full in TRUE,
    )
    return ListAsked(events, full in TRUE)


def read_event_cursor(word: str | None, sort: Sort) -> Position:
    """Return the place that a cursor names in a list of events: a time, and an event's id as a number.

    :raises ValidationError: it is no cursor that an answer of ours could have held.
    """
    if not word:
        return Position(sort)
    found = re.fullmatch(r"(-?[0-9]{1,19}):([0-9]{1,39}):([01])", word, re.ASCII)
    value, number, backwards = (int(part) for part in found.groups()) if found else (0, MOST_ID + 1, 0)
    if number > MOST_ID or value not in MICROSECONDS:
        raise ValidationError({"cursor": [f'"{word[:80]}" is no cursor; take one from the Link header of an answer.']})
    if (value, number, backwards) == (0, 0, 0):
        return Position(sort)  # of an empty list, which something may have come to
    return Position(sort, (EPOCH + value * MICROSECOND, number), backwards=bool(backwards))


def read_event_id(word: str) -> UUID | None:
    """Return the id that a path names, dashed or not; None for what is none."""
    digits = word.replace("-", "").lower()
    return UUID(digits) if re.fullmatch("[0-9a-f]{32}", digits) else None


def read_order(params: QueryDict) -> Order:
    """Return in which order the values of a tag are asked for; a - before it changes nothing.

    :raises ValidationError: there is no such order.
    """
    word = (params.get("sort") or "id").removeprefix("-")
    for order in get_args(Order):
        if word == order:
            found: Order = order
            return found
    raise ValidationError({"sort": [f'"{word[:40]}" is not a sort; say one of {", ".join(ORDERS)}.']})


def _read_window(params: QueryDict, *, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return from when to when; ``start`` and ``end`` win over ``statsPeriod``, as in lists of issues.

    :raises ValidationError: one of them is no time or period, or nothing can be between them.
    """
    errors: dict[str, list[str]] = {}
    start, end = (read_time(params, name, errors) for name in ("start", "end"))
    period = params.get("statsPeriod", "")
    seconds = seconds_of(period)
    if period and not seconds:
        errors["statsPeriod"] = [f'"{period[:40]}" is no period; say 24h, 14d or 2w.']
    if errors:
        raise ValidationError(errors)
    if start is not None and end is not None and end < start:
        raise ValidationError({"end": ["The end is before the start."]})
    if seconds and start is None and end is None:
        start = max(EPOCH, at - timedelta(seconds=min(seconds, LONGEST)))
    return start, end


def _read_conditions(params: QueryDict) -> Holds | None:
    """Return what must hold of an event; None: nothing.

    :raises ValidationError: there are several searches.
    :raises BadTerm: a term of the search means nothing.
    """
    environments = frozenset(filter(None, params.getlist("environment")))
    terms = parse(read_query_once(params) or "", user_id=None, max_length=MAX_QUERY, find=_find_key)
    return all_hold(terms, environments) if terms or environments else None


def _find_key(written: str) -> Key:
    """Return the key of this name: a part of the user, the words of the message, or a tag."""
    name = written.lower()
    if name in WORDS:
        return _key(written, HasWords)
    part = name.removeprefix("user.")
    if part != name and part in USER_FIELDS:
        return _key(written, partial(HasUser, USER_FIELDS[part]))
    return _key(written, partial(HasTag, written))


def _key(name: str, condition: Callable[[Pattern], Any]) -> Key:
    """Return a key whose values become such conditions; they are of events, and not of issues."""
    return Key(name, lambda value, asker: condition(pattern(not_compared(value))))
