"""The rows of whole events that are kept: of an issue, of a project, and by id.

A whole event names a fingerprint, not an issue. An issue's events are read by a look-up for each fingerprint of its
tree, in the weeks in which the fingerprint's own issue was seen and no others. What came before an issue of that
fingerprint was deleted belongs to nothing any more (contract 7.11), and is in no answer here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from events.reading.shapes import Place
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.reading import connection


class Row(NamedTuple):
    """An event as it is stored."""

    project_id: int
    fingerprint: UUID
    seen_at: datetime
    event_id: UUID
    received_at: datetime
    data: bytes

    @property
    def place(self) -> Place:
        return Place(self.seen_at, self.event_id)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One of a tree: when its own issue was first and last seen; and up to when another issue had it, now deleted."""

    hash: UUID
    first_seen: datetime
    last_seen: datetime
    forgotten_at: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows of a list are read next: from a place on, towards older ones or newer ones, within a time."""

    older: bool = True
    beyond: Place | None = None
    start: datetime | None = None
    end: datetime | None = None


def fingerprints(project_id: int, hashes: Iterable[UUID]) -> list[Fingerprint]:
    """Return of each of these, if an issue has it, when that issue was seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT known.hash::uuid, issue.own_first_seen, issue.own_last_seen, forgotten.at
            FROM issues_issuehash AS known
            JOIN issues_issue AS issue ON issue.id = known.issue_id AND issue.project_id = known.project_id
            LEFT JOIN issues_forgottenhash AS forgotten
                ON forgotten.project_id = known.project_id AND forgotten.hash = known.hash::uuid
            WHERE known.project_id = %s AND known.hash = ANY((SELECT %s::varchar[])::varchar[])
            """,
            [project_id, as_array(each.hex for each in hashes)],
        )
        return [Fingerprint(*row) for row in cursor.fetchall()]


def issues_of(project_id: int, fingerprints: Collection[UUID]) -> dict[UUID, int]:
    """Return the issue that shows the events of each fingerprint; none for one that has no issue (yet)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE above AS (
                SELECT known.hash, known.project_id, own.*
                FROM issues_issuehash AS known CROSS JOIN LATERAL (
                    SELECT id, merged_into_id FROM issues_issue
                    WHERE id = known.issue_id AND project_id = %(project_id)s
                    LIMIT 1
                ) AS own
                WHERE known.project_id = %(project_id)s AND known.hash = ANY((SELECT %(hashes)s::varchar[])::varchar[])
                UNION
                SELECT above.hash, above.project_id, parent.*
                FROM above CROSS JOIN LATERAL (
                    SELECT id, merged_into_id FROM issues_issue
                    WHERE id = above.merged_into_id AND project_id = %(project_id)s
                    LIMIT 1
                ) AS parent
            )
            SELECT hash::uuid, id FROM above WHERE merged_into_id IS NULL
            """,
            {"project_id": project_id, "hashes": as_array(each.hex for each in fingerprints)},
        )
        return dict(cursor.fetchall())


# ---------------------------------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------------------------------


# Not of an issue that was deleted since it came. A value for each row, as it is read: as a condition, PostgreSQL would
# join the two tables, and read all of a project for it.
def _remembered(project_id: int) -> str:
    return f"""
    event.received_at > coalesce(
        (
            SELECT forgotten.at FROM issues_forgottenhash AS forgotten
            WHERE forgotten.project_id = {project_id:d} AND forgotten.hash = event.hash
        ),
        '-infinity'
    )
    """


# In the order of the weeks' own indexes, until the transaction ends. Of a fingerprint that it doesn't know while it
# plans, PostgreSQL expects an event or none in each week. Where one of them is empty or small, it would read that from
# end to end, and with it all that the issue has, to sort it.
_IN_ORDER = "SET LOCAL enable_sort = off;\n"


def _whole(project_id: int, narrowed: str = "") -> str:
    """Return SQL for the rows behind whole ``keys`` of a project, each by one look-up in one week.

    What is sorted is keys alone.
    """
    return f"""
    SELECT event.project_id, event.hash, event.seen_at, event.event_id, event.received_at, event.data
    FROM keys CROSS JOIN LATERAL (
        SELECT * FROM events_event AS event
        WHERE event.project_id = {project_id:d} AND event.hash = keys.hash
          AND event.seen_at = keys.seen_at AND event.event_id = keys.event_id {narrowed}
        LIMIT 1
    ) AS event
    """


def of_fingerprints(
    project_id: int, fingerprints: Sequence[Fingerprint], span: Span, limit: int, *, each: bool = False
) -> list[Row]:
    """Return so many events of these fingerprints, in the order of reading.

    :param each: so many of each, in no order.
    """
    if not fingerprints:
        return []
    first = min(one.first_seen for one in fingerprints)
    last = max(one.last_seen for one in fingerprints)
    direction, narrowed, params = _narrowed(span, first=first, last=last)
    order = f"ORDER BY seen_at {direction}, event_id {direction}"
    keys = f"""
        SELECT {project_id:d}::bigint AS project_id, own.hash, event.seen_at, event.event_id
        FROM unnest(%(hashes)s::uuid[], %(first)s::timestamptz[], %(last)s::timestamptz[], %(at)s::timestamptz[])
            AS own (hash, first_seen, last_seen, forgotten_at)
        CROSS JOIN LATERAL (
            SELECT seen_at, event_id FROM events_event
            WHERE project_id = {project_id:d} AND hash = own.hash {narrowed}
              AND seen_at >= own.first_seen AND seen_at <= own.last_seen
              AND (own.forgotten_at IS NULL OR received_at > own.forgotten_at)
            {order} LIMIT {limit:d}
        ) AS event
        {"" if each else f"{order} LIMIT {limit:d}"}
    """
    params |= {
        "hashes": as_array(one.hash for one in fingerprints),
        "first": as_array(one.first_seen.isoformat() for one in fingerprints),
        "last": as_array(one.last_seen.isoformat() for one in fingerprints),
        "at": as_array("NULL" if one.forgotten_at is None else one.forgotten_at.isoformat() for one in fingerprints),
    }
    return _rows(f"{_IN_ORDER}WITH keys AS MATERIALIZED ({keys}) {_whole(project_id, narrowed)} {order}", params)


def of_project(project_id: int, span: Span, limit: int, *, at: datetime) -> list[Row]:
    """Return so many events of a project, in the order of reading; counted or not.

    :param at: now: no event is later than a minute after it came, and weeks to come are not looked into.
    """
    direction, narrowed, params = _narrowed(span, first=None, last=at)
    order = f"ORDER BY seen_at {direction}, event_id {direction}"
    keys = f"""
        SELECT project_id, hash, seen_at, event_id FROM events_event AS event
        WHERE project_id = {project_id:d} {narrowed} AND {_remembered(project_id)}
        {order} LIMIT {limit:d}
    """
    return _rows(f"WITH keys AS MATERIALIZED ({keys}) {_whole(project_id, narrowed)} {order}", params)


def oldest_of_project(project_id: int) -> datetime | None:
    """Return when the oldest event that is kept of a project was seen; None where none is."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT seen_at FROM events_event WHERE project_id = {project_id:d} ORDER BY seen_at LIMIT 1")
        return next((seen_at for (seen_at,) in cursor.fetchall()), None)


