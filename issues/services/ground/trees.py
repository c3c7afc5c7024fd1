"""Who is above and below an issue, by merges: read without a lock, which whoever needs one takes afterwards."""

from issues.models import Issue
from projects.database.arrays import as_array
from projects.database.reading import connection


def no_relatives(project_id: int, ids: list[int]) -> list[int]:
    """Return nothing: for changes that stay on the named rows."""
    return []


def ancestors_and_children(project_id: int, ids: list[int]) -> list[int]:
    """Return every issue above these, and the issues merged directly into them, ascending; not locked."""
    children = _read_ids(
        """
        SELECT id FROM issues_issue
        WHERE project_id = %(project_id)s AND merged_into_id = ANY(%(ids)s::bigint[])
        """,
        project_id,
        ids,
    )
    return sorted({*ancestors(project_id, ids), *children})


def ancestors(project_id: int, ids: list[int]) -> list[int]:
    """Return every issue above these, ascending; not locked."""
    return _read_ids(
        """
        WITH RECURSIVE above AS (
            SELECT merged_into_id AS id FROM issues_issue
            WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
            UNION
            SELECT issue.merged_into_id FROM issues_issue AS issue
            JOIN above ON issue.id = above.id
            WHERE issue.project_id = %(project_id)s
        )
        SELECT id FROM above WHERE id IS NOT NULL ORDER BY id
        """,
        project_id,
        ids,
    )


def descendants(project_id: int, ids: list[int]) -> list[int]:
    """Return everything that was merged into these, however deep, ascending; not locked."""
    return _read_ids(
        """
        WITH RECURSIVE below AS (
            SELECT id FROM issues_issue
            WHERE project_id = %(project_id)s AND merged_into_id = ANY(%(ids)s::bigint[])
            UNION
            SELECT issue.id FROM issues_issue AS issue
            JOIN below ON issue.merged_into_id = below.id
            WHERE issue.project_id = %(project_id)s
        )
        SELECT id FROM below ORDER BY id
        """,
        project_id,
        ids,
    )


def shown_for(issue: Issue) -> Issue | None:
    """Return the issue that a read of this one shows: itself, or the one at the top of the tree it was merged into.

    Not locked. None when the tree is gone by now.
    """
    if issue.merged_into_id is None:
        return issue
    above = ancestors(issue.project_id, [issue.pk])
    return next(iter(Issue.objects.with_ids(issue.project_id, above).visible().select_related("project")), None)


def _read_ids(sql: str, project_id: int, ids: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": project_id, "ids": as_array(ids)})
        return [pk for (pk,) in cursor.fetchall()]
