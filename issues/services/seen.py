"""Which issues a user has looked at since their last event."""

from datetime import datetime

from django.db import connection

from issues.services.targets import Targets


def change(targets: Targets, has_seen: bool, *, user_id: int, at: datetime) -> list[int]:
    """Mark the targets as seen or not; return the issues where that made a difference."""
    return mark_seen(targets, user_id=user_id, at=at) if has_seen else mark_unseen(targets, user_id=user_id)


def mark_seen(targets: Targets, *, user_id: int, at: datetime) -> list[int]:
    """Mark those as seen that have had an event since they were looked at, or never were; return them.

    An event from the future, by a clock that is ahead, is one that nobody has seen yet.
    """
    return _write(
        """
        INSERT INTO issues_issueseen (project_id, issue_id, user_id, seen_at)
        SELECT issue.project_id, issue.id, %(user_id)s, %(at)s
        FROM issues_issue AS issue
        LEFT JOIN issues_issueseen AS mark ON mark.issue_id = issue.id AND mark.user_id = %(user_id)s
        WHERE issue.project_id = %(project_id)s AND issue.id = ANY(%(ids)s::bigint[])
          AND issue.last_seen <= %(at)s
          AND (mark.seen_at IS NULL OR mark.seen_at < issue.last_seen)
        ON CONFLICT (issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
        RETURNING issue_id
        """,
        targets,
        user_id=user_id,
        at=at,
    )


def mark_unseen(targets: Targets, *, user_id: int) -> list[int]:
    """Take the user's marks away; return the issues that counted as seen."""
    return _write(
        """
        WITH gone AS (
            DELETE FROM issues_issueseen
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
            RETURNING issue_id, seen_at
        )
        SELECT gone.issue_id
        FROM gone
        JOIN issues_issue AS issue ON issue.id = gone.issue_id
        WHERE gone.seen_at >= issue.last_seen
        """,
        targets,
        user_id=user_id,
        at=None,
    )


def _write(sql: str, targets: Targets, *, user_id: int, at: datetime | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": targets.project_id, "ids": targets.id_array, "user_id": user_id, "at": at})
        return [pk for (pk,) in cursor.fetchall()]
