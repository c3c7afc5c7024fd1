"""What programs come in with: keys, tokens and client keys."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from projects.admin.lists import LargeTableAdmin, written
from projects.admin.people import where
from projects.admin.places import limit_of
from projects.api.addresses import base_url
from projects.callers import Caller
from projects.credentials import hashed, new_api_key, new_token
from projects.forms import ApiKeyForm, ApiTokenForm, ClientKeyForm
from projects.models import ApiKey, ApiToken, ClientKey, Project
from projects.roles import May
from projects.serializers import dsn
from projects.visitors import standing_in


class CredentialAdmin(LargeTableAdmin):
    """Makes the secret when a credential is added, and shows it once, in a message; only its hash is kept."""

    new_secret: Callable[[], str]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        secret = self.new_secret()
        obj.secret_hash, obj.hint = hashed(secret), secret[-4:]
        super().save_model(request, obj, form, change)
        sentence = "The secret of {} is <code>{}</code> (copy it now: it is shown this once, and only its hash is kept)"
        messages.warning(request, format_html(sentence, obj, secret))

    @admin.display(description="may")
    def may(self, credential: ApiKey | ApiToken) -> str:
        return ", ".join(credential.scopes)

    @admin.display(description="used last")
    def used_last(self, credential: ApiKey | ApiToken) -> SafeString | str:
        if credential.last_used_at is None:
            return "never"
        return format_html("{} from {}", written(credential.last_used_at), credential.last_used_from or "somewhere")

    @admin.display(description="ends in")
    def ends_in(self, credential: ApiKey | ApiToken) -> str:
        return f"…{credential.hint}"


@admin.register(ApiKey)
class ApiKeyAdmin(CredentialAdmin):
    """Seen by who may make them: a key sees every project of the organization."""

    form = ApiKeyForm
    why_empty = "An API key calls for an organization, and for nobody in it: for machines."
    looks, adds, changes = May.API_KEYS, May.API_KEYS, May.API_KEYS
    list_display = ("__str__", "organization", "label", "may", "is_active", "used_last", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("organization",)
    search_fields = ("label", "organization__slug")
    autocomplete_fields = ("organization",)
    new_secret = staticmethod(new_api_key)

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(where(request, May.API_KEYS))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_field_queryset(db, db_field, request)
        return rows.filter(where(request, May.API_KEYS, "pk")) if db_field.name == "organization" else rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("organization", "label", "scopes")
        return ("id", "ends_in", "organization", "label", "scopes", "is_active", "used_last", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Once made, it can be relabelled and disabled; what it may do stays, for whoever holds it relies on that."""
        return () if obj is None else ("id", "ends_in", "organization", "scopes", "used_last", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: the history of mutations names it. Disable it instead."""
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(CredentialAdmin):
    """Everybody's own: a token does what its user may. Superusers see and make all."""

    why_empty = "A token calls as you, from your own programs."
    form = ApiTokenForm
    list_display = ("__str__", "user", "label", "may", "expires_at", "used_last", "created_at")
    list_select_related = ("user",)
    search_fields = ("label", "user__username")
    autocomplete_fields = ("user",)
    new_secret = staticmethod(new_token)

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(user=caller.user_id)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            whose = ("user",) if standing_in(request).everywhere else ()
            return (*whose, "label", "scopes", "expires_at")
        return ("id", "ends_in", "user", "label", "scopes", "expires_at", "used_last", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("id", "ends_in", "used_last", "created_at")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Yes: of one's own."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Yes: for oneself."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: it is deleted, and another is made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Yes: one's own."""
        return True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not standing_in(request).everywhere:
            obj.user = request.user
        super().save_model(request, obj, form, change)


@admin.register(ClientKey)
class ClientKeyAdmin(LargeTableAdmin):
    """What programs send errors with. No secret: shown in full, with its DSN."""

    form = ClientKeyForm
    why_empty = "A client key is what a program sends its errors with. Each project gets one when it is made."
    looks, adds, changes, deletes = May.LOOK, May.CLIENT_KEYS, May.CLIENT_KEYS, May.CLIENT_KEYS
    of_organization = "project.organization_id"
    list_display = ("key", "project", "name", "is_active", "limit", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("project",)
    search_fields = ("key", "name", "project__slug")
    autocomplete_fields = ("project",)
    ordering = ("-id",)

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(project__in=Project.objects.visible_to(caller))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("project", "name", "limit_count", "limit_window")
        return ("key", "dsn", "project", "name", "is_active", "limit_count", "limit_window", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Once made, it is of its project: programs that have it would send to another."""
        return () if obj is None else ("key", "dsn", "project", "created_at")

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the key; its DSN begins as the page's own address does, where BASE_URL says nothing."""
        key = super().get_object(request, *args, **kwargs)
        if key is not None:
            key.base_url = base_url(request)
        return key

    @admin.display(description="DSN")
    def dsn(self, key: Any) -> str:
        return dsn(key, base_url=key.base_url)

    @admin.display(description="limit")
    def limit(self, key: ClientKey) -> str:
        return limit_of(key)
