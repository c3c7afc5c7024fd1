"""Fingerprints whose issue was deleted: kept as long as an event may turn up that came before that (contract 7.11)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from issues.models import ForgottenHash
from projects.database.arrays import as_array

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
