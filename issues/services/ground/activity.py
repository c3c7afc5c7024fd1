"""Changing the issues' own rows, with the history of it, in one statement.

Whatever an issue has once is changed here. One statement locks in id order, changes, stamps, and writes one activity
row for each issue that changed, with what it overwrote: nobody can change a row and forget to record it, and a million
issues never become a list in Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.services.ground.targets import Targets
from projects.callers import Caller


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What one statement did. ``ids`` (ascending) are the issues it changed, None for "all", which only counts."""

    matched: int
    changed: int
    ids: list[int] | None


def rewrite(
    targets: Targets,
    *,
    where: RawSQL,
    columns: Mapping[str, Any],
    kind: ActivityKind,
    data: Mapping[str, Any],
    by: Caller,
    at: datetime,
) -> Rewritten:
    """Set ``columns`` of the targets that are ``where``, and record an activity of this ``kind`` for each.

    ``columns`` are names in the table, each with a value, or with SQL that PostgreSQL computes for each issue; activity
    keeps what stood there before in its column of that name with ``before_`` in front.
    """
    names = list(columns)
    values = [
        (value.sql, value.params) if isinstance(value, RawSQL) else ("%s", (value,)) for value in columns.values()
    ]
    assignments = ", ".join(f"{name} = {sql}" for name, (sql, _) in zip(names, values, strict=True))
    read, write = _all(targets, where, names, at=at) if targets.ids is None else _named(targets, where, names)
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
        SELECT (SELECT count(*) FROM target), {"count(*)" if targets.ids is None else "array_agg(id ORDER BY id)"}
        FROM changed
    """
    params = [
        *read.params,
        *(param for _, params in values for param in params),
        targets.mutation_id,
        *write.params,
        *(targets.project_id, kind.value, Json(dict(data)), by.user_id, at, targets.mutation_id),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        matched, changed = cursor.fetchone()
    if targets.ids is None:
        return Rewritten(matched, changed, None)
    ids = changed or []
    return Rewritten(len(targets.ids), len(ids), ids)


def _named(targets: Targets, where: RawSQL, names: Sequence[str]) -> tuple[RawSQL, RawSQL]:
    """Return what to read, and which rows to write, of issues that this transaction has locked already.

    Nobody can change them between the two, so that both may ask the same; a join would be one more plan to go wrong.
    """
    due = f"""
        WHERE issues_issue.project_id = %s AND issues_issue.id = ANY((SELECT %s::bigint[])::bigint[]) AND ({where.sql})
    """
    params = (targets.project_id, targets.id_array, *where.params)
    read = f"SELECT {', '.join(('id', 'true AS is_due', *names))} FROM issues_issue {due}"
    return RawSQL(read, params), RawSQL(due, params)


def _all(targets: Targets, where: RawSQL, names: Sequence[str], *, at: datetime) -> tuple[RawSQL, RawSQL]:
    """Return what to read and lock, and which rows to write, of all that are in scope.

    All are locked, not only those that are due: whether a row is due is decided, and all are counted, after whoever has
    it has let it go.
    """
    rows = targets.issues(at=at).annotate(is_due=where).locked(wait=targets.waits).values_list("id", "is_due", *names)
    return (
        RawSQL(*rows.query.sql_with_params()),
        # As an array: PostgreSQL reads the whole target first, so that every lock comes before the first write, then
        # walks the primary key in order. A join with the target took up to a quarter longer.
        RawSQL("WHERE issues_issue.id = ANY(ARRAY(SELECT id FROM target WHERE is_due))", ()),
    )
