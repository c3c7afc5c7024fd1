"""Releases, of an organization or of one of its projects, and their deploys."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, QueryDict
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from issues import answers
from issues.reading.releases import LAST_FINISHED_FIRST, read_deploys, read_release, read_releases
from issues.serializers.releases import (
    NewDeploySerializer,
    ReleaseChangeSerializer,
    ReleaseSerializer,
    describe_deploy,
    describe_release,
    named_projects,
    read_status,
)
from issues.services import deploys, releases
from projects import gathering
from projects.api.pagination import PARAMETERS, link_header, paginate, read_page_query
from projects.api.parameters import read_text, refuse_parameters
from projects.api.release_pages import read_release_page_query, write_release_cursor
from projects.api.viewsets import ApiViewSet, OrganizationViewSet, ProjectViewSet
from projects.gathering import Gathered
from projects.models import Project, Release


class ReleasesViewSet(ApiViewSet):
    """Releases as the routes of an organization and of a project both have them.

    A release is one project's. The route of an organization shows and changes, as one, those of the same version in the
    projects that the caller sees (contract section 5), and knows of no others.
    """

    known_parameters = {"list": PARAMETERS | {"query", "status"}}

    seen: Sequence[Project]  # the projects that this route is about

    def body(self, request: Request) -> dict[str, Any]:
        """Return what the caller says about a release."""
        return dict(request.data)  # no body at all comes as an empty form, and DRF would read more into that

    @property
    def seen_ids(self) -> list[int]:
        return [project.pk for project in self.seen]

    def listed(self, params: QueryDict) -> Sequence[Project]:
        """Return the projects whose releases a list shows."""
        return self.seen

    def list(self, request: Request, **path: str) -> Response:
        """Answer a page of releases, newest first."""
        params = request.query_params
        projects = self.listed(params)
        text, status = read_text(params), read_status(params)
        page, around = read_releases(projects, read_release_page_query(request), text=text, status=status)
        headers = {"Link": link_header(request, page, write=write_release_cursor)}
        return Response([describe_release(gathered, around) for gathered in page.rows], headers=headers)

    def create(self, request: Request, **path: str) -> Response:
        """Make a release, or change the one of that version: which of the two it was, the status says."""
        refuse_parameters(request)
        serializer = ReleaseSerializer(data=self.body(request), context={"projects": self.seen})
        serializer.is_valid(raise_exception=True)
        version = serializer.validated_data["version"]

        is_new = releases.save(version, serializer.to_change(), self.act(), seen_in=self.seen_ids)

        code = status.HTTP_201_CREATED if is_new else status.HTTP_208_ALREADY_REPORTED
        return Response(self.described(version), status=code)

    def retrieve(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer one release."""
        return Response(self.described(version))

    def update(self, request: Request, *, version: str, **path: str) -> Response:
        """Change a release, most often to say that it is out."""
        self.find(version)
        refuse_parameters(request)
        serializer = ReleaseChangeSerializer(data=self.body(request), context={"projects": self.seen})
        serializer.is_valid(raise_exception=True)

        is_there = releases.update(version, serializer.to_change(), self.act(), seen_in=self.seen_ids)

        if not is_there:
            raise Http404
        return Response(self.described(version))

    def destroy(self, request: Request, *, version: str, **path: str) -> Response:
        """Delete a release that no issue is resolved in."""
        self.find(version)
        refuse_parameters(request)  # ?project= narrows the list, and would not narrow this
        was_there = releases.delete(version, self.act(), seen_in=self.seen_ids)
        if not was_there:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)

    def find(self, version: str) -> Gathered:
        """Return the release that the path names; one of another project is as unknown as none."""
        found = gathering.find(version, self.seen_ids)
        if found is None:
            raise Http404
        return found

    def described(self, version: str) -> answers.Release:
        """Return a release as it is now, unless it is gone again."""
        found = read_release(version, self.seen)
        if found is None:
            raise Http404
        return describe_release(*found)


class OrganizationReleasesViewSet(OrganizationViewSet, ReleasesViewSet):
    """The releases of an organization, and what hangs on them."""

    known_parameters = {
        "list": PARAMETERS | {"query", "status", "project"},
        "list_deploys": PARAMETERS,
        "list_commits": PARAMETERS,
    }

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the organization, and its projects that the caller sees."""
        super().initial(request, *args, **kwargs)
        self.seen = list(Project.objects.visible_to(self.caller).filter(organization=self.organization))

    def listed(self, params: QueryDict) -> Sequence[Project]:
        """Return those that the caller names, or all.

        :raises ValidationError: one of them is none that the caller sees.
        """
        return named_projects(self.seen, params)

    def list_deploys(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer a page of the deploys of a release, the last one first."""
        release = self.find(version)
        page = read_deploys(release, read_page_query(request, LAST_FINISHED_FIRST, is_time=True))
        return Response(list(map(describe_deploy, page.rows)), headers={"Link": link_header(request, page)})

    def create_deploy(self, request: Request, *, version: str, **path: str) -> Response:
        """Record that a release went live."""
        self.find(version)
        refuse_parameters(request)
        serializer = NewDeploySerializer(data=dict(request.data))
        serializer.is_valid(raise_exception=True)

        act = self.act()
        deploy = deploys.record(version, serializer.to_deploy(at=act.at), act, seen_in=self.seen_ids)

        if deploy is None:
            raise Http404
        return Response(describe_deploy(deploy), status=status.HTTP_201_CREATED)

    def list_commits(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer none: commits are not kept. Clients ask all the same."""
        self.find(version)
        page, headers = paginate(request, Release.objects.none(), gathering.NEWEST_FIRST, is_time=True)
        return Response(page, headers=headers)

    def previous_with_commits(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer that no release before has commits, which a client asks before it sends some."""
        self.find(version)
        return Response({})


class ProjectReleasesViewSet(ProjectViewSet, ReleasesViewSet):
    """The releases of one project."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the project, which alone is seen here."""
        super().initial(request, *args, **kwargs)
        self.seen = [self.project]

    def body(self, request: Request) -> dict[str, Any]:
        """Return what the caller says; which project it is about, the path says."""
        return {**super().body(request), "projects": [self.project.pk]}
