"""By which release an issue is resolved, as columns of the issue."""

from typing import Any

from django.db.models import Q

from issues.enums import ResolutionKind
from issues.mutation import NamedRelease

Columns = dict[str, Any]


def clear() -> Columns:
    """Return the columns of an issue that no release resolves."""
    return {"resolution_kind": None, "resolution_release_id": None}


def fix_in(release: NamedRelease) -> Columns:
    """Return the columns of an issue that is resolved in this release."""
    return {"resolution_kind": ResolutionKind.IN_RELEASE.value, "resolution_release_id": release.id}


def fix_in_next(newest_release_id: int | None) -> Columns:
    """Return the columns of an issue that the first release after this one resolves; after none: the first to come."""
    return {"resolution_kind": ResolutionKind.IN_NEXT_RELEASE.value, "resolution_release_id": newest_release_id}


def is_there() -> Q:
    """Return the condition "resolved by some release"."""
    return Q(resolution_kind__isnull=False)


def is_in(release: NamedRelease) -> Q:
    """Return the condition "resolved in this release"; NULL, which is neither, for no resolution at all."""
    return Q(resolution_kind=ResolutionKind.IN_RELEASE, resolution_release_id=release.id)


def is_in_next() -> Q:
    """Return the condition "resolved in the next release", whichever it was based on."""
    return Q(resolution_kind=ResolutionKind.IN_NEXT_RELEASE)
