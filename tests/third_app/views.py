"""The teams of an organization: a list in pages, and a change that may be refused."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects import acting
from projects.api.pagination import PARAMETERS, paginate
from projects.api.viewsets import OrganizationViewSet
from projects.database.keyset import Sort
from projects.models import Team
from projects.refusals import Refusal


class NameTaken(Refusal):
    status = 409
    field = ("team", "name")
    sentence = "Another team is called so."


def rename(team_id: int, name: str) -> None:
    team = Team.objects.select_for_update(no_key=True).get(pk=team_id)
    team.name = name
    team.save()
    if Team.objects.filter(organization=team.organization_id, name=name).count() > 1:
        raise NameTaken


class TeamsViewSet(OrganizationViewSet):
    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, organization: str) -> Response:
        teams, headers = paginate(request, self.organization.teams.all(), Sort("id", descending=False))
        return Response([team.name for team in teams], headers=headers)

    def update(self, request: Request, organization: str) -> Response:
        team = self.organization.teams.get(slug=request.data["slug"])
        for attempt in acting.attempts(self.act()):
            with attempt:
                rename(team.pk, request.data["name"])
        return Response({"name": request.data["name"]})
