"""The addresses under /api/0/ that are about issues, each with what its methods do."""

from django.urls import URLPattern, path

from issues.views import absent
from issues.views.bulk import OrganizationIssuesViewSet, ProjectIssuesViewSet
from issues.views.events import EventViewSet, HashesViewSet, ProjectEventViewSet
from issues.views.notes import ActivitiesViewSet, NotesViewSet
from issues.views.shared import SharedIssueViewSet
from issues.views.single import IssueViewSet, ShortIdViewSet

ORGANIZATION = "organizations/<str:organization>/"
PROJECT = "projects/<str:organization>/<str:project>/"


def of_one_issue(issue: str) -> list[URLPattern]:
    """Return the addresses below the one of an issue, which is the same things in and outside an organization's."""
    return [
        path(issue, IssueViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"})),
        path(f"{issue}activities/", ActivitiesViewSet.as_view({"get": "list"})),
        path(f"{issue}notes/", NotesViewSet.as_view({"get": "list", "post": "create"})),
        path(f"{issue}notes/<str:note>/", NotesViewSet.as_view({"put": "update", "delete": "destroy"})),
        path(f"{issue}hashes/", HashesViewSet.as_view({"get": "list"})),
        path(f"{issue}events/<str:event>/", EventViewSet.as_view({"get": "retrieve"})),
    ]


urlpatterns = [
    path(
        f"{PROJECT}issues/",
        ProjectIssuesViewSet.as_view({"get": "list", "put": "bulk_mutate", "delete": "bulk_delete"}),
    ),
    path(
        f"{ORGANIZATION}issues/",
        OrganizationIssuesViewSet.as_view({"get": "list", "put": "bulk_mutate", "delete": "bulk_delete"}),
    ),
    *of_one_issue("issues/<str:issue>/"),
    *of_one_issue(f"{ORGANIZATION}issues/<str:issue>/"),
    path(f"{ORGANIZATION}shortids/<str:issue>/", ShortIdViewSet.as_view({"get": "retrieve"})),
    path(f"{PROJECT}events/<str:event>/", ProjectEventViewSet.as_view({"get": "retrieve"})),
    path("shared/issues/<str:share_id>/", SharedIssueViewSet.as_view({"get": "retrieve"})),
    *absent.urlpatterns,
]
