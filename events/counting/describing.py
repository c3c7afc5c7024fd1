"""What a new issue is called: after its first event, as that is kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from events.meaning.packing import unpack
from issues.services.occurrences import Description, Occurrence
from projects.database.arrays import as_array

AT_ONCE = 100  # an event may have 1 MiB, and a batch may be of 2,000 new issues


def describe(project_id: int, first: Mapping[UUID, Occurrence]) -> dict[UUID, Description]:
    """Return what to call the issue of each fingerprint, of which this is the first event.

    An event that is not kept any more describes nothing: its issue has no title.
    """
    described = dict.fromkeys(first, NAMELESS)
    occurrences = list(first.values())
    for start in range(0, len(occurrences), AT_ONCE):
        for fingerprint, data in _read(project_id, occurrences[start : start + AT_ONCE]):
            described[fingerprint] = _description(data)
    return described


def _description(data: Mapping[str, Any]) -> Description:
    return Description(
        type=data.get("type", NAMELESS.type),
        title=data.get("title", ""),
        culprit=data.get("culprit", ""),
        metadata=data.get("metadata", {}),
        platform=data.get("platform", ""),
        logger=data.get("logger", ""),
        is_unhandled=any(map(_is_unhandled, data.get("exception", {}).get("values", ()))),
    )


def _is_unhandled(exception: Mapping[str, Any]) -> bool:
    """Return whether the SDK says that nobody caught it; one that doesn't say, says no."""
    mechanism = exception.get("mechanism")
    return isinstance(mechanism, Mapping) and mechanism.get("handled") is False


NAMELESS = Description(type="default", title="", culprit="", metadata={}, platform="", logger="")


def _read(project_id: int, occurrences: Sequence[Occurrence]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.hash, kept.data
            FROM unnest(%(hashes)s::uuid[], %(times)s::timestamptz[], %(ids)s::uuid[])
                AS wanted (hash, seen_at, event_id)
            -- one look-up in one week for each
            CROSS JOIN LATERAL (
                SELECT data FROM events_event AS event
                WHERE event.project_id = %(project_id)s AND event.hash = wanted.hash
                  AND event.seen_at = wanted.seen_at AND event.event_id = wanted.event_id
                LIMIT 1
            ) AS kept
            """,
            {
                "project_id": project_id,
                "hashes": as_array(one.hash for one in occurrences),
                "times": as_array(one.seen_at.isoformat() for one in occurrences),
                "ids": as_array(one.event_id for one in occurrences),
            },
        )
        for fingerprint, packed in cursor.fetchall():
            yield fingerprint, unpack(bytes(packed))
