"""Fingerprints whose issue was deleted: kept as long as an event may turn up that came before that (contract 7.11)."""

from datetime import datetime
from uuid import UUID

from issues.models import ForgottenHash


def forgotten(*, after: tuple[int, UUID] | None, most: int) -> list[tuple[int, UUID, datetime]]:
    """Return so many fingerprints whose issue was deleted, and when: by project and fingerprint, after this one."""
    found = ForgottenHash.objects.order_by("project_id", "hash")
    if after is not None:
        project_id, fingerprint = after
        found = found.filter(project_id__gte=project_id).exclude(project_id=project_id, hash__lte=fingerprint)
    return list(found.values_list("project_id", "hash", "at")[:most])


def stop_forgetting(project_id: int, fingerprint: UUID, at: datetime) -> None:
    """Let a fingerprint be as one that no issue ever had, unless another issue of it was deleted after ``at``."""
    ForgottenHash.objects.filter(project_id=project_id, hash=fingerprint, at=at).delete()
