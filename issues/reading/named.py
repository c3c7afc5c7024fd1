"""The one issue that a path or a share link names; and those that a word names in any organization."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from issues import short_ids
from issues.models import Issue
from issues.services.ground import targets
from projects.models import Project
from projects.querysets import is_id


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


def ids_called(word: str) -> list[int]:
    """Return the ids of the issues that the word names: one by id; by short id, one in each organization at most.

    Fetched before anything sorts or joins: with ORDER BY id and LIMIT, PostgreSQL may walk the table to find one row.
    """
    if word.isascii() and word.isdigit():
        return [int(word.lstrip("0"))] if is_id(word) else []
    short_id = short_ids.read(word)
    if short_id is None:
        return []
    slug, number = short_id
    projects = list(Project.objects.filter(slug=slug).values_list("pk", flat=True))
    named = Issue.objects.filter(project__in=projects, short_number=number)
    return list(named.values_list("pk", flat=True))


def read_called(word: str) -> list[Any]:
    """Return the issues that the word names, each with its ``title`` and its organization."""
    issues = Issue.objects.filter(pk__in=ids_called(word)).select_related("project__organization")
    return list(issues.annotate(title=F("text__title")))
