"""Which issues a user has looked at since their last event."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from issues.services.ground.marks import Mark
from issues.services.ground.targets import NamedTargets
from projects.database import citus
from projects.database.arrays import as_array
from projects.json_schema import TRUTH, about


def change(targets: NamedTargets, has_seen: bool, *, user_id: int, at: datetime) -> list[int]:
    """Mark the targets as seen or not; return the issues where that made a difference."""
    return mark_seen(targets, user_id=user_id, at=at) if has_seen else mark_unseen(targets, user_id=user_id)


def mark_seen(targets: NamedTargets, *, user_id: int, at: datetime) -> list[int]:
    """Mark those as seen that have had an event since they were looked at, or never were; return them.

    An event from the future, by a clock that is ahead, is one that nobody has seen yet.
    """
    # Looked up where there is a mark; a join would go by how many marks the user had when they were last counted. Citus
    # takes no look-up there: for it, all are looked up before.
    last_seen = "SELECT last_seen FROM issues_issue WHERE project_id = %(project_id)s AND id = excluded.issue_id"
    is_due = "mark.seen_at < excluded.seen_at" if citus.is_spread() else f"mark.seen_at < ({last_seen})"
    may_be_due = UNSEEN if citus.is_spread() else ""
    return _write(
        f"""
        INSERT INTO issues_issueseen AS mark (project_id, issue_id, user_id, seen_at)
        SELECT project_id, id, %(user_id)s, %(at)s
        FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[]) AND last_seen <= %(at)s
          {may_be_due}
        ON CONFLICT (project_id, issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
        WHERE {is_due}
        RETURNING issue_id
        """,
        targets,
        user_id=user_id,
        at=at,
    )


UNSEEN = """
    AND NOT EXISTS (
        SELECT FROM issues_issueseen AS mark
        WHERE mark.project_id = issues_issue.project_id AND mark.issue_id = issues_issue.id
          AND mark.user_id = %(user_id)s AND mark.seen_at >= issues_issue.last_seen
    )
"""


def mark_unseen(targets: NamedTargets, *, user_id: int) -> list[int]:
    """Take the user's marks away; return the issues that counted as seen."""
    return _write(
        """
        WITH gone AS (
            DELETE FROM issues_issueseen
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
            RETURNING issue_id, seen_at
        )
        SELECT issue_id
        FROM gone
        -- Looked up, one by one: what is joined goes by how many marks there were when they were last counted, and with
        -- too few in mind, ten thousand marks were compared with ten thousand issues each.
        WHERE seen_at >= (
            SELECT last_seen FROM issues_issue WHERE project_id = %(project_id)s AND id = gone.issue_id
        )
        """,
        targets,
        user_id=user_id,
        at=None,
    )


def _write(sql: str, targets: NamedTargets, *, user_id: int, at: datetime | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": targets.project_id, "ids": targets.id_array, "user_id": user_id, "at": at})
        return [pk for (pk,) in cursor.fetchall()]


def restore(
    targets: NamedTargets, ids: Sequence[int], *, was_set_to: bool, user_id: int, set_at: datetime, at: datetime
) -> list[int]:
    """Put back what was set to the opposite at ``set_at``, where the mark is as it was left; return those issues.

    Taken away, or set as it was at ``set_at``; an issue with events since then can't be seen by that.
    """
    if was_set_to:
        sql = """
            DELETE FROM issues_issueseen AS mark
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
              AND seen_at >= (
                  SELECT last_seen FROM issues_issue WHERE project_id = %(project_id)s AND id = mark.issue_id
              )
            RETURNING issue_id
        """
    else:
        sql = """
            INSERT INTO issues_issueseen AS mark (project_id, issue_id, user_id, seen_at)
            SELECT issue.project_id, issue.id, %(user_id)s, %(set_at)s
            FROM issues_issue AS issue
            LEFT JOIN issues_issueseen AS old
                ON old.project_id = issue.project_id AND old.issue_id = issue.id AND old.user_id = %(user_id)s
            WHERE issue.project_id = %(project_id)s AND issue.id = ANY(%(ids)s::bigint[])
              AND issue.last_seen <= %(set_at)s
              AND (old.seen_at IS NULL OR old.seen_at < issue.last_seen)
            ON CONFLICT (project_id, issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
            RETURNING mark.issue_id
        """
    with connection.cursor() as cursor:
        cursor.execute(
            sql, {"project_id": targets.project_id, "ids": as_array(ids), "user_id": user_id, "set_at": set_at}
        )
        return [pk for (pk,) in cursor.fetchall()]


MARK = Mark(
    key="hasSeen",
    asked=about(
        TRUTH,
        "In case this API call is invoked with a user context this allows changing of the flag that indicates if the "
        "user has seen the event.",
    ),
    wish="has_seen",
    ids="seen_ids",
    change=change,
    restore=restore,
)
