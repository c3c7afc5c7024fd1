"""What is read of a million events: by index, and in no week that need not be."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from events import weeks
from events.reading.events import (
    NEWEST_FIRST,
    EventsAsked,
    find_issue_of_event,
    read_event,
    read_event_of_projects,
    read_events,
    read_events_of_project,
)
from events.reading.tags import read_tags
from issues.models import Issue
from projects.database.keyset import Position
from projects.models import Project
from tests.events.counting.arriving import count
from tests.events.reading.telling import issue_of, keep
from tests.factories import NOW

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)


def week_of(number: int) -> str:
    """Return the table with the events of so many weeks ago."""
    return weeks.name_of("events_event", weeks.monday((NOW - number * WEEK).date()))


class Read:
    """The tables of events of which rows were looked for, and those that were read from end to end."""

    def __init__(self) -> None:
        self.weeks: set[str] = set()
        self.weeks_of_ids: set[str] = set()
        self.whole: set[str] = set()
        self.rows = 0  # of events, at most from one table at a time

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        with context["connection"].connection.cursor() as cursor:
            settings, end, statement = sql.rpartition(";\n")
            cursor.execute(f"{settings}{end}EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {statement}", params)
            for (line,) in cursor.fetchall():
                self._read(line)
        return execute(sql, params, many, context)

    def _read(self, line: str) -> None:
        found = re.search(r"(Seq |Index |Bitmap Heap )\w*.* on (events_event(?:id)?_\w+)", line)
        if found is None or "never executed" in line:
            return
        name = found[2]
        rows, loops = re.findall(r"rows=([0-9]+)\S* loops=([0-9]+)", line)[0]
        self.rows = max(self.rows, int(rows) * int(loops))
        (self.weeks_of_ids if name.startswith("events_eventid") else self.weeks).add(name)
        if found[1] == "Seq ":
            self.whole.add(name)


@contextmanager
def looked_at() -> Iterator[Read]:
    read = Read()
    with connection.cursor() as cursor:  # as of large tables: those of a test are small
        cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.execute_wrapper(read):
        yield read


@pytest.fixture
def ids(project: Project, other_project: Project) -> list[UUID]:
    """An issue that was seen in two weeks, four and five weeks ago; and others, in all of the last eight."""
    for number in range(8):
        for second in range(30):
            keep(project, "valve", NOW - number * WEEK - timedelta(seconds=second))
        keep(other_project, "pump", NOW - number * WEEK)
    found = [keep(project, "pump", NOW - number * WEEK) for number in (4, 4, 5)]
    weeks.make_ahead(NOW)
    count(project)
    count(other_project)
    return found


@pytest.fixture
def issue(ids: list[UUID], project: Project) -> Issue:
    return issue_of(project)


def asked(**how: Any) -> EventsAsked:
    return EventsAsked(how.pop("position", Position(NEWEST_FIRST)), how.pop("limit", 25), **how)


ITS_WEEKS = {week_of(4), week_of(5)}
READERS: dict[str, tuple[Callable[[Issue, list[UUID]], object], set[str]]] = {
    "a page of an issue": (lambda issue, ids: read_events(issue.project_id, issue.pk, asked()), ITS_WEEKS),
    "of which the newest are enough": (
        lambda issue, ids: read_events(issue.project_id, issue.pk, asked(limit=1)),
        {week_of(4)},
    ),
    "of the last days": (
        lambda issue, ids: read_events(issue.project_id, issue.pk, asked(start=NOW - 2 * WEEK)),
        set(),
    ),
    "from a place on": (
        lambda issue, ids: read_events(
            issue.project_id, issue.pk, asked(position=Position(NEWEST_FIRST, (NOW - 4 * WEEK, 0)))
        ),
        {week_of(4), week_of(5)},
    ),
    "the latest": (lambda issue, ids: read_event(issue.project_id, issue.pk, "latest"), {week_of(4)}),
    "one by id": (lambda issue, ids: read_event_of_projects([issue.project_id], ids[2]), ITS_WEEKS),
    "the issue of one": (lambda issue, ids: find_issue_of_event([issue.project_id], ids[2]), {week_of(5)}),
    "tags": (lambda issue, ids: read_tags(issue.project_id, issue.pk), ITS_WEEKS),
    "the newest of a project": (
        lambda issue, ids: read_events_of_project(issue.project_id, asked(), at=NOW),
        {week_of(0)},
    ),
}


def test_looks_into_no_week_that_need_not_be(issue: Issue, ids: list[UUID]) -> None:
    """All in one test: to make the events takes longer than to read them."""
    weeks_read, whole = {}, {}
    for name, (reader, _) in READERS.items():
        with looked_at() as read:
            reader(issue, ids)
        weeks_read[name], whole[name] = read.weeks, read.whole

    assert weeks_read == {name: needed for name, (_, needed) in READERS.items()}
    assert not any(whole.values()), whole


def test_reads_no_more_of_an_issue_than_is_asked_for(project: Project) -> None:
    """Whatever weeks lie between: an empty one is read from end to end for nothing, and then all would be sorted."""
    for number in (3, 0):
        keep(project, "pump", NOW - number * WEEK)
    count(project)
    issue = issue_of(project)
    weeks.make("events_event", [weeks.monday((NOW - number * WEEK).date()) for number in (1, 2)])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO events_event (project_id, hash, seen_at, event_id, received_at, data)
            SELECT project_id, hash, seen_at - second * interval '1 second', gen_random_uuid(), received_at, data
            FROM events_event, generate_series(1, 1000) AS second WHERE project_id = %s AND seen_at = %s
            """,
            [project.pk, NOW],
        )
        # As when they were last vacuumed: what was never looked at counts as ten pages.
        cursor.execute("UPDATE pg_class SET reltuples = 0 WHERE relname LIKE 'events\\_event\\_2%' AND relkind = 'r'")
    read = Read()

    with connection.execute_wrapper(read):
        read_events(project.pk, issue.pk, asked(limit=5))

    assert 1 <= read.rows < 15


def test_looks_for_an_id_by_index_in_the_weeks_of_ids(issue: Issue, ids: list[UUID]) -> None:
    with looked_at() as read:
        read_event_of_projects([issue.project_id], ids[2])

    assert len(read.weeks_of_ids) > 8
    assert read.whole == set()
