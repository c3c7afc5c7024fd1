"""Releases, of an organization or of one of its projects, and their deploys."""

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from issues.serializers.releases import (
    NewDeploySerializer,
    ReleaseChangeSerializer,
    ReleaseSerializer,
    describe_deploy,
    describe_release,
    named_projects,
    narrowed,
    read_around,
)
from issues.services import deploys, releases, transactions
from projects.keyset import Sort
from projects.models import Deploy, Project, Release
from projects.pagination import PARAMETERS, paginate
from projects.viewsets import ApiViewSet, OrganizationViewSet, ProjectViewSet

NEWEST_FIRST = Sort("ordered_at")
LAST_FINISHED_FIRST = Sort("finished_at")


class ReleasesViewSet(ApiViewSet):
    """Releases as the routes of an organization and of a project both have them.

    A release is seen through the projects that it was made for, as far as the caller sees them (contract 1.2), and
    shows no others.
    """

    known_parameters = {"list": PARAMETERS | {"query", "status", "project"}}

    organization_id: int  # that the path names
    in_reach: Any  # the projects through which this route finds releases, as a queryset

    def body(self, request: Request) -> dict[str, Any]:
        """Return what the caller says about a release."""
        return dict(request.data)  # no body at all comes as an empty form, and DRF would read more into that

    def seen_projects(self) -> Any:
        """Return the projects of the organization that the caller sees."""
        return Project.objects.visible_to(self.caller).filter(organization=self.organization_id)

    def list(self, request: Request, **path: str) -> Response:
        """Answer a page of releases, newest first."""
        params = request.query_params
        found = Release.objects.filter(organization=self.organization_id)
        found = narrowed(found.of_projects(named_projects(self.in_reach, params)), params)
        with transactions.reading(timeout=settings.READ_TIMEOUT_SECONDS):
            page, headers = paginate(request, found, NEWEST_FIRST, is_time=True)
            around = read_around(page, self.seen_projects())
        return Response([describe_release(release, around) for release in page], headers=headers)

    def create(self, request: Request, **path: str) -> Response:
        """Make a release, or change the one of that version: which of the two it was, the status says."""
        serializer = ReleaseSerializer(data=self.body(request), context={"projects": self.seen_projects()})
        serializer.is_valid(raise_exception=True)

        saved = releases.save(
            self.organization_id,
            serializer.validated_data["version"],
            serializer.to_change(),
            seen_in=set(self.seen_projects().values_list("pk", flat=True)),
            at=timezone.now(),
            lock_timeout=settings.LOCK_TIMEOUT_SECONDS,
        )

        code = status.HTTP_201_CREATED if saved.is_new else status.HTTP_208_ALREADY_REPORTED
        return Response(self.described(saved.release_id), status=code)

    def retrieve(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer one release."""
        return Response(self.described(self.find(version).pk))

    def update(self, request: Request, *, version: str, **path: str) -> Response:
        """Change a release, most often to say that it is out."""
        release = self.find(version)
        serializer = ReleaseChangeSerializer(data=self.body(request), context={"projects": self.seen_projects()})
        serializer.is_valid(raise_exception=True)

        if not releases.update(release.pk, serializer.to_change(), lock_timeout=settings.LOCK_TIMEOUT_SECONDS):
            raise Http404

        return Response(self.described(release.pk))

    def destroy(self, request: Request, *, version: str, **path: str) -> Response:
        """Delete a release that no issue is resolved in."""
        if not releases.delete(self.find(version).pk, lock_timeout=settings.LOCK_TIMEOUT_SECONDS):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)

    def find(self, version: str) -> Release:
        """Return the release that the path names; one that is out of reach is as unknown as none."""
        found = Release.objects.filter(organization=self.organization_id).of_projects(self.in_reach).named(version)
        release: Release | None = found.first()
        if release is None:
            raise Http404
        return release

    def described(self, release_id: int) -> dict[str, Any]:
        """Return a release as it is now, unless it is gone again."""
        with transactions.reading(timeout=settings.READ_TIMEOUT_SECONDS):
            release = Release.objects.filter(pk=release_id).first()
            if release is None:
                raise Http404
            return describe_release(release, read_around([release], self.seen_projects()))


class OrganizationReleasesViewSet(OrganizationViewSet, ReleasesViewSet):
    """The releases of an organization, and what hangs on them."""

    known_parameters = {**ReleasesViewSet.known_parameters, "list_deploys": PARAMETERS, "list_commits": PARAMETERS}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the organization; all of its projects that the caller sees are in reach."""
        super().initial(request, *args, **kwargs)
        self.organization_id = self.organization.pk
        self.in_reach = self.seen_projects()

    def list_deploys(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer a page of the deploys of a release, the last one first."""
        found = Deploy.objects.filter(release=self.find(version))
        page, headers = paginate(request, found, LAST_FINISHED_FIRST, is_time=True)
        return Response([describe_deploy(deploy) for deploy in page], headers=headers)

    def create_deploy(self, request: Request, *, version: str, **path: str) -> Response:
        """Record that a release went live."""
        release = self.find(version)
        serializer = NewDeploySerializer(data=dict(request.data))
        serializer.is_valid(raise_exception=True)

        deploy = deploys.record(
            release.pk, serializer.to_deploy(at=timezone.now()), lock_timeout=settings.LOCK_TIMEOUT_SECONDS
        )

        if deploy is None:
            raise Http404
        return Response(describe_deploy(deploy), status=status.HTTP_201_CREATED)

    def list_commits(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer none: commits are not kept. Clients ask all the same."""
        self.find(version)
        page, headers = paginate(request, Release.objects.none(), NEWEST_FIRST, is_time=True)
        return Response(page, headers=headers)

    def previous_with_commits(self, request: Request, *, version: str, **path: str) -> Response:
        """Answer that no release before has commits, which a client asks before it sends some."""
        self.find(version)
        return Response({})


class ProjectReleasesViewSet(ProjectViewSet, ReleasesViewSet):
    """The releases of one project."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the project, which alone is in reach."""
        super().initial(request, *args, **kwargs)
        self.organization_id = self.project.organization_id
        self.in_reach = Project.objects.filter(pk=self.project.pk)

    def body(self, request: Request) -> dict[str, Any]:
        """Return what the caller says; which project it is about, the path says."""
        return {**super().body(request), "projects": [self.project.pk]}
