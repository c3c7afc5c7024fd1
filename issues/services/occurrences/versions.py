"""The releases that events were seen in: made where the project lacks them, held, and ordered (contract 5, 7.7)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from psycopg2.extras import Json

from issues.services.occurrences.shapes import Occurrence
from projects.database.arrays import as_array
from projects.database.transactions import StartOver
from projects.models import ReleaseStatus
from projects.querysets import release_order
from projects.release_order import carry
from projects.versions import numbered

# What a release sorts by (projects.querysets.RELEASE_ORDER): later is newer.
Order = Mapping[int, tuple[datetime, int, str, datetime, int]]


@dataclass(frozen=True, slots=True)
class Versions:
    """The release of each version, by its id; and those that this batch has made, in the order of the events."""

    ids: Mapping[str, int]
    made: Sequence[int] = ()


def keep(project_id: int, occurrences: Iterable[Occurrence]) -> Versions:
    """Hold the releases of these events until the commit, before any issue; make those that are missing.

    A new one dates from its earliest event. Held, since issues that name one are checked against it at the commit: who
    deletes it has it by then, and may wait for those issues.

    :raises StartOver: somebody who doesn't keep the state of the project has made one just now.
    """
    earliest: dict[str, datetime] = {}
    for occurrence in occurrences:
        version, seen_at = occurrence.release, occurrence.seen_at
        if version and (version not in earliest or seen_at < earliest[version]):
            earliest[version] = seen_at
    if not earliest:
        return Versions({})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT version, id FROM projects_release
            WHERE project_id = %s AND version = ANY(ARRAY(SELECT jsonb_array_elements_text(%s)))
            ORDER BY id
            FOR KEY SHARE
            """,
            [project_id, Json(list(earliest))],
        )
        ids = dict(cursor.fetchall())
    missing = {version: since for version, since in earliest.items() if version not in ids}
    if not missing:
        return Versions(ids)
    made = _make(project_id, missing)
    return Versions(ids | made, made=list(made.values()))


def _make(project_id: int, since: Mapping[str, datetime]) -> dict[str, int]:
    """Make releases, which date from these times; return their ids, in this order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO projects_release (project_id, version, package, number, created_at, ref, url, status)
            SELECT %s, version, package, number, created_at, '', '', %s
            FROM jsonb_to_recordset(%s)
                AS new (position int, version text, package text, number text, created_at timestamptz)
            ORDER BY position
            ON CONFLICT (project_id, version) DO NOTHING
            RETURNING version, id
            """,
            [
                project_id,
                ReleaseStatus.OPEN.value,
                Json(
                    [
                        {
                            "position": position,
                            "version": version,
                            "created_at": created_at.isoformat(),
                            **numbered(version)._asdict(),
                        }
                        for position, (version, created_at) in enumerate(since.items())
                    ]
                ),
            ],
        )
        made = dict(cursor.fetchall())
    if len(made) < len(since):
        raise StartOver("A release is being made just now.")
    carry([project_id], *(numbered(version) for version in since))
    return {version: made[version] for version in since}


def order(project_id: int, release_ids: Collection[int]) -> Order:
    """Return what these releases of a project sort by (contract section 5)."""
    if not release_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, {release_order("release")} FROM projects_release AS release
            WHERE project_id = %s AND id = ANY((SELECT %s::bigint[])::bigint[])
            """,
            [project_id, as_array(release_ids)],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}
