"""The weeks by which events and their ids are kept: made ahead, made when one is missing, and taken away.

Every way that PostgreSQL offers in one statement stops whoever takes events in behind any open reader: ``CREATE ...
PARTITION OF``, ``DROP`` and plain ``DETACH`` lock the parent against reads. So a week is made apart and attached, which
locks neither readers nor writers, and detached CONCURRENTLY before it is dropped. There is no DEFAULT partition: with
one, to attach a week means to scan it, under a lock.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction

from projects.database import citus
from projects.database.connections import waiting_at_most
from projects.database.failures import LOCK_NOT_AVAILABLE, sqlstate

logger = logging.getLogger(__name__)

WEEK = timedelta(days=7)
AHEAD = 8  # weeks
LATEST = timedelta(days=30)  # so late an event may come
# Days that an event may say and be kept by; those of others are kept apart, since each would want a week of its own.
DAYS_BEHIND, DAYS_AHEAD = timedelta(days=90), AHEAD * WEEK
# The column by which each table is divided.
TABLES = {"events_event": "seen_at", "events_eventid": "day"}
# Ids of events that say a day far from now: events/accepting.py. Not a week: what is old in it goes row by row.
NO_DAY = date(1, 1, 1)
# Of pg_advisory_xact_lock: one makes weeks at a time, and one takes them away.
MAKING, DROPPING = 7_302_011, 7_302_012
STEP = 1_000  # rows


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def name_of(table: str, week: date) -> str:
    year, number, _ = week.isocalendar()
    return f"{table}_{year:04d}w{number:02d}"


def make_ahead(now: datetime) -> None:
    """Make the weeks around ``now`` that are missing."""
    today = now.astimezone(UTC).date()
    first, last = monday(today - LATEST), monday(today) + AHEAD * WEEK
    weeks = [first + number * WEEK for number in range((last - first) // WEEK + 1)]
    for table in TABLES:
        make(table, weeks)


def make(table: str, weeks: Iterable[date], *, lock_timeout: float | None = None) -> None:
    """Make these weeks of a table, where they are missing.

    Waits for nobody but who makes weeks, and who has locked the table: an operator, a program of theirs.

    :param lock_timeout: so many seconds; None: as long as the connection does.
    :raises OperationalError: somebody has kept the lock for longer.
    """
    missing = [week for week in weeks if not _is_there(table, week)]
    for week in missing:
        with transaction.atomic(), connection.cursor() as cursor:
            # Who has waited must see what was made meanwhile: what it takes for left over is dropped.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if lock_timeout is not None:
                cursor.execute(waiting_at_most(lock_timeout))
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


def drop_old(now: datetime, days: int) -> int:
    """Take away the weeks whose last day is more than so many days ago; ids that are recognised, later.

    Readers and writers go on. This waits for those that began before it, for each week anew: for a backup, perhaps as
    long as that takes. One does it at a time; another one that comes meanwhile does nothing. What was interrupted
    anywhere is done to its end by the next one. Return how many weeks are gone.
    """
    today = now.astimezone(UTC).date()
    kept = {"events_event": timedelta(days), "events_eventid": max(timedelta(days), DAYS_BEHIND + timedelta(days=1))}
    dropped = 0
    with _alone() as is_alone:
        if not is_alone:
            return 0
        for table in TABLES:
            before = today - kept[table]
            for name, is_half_detached in _attached(table):
                if is_half_detached or _week_of(table, name) + WEEK <= before:
                    # One at a time can be half detached: it comes first.
                    _detach(table, name, HOW[is_half_detached])
            for name in _detached(table):
                if _week_of(table, name) + WEEK <= before:
                    _execute(f"DROP TABLE IF EXISTS {name}")
                    dropped += 1
        _forget_ids(today - kept["events_eventid"] - WEEK)
    return dropped


HOW = {False: "CONCURRENTLY", True: "FINALIZE"}
BRIEFLY = "500ms"


def _detach(table: str, name: str, how: str) -> None:
    """Let a week be one of its table no more."""
    if not citus.is_spread():
        _execute(f"ALTER TABLE {table} DETACH PARTITION {name} {how}")
        return
    # Citus has the plain way alone: who comes while it waits for a reader waits behind it. So it gives up soon, and the
    # next look tries again.
    try:
        with transaction.atomic():
            _execute(f"SET LOCAL lock_timeout = '{BRIEFLY}'")
            _execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
    except OperationalError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        logger.warning("%s is read or written just now; it is taken away at another time", name)


@contextmanager
def _alone() -> Iterator[bool]:
    """Keep others from doing the same, and say whether nobody did already.

    By a transaction of another connection, as `migrate` does it: DETACH CONCURRENTLY can't be in one.
    """
    beside = connection.copy()
    try:
        beside.set_autocommit(False)
        with beside.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [DROPPING])
            yield bool(cursor.fetchone()[0])
        beside.rollback()  # PgBouncer ends the connection to PostgreSQL of who leaves in the middle of a transaction
    finally:
        beside.close()


def _attached(table: str) -> list[tuple[str, bool]]:
    """Return the weeks of a table, and whether each was being detached when that was interrupted; that one first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT week.relname, inhdetachpending
            FROM pg_inherits JOIN pg_class AS week ON week.oid = inhrelid
            WHERE inhparent = %s::regclass
            ORDER BY inhdetachpending DESC, week.relname
            """,
            [table],
        )
        return [(name, is_half) for name, is_half in cursor.fetchall() if _is_name_of_week(table, name)]


def _detached(table: str) -> list[str]:
    """Return what was a week of a table, and is no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND NOT relispartition
              AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %s::regclass)
              AND starts_with(relname, %s)
            ORDER BY relname
            """,
            [table, f"{table}_"],
        )
        return [name for (name,) in cursor.fetchall() if _is_name_of_week(table, name)]


def _is_name_of_week(table: str, name: str) -> bool:
    return re.fullmatch(rf"{table}_\d{{4}}w\d{{2}}", name) is not None


def _week_of(table: str, name: str) -> date:
    year, number = name.removeprefix(f"{table}_").split("w")
    return date.fromisocalendar(int(year), int(number), 1)


def _forget_ids(before: date) -> None:
    """Take away old ids of events that said no day to be kept by; row by row, some at a time."""
    with connection.cursor() as cursor:
        if citus.is_spread():  # no row has its place in all of the table
            midnight = datetime.combine(before, time(), UTC)
            cursor.execute("DELETE FROM events_eventid_no_day WHERE seen_at < %s", [midnight])
            return
        while True:
            cursor.execute(
                """
                DELETE FROM events_eventid_no_day WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM events_eventid_no_day WHERE seen_at < %s LIMIT %s
                ))
                """,
                [before, STEP],
            )
            if not cursor.rowcount:
                return


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _bound(table: str, day: date) -> str:
    return f"{day.isoformat()} 00:00:00+00" if TABLES[table] == "seen_at" else day.isoformat()


def make_ahead_after_migrate(**kwargs: Any) -> None:
    make_ahead(datetime.now(UTC))
