"""The weeks by which events and their ids are kept: made ahead, made when one is missing, and taken away.

Every way that PostgreSQL offers in one statement stops whoever takes events in behind any open reader: ``CREATE ...
PARTITION OF``, ``DROP`` and plain ``DETACH`` lock the parent against reads. So a week is made apart and attached, which
locks neither readers nor writers, and detached CONCURRENTLY before it is dropped. There is no DEFAULT partition: with
one, to attach a week means to scan it, under a lock.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

WEEK = timedelta(days=7)
AHEAD = 8  # weeks
BEHIND = 5  # an event may be 30 days late
# The column by which each table is divided.
TABLES = {"events_event": "seen_at", "events_eventid": "day"}
# Ids of events that say a day far from now: events/accepting.py. Not a week, and never taken away.
NO_DAY = date(1, 1, 1)
MAKING = 7_302_011  # of pg_advisory_xact_lock: one makes weeks at a time


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def name_of(table: str, week: date) -> str:
    year, number, _ = week.isocalendar()
    return f"{table}_{year:04d}w{number:02d}"


def make_ahead(now: datetime) -> None:
    """Make the weeks around ``now`` that are missing."""
    this = monday(now.astimezone(UTC).date())
    weeks = [this + number * WEEK for number in range(-BEHIND, AHEAD + 1)]
    for table in TABLES:
        make(table, weeks)


def make(table: str, weeks: Iterable[date]) -> None:
    """Make these weeks of a table, where they are missing. Waits for nobody but who makes weeks."""
    missing = [week for week in weeks if not _is_there(table, week)]
    for week in missing:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING])
            if not _is_there(table, week):
                name = name_of(table, week)
                # What is there under this name is left from a week that was detached, and not dropped yet.
                cursor.execute(f"DROP TABLE IF EXISTS {name}")
                cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
                cursor.execute(
                    f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
                    [_bound(table, week), _bound(table, week + WEEK)],
                )


def _is_there(table: str, week: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = %s::regclass AND inhrelid = to_regclass(%s))",
            [table, name_of(table, week)],
        )
        return bool(cursor.fetchone()[0])


def _bound(table: str, day: date) -> str:
    return f"{day.isoformat()} 00:00:00+00" if TABLES[table] == "seen_at" else day.isoformat()


def make_ahead_after_migrate(**kwargs: Any) -> None:
    make_ahead(datetime.now(UTC))
