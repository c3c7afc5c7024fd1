"""What happened to an issue, as answers show it; and the body of a note."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from rest_framework import serializers

from issues import answers
from issues.enums import ActivityKind
from issues.models import Activity, Issue
from projects.database.keyset import Position, Sort
from projects.serializers import describe_user, iso

NEWEST_FIRST = Sort("id")

MAX_NOTE = 65_536  # characters; the whole of an issue shows a hundred of them


def read_activities(issue: Issue, position: Position, limit: int, *, notes_only: bool = False) -> QuerySet[Activity]:
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
            WHERE issue_id = tree.id {f"AND kind = '{ActivityKind.NOTE.value}'" if notes_only else ""}
                  {beyond if after else ""}
            ORDER BY id {direction}
            LIMIT {limit:d}
        ) AS page
        ORDER BY page.id {direction}
        LIMIT {limit:d}
        """,
        [issue.pk, issue.project_id, *after],
    )
    found = Activity.objects.filter(project=issue.project_id, pk__in=ids).select_related("user")
    return found.order_by(*position.order())


def describe_activity(activity: Activity) -> answers.Activity:
    """Return one entry of an issue's history (contract 1.5): its own, or of an issue that was merged into it."""
    return {
        "id": str(activity.pk),
        "issueId": str(activity.issue_id),
        "type": activity.kind,
        "data": activity.data,
        "user": None if activity.user is None else describe_user(activity.user),
        "dateCreated": iso(activity.created_at),
    }


class NoteSerializer(serializers.Serializer[Any]):
    """The body of a note: its text, kept as it was written, but for blanks around it."""

    text = serializers.CharField(max_length=MAX_NOTE)
