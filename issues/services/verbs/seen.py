"""Which issues a user has looked at since their last event."""

from datetime import datetime

from django.db import connection

from issues.services.ground.targets import Targets


def change(targets: Targets, has_seen: bool, *, user_id: int, at: datetime) -> list[int]:
    """Mark the targets as seen or not; return the issues where that made a difference."""
    return mark_seen(targets, user_id=user_id, at=at) if has_seen else mark_unseen(targets, user_id=user_id)


def mark_seen(targets: Targets, *, user_id: int, at: datetime) -> list[int]:
    """Mark those as seen that have had an event since they were looked at, or never were; return them.

    An event from the future, by a clock that is ahead, is one that nobody has seen yet.
    """
    return _write(
        """
        INSERT INTO issues_issueseen AS mark (project_id, issue_id, user_id, seen_at)
        SELECT project_id, id, %(user_id)s, %(at)s
        FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[]) AND last_seen <= %(at)s
        ON CONFLICT (issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
        -- Looked up where there is a mark; a join would go by how many marks the user had when they were last counted.
        WHERE mark.seen_at < (SELECT last_seen FROM issues_issue WHERE id = excluded.issue_id)
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
