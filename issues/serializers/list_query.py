"""The query of a list (contract section 2)."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.reading.items import DAY, HOUR, StatsPeriod
from issues.reading.lists import ListQuery
from issues.search import Term, split_status
from issues.search.conditions import IsSeenAt, IsSeenWithin
from issues.search.keys import read_instant
from issues.serializers.scopes import of_environments, read_ids, read_query, read_statuses
from projects.api.pagination import read_cursor, read_limit
from projects.api.parameters import MAX_QUERY, read_query_once
from projects.callers import Caller
from projects.database.keyset import Sort

KNOWN = frozenset(
    {
        "query",
        "status",
        "start",
        "end",
        "environment",
        "sort",
        "limit",
        "cursor",
        "statsPeriod",
        "shortIdLookup",
    }
)
KNOWN_OF_ORGANIZATION = KNOWN | {"project"}
MAX_DAYS = 90
DEFAULT_PERIOD = "24h"
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}  # seconds
ALL_PROJECTS = "-1"

TIME_SORTS = {"date": Sort("last_seen"), "new": Sort("first_seen")}
SORTS = TIME_SORTS | {"freq": Sort("times_seen"), "user": Sort("users_seen")}


def read_list_query(params: QueryDict, *, period_narrows: bool = False, by: Caller) -> ListQuery:
    """Return what the parameters ask for.

    :param period_narrows: whether it is an organization's list: ``statsPeriod``, when given, also leaves out what was
        last seen before it, unless ``start`` or ``end`` say what is left out; and a search may choose projects.
    :raises ValidationError: a known one is wrong.
    """
    query = read_query_once(params)
    terms = read_query(query or "", max_length=MAX_QUERY, of_organization=period_narrows, by=by)
    period = params.get("statsPeriod", DEFAULT_PERIOD)
    stats = read_stats_period(period)
    window = _read_window(params)
    if period_narrows and stats is not None and "statsPeriod" in params and not window:
        window = (Term(IsSeenWithin("last_seen", timedelta(seconds=seconds_of(period)))),)
    environments = of_environments(filter(None, params.getlist("environment")))
    seen_in = read_query(environments, of_organization=period_narrows, by=by)
    sort = params.get("sort", "date")
    if sort not in SORTS:
        raise ValidationError({"sort": [f'"{sort[:40]}" is not a sort; say one of {", ".join(SORTS)}.']})
    errors: dict[str, list[str]] = {}
    statuses = read_statuses(params.getlist("status"), errors)
    if errors:
        raise ValidationError(errors)
    if not statuses and query is None:
        statuses = frozenset({IssueStatus.UNRESOLVED})
    elif not statuses:
        statuses, terms = split_status(terms)
    return ListQuery(
        statuses=statuses or None,
        terms=(*terms, *seen_in, *window),
        position=read_cursor(params.get("cursor"), SORTS[sort], is_time=sort in TIME_SORTS),
        limit=read_limit(params.get("limit")),
        stats=stats,
        event_id=read_event_id(query or ""),
        short_id=(query or "").strip() if params.get("shortIdLookup") in {"1", "true"} else "",
    )


def read_event_id(query: str) -> UUID | None:
    """Return the id of an event that a search may be: 32 hex digits, dashed or not; None for anything else."""
    word = query.strip()
    is_id = re.fullmatch(r"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(?:\1[0-9A-Fa-f]{4}){2}\1[0-9A-Fa-f]{12}", word, re.ASCII)
    return UUID(word) if is_id else None


def _read_window(params: QueryDict) -> tuple[Term, ...]:
    """Return what ``start`` and ``end`` leave: what was seen at some time between the two, as far as issues tell.

    :raises ValidationError: one of them is no time, or nothing can be between them.
    """
    errors: dict[str, list[str]] = {}
    start, end = (read_time(params, name, errors) for name in ("start", "end"))
    if errors:
        raise ValidationError(errors)
    if start is not None and end is not None and end < start:
        raise ValidationError({"end": ["The end is before the start."]})
    return (
        *([] if start is None else [Term(IsSeenAt("last_seen", ">=", start))]),
        *([] if end is None else [Term(IsSeenAt("first_seen", "<=", end))]),
    )


def read_time(params: QueryDict, name: str, errors: dict[str, list[str]]) -> datetime | None:
    """Return the time that a parameter gives; None when it is not given, and when it is none, which is an error."""
    word = params.get(name, "")
    moment = read_instant(word) if word else None
    if word and moment is None:
        errors[name] = [
            f'"{word[:40]}" is no time; say one in ISO 8601, 2026-01-31T12:00:00Z or of an offset below 16 hours, '
            "whose + is written %2B."
        ]
    return moment


def read_stats_period(word: str) -> StatsPeriod | None:
    """Return the points that ``stats`` has: hours for a day at most that is given in hours or less, else days; None for
    none.

    :raises ValidationError: it is no period of up to 90 days.
    """
    if not word:
        return None
    seconds = seconds_of(word)
    if not 1 <= seconds <= MAX_DAYS * UNITS["d"]:
        sentence = f'"{word[:40]}" is no period; say 24h, 14d or 2w, {MAX_DAYS} days at most.'
        raise ValidationError({"statsPeriod": [sentence]})
    if word[-1] in "smh" and seconds <= UNITS["d"]:
        return StatsPeriod(word, HOUR, -(-seconds // UNITS["h"]))
    return StatsPeriod(word, DAY, -(-seconds // UNITS["d"]))


def seconds_of(period: str) -> int:
    """Return how long a period is; 0 if it is none."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", period, re.ASCII)
    return int(found[1]) * UNITS[found[2]] if found else 0


def read_project_ids(words: list[str]) -> frozenset[int] | None:
    """Return the projects to which a list is narrowed; None when it isn't, or -1 among them says all.

    :raises ValidationError: one of the words is no id.
    """
    errors: dict[str, list[str]] = {}
    found = read_ids("project", [word for word in words if word != ALL_PROJECTS], errors)
    if errors:
        raise ValidationError(errors)
    return None if ALL_PROJECTS in words else found or None
