"""Where events of a project, or of an organization's, were seen."""

from rest_framework.request import Request
from rest_framework.response import Response

from issues.answers import Environment, EnvironmentOfProject
from issues.reading.environments import OLDEST_FIRST, Named, read_environments
from projects.api.pagination import PARAMETERS, link_header, read_page_query
from projects.api.viewsets import OrganizationViewSet, ProjectViewSet
from projects.models import Project


def describe(named: Named) -> Environment:
    pk, name = named
    return {"id": str(pk), "name": name}


def describe_of_project(named: Named) -> EnvironmentOfProject:
    return {**describe(named), "isHidden": False}


class ProjectEnvironmentsViewSet(ProjectViewSet):
    """Those of one project."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer a page of environments."""
        page = read_environments([self.project.pk], read_page_query(request, OLDEST_FIRST))
        return Response(list(map(describe_of_project, page.rows)), headers={"Link": link_header(request, page)})


class OrganizationEnvironmentsViewSet(OrganizationViewSet):
    """Those of the projects that the caller sees; one name is one."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, organization: str) -> Response:
        """Answer a page of environments."""
        projects = Project.objects.visible_to(self.caller).filter(organization=self.organization)
        ids = list(projects.values_list("pk", flat=True))
        page = read_environments(ids, read_page_query(request, OLDEST_FIRST))
        return Response(list(map(describe, page.rows)), headers={"Link": link_header(request, page)})
