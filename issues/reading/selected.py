"""What somebody selected in a list of the admin: issues of any projects, by their ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from issues.models import Issue
from issues.services.ground.targets import split_by_project
from projects.models import OrganizationMember, Project, Team


@dataclass(frozen=True, slots=True)
class Selected:
    """Issues by project, in the order of the projects; without those that are gone."""

    projects: Sequence[Project]
    ids: dict[int, frozenset[int]]


def read_listed(listed: QuerySet[Any], limit: int) -> list[int] | None:
    """Return the ids of everything in a list; None when they are more than ``limit``."""
    ids = list(listed.order_by().values_list("pk", flat=True)[: limit + 1])
    return None if len(ids) > limit else ids


def read_selected(ids: Iterable[int]) -> Selected:
    """Return which of these issues are there, merged ones too, and of which projects."""
    found = split_by_project(ids, Project.objects.values_list("pk", flat=True))
    projects = Project.objects.select_related("organization").in_bulk(list(found))
    return Selected([projects[pk] for pk in found], found)


def read_titles(ids: Sequence[int]) -> list[Any]:
    """Return these issues, the lowest id first, each with its ``title`` and its project."""
    issues = Issue.objects.filter(pk__in=ids).annotate(title=F("text__title")).order_by("pk")
    return list(issues.select_related("project"))


def suggest_assignees(organization_id: int, projects: Iterable[Project], limit: int) -> list[str]:
    """Return up to ``limit`` members and as many teams who can be assigned, in the words that a body has for them."""
    members = OrganizationMember.objects.filter(organization=organization_id, user__is_active=True)
    names = members.order_by("user_id").values_list("user__username", flat=True)[:limit]
    teams = Team.objects.filter(organization=organization_id, projects__in=projects).distinct()
    return [*names, *(f"#{slug}" for slug in teams.order_by("slug").values_list("slug", flat=True)[:limit])]
