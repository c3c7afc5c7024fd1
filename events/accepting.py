"""Taking an event in: one statement, one commit; then it is on disk, and the answer may say so."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection

from events import weeks
from projects.database.connections import is_lost


@dataclass(frozen=True, slots=True)
class Arriving:
    """An event that has been read, for one project: what is stored of it.

    :ivar day: that it said itself; of an event that can't be recognised again, the day it came.
    :ivar hashes: its fingerprints, by the newest rules first.
    :ivar user: whom it is about, as a hash that is the same for the same one; "" for nobody.
    :ivar data: all of it, packed.
    """

    event_id: UUID
    day: date
    seen_at: datetime
    hashes: tuple[UUID, ...]
    level: str
    user: str
    release: str
    environment: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """Whether its key was still good, and, if so, whether the event is new: the same one is stored once."""

    by_key: bool
    is_new: bool


def accept(key: str, project_id: int, event: Arriving, *, at: datetime) -> Accepted:
    """Store an event for a project, by a client key that is its own; with what waits to be counted.

    Waits for nobody's lock, but for a second one of the same id that is being stored just now.

    :raises DatabaseError: nothing was stored, as far as is known.
    """
    params: dict[str, Any] = {
        "key": key,
        "project_id": project_id,
        "event_id": event.event_id.hex,
        "day": _kept_by(event.day, at),
        # An event that was far ahead when it came first is near when it comes again.
        "other_day": weeks.NO_DAY if _kept_by(event.day, at) == event.day else event.day,
        "seen_at": event.seen_at,
        "received_at": at,
        "hash": event.hashes[0].hex,
        "older_hashes": [each.hex for each in event.hashes[1:]],
        "level": event.level,
        "user": event.user,
        "release": event.release,
        "environment": event.environment,
        "data": event.data,
    }
    try:
        return _accept(params, event)
    except (InterfaceError, OperationalError):
        # A connection is kept from one event to the next, and PostgreSQL may have been restarted meanwhile. What was
        # sent may be done, too: the same event is stored once, so it does no harm twice.
        if connection.in_atomic_block or not is_lost():
            raise
    connection.close()
    again = _accept(params, event)
    return Accepted(again.by_key, is_new=again.by_key)  # a known one is known by the first time


def _accept(params: dict[str, Any], event: Arriving) -> Accepted:
    with connection.cursor() as cursor:
        try:
            cursor.execute(ACCEPT, params)
        except IntegrityError as error:
            if getattr(error.__cause__, "pgcode", "") != CHECK_VIOLATION:  # not: no partition for the row
                raise
            weeks.make("events_event", [weeks.monday(event.seen_at.astimezone(UTC).date())])
            if params["day"] != weeks.NO_DAY:
                weeks.make("events_eventid", [weeks.monday(event.day)])
            cursor.execute(ACCEPT, params)
        return Accepted(*cursor.fetchone())


CHECK_VIOLATION = "23514"  # also when there is no partition for a row


def _kept_by(day: date, at: datetime) -> date:
    today = at.astimezone(UTC).date()
    return day if today - weeks.DAYS_BEHIND <= day <= today + weeks.DAYS_AHEAD else weeks.NO_DAY


# The key once more: it was looked up a moment ago, and may be disabled or gone by now.
ACCEPT = """
    WITH sender AS (
        SELECT project_id FROM projects_clientkey WHERE key = %(key)s AND project_id = %(project_id)s AND is_active
    ),
    known AS (
        INSERT INTO events_eventid (project_id, event_id, day, hash, seen_at)
        SELECT project_id, %(event_id)s::uuid, %(day)s::date, %(hash)s::uuid, %(seen_at)s
        FROM sender
        WHERE NOT EXISTS (
            SELECT FROM events_eventid AS other
            WHERE other.project_id = %(project_id)s AND other.event_id = %(event_id)s::uuid
              AND other.day = %(other_day)s::date
        )
        ON CONFLICT (project_id, event_id, day) DO NOTHING
        RETURNING project_id
    ),
    kept AS (
        INSERT INTO events_event (project_id, hash, seen_at, event_id, received_at, data)
        SELECT project_id, %(hash)s::uuid, %(seen_at)s, %(event_id)s::uuid, %(received_at)s, %(data)s
        FROM known
        -- only when its id was forgotten with its week
        ON CONFLICT DO NOTHING
    ),
    waiting AS (
        INSERT INTO events_arrival
            (project_id, hash, older_hashes, event_id, seen_at, received_at, level, "user", release, environment)
        SELECT project_id, %(hash)s::uuid, %(older_hashes)s::uuid[], %(event_id)s::uuid, %(seen_at)s, %(received_at)s,
               %(level)s, %(user)s, %(release)s, %(environment)s
        FROM known
    )
    SELECT EXISTS (SELECT FROM sender), EXISTS (SELECT FROM known)
"""
