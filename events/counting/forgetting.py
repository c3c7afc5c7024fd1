"""Whole events whose issue was deleted: nobody reads them any more (contract 7.11), and they go in the background."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.db import connection

from issues.services import occurrences
from issues.services.occurrences import Forgotten
from projects.database.arrays import as_array

EVENTS, FINGERPRINTS = 1_000, 100  # in one step
# An event that was received before a deletion may come to the table after it.
LATEST = timedelta(minutes=10)


def next_after(last: Forgotten | None) -> Sequence[Forgotten]:
    """Return the next fingerprints whose issue was deleted, in their order."""
    return occurrences.forgotten(after=None if last is None else last[:2], most=FINGERPRINTS)


def forget(fingerprints: Sequence[Forgotten]) -> int:
    """Take away events that came before their issue was deleted; return how many these were. There may be more."""
    with connection.cursor() as cursor:
        gone = 0
        for project_id, columns in _by_project(fingerprints):
            cursor.execute(FORGET, {"project_id": project_id, **columns, "most": EVENTS})
            gone += cursor.rowcount
        return gone


def close(fingerprints: Sequence[Forgotten], *, now: datetime) -> None:
    """Forget the deletion itself, where no event can come any more that was received before it, and none waits.

    The events of these fingerprints are gone already (:func:`forget`).
    """
    with connection.cursor() as cursor:
        for project_id, columns in _by_project(fingerprints):
            cursor.execute(OVER, {"project_id": project_id, **columns, "before": now - LATEST})
            if over := cursor.fetchall():
                occurrences.stop_forgetting(project_id, over)


def _by_project(fingerprints: Sequence[Forgotten]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each project, and its fingerprints with their times as arrays."""
    for project_id, of_project in groupby(sorted(fingerprints), key=itemgetter(0)):
        _, hashes, times = zip(*of_project, strict=True)
        yield project_id, {"hashes": as_array(hashes), "times": as_array(at.isoformat() for at in times)}


FORGOTTEN = """
    forgotten AS MATERIALIZED (
        SELECT * FROM unnest(%(hashes)s::uuid[], %(times)s::timestamptz[]) AS forgotten (hash, at)
    )
"""

FORGET = f"""
    WITH {FORGOTTEN},
    doomed AS MATERIALIZED (
        SELECT forgotten.hash, seen_at, event_id
        FROM forgotten CROSS JOIN LATERAL (
            SELECT seen_at, event_id FROM events_event
            WHERE project_id = %(project_id)s AND hash = forgotten.hash AND received_at <= forgotten.at
            LIMIT %(most)s
        ) AS event
        LIMIT %(most)s
    )
    DELETE FROM events_event AS event
    USING doomed
    WHERE event.project_id = %(project_id)s AND event.hash = doomed.hash
      AND event.seen_at = doomed.seen_at AND event.event_id = doomed.event_id
"""

OVER = f"""
    WITH {FORGOTTEN},
    waiting AS MATERIALIZED (
        SELECT min(received_at) AS received_at FROM events_arrival WHERE project_id = %(project_id)s
    )
    SELECT hash, at
    FROM forgotten CROSS JOIN waiting
    WHERE at <= %(before)s AND (received_at IS NULL OR received_at > at)
"""
