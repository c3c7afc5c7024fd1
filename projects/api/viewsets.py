"""What the views of every app have in common: who calls, and what the path names."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from projects.acting import Act
from projects.api.addresses import base_url
from projects.api.ignored import PARAMETERS_HEADER, ignored_header
from projects.api.parameters import leave_known
from projects.callers import Caller
from projects.models import Organization, Project
from projects.querysets import OrganizationQuerySet


class RouteViewSet(ViewSet):
    """Something under ``/api/0/``.

    ``known_parameters`` says what a GET knows of a query, by the name of the method that answers it; the API's document
    is checked against it. What a GET doesn't know it ignores, and names in a header of every answer, an error too.
    """

    known_parameters: Mapping[str, Collection[str]] = {}
    ignored: Sequence[str] = ()  # the names of what a GET said and nobody knows

    @property
    def parameters(self) -> Collection[str]:
        """The parameters that this request's method knows."""
        return self.known_parameters.get(self.action or "", ())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Leave of the query of a GET what is known, before anything reads it: a megabyte of others costs little."""
        if request.method in {"GET", "HEAD"} and self.action is not None:
            self.ignored = leave_known(request, self.parameters)
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the header that names what was ignored."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in ignored_header(PARAMETERS_HEADER, self.ignored).items():
            response.headers[name] = value
        return response


class ApiViewSet(RouteViewSet):
    """Something under ``/api/0/``, for a caller with a credential."""

    @property
    def caller(self) -> Caller:
        return cast(Caller, self.request.auth)  # projects/api/authentication.py makes no other

    def act(self, *, preview: bool = False, expected: int | None = None) -> Act:
        """Return who changes something, as of now, and how carefully; once for each request, at its start."""
        return Act(
            by=self.caller,
            at=timezone.now(),
            lock_timeout=settings.LOCK_TIMEOUT_SECONDS,
            preview=preview,
            expected=expected,
        )

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
        found: Project | None = Project.objects.find(self.caller, organization, project)
        return found
