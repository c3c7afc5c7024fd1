"""Fingerprints whose issue was deleted: kept as long as an event may turn up that came before that (contract 7.11)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from issues.models import ForgottenHash
from issues.services.occurrences.shapes import Occurrence
from projects.database.arrays import as_array

MOMENT = timedelta(microseconds=1)
Forgotten = tuple[int, UUID, datetime]  # project, fingerprint, when its issue was deleted


def forgotten(*, after: tuple[int, UUID] | None, most: int) -> list[Forgotten]:
    """Return so many fingerprints whose issue was deleted, and when: by project and fingerprint, after this one."""
    found = ForgottenHash.objects.order_by("project_id", "hash")
    if after is not None:
        project_id, fingerprint = after
        found = found.filter(project_id__gte=project_id).exclude(project_id=project_id, hash__lte=fingerprint)
    return list(found.values_list("project_id", "hash", "at")[:most])


def stop_forgetting(project_id: int, fingerprints: Sequence[tuple[UUID, datetime]]) -> None:
    """Let fingerprints be as those that no issue ever had, unless another issue of them was deleted since."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM issues_forgottenhash AS forgotten
            USING unnest(%s::uuid[], %s::timestamptz[]) AS over (hash, at)
            WHERE forgotten.project_id = %s AND forgotten.hash = over.hash AND forgotten.at = over.at
            """,
            [
                as_array(fingerprint for fingerprint, _ in fingerprints),
                as_array(at.isoformat() for _, at in fingerprints),
                project_id,
            ],
        )


def correct(project_id: int, fingerprints: Collection[UUID], occurrences: Sequence[Occurrence]) -> None:
    """Let deletions whose time can't be believed be just before the first of these events that has the fingerprint.

    Their clock was ahead. What came since it was set back would else be hidden and taken away with the issue.
    """
    first: dict[UUID, datetime] = {}
    for occurrence in occurrences:
        for fingerprint in (occurrence.hash, *occurrence.older_hashes):
            if fingerprint in fingerprints:
                first[fingerprint] = min(occurrence.received_at, first.get(fingerprint, occurrence.received_at))
    found = sorted(first)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE issues_forgottenhash AS forgotten SET at = before.at
            FROM unnest(%s::uuid[], %s::timestamptz[]) AS before (hash, at)
            WHERE forgotten.project_id = %s AND forgotten.hash = before.hash AND forgotten.at > before.at
            """,
            [
                as_array(found),
                as_array((first[fingerprint] - MOMENT).isoformat() for fingerprint in found),
                project_id,
            ],
        )
