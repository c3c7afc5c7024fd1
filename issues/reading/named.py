"""The one issue that a path or a share link names; and those of several projects that a word names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.db.models import QuerySet

from issues.models import Issue
from issues.services.ground import finding, trees
from projects.database import citus


@dataclass(frozen=True, slots=True)
class Found:
    """The issue of that name; and what a read of it shows: itself, or, while it is merged, what it was merged into."""

    named: Issue
    shown: Issue


def find(project_ids: Iterable[int] | QuerySet[Any], word: str) -> Found | None:
    """Return the issue of these projects that an id or a short id names, merged or not; None if there is none."""
    named = finding.find(project_ids, word)
    shown = None if named is None else trees.shown_for(named)
    return None if named is None or shown is None else Found(named, shown)


def find_all(project_ids: Iterable[int] | QuerySet[Any], word: str) -> list[Issue]:
    """Return the issues of these projects that an id or a short id names, merged or not, each with its project and its
    text: several, where projects of several organizations are called the same."""

    def ask(some: Iterable[int] | QuerySet[Any]) -> list[Issue]:
        return list(Issue.objects.of_projects(some).named(word).select_related("project__organization", "text"))

    return citus.ask_all_or_each(ask, project_ids)


def projects_of(word: str) -> set[int]:
    """Return the projects that have an issue which an id or a short id names, whoever may see them."""
    return set(Issue.objects.named(word).values_list("project_id", flat=True))


def find_shared(share_id: UUID, *, at: datetime) -> Issue | None:
    """Return the visible issue with this share link, with its text, project and last release, and ``status_shown``."""
    issues = Issue.objects.filter(share_id=share_id).visible().with_status_shown(at=at)
    whole = issues.select_related("text", "project__organization", "last_release")
    try:
        return next(iter(whole), None)
    except OperationalError as error:
        if not citus.is_away(error):
            raise
        of = citus.ask_each_shard("issues_issue", f"SELECT project_id FROM {{table}} WHERE share_id = '{share_id}'")
        if not of:
            raise  # it may be there
        return next(iter(whole.filter(project=int(of[0]))), None)
