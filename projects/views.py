"""Who calls, and what there is: the routes by which a client finds its way to the issues."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from projects import answers
from projects.api.pagination import PARAMETERS, paginate
from projects.api.parameters import read_text, refuse_parameters
from projects.api.permissions import ManagesClientKeys
from projects.api.viewsets import ApiViewSet, OrganizationViewSet, ProjectViewSet
from projects.database.keyset import Sort
from projects.models import ClientKey, Organization, OrganizationMember, Project, Release, Team
from projects.querysets import MentioningQuerySet, OrganizationQuerySet, slug_or_id
from projects.serializers import (
    ClientKeySerializer,
    NewClientKeySerializer,
    describe_account,
    describe_client_key,
    describe_member,
    describe_member_with_projects,
    describe_organization,
    describe_project,
    describe_project_in_full,
    describe_team,
    describe_team_in_full,
)

OF_A_LIST = {"list": PARAMETERS | {"query"}}  # what ``answer_page`` reads
OLDEST_FIRST = Sort("id", descending=False)
NOBODY = "An API key belongs to an organization, not to a user; call this with a user's token (Authorization: Bearer)."


def answer_page(request: Request, rows: MentioningQuerySet, describe: Callable[[Any], Mapping[str, Any]]) -> Response:
    """Answer a page of these rows, oldest first; ``query`` keeps those with that text in a name.

    :raises ValidationError: one of these, ``per_page`` or ``cursor`` is wrong.
    """
    found = rows.mentioning(read_text(request.query_params))
    kept, headers = paginate(request, found, OLDEST_FIRST)
    return Response([describe(row) for row in kept], headers=headers)


class RootViewSet(ApiViewSet):
    """The way in: what the credential is good for."""

    def retrieve(self, request: Request) -> Response:
        """Answer the credential's scopes and its user; an API key has none."""
        user = self.caller.user
        root: answers.Root = {
            "version": "0",
            "auth": {"scopes": sorted(self.caller.scopes)},
            "user": None if user is None else describe_account(user),
        }
        return Response(root)


class AccountViewSet(ApiViewSet):
    """The calling user."""

    def retrieve(self, request: Request) -> Response:
        """Answer the calling user.

        :raises NotFound: an API key calls.
        """
        if self.caller.user is None:
            raise NotFound(NOBODY)
        return Response(describe_account(self.caller.user))


class RegionsViewSet(ApiViewSet):
    """Where data is kept. A log-in by the newer client asks, and fails when nobody answers."""

    def retrieve(self, request: Request) -> Response:
        """Answer the one region that there is: here."""
        regions: answers.Regions = {"regions": [{"name": "default", "url": self.base_url}]}
        return Response(regions)


class OrganizationsViewSet(ApiViewSet):
    """The organizations that the caller belongs to."""

    known_parameters = OF_A_LIST

    def list(self, request: Request) -> Response:
        """Answer a page of them."""
        rows = Organization.objects.visible_to(self.caller).with_role_of(self.caller)
        return answer_page(request, rows, lambda row: describe_organization(row, base_url=self.base_url))


class OrganizationDetailViewSet(OrganizationViewSet):
    """One organization."""

    def organizations(self) -> OrganizationQuerySet:
        """Return those among which it is looked for, with what the answer says of them."""
        return super().organizations().with_role_of(self.caller)

    def retrieve(self, request: Request, organization: str) -> Response:
        """Answer the organization."""
        return Response(describe_organization(self.organization, base_url=self.base_url))


class OrganizationProjectsViewSet(OrganizationViewSet):
    """The projects of one organization."""

    known_parameters = OF_A_LIST

    def list(self, request: Request, organization: str) -> Response:
        """Answer a page of those that the caller sees."""
        rows = Project.objects.visible_to(self.caller).filter(organization=self.organization).with_teams(self.caller)
        return answer_page(request, rows, describe_project)


class OrganizationTeamsViewSet(OrganizationViewSet):
    """The teams of one organization."""

    known_parameters = OF_A_LIST

    def list(self, request: Request, organization: str) -> Response:
        """Answer a page of them, the caller's own and the others."""
        rows = Team.objects.filter(organization=self.organization).with_members_counted(self.caller)
        return answer_page(request, rows, describe_team)


