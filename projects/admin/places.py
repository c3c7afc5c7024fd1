"""Where: projects, releases and deploys."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from projects.admin.lists import InspectOnlyAdmin, InspectOnlyInline, LargeTableAdmin
from projects.admin.people import where
from projects.api.addresses import base_url
from projects.callers import Caller
from projects.forms import ProjectForm
from projects.models import ClientKey, Deploy, Project, Release
from projects.roles import May
from projects.serializers import dsn


def limit_of(key: ClientKey) -> str:
    """Return how many events the key may send; nothing where it has no limit of its own."""
    return "" if key.limit_count is None else f"{key.limit_count:,} in {key.limit_window:,} s"


def seen_ids(caller: Caller) -> list[int]:
    """Return the projects that somebody sees, as values: what is a project's is asked by those, never by a query."""
    return list(Project.objects.visible_to(caller).values_list("pk", flat=True))


class OfProjectInline(InspectOnlyInline):
    """Rows of what is seen as a whole: who found the page that they stand on may read them."""

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(project__in=seen_ids(caller))


class ClientKeysInline(OfProjectInline):
    model = ClientKey
    fields = ("dsn", "name", "is_active", "limit")
    readonly_fields = ("dsn", "limit")
    ordering = ("id",)
    show_change_link = True
    verbose_name_plural = "client keys"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        self.base_url = base_url(request)  # Django makes an inline for each request
        return super().get_queryset(request)

    @admin.display(description="DSN")
    def dsn(self, key: ClientKey) -> str:
        return dsn(key, base_url=self.base_url)

    @admin.display(description="limit")
    def limit(self, key: ClientKey) -> str:
        return limit_of(key)


@admin.register(Project)
class ProjectAdmin(LargeTableAdmin):
    """Made with a client key, so that its page shows the DSN. It is never deleted: with it would go its issues."""

    form = ProjectForm
    why_empty = "There is none, or none of your teams works on one. Managers make projects, and put teams on them."
    looks, adds, changes = May.LOOK, May.MAKE_PROJECTS, May.CHANGE_PROJECTS
    list_display: tuple[str, ...] = ("slug", "organization", "name", "platform", "created_at")
    list_select_related = ("organization",)
    search_fields = ("slug", "name", "organization__slug")
    ordering = ("organization_id", "slug")
    autocomplete_fields = ("organization", "teams")
    actions = None
    inlines = (ClientKeysInline,)
    leads_to_its_page = True  # there stands its DSN
    shown: ClassVar[tuple[str, ...]] = ("id", "created_at")  # on the page of one that is made

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(pk__in=Project.objects.visible_to(caller))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_field_queryset(db, db_field, request)
        return rows.filter(where(request, May.MAKE_PROJECTS, "pk")) if db_field.name == "organization" else rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("organization", "slug", "name", "platform", "teams", *(self.shown if obj is not None else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = ("organization",) if self.allows(request, May.MAKE_PROJECTS, obj) else ("organization", "slug")
        return (*fixed, *self.shown)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: with it would go everything that programs ever sent it."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            ClientKey.objects.create(project=obj, name="first")


class DeploysInline(OfProjectInline):
    model = Deploy
    fields = ("environment", "name", "url", "started_at", "finished_at")
    ordering = ("-finished_at", "-id")


@admin.register(Release)
class ReleaseAdmin(InspectOnlyAdmin):
    why_empty = "Releases come from sentry-cli, from the API, and with the events of an SDK that names one."
    looks = May.LOOK
    list_display = ("version", "project", "status", "released_at", "created_at")
    list_filter = ("status",)
    list_select_related = ("project",)
    search_fields = ("version__exact",)
    search_help_text = "The whole version."
    fields = (
        *("id", "project", "version", "status", "ref", "url"),
        *("started_at", "released_at", "created_at", "ordered_at"),
    )
    inlines = (DeploysInline,)

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(project__in=seen_ids(caller))


@admin.register(Deploy)
class DeployAdmin(InspectOnlyAdmin):
    why_empty = "Deploys come from sentry-cli and the API: what went live where, and when."
    looks = May.LOOK
    list_display = ("release", "environment", "name", "started_at", "finished_at")
    list_select_related = ("release",)
    search_fields = ("release__version__exact", "environment__exact")
    search_help_text = "The whole version, or environment."
    fields = ("id", "release", "environment", "name", "url", "started_at", "finished_at")

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(project__in=seen_ids(caller))
