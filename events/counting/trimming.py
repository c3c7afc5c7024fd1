"""Whole events that are more than an issue keeps: the first stays, and the newest ones. Counts never shrink.

In steps, each of which takes some milliseconds and locks nothing but the rows that it takes away, which nobody changes.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from projects.database.arrays import as_array

ISSUES, EVENTS = 500, 1_000  # in one step

Issue = tuple[int, int]  # its project, and its id


def counted_more(project_id: int, fingerprints: Iterable[UUID], per_issue: int) -> list[Issue]:
    """Return the issues of these fingerprints that have counted more events than they keep."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT project_id, issue.id
            FROM issues_issuehash AS known JOIN issues_issue AS issue USING (project_id)
            WHERE project_id = %s AND known.hash = ANY((SELECT %s::varchar[])::varchar[])
              AND issue.id = known.issue_id AND issue.own_times_seen > %s
            ORDER BY issue.id
            """,
            [project_id, as_array(fingerprint.hex for fingerprint in fingerprints), per_issue],
        )
        return list(cursor.fetchall())


def next_after(issue_id: int, per_issue: int) -> tuple[int | None, list[Issue]]:
    """Look at the next issues of the installation, by id, after this one.

    Return the last of them, None when there are no more; and those that have counted more events than they keep.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, project_id, own_times_seen > %s FROM issues_issue WHERE id > %s ORDER BY id LIMIT %s",
            [per_issue, issue_id, ISSUES],
        )
        rows = cursor.fetchall()
    last = rows[-1][0] if len(rows) == ISSUES else None
    return last, [(project_id, pk) for pk, project_id, has_more in rows if has_more]


def trim(issue: Issue, per_issue: int) -> int:
    """Take away the oldest events that are more than an issue keeps, but for its first; return how many these were.

    Of all its own fingerprints together: a child has its own. There may be more left.
    """
    project_id, issue_id = issue
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash::uuid FROM issues_issuehash WHERE project_id = %s AND issue_id = %s", [project_id, issue_id]
        )
        fingerprints = [fingerprint for (fingerprint,) in cursor.fetchall()]
        cursor.execute(
            TRIM,
            {
                "project_id": project_id,
                "hashes": as_array(fingerprints),
                "newest": per_issue,
                "most": EVENTS,
            },
        )
        return int(cursor.rowcount)


# A look-up for each fingerprint, in each week, as a reader's list does it.
TRIM = """
    WITH own AS MATERIALIZED (SELECT unnest(%(hashes)s::uuid[]) AS hash),
    last_kept AS MATERIALIZED (
        SELECT seen_at, event_id
        FROM own CROSS JOIN LATERAL (
            SELECT seen_at, event_id FROM events_event
            WHERE project_id = %(project_id)s AND hash = own.hash
            ORDER BY seen_at DESC, event_id DESC LIMIT %(newest)s
        ) AS newest
        ORDER BY seen_at DESC, event_id DESC
        OFFSET %(newest)s - 1 LIMIT 1
    ),
    -- the first, and so many after it
    oldest AS MATERIALIZED (
        SELECT own.hash, seen_at, event_id
        FROM own CROSS JOIN LATERAL (
            SELECT seen_at, event_id FROM events_event
            WHERE project_id = %(project_id)s AND hash = own.hash
            ORDER BY seen_at, event_id LIMIT %(most)s + 1
        ) AS oldest
        ORDER BY seen_at, event_id
        LIMIT %(most)s + 1
    ),
    doomed AS MATERIALIZED (
        SELECT oldest.hash, oldest.seen_at, oldest.event_id
        FROM (SELECT * FROM oldest ORDER BY seen_at, event_id OFFSET 1) AS oldest, last_kept
        WHERE (oldest.seen_at, oldest.event_id) < (last_kept.seen_at, last_kept.event_id)
    )
    DELETE FROM events_event AS event
    USING doomed
    WHERE event.project_id = %(project_id)s AND event.hash = doomed.hash
      AND event.seen_at = doomed.seen_at AND event.event_id = doomed.event_id
"""
