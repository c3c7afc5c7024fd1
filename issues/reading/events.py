"""Fingerprints, and the issue that an event is made from where none is kept."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.db.models import QuerySet

from issues.models import Issue, IssueHash
from projects.database.keyset import Position, Sort
from projects.database.reading import connection
from projects.pages import Page, PageQuery, read_page

Finder = Callable[[Sequence[int], UUID], int | None]  # from projects, and the id of an event, to an issue of theirs

# Who keeps events registers what finds theirs (events/apps.py): issues know of none.
_finders: list[Finder] = []

OLDEST_FIRST = Sort("id", descending=False)


def read_hashes(issue: Issue, asked: PageQuery) -> Page[IssueHash]:
    """Return a page of the fingerprints whose events count for an issue, by ``OLDEST_FIRST``; each with its issue.

    :raises ForeignCursor: the cursor is of another list.
    """

    def rows(position: Position, limit: int) -> QuerySet[IssueHash]:
        found = IssueHash.objects.filter(project=issue.project_id, id__any_of=_ids_of_hashes(issue, position, limit))
        found = found.select_related("issue__text", "issue__project", "issue__last_release")
        return found.order_by(*position.order())

    return read_page(rows, asked)


def _ids_of_hashes(issue: Issue, position: Position, limit: int) -> list[int]:
    """Return the ids of so many rows of a tree, in the order of reading.

    Ids alone: of a tree of a hundred thousand issues, a page is joined to a hundred. PostgreSQL can't know how large a
    tree is; without JIT, which takes longer than all of it.
    """
    beyond, direction = ("AND id < %s", "DESC") if position.backwards else ("AND id > %s", "ASC")
    after = [] if position.key is None else [position.key[1]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SET LOCAL jit = off;
            WITH RECURSIVE tree AS (
                SELECT %s::bigint AS id
                UNION
                SELECT child.id FROM tree CROSS JOIN LATERAL (
                    SELECT id FROM issues_issue WHERE project_id = %s AND merged_into_id = tree.id OFFSET 0
                ) AS child
            )
            SELECT known.id
            FROM tree CROSS JOIN LATERAL (
                SELECT id FROM issues_issuehash
                WHERE project_id = %s AND issue_id = tree.id {beyond if after else ""}
                OFFSET 0
            ) AS known
            ORDER BY known.id {direction}
            LIMIT {limit:d}
            """,
            [issue.pk, issue.project_id, issue.project_id, *after],
        )
        return [pk for (pk,) in cursor.fetchall()]


def read_issue_of_event(project_id: int, issue_id: int) -> Issue | None:
    """Return the issue that an event is made from, with its text and last release; None if it is gone."""
    found = Issue.objects.with_ids(project_id, [issue_id]).select_related("text", "last_release")
    return next(iter(found), None)


def register(finder: Finder) -> None:
    """Let this be asked, too, whose an event is."""
    if finder not in _finders:
        _finders.append(finder)


def find_issue_of_event(project_ids: Sequence[int], event_id: UUID) -> Issue | None:
    """Return the issue of these projects that shows the event of this id; None if there is none."""
    for finder in _finders:
        issue_id = finder(project_ids, event_id)
        if issue_id is not None:
            return next(iter(Issue.objects.of_projects(project_ids).visible().filter(pk=issue_id)), None)
    return None
