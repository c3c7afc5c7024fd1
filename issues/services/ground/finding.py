"""Where an issue is, and which one a word names: read without a lock."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models import QuerySet

from issues.models import Issue
from projects.database import citus


def find(project_ids: Iterable[int] | QuerySet[Any], word: str) -> Issue | None:
    """Return the issue of these projects that an id or a short id names, merged or not, and its project; not locked."""
    # Not first(), which sorts: with ORDER BY id and LIMIT, PostgreSQL may walk the table to find one row.
    return next(iter(citus.ask_all_or_each(partial(_named, word), project_ids)), None)


def _named(word: str, project_ids: Iterable[int] | QuerySet[Any]) -> list[Issue]:
    return list(Issue.objects.of_projects(project_ids).named(word).select_related("project"))


def split_by_project(ids: Iterable[int], project_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return which of these issues belong to which of these projects, by project; the others are left out.

    Read without a lock: an issue never moves to another project.
    """
    named = frozenset(ids)
    found: dict[int, set[int]] = {}
    for project_id, pk in citus.ask_all_or_each(partial(_places, sorted(named)), project_ids, enough=len(named)):
        found.setdefault(project_id, set()).add(pk)
    return {project_id: frozenset(found[project_id]) for project_id in sorted(found)}


def _places(ids: list[int], project_ids: Iterable[int]) -> list[tuple[int, int]]:
    issues = Issue.objects.of_projects(project_ids).filter(id__any_of=ids)
    return list(issues.values_list("project_id", "id"))


def projects_of(ids: Iterable[int]) -> set[int]:
    """Return the projects that have one of these issues, whoever may see them."""
    issues = Issue.objects.filter(id__any_of=sorted(ids))
    return set(issues.order_by().values_list("project_id", flat=True).distinct())
