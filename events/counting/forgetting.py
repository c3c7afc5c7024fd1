"""Whole events whose issue was deleted: nobody reads them any more (contract 7.11), and they go in the background."""

from collections.abc import Sequence
from datetime import datetime, timedelta

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
        cursor.execute(FORGET, {**_columns(fingerprints), "most": EVENTS})
        return int(cursor.rowcount)


def close(fingerprints: Sequence[Forgotten], *, now: datetime) -> None:
    """Forget the deletion itself, where no event can come any more that was received before it, and none waits.

    The events of these fingerprints are gone already (:func:`forget`).
    """
    with connection.cursor() as cursor:
        cursor.execute(OVER, {**_columns(fingerprints), "before": now - LATEST})
        over = cursor.fetchall()
    if over:
        occurrences.stop_forgetting(over)


def _columns(fingerprints: Sequence[Forgotten]) -> dict[str, str]:
    return {
        "project_ids": as_array(project_id for project_id, _, _ in fingerprints),
        "hashes": as_array(fingerprint for _, fingerprint, _ in fingerprints),
        "times": as_array(at.isoformat() for _, _, at in fingerprints),
    }


FORGOTTEN = """
    forgotten AS MATERIALIZED (
        SELECT * FROM unnest(%(project_ids)s::bigint[], %(hashes)s::uuid[], %(times)s::timestamptz[])
            AS forgotten (project_id, hash, at)
    )
"""

FORGET = f"""
    WITH {FORGOTTEN},
    doomed AS MATERIALIZED (
        SELECT forgotten.project_id, forgotten.hash, seen_at, event_id
        FROM forgotten CROSS JOIN LATERAL (
            SELECT seen_at, event_id FROM events_event
            WHERE project_id = forgotten.project_id AND hash = forgotten.hash AND received_at <= forgotten.at
            LIMIT %(most)s
        ) AS event
        LIMIT %(most)s
    )
    DELETE FROM events_event AS event
    USING doomed
    WHERE event.project_id = doomed.project_id AND event.hash = doomed.hash
      AND event.seen_at = doomed.seen_at AND event.event_id = doomed.event_id
"""

OVER = f"""
    WITH {FORGOTTEN},
    waiting AS MATERIALIZED (
        SELECT project_id, min(received_at) AS received_at FROM events_arrival
        WHERE project_id = ANY(%(project_ids)s::bigint[])
        GROUP BY project_id
    )
    SELECT project_id, hash, at
    FROM forgotten LEFT JOIN waiting USING (project_id)
    WHERE at <= %(before)s AND (received_at IS NULL OR received_at > at)
"""
