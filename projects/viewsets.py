"""What the views of every app have in common: who calls, and what the path names."""

from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from projects.callers import Caller
from projects.models import Organization, Project
from projects.querysets import OrganizationQuerySet


def base_url(request: HttpRequest | Request) -> str:
    """Return what absolute addresses begin with: the setting, else the host that the request named."""
    return settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")


class ApiViewSet(ViewSet):
    """Something under ``/api/0/``, for a caller with a credential."""

    @property
    def caller(self) -> Caller:
        return cast(Caller, self.request.auth)  # projects/authentication.py makes no other

    @property
    def base_url(self) -> str:
        return base_url(self.request)


class OrganizationViewSet(ApiViewSet):
    """Something of one organization, which the path names."""

    organization: Organization

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the credential and its scopes, then find the organization: a stranger's is as unknown as none."""
        super().initial(request, *args, **kwargs)
        organization = self.organizations().named(kwargs["organization"]).first()
        if organization is None:
            raise Http404
        self.organization = organization

    def organizations(self) -> OrganizationQuerySet:
        """Return those among which it is looked for."""
        return Organization.objects.visible_to(self.caller)


class ProjectViewSet(ApiViewSet):
    """Something of one project, which the path names."""

    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the credential and its scopes, then find the project: a stranger's is as unknown as one that isn't."""
        super().initial(request, *args, **kwargs)
        project = self.find_project(kwargs["organization"], kwargs["project"])
        if project is None:
            raise Http404
        self.project = project

    def find_project(self, organization: str, project: str) -> Project | None:
        """Return the project of this name, if the caller may see it."""
        return Project.objects.find(self.caller, organization, project)
