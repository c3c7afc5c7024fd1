"""Where events were seen: production, staging (contract 7.7)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from psycopg2.extras import Json

from issues.services.occurrences.shapes import Event
from projects.database.arrays import as_array

MOST = 100  # names of a project; what comes beyond them is ...
OTHER = "other"


def count(project_id: int, events: Sequence[Event]) -> None:
    """Count in which environments the events of each issue were seen; make the names that are missing."""
    named = [event for event in events if event.occurrence.environment]
    if not named:
        return
    ids = _ids_of(project_id, list(dict.fromkeys(event.occurrence.environment for event in named)))
    times: dict[tuple[int, int], int] = {}
    first: dict[tuple[int, int], datetime] = {}
    last: dict[tuple[int, int], datetime] = {}
    for event in named:
        key, seen_at = (event.issue_id, ids[event.occurrence.environment]), event.occurrence.seen_at
        if key not in times:
            times[key], first[key], last[key] = 1, seen_at, seen_at
            continue
        times[key] += 1
        if seen_at < first[key]:
            first[key] = seen_at
        elif seen_at > last[key]:
            last[key] = seen_at
    keys = sorted(times)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issueenvironment AS old
                (project_id, issue_id, environment_id, first_seen, last_seen, times_seen)
            SELECT %(project_id)s, seen.*
            FROM unnest(
                %(issue_ids)s::bigint[], %(environment_ids)s::bigint[],
                %(first)s::timestamptz[], %(last)s::timestamptz[], %(times)s::bigint[]
            ) AS seen (issue_id, environment_id, first_seen, last_seen, times_seen)
            ORDER BY issue_id, environment_id
            ON CONFLICT (project_id, issue_id, environment_id) DO UPDATE
            SET first_seen = least(old.first_seen, excluded.first_seen),
                last_seen = greatest(old.last_seen, excluded.last_seen),
                times_seen = old.times_seen + excluded.times_seen
            """,
            {
                "project_id": project_id,
                "issue_ids": as_array(issue_id for issue_id, _ in keys),
                "environment_ids": as_array(environment_id for _, environment_id in keys),
                "first": as_array(first[key] for key in keys),
                "last": as_array(last[key] for key in keys),
                "times": as_array(times[key] for key in keys),
            },
        )


def _ids_of(project_id: int, names: Sequence[str]) -> dict[str, int]:
    """Return the id for each of these names, which come in the order of the events."""
    known = _read(project_id)
    missing = [name for name in names if name not in known]
    taken = len(known) - (OTHER in known)
    new = [name for name in missing if name != OTHER][: max(0, MOST - taken)]
    rest = set(missing) - set(new)
    if rest and OTHER not in known:
        new.append(OTHER)
    if new:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO issues_environment (project_id, name)
                SELECT %s, name FROM jsonb_array_elements_text(%s) WITH ORDINALITY AS new (name, number)
                ORDER BY number
                ON CONFLICT (project_id, name) DO NOTHING
                """,
                [project_id, Json(new)],
            )
        known = _read(project_id)
    return {name: known[OTHER if name in rest else name] for name in names}


def _read(project_id: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, id FROM issues_environment WHERE project_id = %s", [project_id])
        return dict(cursor.fetchall())
