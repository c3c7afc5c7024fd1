"""Putting back what a mutation overwrote on the issues' own rows, part by part: status, assignee, share.

One statement for each part, however many issues it is about. They are locked before, so that what a statement reads of
them is true; and each that is put back gets an activity with what was overwritten now, so that it can be undone again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from issues.parts import ASSIGNEE, SHARE, STATUS, Part
from issues.services import resolutions
from issues.services.targets import Targets
from projects.callers import Caller

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


@dataclass(frozen=True, slots=True)
class Way:
    """How a part is put back, in SQL: ``activity`` has what was there before, ``issue`` what is there now.

    ``tables`` are joined to see whether what it refers to ``is_there`` still. ``kind`` and ``data`` are of the activity
    that the same change would have had.
    """

    part: Part
    kind: str
    data: str
    tables: str = ""
    is_there: str = "true"
    instead: dict[str, str] = field(default_factory=dict)  # column -> what to put back, if not what was there


def restore_status(targets: Targets, undone_id: int, *, by: Caller, at: datetime) -> Restored:
    """Give back the status, with its terms or resolution.

    "In the next release" is settled at once if that has come meanwhile, as its coming would have done.
    """
    done = _restore(targets, STATUS_BACK, undone_id, by=by, at=at)
    if done.restored:
        resolutions.settle([targets.project_id], at=at, mutation_id=targets.mutation_id)
    return done


def restore_assignee(targets: Targets, undone_id: int, *, by: Caller, at: datetime) -> Restored:
    """Give back to whom it was assigned; nobody begins to follow by that."""
    return _restore(targets, ASSIGNEE_BACK, undone_id, by=by, at=at)


def restore_share(targets: Targets, undone_id: int, *, by: Caller, at: datetime) -> Restored:
    """Give back the link, the very same, or take it away."""
    return _restore(targets, SHARE_BACK, undone_id, by=by, at=at)


STATUS_BACK = Way(
    STATUS,
    tables="""
        LEFT JOIN projects_release AS release ON release.id = activity.before_resolution_release_id
        LEFT JOIN projects_user AS person ON person.id = activity.before_status_by_id
    """,
    is_there="(activity.before_resolution_release_id IS NULL OR release.id IS NOT NULL)",
    instead={"status_by_id": "person.id"},
    kind="""
        CASE WHEN activity.before_resolution_kind IS NOT NULL THEN 'set_resolved_in_release'
             ELSE 'set_' || activity.before_status
        END
    """,
    # As status.py and snoozes.describe write it; counts are what is left of them.
    data="""
        CASE
            WHEN activity.before_resolution_kind = 'in_release' THEN jsonb_build_object('version', release.version)
            WHEN activity.before_resolution_kind IS NOT NULL THEN jsonb_build_object('version', '')
            WHEN activity.before_status = 'ignored' THEN jsonb_strip_nulls(jsonb_build_object(
                'ignoreCount', coalesce(
                    activity.before_snooze_window_count,
                    activity.before_snooze_ends_at_times_seen - issue.times_seen
                ),
                'ignoreUntil', replace(
                    to_char(activity.before_snooze_ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    '.000000', ''
                ),
                'ignoreUserCount', coalesce(
                    activity.before_snooze_window_user_count,
                    activity.before_snooze_ends_at_users_seen - issue.users_seen
                ),
                'ignoreUserWindow', activity.before_snooze_window_user_minutes,
                'ignoreWindow', activity.before_snooze_window_minutes
            ))
            ELSE '{}'
        END
    """,
)
ASSIGNEE_BACK = Way(
    ASSIGNEE,
    tables="""
        LEFT JOIN projects_user AS person ON person.id = activity.before_assignee_user_id
        LEFT JOIN projects_team AS team ON team.id = activity.before_assignee_team_id
    """,
    is_there="""
        (activity.before_assignee_user_id IS NULL OR person.id IS NOT NULL)
        AND (activity.before_assignee_team_id IS NULL OR team.id IS NOT NULL)
    """,
    kind="CASE WHEN coalesce(person.id, team.id) IS NULL THEN 'unassigned' ELSE 'assigned' END",
    data="""
        CASE
            WHEN person.id IS NOT NULL THEN
                jsonb_build_object('assignee', person.id::text, 'assigneeType', 'user')
            WHEN team.id IS NOT NULL THEN
                jsonb_build_object('assignee', team.id::text, 'assigneeType', 'team')
            ELSE '{}'
        END
    """,
)
# A link is random and only ever comes back to the issue that it was of: no other can have it.
SHARE_BACK = Way(
    SHARE,
    kind="CASE WHEN activity.before_share_id IS NULL THEN 'set_private' ELSE 'set_public' END",
    data="'{}'::jsonb",
)


def _restore(targets: Targets, way: Way, undone_id: int, *, by: Caller, at: datetime) -> Restored:
    columns = way.part.columns
    was_there = {name: way.instead.get(name, f"activity.before_{name}") for name in columns}
    then = ", ".join(f"{sql} AS before_{name}" for name, sql in was_there.items())
    current = ", ".join(f"issue.{name}" for name in columns)
    left = ", ".join(f"later.before_{name}" for name in columns)
    told = f"SELECT id FROM was WHERE NOT is_due ORDER BY id {f'LIMIT {SHOWN:d}' if targets.ids is None else ''}"
    sql = f"""
        WITH was AS MATERIALIZED (
            SELECT issue.id, {current}, {then}, {way.kind} AS kind, {way.data} AS data,
                   (later.id IS NULL OR ROW({current}) IS NOT DISTINCT FROM ROW({left}))
                   AND ROW({current}) IS DISTINCT FROM ROW({", ".join(was_there.values())})
                   AND {way.is_there} AS is_due
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.id = activity.issue_id
            {way.tables}
            {way.part.next_change}
            WHERE activity.mutation_id = %(undone_id)s AND activity.project_id = %(project_id)s
              AND activity.kind = ANY(%(kinds)s)
        ),
        changed AS (
            UPDATE issues_issue AS issue
            SET {", ".join(f"{name} = was.before_{name}" for name in columns)}, mutation_id = %(mutation_id)s
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
               {"NULL" if targets.ids is None else "(SELECT array_agg(id ORDER BY id) FROM changed)"},
               ARRAY({told})
    """
    params: dict[str, Any] = {
        "undone_id": undone_id,
        "project_id": targets.project_id,
        "kinds": [kind.value for kind in way.part.kinds],
        "mutation_id": targets.mutation_id,
        "user_id": by.user_id,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        restored, skipped, ids, skipped_ids = cursor.fetchone()
    return Restored(restored, skipped, ids or [], skipped_ids)
