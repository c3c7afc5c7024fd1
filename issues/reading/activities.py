"""What happened to an issue and to what was merged into it, notes among it."""

from functools import partial
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber

from issues.enums import ActivityKind
from issues.models import Activity, Issue
from issues.querysets import size_of_activity
from issues.reading.story import First
from projects.database.keyset import Position, Sort
from projects.pages import Page, PageQuery, read_page
from projects.querysets import MAX_ID

NEWEST_FIRST = Sort("id")
MAX_SIZE = 2**20  # bytes of a page, as of one of mutations: a merge tells of a hundred thousand issues


def read_activities(issue: Issue, asked: PageQuery, *, notes_only: bool = False) -> Page[Activity]:
    """Return a page of activities, sorted by ``NEWEST_FIRST``, each with its user; fewer where they are large.

    :raises ForeignCursor: the cursor is of another list.
    """
    rows = partial(activities_from, issue, notes_only=notes_only)
    return read_page(rows, asked, weight=size_of_activity(), max_weight=MAX_SIZE)


def newest_activities(issue: Issue, limit: int) -> First[Activity]:
    """Return so many of them, the newest first; fewer where they are large, as a page has.

    In one statement, unlike a page: a read of an issue walks its tree once for them.
    """
    found = activities_from(issue, Position(NEWEST_FIRST), limit + 1).annotate(
        so_far=Window(Sum(size_of_activity()), order_by=F("id").desc()),
        place=Window(RowNumber(), order_by=F("id").desc()),
        of=Window(Count("*")),
    )
    rows: list[Any] = list(found.filter(Q(so_far__lte=MAX_SIZE) | Q(place=1), place__lte=limit))
    return First(rows, bool(rows) and rows[0].of > len(rows))


def find_note(issue: Issue, pk: int) -> Activity | None:
    """Return one note of an issue's own, with who wrote it."""
    notes = Activity.objects.filter(project=issue.project_id, issue=issue.pk, kind=ActivityKind.NOTE)
    return notes.select_related("user").filter(pk=pk).first() if pk <= MAX_ID else None


def activities_from(issue: Issue, position: Position, limit: int, *, notes_only: bool = False) -> QuerySet[Activity]:
    """Return up to ``limit`` activities of an issue and of everything that was merged into it, as they are read on from
    a position of ``NEWEST_FIRST``; each with its user.

    Each issue of the tree is read from its index on and no further than the limit: a condition on all of them at once
    would read and sort everything, or walk the table.
    """
    beyond, direction = ("AND id > %s", "ASC") if position.backwards else ("AND id < %s", "DESC")
    after = [] if position.key is None else [position.key[1]]
    ids = RawSQL(
        f"""
        WITH RECURSIVE tree AS (
            SELECT %s::bigint AS id
            UNION
            SELECT issue.id FROM issues_issue AS issue
            JOIN tree ON issue.merged_into_id = tree.id
            WHERE issue.project_id = %s
        )
        SELECT page.id
        FROM tree
        CROSS JOIN LATERAL (
            SELECT id FROM issues_activity
            WHERE project_id = %s AND issue_id = tree.id
                  {f"AND kind = '{ActivityKind.NOTE.value}'" if notes_only else ""} {beyond if after else ""}
            ORDER BY id {direction}
            LIMIT {limit:d}
        ) AS page
        ORDER BY page.id {direction}
        LIMIT {limit:d}
        """,
        [issue.pk, issue.project_id, issue.project_id, *after],
    )
    found = Activity.objects.filter(project=issue.project_id, pk__in=ids).select_related("user")
    return found.order_by(*position.order())
