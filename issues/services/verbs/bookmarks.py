"""A user's own bookmarks."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from issues.enums import SubscriptionReason
from issues.services.ground.marks import Mark
from issues.services.ground.targets import NamedTargets
from issues.services.verbs import subscriptions
from projects.database.arrays import as_array
from projects.json_schema import TRUTH, about


def change(targets: NamedTargets, is_bookmarked: bool, *, user_id: int, at: datetime) -> list[int]:
    """Set or take away the user's bookmark; return the issues where that made a difference."""
    return add(targets, user_id=user_id, at=at) if is_bookmarked else remove(targets, user_id=user_id)


def add(targets: NamedTargets, *, user_id: int, at: datetime) -> list[int]:
    """Bookmark the targets; who does follows them too. Return those that were not bookmarked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
            SELECT %s, issue.id, %s, %s
            FROM unnest(%s::bigint[]) AS issue (id)  -- which are locked: they are there, and of this project
            ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
            RETURNING issue_id
            """,
            [targets.project_id, user_id, at, targets.id_array],
        )
        added = [pk for (pk,) in cursor.fetchall()]
    subscriptions.subscribe(targets.project_id, added, [user_id], reason=SubscriptionReason.BOOKMARK, at=at)
    return added


def remove(targets: NamedTargets, *, user_id: int) -> list[int]:
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


def restore(
    targets: NamedTargets, ids: Sequence[int], *, was_set_to: bool, user_id: int, set_at: datetime, at: datetime
) -> list[int]:
    """Take the bookmark away, or set it again, where it is as it was left; return those issues.

    A subscription that came along with it stays.
    """
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
            ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
            RETURNING issue_id
        """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": targets.project_id, "ids": as_array(ids), "user_id": user_id, "at": at})
        return [pk for (pk,) in cursor.fetchall()]


MARK = Mark(
    key="isBookmarked",
    asked=about(
        TRUTH, "In case this API call is invoked with a user context this allows changing of the bookmark flag."
    ),
    wish="is_bookmarked",
    ids="bookmark_ids",
    change=change,
    restore=restore,
)
