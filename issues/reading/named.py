"""The one issue that a path or a share link names; and those of several projects that a word names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from issues.models import Issue
from issues.services.ground import targets


@dataclass(frozen=True, slots=True)
class Found:
    """The issue of that name; and what a read of it shows: itself, or, while it is merged, what it was merged into."""

    named: Issue
    shown: Issue


def find(project_ids: Iterable[int] | QuerySet[Any], word: str) -> Found | None:
    """Return the issue of these projects that an id or a short id names, merged or not; None if there is none."""
    named = targets.find(project_ids, word)
    shown = None if named is None else targets.shown_for(named)
    return None if named is None or shown is None else Found(named, shown)


def find_all(project_ids: Iterable[int] | QuerySet[Any], word: str) -> list[Issue]:
    """Return the issues of these projects that an id or a short id names, merged or not, each with its project and its
    text: several, where projects of several organizations are called the same."""
    named = Issue.objects.of_projects(project_ids).named(word)
    return list(named.select_related("project__organization", "text"))


def find_shared(share_id: UUID, *, at: datetime) -> Issue | None:
    """Return the visible issue with this share link, with its text, project and last release, and ``status_shown``."""
    issues = Issue.objects.filter(share_id=share_id).visible().with_status_shown(at=at)
    return next(iter(issues.select_related("text", "project__organization", "last_release")), None)
