"""What people write about an issue: activities that can be edited and taken back by who wrote them."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.db.models import Exists, F, QuerySet
from django.db.models.functions import Greatest, Least
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.models import Activity, Issue
from issues.mutation import MutationOutcome, NamedIssues
from issues.querysets import MOST
from issues.services.ground import precautions
from projects import acting
from projects.acting import Act
from projects.database.arrays import as_array
from projects.querysets import MAX_ID


def add(issue: Issue, text: str, act: Act) -> Activity | None:
    """Write a note on a visible issue, and count it; return it, or None if the issue is deleted or merged by now.

    :raises OperationalError: no lock in time, or no database; nothing was written.
    """
    for attempt in acting.attempts(act):
        with attempt:
            note = _insert(issue, text, act) if _count(issue, 1) else None
    return note


def add_each(scopes: Sequence[NamedIssues], text: str, act: Act) -> int:
    """Write the same note on each of these visible issues, which are of different projects, ascending.

    Return on how many: all of them, or none, if one is deleted or merged by now.

    :raises UnexpectedNumber: the caller expects another number of issues; nothing was written.
    :raises OperationalError: no lock in time, or no database; nothing was written.
    """
    wanted = sum(len(scope.ids) for scope in scopes)
    precautions.check([MutationOutcome(matched=wanted)], act)
    for attempt in acting.attempts(act):
        with attempt:
            if sum(len(_locked(scope.project_id, scope.ids)) for scope in scopes) < wanted:
                return 0
            for scope in scopes:
                _count_each(Issue.objects.with_ids(scope.project_id, sorted(scope.ids)), 1)
                _insert_each(scope, text, act)
    return wanted


def _insert(issue: Issue, text: str, act: Act) -> Activity:
    return Activity.objects.create(
        project_id=issue.project_id,
        issue_id=issue.pk,
        kind=ActivityKind.NOTE,
        data={"text": text},
        user_id=act.user_id,
        created_at=act.at,
    )


def _insert_each(scope: NamedIssues, text: str, act: Act) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at)
            SELECT %s, issue_id, %s, %s, %s, %s FROM unnest(%s::bigint[]) AS noted (issue_id)
            """,
            [
                scope.project_id,
                ActivityKind.NOTE,
                Json({"text": text}),
                act.user_id,
                act.at,
                as_array(sorted(scope.ids)),
            ],
        )


def _locked(project_id: int, ids: Collection[int]) -> Sequence[Issue]:
    return list(Issue.objects.with_ids(project_id, sorted(ids)).visible().locked())


def edit(note: Activity, text: str, act: Act) -> bool:
    """Replace the text of a note; its author, time and place stay. Return whether it was still there.

    :raises OperationalError: no lock in time, or no database; nothing was written.
    """
    for attempt in acting.attempts(act):
        with attempt:
            # Nothing of the issue changes: this waits for who has the note, and for nobody who has the issue.
            was_there = bool(_still_there(note).update(data={"text": text}))
    return was_there


def remove(note: Activity, act: Act) -> bool:
    """Delete a note, and count it no more. Return whether it was still there.

    :raises OperationalError: no lock in time, or no database; nothing was deleted.
    """
    for attempt in acting.attempts(act):
        with attempt:
            # The issue first, as whoever changes issues: then two who remove the same note wait here, and one finds it
            # gone.
            issues = _locked(note.project_id, [note.issue_id])
            was_there = bool(issues and _still_there(note).delete()[0])
            if was_there:
                _count(issues[0], -1)
    return was_there


def _still_there(note: Activity) -> QuerySet[Activity]:
    visible = Issue.objects.visible().filter(
        project=note.project_id, pk=note.issue_id
    )  # not joined: DELETE has no joins
    return Activity.objects.filter(
        Exists(visible), project=note.project_id, pk=note.pk, issue=note.issue_id, kind=ActivityKind.NOTE
    )


def _count(issue: Issue, difference: int) -> int:
    """Change the number of notes of an issue, and wait for whoever has it; return 0 if it is deleted or merged then."""
    return _count_each(Issue.objects.filter(pk=issue.pk, project=issue.project_id), difference)


def _count_each(issues: QuerySet[Issue], difference: int) -> int:
    """Change the number of notes of each, its own and the total: only visible ones get any, so that is all there is."""
    own, shown = (
        Least(F(column), MAX_ID - max(difference, 0)) + difference for column in ("own_comment_count", "comment_count")
    )
    visible: Any = issues.filter(merged_into__isnull=True)
    changed: int = visible.update(own_comment_count=own, comment_count=Greatest(own, Least(shown, MOST)))
    return changed
