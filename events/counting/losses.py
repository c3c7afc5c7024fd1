"""Counts of what was lost (contract 7.8): they go when nobody can ask for their days any more."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from projects.database import citus

LEAST = timedelta(days=91)  # of 90 days can be asked
STEP = 1_000  # rows


def forget_old(now: datetime, days: int) -> int:
    """Take away the counts of days that are over for longer than events are kept; return how many. Some at a time.

    Writers go on: what is counted is of today. No index finds the rows, since this looks once an hour.
    """
    before = now.astimezone(UTC).date() - max(timedelta(days), LEAST)
    removed = 0
    with connection.cursor() as cursor:
        if citus.is_spread():  # no row has its place in all of the table; these are few
            cursor.execute("DELETE FROM events_loss WHERE day < %s", [before])
            return int(cursor.rowcount)
        while True:
            cursor.execute(
                "DELETE FROM events_loss WHERE ctid = ANY(ARRAY(SELECT ctid FROM events_loss WHERE day < %s LIMIT %s))",
                [before, STEP],
            )
            if not cursor.rowcount:
                return removed
            removed += cursor.rowcount
