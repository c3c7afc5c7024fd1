"""Putting back a user's marks on issues that are locked: each returns the issues where the mark still was as left.

Only the mark itself: a subscription that came along with it stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from issues.enums import SubscriptionReason
from projects.database.arrays import as_array

Ids = Sequence[int]


def restore_seen(project_id: int, ids: Ids, *, was_set_to: bool, user_id: int, set_at: datetime) -> list[int]:
    """Take the mark away, or set it as it was at ``set_at``; an issue with events since then can't be seen by that."""
    if was_set_to:
        sql = """
            DELETE FROM issues_issueseen AS mark
            USING issues_issue AS issue
            WHERE mark.project_id = %(project_id)s AND mark.issue_id = ANY(%(ids)s::bigint[])
              AND mark.user_id = %(user_id)s AND issue.id = mark.issue_id AND mark.seen_at >= issue.last_seen
            RETURNING mark.issue_id
        """
    else:
        sql = """
            INSERT INTO issues_issueseen AS mark (project_id, issue_id, user_id, seen_at)
            SELECT issue.project_id, issue.id, %(user_id)s, %(set_at)s
            FROM issues_issue AS issue
            LEFT JOIN issues_issueseen AS old ON old.issue_id = issue.id AND old.user_id = %(user_id)s
            WHERE issue.project_id = %(project_id)s AND issue.id = ANY(%(ids)s::bigint[])
              AND issue.last_seen <= %(set_at)s
              AND (old.seen_at IS NULL OR old.seen_at < issue.last_seen)
            ON CONFLICT (issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
            RETURNING mark.issue_id
        """
    return _write(sql, project_id, ids, user_id=user_id, set_at=set_at)


def restore_bookmarks(project_id: int, ids: Ids, *, was_set_to: bool, user_id: int, at: datetime) -> list[int]:
    """Take the bookmark away, or set it again."""
    if was_set_to:
        sql = """
            DELETE FROM issues_issuebookmark
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
            RETURNING issue_id
        """
    else:
        sql = """
            INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
            SELECT %(project_id)s, issue.id, %(user_id)s, %(at)s
            FROM unnest(%(ids)s::bigint[]) AS issue (id)
            ON CONFLICT (issue_id, user_id) DO NOTHING
            RETURNING issue_id
        """
    return _write(sql, project_id, ids, user_id=user_id, at=at)


def restore_subscriptions(
    project_id: int, ids: Ids, *, was_set_to: bool, user_id: int, set_at: datetime, at: datetime
) -> list[int]:
    """End the subscription, or begin it again with the reason that it had.

    One that was made at ``set_at``, by what is undone, goes with its row: it was never ended by the user.
    """
    params: dict[str, Any] = {"set_at": set_at, "at": at, "reason": SubscriptionReason.UNKNOWN.value}
    if was_set_to:
        sql = """
            WITH gone AS (
                DELETE FROM issues_issuesubscription
                WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
                  AND is_active AND created_at = %(set_at)s
                RETURNING issue_id
            ),
            ended AS (
                UPDATE issues_issuesubscription
                SET is_active = false
                WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
                  AND is_active AND created_at <> %(set_at)s
                RETURNING issue_id
            )
            SELECT issue_id FROM gone UNION ALL SELECT issue_id FROM ended
        """
    else:
        sql = """
            INSERT INTO issues_issuesubscription AS subscription
                (project_id, issue_id, user_id, is_active, reason, created_at)
            SELECT %(project_id)s, issue.id, %(user_id)s, true, %(reason)s, %(at)s
            FROM unnest(%(ids)s::bigint[]) AS issue (id)
            ON CONFLICT (issue_id, user_id) DO UPDATE SET is_active = true WHERE NOT subscription.is_active
            RETURNING issue_id
        """
    return _write(sql, project_id, ids, user_id=user_id, **params)


def _write(sql: str, project_id: int, ids: Ids, *, user_id: int, **params: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": project_id, "ids": as_array(ids), "user_id": user_id, **params})
        return [pk for (pk,) in cursor.fetchall()]
