"""Taking an event in: one statement, one commit; then it is on disk, and the answer may say so.

The statement calls a function of the database (events/migrations/0004_accepting.py), whose parts are planned once for a
connection, and not for each event.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection

from events import weeks
from projects.database.connections import is_lost, waiting_at_most


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


class Accepted(IntEnum):
    """What became of an event, as the database says it: the same one is stored once."""

    NOT_BY_THIS_KEY = 0  # it was disabled or ended a moment ago
    KNOWN = 1
    NEW = 2


def accept(key: str, project_id: int, event: Arriving, *, at: datetime, lock_timeout: float) -> Accepted:
    """Store an event for a project, by a client key that is its own; with what waits to be counted.

    Waits for nobody's lock, but for a second one of the same id that is being stored just now; and for who has locked a
    table, an operator or a program of theirs, ``lock_timeout`` seconds.

    :raises DatabaseError: nothing was stored, as far as is known.
    """
    try:
        return _accept(key, project_id, event, at, lock_timeout)
    except (InterfaceError, OperationalError):
        # A connection is kept from one event to the next, and PostgreSQL may have been restarted meanwhile. What was
        # sent may be done, too: the same event is stored once, so it does no harm twice.
        if connection.in_atomic_block or not is_lost():
            raise
    connection.close()
    again = _accept(key, project_id, event, at, lock_timeout)
    return Accepted.NEW if again == Accepted.KNOWN else again  # it is known by the first time


def _accept(key: str, project_id: int, event: Arriving, at: datetime, lock_timeout: float) -> Accepted:
    day = _kept_by(event.day, at)
    params: list[Any] = [
        key,
        project_id,
        event.event_id.hex,
        day,
        weeks.NO_DAY if day == event.day else event.day,  # by which it may have been kept when it came first
        event.seen_at,
        at,
        event.hashes[0].hex,
        [each.hex for each in event.hashes[1:]],
        event.level,
        event.user,
        event.release,
        event.environment,
        event.data,
    ]
    statement = waiting_at_most(lock_timeout) + ACCEPT
    try:
        return _execute(statement, params)
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", "") != CHECK_VIOLATION:  # not: no partition for the row
            raise
        weeks.make("events_event", [weeks.monday(event.seen_at.astimezone(UTC).date())], lock_timeout=lock_timeout)
        if day != weeks.NO_DAY:
            weeks.make("events_eventid", [weeks.monday(event.day)], lock_timeout=lock_timeout)
        return _execute(statement, params)


def _execute(statement: str, params: list[Any]) -> Accepted:
    """Send the statement by the driver's own cursor: Django's, with what it asks before each, takes as long again."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(statement, params)
        (accepted,) = cursor.fetchone()
    return Accepted(accepted)


CHECK_VIOLATION = "23514"  # also when there is no partition for a row


def _kept_by(day: date, at: datetime) -> date:
    today = at.astimezone(UTC).date()
    return day if today - weeks.DAYS_BEHIND <= day <= today + weeks.DAYS_AHEAD else weeks.NO_DAY


# No SELECT: those are looked upon as look-ups, which are sent again without a word (projects/database/connections.py).
ACCEPT = "VALUES (events_accept(%s, %s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s, %s, %s, %s, %s))"
