"""Changing the issues' own rows, with the history of it, in one statement.

Whatever an issue has once is changed here. One statement locks in id order, changes, stamps, and writes one activity
row for each issue that changed, with what it overwrote: nobody can change a row and forget to record it, and a million
issues never become a list in Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.services.ground.targets import AllTargets, NamedTargets, Targets
from projects.acting import Act


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb wants of an issue's own row.

    :ivar where: which issues it is due for.
    :ivar columns: names in the table, each with a value, or with SQL that PostgreSQL computes for each issue. Activity
        keeps what stood there before in its column of that name with ``before_`` in front.
    :ivar kind: of the activity that is recorded for each issue that it is due for.
    """

    where: RawSQL
    columns: Mapping[str, Any]
    kind: ActivityKind
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of "all" there were, and how many of them were changed."""

    matched: int
    changed: int


def rewrite(targets: NamedTargets, change: Change, act: Act) -> list[int]:
    """Make the change, and record it; return the issues that it was due for, ascending.

    They are locked by this transaction already. Nobody can change them between what is read and what is written, so
    that both may ask the same; a join would be one more plan to go wrong.
    """
    due = f"""
        WHERE issues_issue.project_id = %s AND issues_issue.id = ANY((SELECT %s::bigint[])::bigint[])
          AND ({change.where.sql})
    """
    params = (targets.project_id, targets.id_array, *change.where.params)
    read = f"SELECT {', '.join(('id', 'true AS is_due', *change.columns))} FROM issues_issue {due}"
    sql, values = _statement(targets, change, act, read=RawSQL(read, params), write=RawSQL(due, params))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} SELECT array_agg(id ORDER BY id) FROM changed", values)
        return cursor.fetchone()[0] or []


def rewrite_all(targets: AllTargets, change: Change, act: Act) -> Counted:
    """Lock all that are in scope, make the change where it is due, and record it.

    All are locked, not only those that are due: whether a row is due is decided, and all are counted, after whoever has
    it has let it go.
    """
    rows = targets.issues(at=act.at).annotate(is_due=change.where).locked(wait=targets.waits)
    read = rows.values_list("id", "is_due", *change.columns).query.sql_with_params()
    # As an array: PostgreSQL reads the whole target first, so that every lock comes before the first write, then walks
    # the primary key in order. A join with the target took up to a quarter longer.
    due = RawSQL("WHERE issues_issue.id = ANY(ARRAY(SELECT id FROM target WHERE is_due))", ())
    sql, values = _statement(targets, change, act, read=RawSQL(*read), write=due)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} SELECT (SELECT count(*) FROM target), count(*) FROM changed", values)
        return Counted(*cursor.fetchone())


def _statement(targets: Targets, change: Change, act: Act, *, read: RawSQL, write: RawSQL) -> tuple[str, Sequence[Any]]:
    """Return the parts of a statement that read the ``target``, change what is due of it, and record that."""
    names = list(change.columns)
    values = [
        (value.sql, value.params) if isinstance(value, RawSQL) else ("%s", (value,))
        for value in change.columns.values()
    ]
    assignments = ", ".join(f"{name} = {sql}" for name, (sql, _) in zip(names, values, strict=True))
    sql = f"""
        WITH target AS MATERIALIZED ({read.sql}),
        changed AS (
            UPDATE issues_issue
            SET {assignments}, mutation_id = %s
            {write.sql}
            RETURNING issues_issue.id
        ),
        recorded AS (
            INSERT INTO issues_activity
                (project_id, issue_id, kind, data, user_id, created_at, mutation_id,
                 {", ".join(f"before_{name}" for name in names)})
            SELECT %s, id, %s, %s::jsonb, %s, %s, %s, {", ".join(names)}
            FROM target
            WHERE is_due
        )
    """
    params = [
        *read.params,
        *(param for _, params in values for param in params),
        targets.mutation_id,
        *write.params,
        *(targets.project_id, change.kind.value, Json(dict(change.data)), act.user_id, act.at, targets.mutation_id),
    ]
    return sql, params
