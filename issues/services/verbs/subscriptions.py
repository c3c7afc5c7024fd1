"""Who follows an issue. Every write here holds the issue's lock already, so plain reads beside it are true.

And it is known already that the issues are there, and of which project: they aren't read again.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from issues.enums import SubscriptionReason
from issues.services.ground.marks import Mark
from issues.services.ground.targets import NamedTargets
from projects.database.arrays import as_array
from projects.json_schema import TRUTH, about


def subscribe(
    project_id: int, issue_ids: Sequence[int], user_ids: Sequence[int], *, reason: SubscriptionReason, at: datetime
) -> None:
    """Subscribe these users to these issues, as a side effect: what exists, active or ended, stays as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
            SELECT %s, issue.id, follower.id, true, %s, %s
            FROM unnest(%s::bigint[]) AS issue (id), unnest(%s::bigint[]) AS follower (id)
            ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
            """,
            [project_id, reason.value, at, as_array(issue_ids), as_array(user_ids)],
        )


def ask_for(targets: NamedTargets, active: bool, *, user_id: int, at: datetime) -> list[int]:
    """Set the user's own wish, for good; return the issues whose answer to "do I follow it?" is another now.

    Asked for, the reason is ``unknown``, whatever it was. Ended, the row stays, so that no side effect revives it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH was AS MATERIALIZED (  -- read before it is written, in whatever order a database takes them
                SELECT issue_id FROM issues_issuesubscription
                WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s
                  AND is_active
            ),
            wished AS (
                INSERT INTO issues_issuesubscription AS subscription
                    (project_id, issue_id, user_id, is_active, reason, created_at)
                SELECT %(project_id)s, issue.id, %(user_id)s, %(active)s, %(reason)s, %(at)s
                FROM unnest(%(ids)s::bigint[]) AS issue (id)
                ON CONFLICT (project_id, issue_id, user_id) DO UPDATE
                SET is_active = excluded.is_active,
                    reason = CASE WHEN excluded.is_active THEN excluded.reason ELSE subscription.reason END
                WHERE subscription.is_active IS DISTINCT FROM excluded.is_active
                   OR (excluded.is_active AND subscription.reason <> excluded.reason)
                RETURNING issue_id
            )
            SELECT issue_id
            FROM wished
            WHERE (issue_id IN (SELECT issue_id FROM was)) <> %(active)s
            ORDER BY issue_id
            """,
            {
                "user_id": user_id,
                "active": active,
                "reason": SubscriptionReason.UNKNOWN.value,
                "at": at,
                "project_id": targets.project_id,
                "ids": targets.id_array,
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


def ended(project_id: int, issue_id: int) -> set[int]:
    """Return the users who ended their subscription of this issue."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT user_id FROM issues_issuesubscription
            WHERE project_id = %s AND issue_id = %s AND NOT is_active
            """,
            [project_id, issue_id],
        )
        return {pk for (pk,) in cursor.fetchall()}


def end_those_of_bookmarks(targets: NamedTargets, *, user_id: int) -> None:
    """Take away the user's subscriptions that came with a bookmark.

    The row goes, unlike one that the user ended: the next bookmark may subscribe again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM issues_issuesubscription
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND user_id = %s AND is_active AND reason = %s
            """,
            [targets.project_id, targets.id_array, user_id, SubscriptionReason.BOOKMARK.value],
        )


def restore(
    targets: NamedTargets, ids: Sequence[int], *, was_set_to: bool, user_id: int, set_at: datetime, at: datetime
) -> list[int]:
    """End the subscription, or begin it again with the reason that it had, where it is as it was left; return those
    issues.

    One that was made at ``set_at``, by what is undone, goes with its row: it was never ended by the user.
    """
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
            ON CONFLICT (project_id, issue_id, user_id) DO UPDATE SET is_active = true WHERE NOT subscription.is_active
            RETURNING issue_id
        """
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "project_id": targets.project_id,
                "ids": as_array(ids),
                "user_id": user_id,
                "set_at": set_at,
                "at": at,
                "reason": SubscriptionReason.UNKNOWN.value,
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


MARK = Mark(
    key="isSubscribed",
    asked=about(TRUTH, "The same for whether the user follows the issue."),
    wish="is_subscribed",
    ids="subscription_ids",
    change=ask_for,
    restore=restore,
)
