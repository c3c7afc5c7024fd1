"""The addresses under /api/0/ that tell who calls and what there is."""

from django.urls import path

from projects.views import (
    AccountViewSet,
    ClientKeysViewSet,
    ClientKeyViewSet,
    OrganizationDetailViewSet,
    OrganizationMembersViewSet,
    OrganizationProjectsViewSet,
    OrganizationsViewSet,
    OrganizationTeamsViewSet,
    OrganizationUsersViewSet,
    ProjectDetailViewSet,
    ProjectsViewSet,
    RegionsViewSet,
    RootViewSet,
    TeamViewSet,
)

urlpatterns = [
    path("", RootViewSet.as_view({"get": "retrieve"})),
    path("auth/", AccountViewSet.as_view({"get": "retrieve"})),
    path("users/me/", AccountViewSet.as_view({"get": "retrieve"})),
    path("users/me/regions/", RegionsViewSet.as_view({"get": "retrieve"})),
    path("organizations/", OrganizationsViewSet.as_view({"get": "list"})),
    path("organizations/<str:organization>/", OrganizationDetailViewSet.as_view({"get": "retrieve"})),
    path("organizations/<str:organization>/projects/", OrganizationProjectsViewSet.as_view({"get": "list"})),
    path("organizations/<str:organization>/teams/", OrganizationTeamsViewSet.as_view({"get": "list"})),
    path("organizations/<str:organization>/members/", OrganizationMembersViewSet.as_view({"get": "list"})),
    path("organizations/<str:organization>/users/", OrganizationUsersViewSet.as_view({"get": "list"})),
    path("teams/<str:organization>/<str:team>/", TeamViewSet.as_view({"get": "retrieve"})),
    path("projects/", ProjectsViewSet.as_view({"get": "list"})),
    path("projects/<str:organization>/<str:project>/", ProjectDetailViewSet.as_view({"get": "retrieve"})),
    path(
        "projects/<str:organization>/<str:project>/keys/",
        ClientKeysViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path(
        "projects/<str:organization>/<str:project>/keys/<str:client_key>/",
        ClientKeyViewSet.as_view({"get": "retrieve", "put": "update", "delete": "destroy"}),
    ),
]
