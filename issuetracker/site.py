"""The admin as a place: its way in, its start page, and what leads from page to page. Its theme is django-unfold's."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import InvalidPage
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse

if TYPE_CHECKING:  # unfold ships no types; Django's classes are what its own are made of
    from django.contrib.admin import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite

# Heading, and under it: title, icon, model. What somebody may not view is left out.
SIDEBAR = [
    (
        "What happens",
        [
            ("Issues", "bug_report", "issues.issue"),
            ("Mutations", "edit_note", "issues.mutation"),
            ("Activity", "timeline", "issues.activity"),
        ],
    ),
    (
        "Where",
        [
            ("Organizations", "domain", "projects.organization"),
            ("Projects", "folder", "projects.project"),
            ("Releases", "sell", "projects.release"),
            ("Deploys", "rocket_launch", "projects.deploy"),
        ],
    ),
    (
        "Who",
        [
            ("Users", "person", "projects.user"),
            ("Members", "badge", "projects.organizationmember"),
            ("Teams", "groups", "projects.team"),
        ],
    ),
    (
        "Credentials",
        [
            ("API keys", "key", "projects.apikey"),
            ("API tokens", "token", "projects.apitoken"),
            ("Client keys", "vpn_key", "projects.clientkey"),
        ],
    ),
]


class Choices(AutocompleteJsonView):
    """What a field completes: what its form would take, and nothing else."""

    admin_site: Any
    source_field: Any

    def get_queryset(self) -> Any:
        """Return what there is to choose from, of which the word is in the names."""
        found = super().get_queryset()
        form_of = self.admin_site.get_model_admin(self.source_field.model)
        taken = form_of.get_field_queryset(None, self.source_field, self.request)
        return found.filter(pk__in=taken.order_by().values("pk"))


class Site(UnfoldAdminSite):
    index_title = "Start"
    index_template = "issues/admin/start.html"
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> Any:
        """Return what every page gets: what unfold has no look for, and what it keeps from keyboards, too."""
        return super().each_context(request) | {
            "styles": [static("issuetracker/admin.css")],
            "scripts": [static("issuetracker/admin.js")],
            "site_favicons": [{"rel": "icon", "type": "image/svg+xml", "href": static("issuetracker/icon.svg")}],
        }

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Answer the search of the sidebar; 400 for a page that it doesn't have, on which unfold would crash."""
        try:
            answer: HttpResponse = super().search(request, extra_context)  # type: ignore[misc] # Django's own has none
        except (ValueError, InvalidPage) as error:
            raise BadRequest from error
        return answer

    def autocomplete_view(self, request: HttpRequest) -> Any:
        """Answer what a field of a form completes; 403 for any other field, on some of which Django would crash.

        :raises PermissionDenied: no form of the admin asks that.
        :raises BadRequest: the word has NUL, which Django would hand to PostgreSQL.
        """
        app, name, field = (request.GET.get(key, "") for key in ("app_label", "model_name", "field_name"))
        try:
            model_admin = self.get_model_admin(apps.get_model(app, name))
        except (LookupError, NotRegistered) as error:
            raise PermissionDenied from error
        if field not in model_admin.get_autocomplete_fields(request):
            raise PermissionDenied
        if "\0" in request.GET.get("term", ""):
            raise BadRequest
        return Choices.as_view(admin_site=self)(request)

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the headings of the sidebar, and what stands under each."""
        home = reverse("admin:index")
        first = {"title": "Start", "icon": "home", "link": home, "active": request.path == home, "has_permission": True}
        return [
            {"items": [first]},
            *(
                {"title": heading, "separator": True, "items": [_item(request, *words) for words in items]}
                for heading, items in SIDEBAR
            ),
        ]


def _item(request: HttpRequest, title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    link = reverse(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "active": request.path.startswith(link),
        "has_permission": admin.site.get_model_admin(apps.get_model(model)).has_view_permission(request),
    }
