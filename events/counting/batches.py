"""Events that wait to be counted, project by project: about in the order they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from django.db import OperationalError, connection

from issues.services.occurrences import Occurrence
from projects.database import citus
from projects.database.arrays import as_array


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one project, taken to be counted; ``ids`` are those that they waited by."""

    ids: Sequence[int]
    occurrences: Sequence[Occurrence]


def projects() -> list[int]:
    """Return the projects that have events waiting: a look-up for each of them, however many events wait."""
    if citus.is_spread():
        return _of_machines_that_answer()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE waiting (project_id) AS (
                (SELECT project_id FROM events_arrival WHERE set_aside_at IS NULL ORDER BY project_id LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT project_id FROM events_arrival
                    WHERE project_id > waiting.project_id AND set_aside_at IS NULL
                    ORDER BY project_id LIMIT 1
                )
                FROM waiting
                WHERE waiting.project_id IS NOT NULL
            )
            SELECT project_id FROM waiting WHERE project_id IS NOT NULL
            """
        )
        return [project_id for (project_id,) in cursor.fetchall()]


def _of_machines_that_answer() -> list[int]:
    """Return the projects that have events waiting. Each machine looks through its own; no walk goes over several."""
    waiting = "SELECT DISTINCT project_id FROM {table} WHERE set_aside_at IS NULL"
    try:
        with connection.cursor() as cursor:
            cursor.execute(waiting.format(table="events_arrival"))
            return sorted(project_id for (project_id,) in cursor.fetchall())
    except OperationalError:  # a machine is away, or all are: then this fails, too
        found = citus.ask_each_shard("events_arrival", f"SELECT array_agg(project_id) FROM ({waiting}) AS waiting")
    return sorted(int(pk) for array in found for pk in array.strip("{}").split(",") if pk)


def take(project_id: int, most: int) -> Batch:
    """Take the next events of a project out of those that wait, until the transaction's end; then they are gone.

    The caller holds the project: nobody else takes of it meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM events_arrival
            WHERE project_id = %s AND id = ANY(ARRAY(
                SELECT id FROM events_arrival
                WHERE project_id = %s AND set_aside_at IS NULL
                ORDER BY project_id, id
                LIMIT %s
            ))
            RETURNING id, hash::text, older_hashes, encode(uuid_send(event_id), 'hex'), seen_at, received_at,
                      level, "user", release, environment
            """,
            [project_id, project_id, most],
        )
        rows = sorted(cursor.fetchall(), key=itemgetter(0))
    # A UUID takes longer to make than the rest of an occurrence, and most events of a batch share a few.
    hashes = {text: UUID(text) for text in {row[1] for row in rows}}
    return Batch([row[0] for row in rows], [Occurrence(hashes[row[1]], tuple(row[2]), *row[3:]) for row in rows])


def set_aside(project_id: int, ids: Sequence[int], *, at: datetime) -> None:
    """Let these events of a project wait apart, so that others are counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_arrival SET set_aside_at = %s WHERE project_id = %s AND id = ANY(%s::bigint[])",
            [at, project_id, as_array(ids)],
        )


def take_up() -> int:
    """Let what was set aside wait with the others again; return how many there were."""
    sql = "UPDATE {table} SET set_aside_at = NULL WHERE set_aside_at IS NOT NULL"
    if citus.is_spread():  # what is on a machine that is away waits for the next counter that starts
        return sum(int(done.removeprefix("UPDATE ")) for done in citus.ask_each_shard("events_arrival", sql))
    with connection.cursor() as cursor:
        cursor.execute(sql.format(table="events_arrival"))
        return int(cursor.rowcount)
