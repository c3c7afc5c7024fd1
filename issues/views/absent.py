"""What clients ask for and this service has no such thing: one table, and what is answered.

The answers are those that the clients were seen to take without harm; a route that isn't here is an unknown address.
"""

from typing import Any

from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from issues.views.single import OneIssueViewSet
from projects.api.pagination import link_header
from projects.api.viewsets import ApiViewSet, OrganizationViewSet, ProjectViewSet
from projects.database.keyset import Position, Sort
from projects.pages import Page

NO_SUCH_LIST: list[Any] = []
NO_SUCH_THING: dict[str, Any] = {}
NO_MORE: Page[Any] = Page([], [], has_previous=False, has_next=False, asked=Position(Sort("id")))

ORGANIZATION = "organizations/<str:organization>/"
PROJECT = "projects/<str:organization>/<str:project>/"
ISSUE = "issues/<str:issue>/"
ISSUE_IN_ORGANIZATION = f"{ORGANIZATION}issues/<str:issue>/"

ABSENT: dict[str, Any] = {
    # sentry-cli asks for these; releases are made without commits
    f"{ORGANIZATION}repos/": NO_SUCH_LIST,
    f"{ORGANIZATION}monitors/": NO_SUCH_LIST,
    # session replays: how many, by issue
    f"{ORGANIZATION}replay-count/": NO_SUCH_THING,
    # an AI's attempt to mend it, and issues of other trackers that are linked with it
    f"{ISSUE}autofix/": {"autofix": None},
    f"{ISSUE_IN_ORGANIZATION}autofix/": {"autofix": None},
    f"{ISSUE}external-issues/": NO_SUCH_LIST,
    f"{ISSUE_IN_ORGANIZATION}external-issues/": NO_SUCH_LIST,
}


class _Absent:
    """Answers the same to everybody who may ask, whatever parameters come along; a list with both links, which lead
    nowhere."""

    answer: Any = None

    def show(self, request: Request, **kwargs: str) -> Response:
        headers = {"Link": link_header(request, NO_MORE)} if isinstance(self.answer, list) else {}
        return Response(self.answer, headers=headers)


class AbsentFromOrganization(_Absent, OrganizationViewSet):
    """Something that organizations don't have here."""


class AbsentFromProject(_Absent, ProjectViewSet):
    """Something that projects don't have here."""


class AbsentFromIssue(_Absent, OneIssueViewSet):
    """Something that issues don't have here."""


def _view(route: str) -> type[ApiViewSet]:
    if "<str:issue>" in route:
        return AbsentFromIssue
    return AbsentFromProject if route.startswith(PROJECT) else AbsentFromOrganization


urlpatterns: list[URLPattern] = [
    *(path(route, _view(route).as_view({"get": "show"}, answer=answer)) for route, answer in ABSENT.items()),
]
