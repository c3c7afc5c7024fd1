"""One row for each request that changed something: who asked for what, on which issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from issues.enums import MutationKind
from issues.models import Mutation
from issues.mutation import IssueScope
from projects.callers import Caller


@dataclass(frozen=True, slots=True)
class ChangedMarks:
    """The issues whose mark of the calling user is another now, by mark."""

    seen: Sequence[int] = ()
    bookmarks: Sequence[int] = ()
    subscriptions: Sequence[int] = ()


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
    Mutation.objects.bulk_create(
        [
            Mutation(
                id=mutation_id,
                project_id=scope.project_id,
                kind=kind,
                user_id=by.user_id,
                api_key_id=by.api_key_id,
                created_at=at,
                ids=None if scope.ids is None else sorted(scope.ids),
                statuses=None if scope.statuses is None else sorted(scope.statuses),
                query=scope.query,
                body=dict(body),
                matched=matched,
                changed=changed,
                seen_ids=list(marks.seen),
                bookmark_ids=list(marks.bookmarks),
                subscription_ids=list(marks.subscriptions),
            )
        ]
    )
