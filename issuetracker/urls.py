"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/0/", include("projects.urls")),
    path("api/0/", include("issues.urls")),
]

handler400 = "issuetracker.exceptions.bad_request"
handler403 = "issuetracker.exceptions.forbidden"
handler404 = "issuetracker.exceptions.not_found"
handler500 = "issuetracker.exceptions.server_error"
