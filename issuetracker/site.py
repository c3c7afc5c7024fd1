"""The admin as a place: its way in, its settings, and what leads from page to page. Its theme is django-unfold's."""

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import InvalidPage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, path, reverse

from projects.models import Organization, Role
from projects.roles import ALLOWED, May
from projects.visitors import standing_in

if TYPE_CHECKING:  # unfold ships no types; Django's classes are what its own are made of
    from django.contrib.admin import AdminSite as UnfoldAdminSite
else:
    from unfold.sites import UnfoldAdminSite

# Heading, and under it: title, icon, model. What somebody may not view is left out.
SIDEBAR = [
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


LOST_SESSION = (
    "Your session had ended, so what you sent was not done. Log in, and send it again from the page it was on."
)


def lead_to_the_desk(request: HttpRequest) -> HttpResponse:
    """Lead to where the work is."""
    return HttpResponseRedirect(reverse("desk:list"))


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
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses of the admin: its index leads to the desk."""
        return [
            path("", self.admin_view(lead_to_the_desk), name="index"),
            path("settings/", self.admin_view(self.settings_page), name="settings"),
            *super().get_urls(),
        ]

    def settings_page(self, request: HttpRequest) -> HttpResponse:
        """Answer what there is to see and to change, and what one may where."""
        standing = standing_in(request)
        roles = Organization.objects.filter(pk__in=standing.roles).order_by("slug")
        context = {
            **self.each_context(request),
            "title": "Settings",
            "everywhere": standing.everywhere,
            "places": [(place, standing.roles[place.pk].label) for place in roles],
            "table": [(what.value, [what in ALLOWED[role] for role in Role]) for what in May],
            "roles": [role.label for role in Role],
        }
        return TemplateResponse(request, "issuetracker/settings.html", context)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return the view for staff alone: others are led to the log-in, and afterwards to where they were.

        What was posted after the session had ended was not done. It can't be asked for again, so who sent it comes
        back to the page on which the form stood, and is told so.
        """
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method != "POST" or self.has_permission(request) or request.path == reverse("admin:logout"):
                return guarded(request, *args, **kwargs)
            response = guarded(request, *args, **kwargs)
            page = _page_before(request)
            if response.status_code == 302 and page is not None:
                messages.warning(request, LOST_SESSION)
                return redirect_to_login(page, reverse("admin:login"))
            return response

        return answer

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
        first = [("The desk", "inbox", "desk:list"), ("Settings", "settings", "admin:settings")]
        return [
            {"items": [_page(request, *words) for words in first]},
            *(
                {"title": heading, "separator": True, "items": [_item(request, *words) for words in items]}
                for heading, items in SIDEBAR
            ),
        ]


def _page_before(request: HttpRequest) -> str | None:
    """Return the address of the page that somebody comes from; None when it is none of this site."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # a host that is neither a name nor an address
        return None
    return urlunsplit(page._replace(scheme="", netloc="")) if page.netloc == request.get_host() else None


def _page(request: HttpRequest, title: str, icon: str, name: str) -> dict[str, Any]:
    link = reverse(name)
    return {"title": title, "icon": icon, "link": link, "active": request.path == link, "has_permission": True}


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
