"""One row for each request that changed something: who asked for what, on which issues."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from issues.enums import MutationKind
from issues.models import Mutation
from issues.mutation import IssueScope, MutationOutcome, NamedIssues, UndoOutcome
from projects.acting import Act
from projects.callers import Caller
from projects.database.arrays import as_array


@dataclass(frozen=True, slots=True)
class ChangedMarks:
    """To what marks of a user were set, and the issues where each is another now, by the columns that keep them."""

    values: Mapping[str, bool | None] = field(default_factory=dict)
    ids: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def params(self) -> list[bool | str | None]:
        """Return what is kept in :data:`COLUMNS_OF_MARKS`: null where it was not asked."""
        return [
            *(self.values.get(column) for column in VALUES_OF_MARKS),
            *(as_array(self.ids.get(column, ())) for column in IDS_OF_MARKS),
        ]


VALUES_OF_MARKS = ("has_seen", "is_bookmarked", "is_subscribed")
IDS_OF_MARKS = ("seen_ids", "bookmark_ids", "subscription_ids")
COLUMNS_OF_MARKS = ", ".join((*VALUES_OF_MARKS, *IDS_OF_MARKS))

NO_MARKS = ChangedMarks()


def next_id() -> int:
    """Return the id for a mutation, before it is known whether there will be one: what it changes carries it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('issues_mutation', 'id'))")
        pk: int = cursor.fetchone()[0]
        return pk


def record(
    outcome: MutationOutcome,
    kind: MutationKind,
    scope: IssueScope,
    body: Mapping[str, Any],
    act: Act,
    *,
    marks: ChangedMarks = NO_MARKS,
) -> MutationOutcome:
    """Keep the request under the id that its outcome has, if it changed anything.

    Return the outcome as the caller hears of it: without an id, if nothing changed or will have.
    """
    if not outcome.changed:
        return replace(outcome, mutation_id=None)
    with connection.cursor() as cursor:
        # By hand: the ORM would prepare each of ten thousand ids as a value of its own.
        cursor.execute(
            f"""
            INSERT INTO "issues_mutation"
                (id, project_id, kind, user_id, api_key_id, created_at, ids, statuses, query, body, matched, changed,
                 is_reversed, marks_of_id, {COLUMNS_OF_MARKS})
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                outcome.mutation_id,
                scope.project_id,
                kind.value,
                act.user_id,
                act.by.api_key_id,
                act.at,
                as_array(sorted(scope.ids)) if isinstance(scope, NamedIssues) else None,
                None if scope.statuses is None else sorted(status.value for status in scope.statuses),
                scope.query,
                Json(dict(body)),
                outcome.matched,
                outcome.changed,
                act.user_id,
                *marks.params,
            ],
        )
    return replace(outcome, mutation_id=None) if act.preview else outcome


def record_undo(outcome: UndoOutcome, undone: Mutation, act: Act, *, marks: ChangedMarks = NO_MARKS) -> UndoOutcome:
    """Keep an undo, as :func:`record` does. The scope that it shows stays where it is: it may name 100,000 ids."""
    if not outcome.changed:
        return replace(outcome, mutation_id=None)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO "issues_mutation"
                (id, project_id, kind, user_id, api_key_id, created_at, ids, statuses, query, body, matched, changed,
                 undoes, scope_of, is_reversed, marks_of_id, {COLUMNS_OF_MARKS})
            VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, NULL, '{{}}', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                outcome.mutation_id,
                undone.project_id,
                MutationKind.UNDO.value,
                act.user_id,
                act.by.api_key_id,
                act.at,
                None if undone.ids is None else as_array(()),
                outcome.matched,
                outcome.changed,
                undone.pk,
                undone.scope_of or undone.pk,
                not undone.is_reversed,
                None if marks == NO_MARKS else act.user_id,
                *marks.params,
            ],
        )
    return replace(outcome, mutation_id=None) if act.preview else outcome


def read_scopes_shown(mutations: Iterable[Mutation]) -> dict[int, Mutation]:
    """Return, for those of these that are undos without a scope of their own, the mutation whose scope they show.

    Only its scope is read. One that is pruned is not there.
    """
    undos = [mutation for mutation in mutations if mutation.scope_of is not None]
    shown = {mutation.pk: mutation.scope_of for mutation in undos}
    firsts = Mutation.objects.filter(project__in={mutation.project_id for mutation in undos})
    found = firsts.only("ids", "statuses", "query").in_bulk(shown.values()) if undos else {}
    return {pk: found[first] for pk, first in shown.items() if first in found}


# ---------------------------------------------------------------------------------------------------------------------
# Whose marks they are
# ---------------------------------------------------------------------------------------------------------------------

MARKS = ("hasSeen", "isBookmarked", "isSubscribed")  # as bodies name them


def shows_marks_to(mutation: Mutation, by: Caller) -> bool:
    """Return whether the caller may see which marks it set, and put them back: they are their own (contract 6)."""
    return by.user_id is not None and mutation.marks_of_id == by.user_id


def body_shown_to(mutation: Mutation, by: Caller) -> dict[str, Any]:
    """Return what was asked, without other people's marks. What a key says of marks has no effect, and is nobody's."""
    if mutation.api_key_id is not None or shows_marks_to(mutation, by):
        return dict(mutation.body)
    return {key: value for key, value in mutation.body.items() if key not in MARKS}