def by_id(project_ids: Iterable[int], event_id: UUID, *, of_issue: int | None = None) -> Row | None:
    """Return the event of this id in one of these projects, counted or not: the newest, if they have several.

    Its id is looked for in the weeks of ids, and then it in the one week that it is in.

    :param of_issue: the issue that must show it.
    """
    keys = _known(project_ids, event_id)
    if of_issue is not None:
        keys = [key for key in keys if issues_of(key[0], [key[1]]).get(key[1]) == of_issue]
    found = (_one(project_id, hash.hex, seen_at, event_id) for project_id, hash, seen_at in keys)
    return next((row for row in found if row is not None), None)


def _one(project_id: int, hash: str, seen_at: datetime, event_id: UUID) -> Row | None:
    rows = _rows(
        f"""
        SELECT event.project_id, event.hash, event.seen_at, event.event_id, event.received_at, event.data
        FROM events_event AS event
        WHERE event.project_id = {project_id:d} AND event.hash = %(hash)s::uuid
          AND event.seen_at = %(seen_at)s AND event.event_id = %(event_id)s::uuid AND {_remembered(project_id)}
        """,
        {"hash": hash, "seen_at": seen_at, "event_id": event_id.hex},
    )
    return next(iter(rows), None)


def fingerprints_known_by(project_ids: Iterable[int], event_id: UUID) -> list[tuple[int, UUID, datetime]]:
    """Return where an event of this id was seen, kept or not any more: project, fingerprint, and when."""
    return _known(project_ids, event_id)


def _known(project_ids: Iterable[int], event_id: UUID) -> list[tuple[int, UUID, datetime]]:
    # Where it is spread, as a value, by which one machine is asked; else planned without being looked at.
    wanted = "%(project_ids)s::bigint[]" if citus.is_spread() else "(SELECT %(project_ids)s::bigint[])::bigint[]"

    def ask(some: Iterable[int] | QuerySet[Any]) -> list[tuple[int, UUID, datetime]]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT project_id, hash, seen_at FROM events_eventid
                WHERE project_id = ANY({wanted}) AND event_id = %(event_id)s::uuid
                """,
                {"project_ids": as_array(some), "event_id": event_id.hex},
            )
            found: list[tuple[int, UUID, datetime]] = cursor.fetchall()
            return found

    return sorted(citus.ask_all_or_each(ask, list(project_ids)), key=lambda row: (-row[2].timestamp(), row[0]))


def _narrowed(span: Span, *, first: datetime | None, last: datetime) -> tuple[str, str, dict[str, Any]]:
    """Return the direction of reading, and what narrows it: as values, by which whole weeks are left out."""
    start = max((each for each in (first, span.start) if each is not None), default=None)
    end = last if span.end is None else min(last, span.end)
    conditions = ["AND seen_at <= %(end)s"]
    params: dict[str, Any] = {"end": end}
    if start is not None:
        conditions.append("AND seen_at >= %(start)s")
        params["start"] = start
    if span.beyond is not None:
        side = "<" if span.older else ">"
        conditions.append(f"AND seen_at {side}= %(seen_at)s")
        conditions.append(f"AND (seen_at, event_id) {side} (%(seen_at)s, %(event_id)s::uuid)")
        params |= {"seen_at": span.beyond.seen_at, "event_id": span.beyond.event_id.hex}
    return "DESC" if span.older else "ASC", " ".join(conditions), params


def _rows(sql: str, params: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Row(*row) for row in cursor.fetchall()]
