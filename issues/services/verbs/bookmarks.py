"""A user's own bookmarks."""

from datetime import datetime

from django.db import connection

from issues.enums import SubscriptionReason
from issues.services.ground.targets import Targets
from issues.services.verbs import subscriptions


def change(targets: Targets, is_bookmarked: bool, *, user_id: int, at: datetime) -> list[int]:
    """Set or take away the user's bookmark; return the issues where that made a difference."""
    return add(targets, user_id=user_id, at=at) if is_bookmarked else remove(targets, user_id=user_id)


def add(targets: Targets, *, user_id: int, at: datetime) -> list[int]:
    """Bookmark the targets; who does follows them too. Return those that were not bookmarked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
            SELECT %s, issue.id, %s, %s
            FROM unnest(%s::bigint[]) AS issue (id)  -- which are locked: they are there, and of this project
            ON CONFLICT (issue_id, user_id) DO NOTHING
            RETURNING issue_id
            """,
            [targets.project_id, user_id, at, targets.id_array],
        )
        added = [pk for (pk,) in cursor.fetchall()]
    subscriptions.subscribe(targets.project_id, added, [user_id], reason=SubscriptionReason.BOOKMARK, at=at)
    return added


def remove(targets: Targets, *, user_id: int) -> list[int]:
    """Take the bookmarks away, with the subscriptions that came with them. Return those that were bookmarked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM issues_issuebookmark
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND user_id = %s
            RETURNING issue_id
            """,
            [targets.project_id, targets.id_array, user_id],
        )
        removed = [pk for (pk,) in cursor.fetchall()]
    subscriptions.end_those_of_bookmarks(targets, user_id=user_id)
    return removed
