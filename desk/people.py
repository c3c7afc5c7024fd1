"""Who is at the desk, and which projects they see: asked once for a page (contract 1.2)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from projects.callers import Caller
from projects.models import Organization, Project, User
from projects.visitors import caller_of

# Projects that a page is about: a list looks into the indexes of each of them. Who sees more says which.
AT_ONCE = 1_000
OFFERED = 100  # organizations, of those who see more projects than that


@dataclass(frozen=True)  # without slots: it keeps what it has asked
class Visitor:
    """Somebody at the desk.

    :ivar projects: all that they see, each with its organization, by the slugs of both; none when these are more than
        ``AT_ONCE``, and ``sees_more`` says so.
    :ivar at: when they asked; what a page says counts at this instant.
    """

    by: Caller
    projects: Sequence[Project]
    at: datetime
    sees_more: bool = False

    @property
    def user(self) -> User:
        assert self.by.user is not None
        return self.by.user

    @property
    def sees_none(self) -> bool:
        return not self.projects and not self.sees_more

    @cached_property
    def organizations(self) -> list[Organization]:
        """The organizations of what they see, by their slugs; the first that they belong to where that is much."""
        if self.sees_more:
            return list(Organization.objects.visible_to(self.by).order_by("slug")[:OFFERED])
        return list({project.organization_id: project.organization for project in self.projects}.values())

    @property
    def sees_several_organizations(self) -> bool:
        return len(self.organizations) > 1

    def seen(self, ids: Collection[int]) -> list[Project]:
        """Return those of these projects that they see."""
        if self.sees_more:
            return sorted(_visible_to(self.by).filter(pk__in=ids), key=_by_slugs) if ids else []
        return [project for project in self.projects if project.pk in ids]

    def among(self, projects_of_it: Callable[[], Collection[int]]) -> list[Project]:
        """Return the projects among which to look for what somebody knows the number of, and perhaps doesn't see.

        All that they see; or, where these are too many to name, those of ``projects_of_it``, which asks of which
        projects it is: the others can't have it.
        """
        return self.seen(projects_of_it()) if self.sees_more else list(self.projects)

    def called(self, slugs: Collection[str]) -> list[Project]:
        """Return up to ``AT_ONCE`` projects that they see and that are called so."""
        if self.sees_more:
            return sorted(_visible_to(self.by).filter(slug__in=slugs)[:AT_ONCE], key=_by_slugs)
        return [project for project in self.projects if project.slug in slugs]

    def find(self, text: str, limit: int) -> list[Project]:
        """Return up to ``limit`` projects that they see, with this text in slug or name; all have an empty one."""
        if self.sees_more:
            return list(_visible_to(self.by).mentioning(text).order_by("organization_id", "slug")[:limit])
        asked = text.casefold()
        found = (each for each in self.projects if asked in each.slug.casefold() or asked in each.name.casefold())
        return [project for project, _ in zip(found, range(limit), strict=False)]


def visitor_of(request: HttpRequest) -> Visitor:
    """Return who asks, who is logged in, with the projects that they see: one statement."""
    by = caller_of(request)
    found = list(Project.objects.first_visible_to(by, AT_ONCE + 1).select_related("organization"))
    sees_more = len(found) > AT_ONCE
    return Visitor(by, [] if sees_more else sorted(found, key=_by_slugs), timezone.now(), sees_more)


def _visible_to(by: Caller) -> Any:
    return Project.objects.visible_to(by).select_related("organization")


def _by_slugs(project: Project) -> tuple[str, str]:
    return project.organization.slug, project.slug
