"""The addresses under /api/0/ that are about issues and releases, each with what its methods do."""

from django.urls import URLPattern, path

from issues.views import absent
from issues.views.bulk import OrganizationIssuesViewSet, ProjectIssuesViewSet
from issues.views.environments import OrganizationEnvironmentsViewSet, ProjectEnvironmentsViewSet
from issues.views.mutations import MutationsViewSet
from issues.views.notes import ActivitiesViewSet, NotesViewSet
from issues.views.releases import OrganizationReleasesViewSet, ProjectReleasesViewSet
from issues.views.shared import SharedIssueViewSet
from issues.views.single import IssueViewSet, ShortIdViewSet

ORGANIZATION = "organizations/<str:organization>/"
PROJECT = "projects/<str:organization>/<str:project>/"


def of_one_issue(issue: str) -> list[URLPattern]:
    """Return the addresses below the one of an issue, which is the same things in and outside an organization's."""
    return [
        path(issue, IssueViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"})),
        path(f"{issue}activities/", ActivitiesViewSet.as_view({"get": "list"})),
        *of_notes(f"{issue}notes/"),
        *of_notes(f"{issue}comments/"),  # Sentry has both words, and clients send to either
    ]


def of_notes(notes: str) -> list[URLPattern]:
    """Return the addresses of the notes of an issue, and of one of them."""
    return [
        path(notes, NotesViewSet.as_view({"get": "list", "post": "create"})),
        path(f"{notes}<str:note>/", NotesViewSet.as_view({"put": "update", "delete": "destroy"})),
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
    path(f"{PROJECT}mutations/", MutationsViewSet.as_view({"get": "list"})),
    path(f"{PROJECT}mutations/<str:mutation>/", MutationsViewSet.as_view({"get": "retrieve"})),
    path(f"{PROJECT}mutations/<str:mutation>/undo/", MutationsViewSet.as_view({"post": "undo"})),
    *of_one_issue("issues/<str:issue>/"),
    *of_one_issue(f"{ORGANIZATION}issues/<str:issue>/"),
    path(f"{ORGANIZATION}shortids/<str:issue>/", ShortIdViewSet.as_view({"get": "retrieve"})),
    path(f"{PROJECT}environments/", ProjectEnvironmentsViewSet.as_view({"get": "list"})),
    path(f"{ORGANIZATION}environments/", OrganizationEnvironmentsViewSet.as_view({"get": "list"})),
    path("shared/issues/<str:share_id>/", SharedIssueViewSet.as_view({"get": "retrieve"})),
    path(
        f"{PROJECT}releases/",
        ProjectReleasesViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path(
        f"{PROJECT}releases/<path:version>/",
        ProjectReleasesViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
    ),
    path(
        f"{ORGANIZATION}releases/",
        OrganizationReleasesViewSet.as_view({"get": "list", "post": "create"}),
    ),
    # A version may have slashes: the addresses below a release come first, and no version ends as one of them.
    path(
        f"{ORGANIZATION}releases/<path:version>/deploys/",
        OrganizationReleasesViewSet.as_view({"get": "list_deploys", "post": "create_deploy"}),
    ),
    path(
        f"{ORGANIZATION}releases/<path:version>/commits/",
        OrganizationReleasesViewSet.as_view({"get": "list_commits"}),
    ),
    path(
        f"{ORGANIZATION}releases/<path:version>/previous-with-commits/",
        OrganizationReleasesViewSet.as_view({"get": "previous_with_commits"}),
    ),
    path(
        f"{ORGANIZATION}releases/<path:version>/",
        OrganizationReleasesViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
    ),
    *absent.urlpatterns,
]
