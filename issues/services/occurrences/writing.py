"""The rows of issues, each written once; and what is told of those that an event has opened again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from issues.services.occurrences.judging import Verdict
from issues.services.occurrences.shapes import Issues
from issues.services.verbs import status
from projects.database.arrays import as_array


def write(
    project_id: int, issues: Issues, ids: Sequence[int], verdicts: Mapping[int, Verdict], *, at: datetime
) -> None:
    """Write what these issues say now. Those that there is a verdict on are unresolved from now on, and tell it.

    An issue that is opened again loses its stamp: whoever undoes an older mutation sees that something else came after.
    """
    if not ids:
        return
    rows = [issues[pk] for pk in ids]
    judged = [verdicts.get(pk) for pk in ids]
    columns = {
        "ids": ids,
        "levels": [issue.level for issue in rows],
        "own_first_seen": [issue.own.first_seen for issue in rows],
        "own_last_seen": [issue.own.last_seen for issue in rows],
        "own_times_seen": [issue.own.times_seen for issue in rows],
        "own_users_seen": [issue.own.users_seen for issue in rows],
        "own_first_release_id": [issue.own.first_release_id for issue in rows],
        "own_last_release_id": [issue.own.last_release_id for issue in rows],
        "first_seen": [issue.total.first_seen for issue in rows],
        "last_seen": [issue.total.last_seen for issue in rows],
        "times_seen": [issue.total.times_seen for issue in rows],
        "users_seen": [issue.total.users_seen for issue in rows],
        "first_release_id": [issue.total.first_release_id for issue in rows],
        "last_release_id": [issue.total.last_release_id for issue in rows],
        "reopened_as": [None if verdict is None else verdict.reopened_as.value for verdict in judged],
    }
    params: dict[str, Any] = {name: _as_array(column) for name, column in columns.items()}
    told_data = [
        {"id": pk, "kind": verdict.kind, "data": verdict.data, "told_before": verdict.told_before}
        for pk, verdict in verdicts.items()
    ]
    with connection.cursor() as cursor:
        if told_data:  # first: it tells what the rows are before they are written
            cursor.execute(TELL, {"project_id": project_id, "told": Json(told_data), "at": at})
        cursor.execute(f"WITH {NEW} {UPDATE}", {**params, "project_id": project_id})


def _as_array(values: Sequence[object]) -> str:
    return as_array("NULL" if value is None else value for value in values)


NEW = """
    new AS MATERIALIZED (
        SELECT * FROM unnest(
            %(ids)s::bigint[], %(levels)s::varchar[],
            %(own_first_seen)s::timestamptz[], %(own_last_seen)s::timestamptz[],
            %(own_times_seen)s::bigint[], %(own_users_seen)s::bigint[],
            %(own_first_release_id)s::bigint[], %(own_last_release_id)s::bigint[],
            %(first_seen)s::timestamptz[], %(last_seen)s::timestamptz[],
            %(times_seen)s::bigint[], %(users_seen)s::bigint[],
            %(first_release_id)s::bigint[], %(last_release_id)s::bigint[],
            %(reopened_as)s::varchar[]
        ) AS new (
            id, level, own_first_seen, own_last_seen, own_times_seen, own_users_seen, own_first_release_id,
            own_last_release_id, first_seen, last_seen, times_seen, users_seen, first_release_id, last_release_id,
            reopened_as
        )
    )
"""

TELL = f"""
    INSERT INTO issues_activity (
        project_id, issue_id, kind, data, user_id, created_at, mutation_id,
        {", ".join(f"before_{name}" for name in status.PART.columns)}
    )
    -- in a CTE: of an INSERT itself, a cluster takes no such join
    WITH due AS MATERIALIZED (
        SELECT issue.id, told.kind, told.data || coalesce(before.data, '{{}}') AS data,
               {", ".join(f"issue.{name}" for name in status.PART.columns)}
        FROM jsonb_to_recordset(%(told)s) AS told (id bigint, kind text, data jsonb, told_before jsonb)
        JOIN issues_issue AS issue ON issue.id = told.id AND issue.project_id = %(project_id)s
        LEFT JOIN LATERAL (
            SELECT (
                SELECT jsonb_object_agg(said.key, said.value)
                FROM jsonb_each(ignored.data) AS said WHERE told.told_before ? said.key
            ) AS data
            FROM issues_activity AS ignored
            WHERE ignored.project_id = %(project_id)s AND ignored.issue_id = told.id AND ignored.kind = 'set_ignored'
            ORDER BY ignored.id DESC
            LIMIT 1
        ) AS before ON true
    )
    SELECT %(project_id)s, id, kind, data, NULL, %(at)s, NULL, {", ".join(status.PART.columns)}
    FROM due
    ORDER BY id
"""

_UNRESOLVED = {"status": "'unresolved'", "reopened_as": "new.reopened_as"}

UPDATE = f"""
    UPDATE issues_issue AS issue
    SET level = new.level,
        own_first_seen = new.own_first_seen, own_last_seen = new.own_last_seen,
        own_times_seen = new.own_times_seen, own_users_seen = new.own_users_seen,
        own_first_release_id = new.own_first_release_id, own_last_release_id = new.own_last_release_id,
        first_seen = new.first_seen, last_seen = new.last_seen,
        times_seen = new.times_seen, users_seen = new.users_seen,
        first_release_id = new.first_release_id, last_release_id = new.last_release_id,
        {
    ", ".join(
        f"{name} = CASE WHEN new.reopened_as IS NULL THEN issue.{name} ELSE {_UNRESOLVED.get(name, 'NULL')} END"
        for name in (*status.PART.columns, "mutation_id")
    )
}
    FROM new
    WHERE issue.id = new.id
      AND issue.project_id = %(project_id)s AND issue.id = ANY((SELECT %(ids)s::bigint[])::bigint[])
"""
