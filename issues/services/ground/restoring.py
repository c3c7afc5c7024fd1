"""Putting back what a mutation overwrote on the issues' own rows, part by part (parts.py).

In one go for each part. The issues are locked before, so that what a statement reads of them is true; and each that
is put back gets an activity with what was overwritten now, so that it can be undone again.
"""

from dataclasses import dataclass
from typing import Any

from issues.services.ground.lookups import NOBODY, Assignable
from issues.services.ground.parts import Part
from issues.services.ground.targets import NamedTargets
from projects.acting import Act
from projects.database.arrays import as_array
from projects.database.steps import named, read_and_write


@dataclass(frozen=True, slots=True)
class Restored:
    """The issues that a part was put back in, and those that were left alone; both ascending."""

    ids: list[int]
    skipped_ids: list[int]


def restore(targets: NamedTargets, part: Part, undone_id: int, act: Act, *, to: Assignable = NOBODY) -> Restored:
    """Put back a part where a reader sees in it what the mutation left, and would see another thing in what was before.

    Nobody begins to follow by being assigned again. ``part.afterwards`` is left to the caller.

    :param to: who may be assigned again.
    """
    columns = part.columns
    was = f"""
        was AS MATERIALIZED (
            SELECT issue.id, {", ".join(f"issue.{name}" for name in columns)},
                   {", ".join(f"back.{name} AS back_{name}" for name in columns)},
                   {part.kind} AS kind, {part.data} AS data,
                   (later.id IS NULL OR {part.same("issue.", "later.before_")})
                   AND (NOT {part.same("issue.", "back.")} OR {part.comes_as_another})
                   AND {part.allowed} AS is_due
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.project_id = activity.project_id AND issue.id = activity.issue_id
            {part.tables}
            {part.put_back}
            {part.next_change}
            WHERE activity.mutation_id = %(undone_id)s AND activity.project_id = %(project_id)s
              AND activity.issue_id = ANY((SELECT %(ids)s::bigint[])::bigint[]) AND activity.kind = ANY(%(kinds)s)
        )
    """
    # First. For who reads anew it is the next change, which overwrites what stands there: it is as due as before.
    recorded = f"""
        INSERT INTO issues_activity
            (project_id, issue_id, kind, data, user_id, created_at, mutation_id,
             {", ".join(f"before_{name}" for name in columns)})
        SELECT %(project_id)s, id, kind, data, %(user_id)s, %(at)s, %(mutation_id)s, {", ".join(columns)}
        FROM was
        WHERE is_due
        ORDER BY id
    """
    changed = f"""
        UPDATE issues_issue AS issue
        SET {", ".join(f"{name} = was.back_{name}" for name in columns)}, mutation_id = %(mutation_id)s
        FROM was
        WHERE issue.id = was.id AND issue.project_id = %(project_id)s AND was.is_due
    """
    answer = """
        SELECT ARRAY(SELECT id FROM was WHERE is_due ORDER BY id),
               ARRAY(SELECT id FROM was WHERE NOT is_due ORDER BY id)
    """
    params: dict[str, Any] = {
        "undone_id": undone_id,
        "project_id": targets.project_id,
        "ids": targets.id_array,
        "kinds": [kind.value for kind in part.kinds],
        "mutation_id": targets.mutation_id,
        "user_id": act.user_id,
        "at": act.at,
        "user_ids": as_array(to.user_ids),
        "team_ids": as_array(to.team_ids),
    }
    writes = [named(recorded, params), named(changed, params)]
    (found,) = read_and_write([named(was, params)], writes, named(answer, params))
    return Restored(*found)
