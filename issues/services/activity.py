"""Changing the issues' own rows, with the history of it, in one statement.

Whatever an issue has once is changed here. One statement locks in id order, changes, stamps, and writes one activity
row for each issue that changed, with what it overwrote: nobody can change a row and forget to record it, and a million
issues never become a list in Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.services.targets import Targets
from projects.callers import Caller


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that PostgreSQL computes for each issue. ``issue`` is the row, ``%s`` a parameter."""

    sql: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What one statement did. ``ids`` (ascending) are the issues it changed, None for "all", which only counts."""

    matched: int
    changed: int
    ids: list[int] | None


def rewrite(
    targets: Targets,
    *,
    where: Q,
    columns: Mapping[str, Any],
    kind: ActivityKind,
    data: Mapping[str, Any],
    by: Caller,
    at: datetime,
) -> Rewritten:
    """Set ``columns`` of the targets that are ``where``, and record an activity of this ``kind`` for each.

    ``columns`` are names in the table, each with a value or an :class:`Expression`; activity keeps what stood there
    before in its column of that name with ``before_`` in front.
    """
    names = list(columns)
    values = [value if isinstance(value, Expression) else Expression("%s", (value,)) for value in columns.values()]

    # All that match are locked, not only those that are due: whether a row is due is decided, and "all" are counted,
    # after whoever has it has let it go.
    is_due = ExpressionWrapper(where, output_field=BooleanField())
    target = targets.issues(at=at).annotate(is_due=is_due).locked().values_list("id", "is_due", *names)
    target_sql, target_params = target.query.sql_with_params()
    assignments = [f"{name} = {value.sql}" for name, value in zip(names, values, strict=True)]
    before = [f"target.{name} AS before_{name}" for name in names]

    if targets.ids is None:
        answer_sql = "SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM changed)"
    else:
        answer_sql = "SELECT id FROM changed ORDER BY id"

    sql = f"""
        WITH target AS MATERIALIZED ({target_sql}),
        changed AS (
            UPDATE issues_issue AS issue
            SET {", ".join(assignments)}, mutation_id = %s
            FROM target
            WHERE issue.id = target.id AND target.is_due
            RETURNING issue.id, issue.project_id, {", ".join(before)}
        ),
        recorded AS (
            INSERT INTO issues_activity
                (project_id, issue_id, kind, data, user_id, created_at, mutation_id,
                 {", ".join(f"before_{name}" for name in names)})
            SELECT project_id, id, %s, %s::jsonb, %s, %s, %s,
                   {", ".join(f"before_{name}" for name in names)}
            FROM changed
        )
        {answer_sql}
    """
    params = [
        *target_params,
        *(param for value in values for param in value.params),
        targets.mutation_id,
        *(kind.value, Json(dict(data)), by.user_id, at, targets.mutation_id),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        if targets.ids is None:
            matched, changed = cursor.fetchone()
            return Rewritten(matched, changed, None)
        ids = [pk for (pk,) in cursor.fetchall()]
        return Rewritten(len(targets.ids), len(ids), ids)
