"""The addresses under /api/0/ that are about events."""

from django.urls import URLPattern, path

from events.views.events import EventIdViewSet, HashesViewSet, IssueEventsViewSet, ProjectEventsViewSet
from events.views.lost import LostViewSet
from events.views.tags import TagsViewSet

ORGANIZATION = "organizations/<str:organization>/"
PROJECT = "projects/<str:organization>/<str:project>/"


def of_one_issue(issue: str) -> list[URLPattern]:
    """Return the addresses below the one of an issue, which is the same things in and outside an organization's."""
    return [
        path(f"{issue}events/", IssueEventsViewSet.as_view({"get": "list"})),
        path(f"{issue}events/<str:event>/", IssueEventsViewSet.as_view({"get": "retrieve"})),
        path(f"{issue}tags/", TagsViewSet.as_view({"get": "list"})),
        path(f"{issue}tags/<str:key>/", TagsViewSet.as_view({"get": "retrieve"})),
        path(f"{issue}tags/<str:key>/values/", TagsViewSet.as_view({"get": "list_values"})),
        path(f"{issue}hashes/", HashesViewSet.as_view({"get": "list"})),
    ]


urlpatterns = [
    *of_one_issue("issues/<str:issue>/"),
    *of_one_issue(f"{ORGANIZATION}issues/<str:issue>/"),
    path(f"{PROJECT}events/", ProjectEventsViewSet.as_view({"get": "list"})),
    path(f"{PROJECT}events/<str:event>/", ProjectEventsViewSet.as_view({"get": "retrieve"})),
    path(f"{ORGANIZATION}eventids/<str:event>/", EventIdViewSet.as_view({"get": "retrieve"})),
    path(f"{PROJECT}stats/lost/", LostViewSet.as_view({"get": "list"})),
]
