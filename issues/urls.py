"""The addresses under /api/0/ that are about issues, each with what its methods do."""

from django.urls import path

from issues.views.bulk import OrganizationIssuesViewSet, ProjectIssuesViewSet

urlpatterns = [
    path(
        "projects/<str:organization>/<str:project>/issues/",
        ProjectIssuesViewSet.as_view({"get": "list", "put": "bulk_mutate", "delete": "bulk_delete"}),
    ),
    path(
        "organizations/<str:organization>/issues/",
        OrganizationIssuesViewSet.as_view({"get": "list", "put": "bulk_mutate", "delete": "bulk_delete"}),
    ),
]
