"""The query of a list (contract section 2)."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.search import Term
from issues.search.conditions import HasStatus, IsSeenWithin
from issues.serializers.items import DAY, HOUR, StatsPeriod
from issues.serializers.scopes import read_ids, read_query, read_statuses
from projects.callers import Caller
from projects.keyset import Position, Sort
from projects.pagination import read_cursor, read_limit
from projects.parameters import MAX_QUERY

KNOWN = frozenset({"query", "status", "sort", "limit", "cursor", "statsPeriod", "shortIdLookup"})
KNOWN_OF_ORGANIZATION = KNOWN | {"project"}
MAX_DAYS = 90
DEFAULT_PERIOD = "24h"

TIME_SORTS = {"date": Sort("last_seen"), "new": Sort("first_seen")}
SORTS = TIME_SORTS | {"freq": Sort("times_seen"), "user": Sort("users_seen")}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list was asked for. Statuses None means all."""

    statuses: frozenset[IssueStatus] | None
    terms: tuple[Term, ...]
    position: Position
    limit: int
    stats: StatsPeriod | None
    short_id: str = ""  # may name the one issue that is wanted


def read_list_query(params: QueryDict, *, period_narrows: bool = False, by: Caller) -> ListQuery:
    """Return what the parameters ask for; unknown ones are ignored, as clients send many.

    :param period_narrows: whether it is an organization's list: ``statsPeriod``, when given, also leaves out what was
        last seen before it, and a search may choose projects.
    :raises ValidationError: a known one is wrong.
    """
    query = params.get("query")
    terms = read_query(query or "", max_length=MAX_QUERY, of_organization=period_narrows, by=by)
    period = params.get("statsPeriod", DEFAULT_PERIOD)
    stats = read_stats_period(period)
    if period_narrows and stats is not None and "statsPeriod" in params:
        terms = (*terms, Term(IsSeenWithin("last_seen", timedelta(hours=_hours(period)))))
    sort = params.get("sort", "date")
    if sort not in SORTS:
        raise ValidationError({"sort": [f'"{sort}" is not a sort; say one of {", ".join(SORTS)}.']})
    errors: dict[str, list[str]] = {}
    statuses = read_statuses(params.getlist("status"), errors)
    if errors:
        raise ValidationError(errors)
    if not statuses and query is None:
        statuses = frozenset({IssueStatus.UNRESOLVED})
    elif not statuses:
        statuses, terms = _split_status(terms)
    return ListQuery(
        statuses=statuses or None,
        terms=terms,
        position=read_cursor(params.get("cursor"), SORTS[sort], is_time=sort in TIME_SORTS),
        limit=read_limit(params.get("limit")),
        stats=stats,
        short_id=(query or "").strip() if params.get("shortIdLookup") in {"1", "true"} else "",
    )


def _split_status(terms: tuple[Term, ...]) -> tuple[frozenset[IssueStatus], tuple[Term, ...]]:
    """Take the first ``is:STATUS`` out of the terms: pages are read by an index for each status, not by its rule."""
    for number, term in enumerate(terms):
        statuses = [each.status for each in term.conditions if isinstance(each, HasStatus)]
        if len(statuses) == len(term.conditions) and not term.negated:
            return frozenset(statuses), terms[:number] + terms[number + 1 :]
    return frozenset(), terms


def read_stats_period(word: str) -> StatsPeriod | None:
    """Return the points that ``stats`` has: hours up to a day, else days; None for none.

    :raises ValidationError: it is no period of up to 90 days.
    """
    if not word:
        return None
    hours = _hours(word)
    if not 1 <= hours <= MAX_DAYS * 24:
        raise ValidationError({"statsPeriod": [f'"{word}" is no period; say 24h, 14d or 2w, {MAX_DAYS} days at most.']})
    if word.endswith("h") and hours <= 24:
        return StatsPeriod(word, HOUR, hours)
    return StatsPeriod(word, DAY, -(-hours // 24))


def _hours(period: str) -> int:
    """Return how long a period is; 0 if it is none."""
    found = re.fullmatch(r"([0-9]{1,4})([hdw])", period, re.ASCII)
    return int(found[1]) * {"h": 1, "d": 24, "w": 168}[found[2]] if found else 0


def read_project_ids(words: list[str]) -> frozenset[int] | None:
    """Return the projects to which a list is narrowed; None when it isn't.

    :raises ValidationError: one of the words is no id.
    """
    errors: dict[str, list[str]] = {}
    found = read_ids("project", words, errors)
    if errors:
        raise ValidationError(errors)
    return found or None
