"""A list of issues (contract section 2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from issues.enums import IssueStatus
from issues.models import Issue
from issues.named import Names
from issues.reading import named
from issues.reading.events import find_issue_of_event
from issues.reading.items import Item, Stats, StatsPeriod, read_items, read_names, read_stats
from issues.search import Term
from issues.services.ground import names
from issues.services.ground.narrowing import narrowing_of
from projects.callers import Caller
from projects.database import citus
from projects.database.keyset import Key, Position, Sort
from projects.models import Project
from projects.pages import Page, beside, cut_page, refuse_foreign
from projects.querysets import is_id

MAX_HITS = 1000  # counted exactly up to here


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list was asked for. Statuses None means all."""

    statuses: frozenset[IssueStatus] | None
    terms: tuple[Term, ...]
    position: Position
    limit: int
    stats: StatsPeriod | None
    short_id: str = ""  # may name the one issue that is wanted
    event_id: UUID | None = None  # the same, of one of its events


@dataclass(frozen=True, slots=True)
class IssueList:
    """A page of issues, and what stands around it. Issues that went while it was read are in the page only."""

    page: Page[int]  # of ids
    items: Sequence[Item]
    names: Names
    stats: Stats | None
    hits: int  # in all, as far as is counted


def read_list(asked: ListQuery, projects: Sequence[Project], *, by: Caller, at: datetime) -> IssueList:
    """Return a page of the issues of these projects.

    :raises ForeignCursor: the cursor is of another list.
    """
    project_ids = [project.pk for project in projects]
    asked = replace(asked, terms=names.resolve(asked.terms, project_ids, at=at))
    refuse_foreign(asked.position, partial(_is_there, asked.position.sort, project_ids))
    keys, hits = _keys(asked, project_ids, at=at)
    page = cut_page([(key, key[1]) for key in keys], asked.position, asked.limit)
    found = {item.id: item for item in read_items(projects, page.rows, by=by, at=at)}
    items = [found[pk] for pk in page.rows if pk in found]
    return IssueList(
        page=page,
        items=items,
        names=read_names(items),
        stats=None if asked.stats is None else read_stats(items, asked.stats, at=at),
        hits=hits,
    )


def has_any(project_ids: Sequence[int]) -> bool:
    """Return whether these projects have an issue at all."""

    def ask(some: Iterable[int] | QuerySet[Any]) -> list[int]:
        return list(Issue.objects.of_projects(some).order_by().values_list("pk", flat=True)[:1])

    return bool(citus.ask_all_or_each(ask, project_ids))


def _is_there(sort: Sort, project_ids: Sequence[int], key: Key) -> bool:
    issues = Issue.objects.sortable(sort).of_projects(project_ids)
    issues = issues.filter(pk__range=beside(key), **{sort.column: key[0]})
    return bool(issues.exists())


def _wanted(asked: ListQuery, project_ids: Sequence[int]) -> Issue | None:
    """Return the one issue that is looked for by its short id, or by an event's id; whatever its status."""
    if asked.event_id is not None:
        return find_issue_of_event(project_ids, asked.event_id)
    if asked.short_id and not is_id(asked.short_id):
        found = named.find(project_ids, asked.short_id)
        return None if found is None else found.shown
    return None


def _keys(asked: ListQuery, project_ids: Sequence[int], *, at: datetime) -> tuple[list[Key], int]:
    """Return the keys of a page, one more if there are more; and how many there are in all, as far as is counted."""
    wanted = _wanted(asked, project_ids)
    if wanted is not None:
        key = (getattr(wanted, asked.position.sort.column), wanted.pk)
        return [key] if asked.position.is_before(key) else [], 1
    narrowing = narrowing_of(asked.terms, project_ids)
    found, project_ids = narrowing.narrow(Issue.objects.matching(asked.terms, at=at)), narrowing.project_ids
    if asked.position.key is None:  # the first page is the beginning of what is counted
        return found.first_page(
            project_ids, asked.statuses, at=at, start=asked.position, limit=asked.limit + 1, count_to=MAX_HITS
        )
    keys = found.page(project_ids, asked.statuses, at=at, position=asked.position, limit=asked.limit + 1)
    return keys, found.count_up_to(MAX_HITS, project_ids, asked.statuses, at=at)
