"""One row for each request that changed something: who asked for what, on which issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from issues.enums import MutationKind
from issues.models import Mutation
from issues.mutation import IssueScope
from issues.querysets import as_array
from projects.callers import Caller


@dataclass(frozen=True, slots=True)
class ChangedMarks:
    """The issues whose mark of a user is another now, by mark, and to what each was set; None: to nothing."""

    seen: Sequence[int] = ()
    bookmarks: Sequence[int] = ()
    subscriptions: Sequence[int] = ()
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None


def next_id() -> int:
    """Return the id for a mutation, before it is known whether there will be one: what it changes carries it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('issues_mutation', 'id'))")
        pk: int = cursor.fetchone()[0]
        return pk


def record(
    mutation_id: int,
    kind: MutationKind,
    scope: IssueScope,
    body: Mapping[str, Any],
    *,
    matched: int,
    changed: int,
    marks: ChangedMarks = ChangedMarks(),
    by: Caller,
    at: datetime,
) -> None:
    """Keep the request under its id."""
    with connection.cursor() as cursor:
        # By hand: the ORM would prepare each of ten thousand ids as a value of its own.
        cursor.execute(
            """
            INSERT INTO "issues_mutation"
                (id, project_id, kind, user_id, api_key_id, created_at, ids, statuses, query, body, matched, changed,
                 is_reversed, marks_of_id, has_seen, is_bookmarked, is_subscribed,
                 seen_ids, bookmark_ids, subscription_ids)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                mutation_id,
                scope.project_id,
                kind.value,
                by.user_id,
                by.api_key_id,
                at,
                None if scope.ids is None else as_array(sorted(scope.ids)),
                None if scope.statuses is None else sorted(status.value for status in scope.statuses),
                scope.query,
                Json(dict(body)),
                matched,
                changed,
                by.user_id,
                marks.has_seen,
                marks.is_bookmarked,
                marks.is_subscribed,
                as_array(marks.seen),
                as_array(marks.bookmarks),
                as_array(marks.subscriptions),
            ],
        )


def record_undo(
    mutation_id: int, undone: Mutation, *, matched: int, changed: int, marks: ChangedMarks, by: Caller, at: datetime
) -> None:
    """Keep an undo under its id, with the scope and the body of what it takes back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO "issues_mutation"
                (id, project_id, kind, user_id, api_key_id, created_at, ids, statuses, query, body, matched, changed,
                 undoes, is_reversed, marks_of_id, has_seen, is_bookmarked, is_subscribed,
                 seen_ids, bookmark_ids, subscription_ids)
            SELECT %s, project_id, %s, %s, %s, %s, ids, statuses, query, body, %s, %s,
                   id, NOT is_reversed, marks_of_id, %s, %s, %s, %s, %s, %s
            FROM issues_mutation
            WHERE id = %s
            """,
            [
                mutation_id,
                MutationKind.UNDO.value,
                by.user_id,
                by.api_key_id,
                at,
                matched,
                changed,
                marks.has_seen,
                marks.is_bookmarked,
                marks.is_subscribed,
                as_array(marks.seen),
                as_array(marks.bookmarks),
                as_array(marks.subscriptions),
                undone.pk,
            ],
        )