class OrganizationMembersViewSet(OrganizationViewSet):
    """The members of one organization."""

    known_parameters = OF_A_LIST

    def list(self, request: Request, organization: str) -> Response:
        """Answer a page of them; who can't log in any more is not among them."""
        return answer_page(request, OrganizationMember.objects.of(self.organization), describe_member)


class OrganizationUsersViewSet(OrganizationViewSet):
    """The members of one organization, and the projects of their teams."""

    known_parameters = OF_A_LIST

    def list(self, request: Request, organization: str) -> Response:
        """Answer a page of them, each with those of the projects that the caller sees, too."""
        seen = Project.objects.visible_to(self.caller).filter(organization=self.organization)
        rows = OrganizationMember.objects.of(self.organization, projects=seen)
        return answer_page(request, rows, describe_member_with_projects)


class TeamViewSet(OrganizationViewSet):
    """One team."""

    def organizations(self) -> OrganizationQuerySet:
        """Return those among which its organization is looked for, with what the answer says of it."""
        return super().organizations().with_role_of(self.caller)

    def retrieve(self, request: Request, organization: str, team: str) -> Response:
        """Answer the team, with its organization."""
        teams = Team.objects.filter(slug_or_id(team), organization=self.organization)
        found = teams.with_members_counted(self.caller).first()
        if found is None:
            raise Http404
        return Response(describe_team_in_full(found, self.organization, base_url=self.base_url))


class ProjectsViewSet(ApiViewSet):
    """The projects of all organizations."""

    known_parameters = OF_A_LIST

    def list(self, request: Request) -> Response:
        """Answer a page of those that the caller sees."""
        return answer_page(request, Project.objects.visible_to(self.caller).with_teams(self.caller), describe_project)


class ProjectDetailViewSet(ProjectViewSet):
    """One project."""

    def find_project(self, organization: str, project: str) -> Project | None:
        """Return the project of this name, with what the answer says of it."""
        visible = Project.objects.visible_to(self.caller).named(organization, project)
        return visible.with_teams(self.caller).first()

    def retrieve(self, request: Request, organization: str, project: str) -> Response:
        """Answer the project, with its newest release."""
        newest = Release.objects.of_project(self.project.pk).out_at(timezone.now()).newest_first().first()
        return Response(describe_project_in_full(self.project, latest_release=newest))


class ClientKeysViewSet(ProjectViewSet):
    """What programs send the errors of one project with."""

    permission_classes = (ManagesClientKeys,)
    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer a page of them, the oldest first."""
        kept, headers = paginate(request, ClientKey.objects.filter(project=self.project), OLDEST_FIRST)
        return Response([describe_client_key(key, base_url=self.base_url) for key in kept], headers=headers)

    def create(self, request: Request, organization: str, project: str) -> Response:
        """Make one, and answer it."""
        refuse_parameters(request)
        said = NewClientKeySerializer(data=dict(request.data))
        said.is_valid(raise_exception=True)
        key = ClientKey.objects.create(project=self.project, name=said.validated_data.get("name") or "")
        key = ClientKey.objects.get(project=self.project, pk=key.pk)  # with what PostgreSQL has set
        return Response(describe_client_key(key, base_url=self.base_url), status=status.HTTP_201_CREATED)


class ClientKeyViewSet(ProjectViewSet):
    """One client key."""

    permission_classes = (ManagesClientKeys,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks and find the project, then the key: another project's is as unknown as none."""
        super().initial(request, *args, **kwargs)
        # What has NUL in it is no text to PostgreSQL: what can't be a key is not looked for.
        name = kwargs["client_key"] if re.fullmatch("[0-9a-f]{32}", kwargs["client_key"]) else ""
        self.keys = ClientKey.objects.filter(project=self.project, key=name)

    def retrieve(self, request: Request, **path: str) -> Response:
        """Answer the key."""
        key = self.keys.first()
        if key is None:
            raise Http404
        return Response(describe_client_key(key, base_url=self.base_url))

    def update(self, request: Request, **path: str) -> Response:
        """Change what the body says, and answer the key."""
        refuse_parameters(request)
        said = ClientKeySerializer(data=dict(request.data))
        said.is_valid(raise_exception=True)
        columns = said.columns()
        if columns and not self.keys.update(**columns):
            raise Http404
        return self.retrieve(request)

    def destroy(self, request: Request, **path: str) -> Response:
        """End the key: what is sent with it from now on is refused."""
        refuse_parameters(request)
        deleted, _ = self.keys.delete()
        if not deleted:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
