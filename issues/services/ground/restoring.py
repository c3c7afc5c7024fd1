"""Putting back what a mutation overwrote on the issues' own rows, part by part (parts.py).

One statement for each part, however many issues it is about. They are locked before, so that what a statement reads of
them is true; and each that is put back gets an activity with what was overwritten now, so that it can be undone again.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from issues.services.ground.lookups import NOBODY, Assignable
from issues.services.ground.parts import Part
from issues.services.ground.targets import AllTargets, Targets
from projects.acting import Act
from projects.database.arrays import as_array

SHOWN = 100  # ids of issues left alone that are told


@dataclass(slots=True)
class Restored:
    """How many issues a part was put back in, and how many were left alone.

    The ids of both, ascending; for "all" only the first of those left alone, which an answer tells.
    """

    restored: int = 0
    skipped: int = 0
    ids: list[int] = field(default_factory=list)
    skipped_ids: list[int] = field(default_factory=list)


def restore(targets: Targets, part: Part, undone_id: int, act: Act, *, to: Assignable = NOBODY) -> Restored:
    """Put back a part where a reader sees in it what the mutation left, and would see another thing in what was before.

    Nobody begins to follow by being assigned again.

    :param to: who may be assigned again.
    """
    done = _restore(targets, part, undone_id, act, to=to)
    if part.afterwards is not None and done.restored:
        part.afterwards(targets, act.at)
    return done


def _restore(targets: Targets, part: Part, undone_id: int, act: Act, *, to: Assignable) -> Restored:
    columns, is_all = part.columns, isinstance(targets, AllTargets)
    told = f"SELECT id FROM was WHERE NOT is_due ORDER BY id {f'LIMIT {SHOWN:d}' if is_all else ''}"
    sql = f"""
        WITH was AS MATERIALIZED (
            SELECT issue.id, {", ".join(f"issue.{name}" for name in columns)},
                   {", ".join(f"back.{name} AS back_{name}" for name in columns)},
                   {part.kind} AS kind, {part.data} AS data,
                   (later.id IS NULL OR {part.same("issue.", "later.before_")})
                   AND (NOT {part.same("issue.", "back.")} OR {part.comes_as_another})
                   AND {part.allowed} AS is_due
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.id = activity.issue_id
            {part.tables}
            {part.put_back}
            {part.next_change}
            WHERE activity.mutation_id = %(undone_id)s AND activity.project_id = %(project_id)s
              AND activity.kind = ANY(%(kinds)s)
        ),
        changed AS (
            UPDATE issues_issue AS issue
            SET {", ".join(f"{name} = was.back_{name}" for name in columns)}, mutation_id = %(mutation_id)s
            FROM was
            WHERE issue.id = was.id AND issue.project_id = %(project_id)s AND was.is_due
            RETURNING issue.id
        ),
        recorded AS (
            INSERT INTO issues_activity
                (project_id, issue_id, kind, data, user_id, created_at, mutation_id,
                 {", ".join(f"before_{name}" for name in columns)})
            SELECT %(project_id)s, id, kind, data, %(user_id)s, %(at)s, %(mutation_id)s, {", ".join(columns)}
            FROM was
            WHERE is_due
            ORDER BY id
        )
        SELECT (SELECT count(*) FROM changed),
               (SELECT count(*) FROM was WHERE NOT is_due),
               {"NULL" if is_all else "(SELECT array_agg(id ORDER BY id) FROM changed)"},
               ARRAY({told})
    """
    params: dict[str, Any] = {
        "undone_id": undone_id,
        "project_id": targets.project_id,
        "kinds": [kind.value for kind in part.kinds],
        "mutation_id": targets.mutation_id,
        "user_id": act.user_id,
        "at": act.at,
        "user_ids": as_array(to.user_ids),
        "team_ids": as_array(to.team_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        restored, skipped, ids, skipped_ids = cursor.fetchone()
    return Restored(restored, skipped, ids or [], skipped_ids)
