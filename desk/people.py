"""Who is at the desk, and which projects they see: asked once for a page (contract 1.2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from projects.callers import Caller
from projects.models import Project, User


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the desk.

    :ivar projects: all that they see, each with its organization, by the slugs of both.
    :ivar at: when they asked; what a page says counts at this instant.
    """

    by: Caller
    projects: Sequence[Project]
    at: datetime

    @property
    def user(self) -> User:
        assert self.by.user is not None
        return self.by.user

    @property
    def sees_several_organizations(self) -> bool:
        return len({project.organization_id for project in self.projects}) > 1

    def seen(self, ids: Collection[int]) -> list[Project]:
        """Return those of these projects that they see."""
        return [project for project in self.projects if project.pk in ids]


def caller_of(request: HttpRequest) -> Caller:
    """Return who asks, as the services know it.

    :raises PermissionDenied: nobody who is logged in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return Caller(user=request.user)


def visitor_of(request: HttpRequest) -> Visitor:
    """Return who asks, with the projects that they see: one statement.

    :raises PermissionDenied: nobody who is logged in.
    """
    by = caller_of(request)
    projects = Project.objects.visible_to(by).select_related("organization")
    return Visitor(by, list(projects.order_by("organization__slug", "slug")), timezone.now())
