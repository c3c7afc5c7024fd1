"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from issues.views.links import issue_page
from issues.views.shared import shared_page
from issuetracker.openapi.views import DocsViewSet, SchemaViewSet

ONLY_READ = ["get", "head", "options"]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="desk:list", http_method_names=ONLY_READ), name="home"),
    path("admin", RedirectView.as_view(pattern_name="desk:list", http_method_names=ONLY_READ)),
    path("admin/desk/", include("desk.urls")),
    path("admin/", admin.site.urls),
    path("", include("events.urls")),
    path("api/0/", include("projects.urls")),
    path("api/0/", include("issues.urls")),
    path("api/0/", include("events.api_urls")),
    path("api/0/schema/", SchemaViewSet.as_view({"get": "retrieve"})),
    path("api/0/docs/", DocsViewSet.as_view({"get": "retrieve"})),
    path("share/issue/<str:share_id>/", shared_page, name="shared-issue"),
    # As Sentry's clients print it: with and without the slash.
    path("organizations/<str:organization>/issues/<str:issue>/", issue_page),
    path("organizations/<str:organization>/issues/<str:issue>", issue_page),
]

handler400 = "issuetracker.exceptions.bad_request"
handler403 = "issuetracker.exceptions.forbidden"
handler404 = "issuetracker.exceptions.not_found"
handler500 = "issuetracker.exceptions.server_error"
