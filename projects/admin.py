"""The operator's window: look at everything; make and end credentials and memberships.

The rest is changed through the API and the commands, so that nobody can pass the services by.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import django.contrib.auth.admin  # noqa: F401 - registers Group, so that it can be taken out below
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views import main
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from projects.api.addresses import base_url
from projects.credentials import hashed, new_api_key, new_token
from projects.models import (
    ApiKey,
    ApiToken,
    ClientKey,
    Deploy,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Scope,
    Team,
    User,
    all_scopes,
)
from projects.querysets import is_id
from projects.serializers import dsn

if TYPE_CHECKING:  # Django's classes take a type only for mypy; unfold's, which ship none, are made of them
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ChangeList = main.ChangeList
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    ModelForm = forms.ModelForm[Any]
    AnyPaginator = Paginator[Any]
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.views import ChangeList

    ModelForm, InlineFormSet, AnyPaginator = forms.ModelForm, BaseInlineFormSet, Paginator

COUNTED_AT_MOST = 10_000
INLINE_ROWS = 100

admin.site.unregister(Group)  # nothing here uses groups


def link(to: Model | type[Model], text: object, **query: object) -> SafeString:
    """Return a link to the page of a row, or to the list of a model, narrowed by the query."""
    name = f"admin:{to._meta.app_label}_{to._meta.model_name}"
    if isinstance(to, Model):
        return format_html('<a href="{}">{}</a>', reverse(f"{name}_change", args=[to.pk]), text)
    return format_html('<a href="{}">{}</a>', reverse(f"{name}_changelist", query=query), text)


# ---------------------------------------------------------------------------------------------------------------------
# Lists and inlines of any length
# ---------------------------------------------------------------------------------------------------------------------


class AtLeast(int):
    """A number at which counting was stopped; written ``10000+``."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class CappedPaginator(AnyPaginator):
    """Counts no further than a page of links needs.

    COUNT(*) reads the whole table, and so does the OFFSET of a last page a million rows away. The links end at the cap
    instead; the number beside them says that there is more, and filters and search lead there.
    """

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment] # the admin passes querysets
        counted = rows.order_by().values("pk")[: COUNTED_AT_MOST + 1].count()
        return counted if counted <= COUNTED_AT_MOST else AtLeast(COUNTED_AT_MOST)


class LargeTableList(ChangeList):
    """Offers the whole list only where it isn't shown already; unfold tells by the count that is never made."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the list's own order, whatever the address asks: ``sortable_by`` only takes the links away.

        By a column without an index, one request would sort a million rows, and hold a thread for as long.
        """
        self.params.pop(main.ORDER_VAR, None)
        ordering: list[Any] = super().get_ordering(request, queryset)
        return ordering

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


def _asked_by(filter_item: Any) -> set[str]:
    """Return the parameters of a filter: of its class, or those that Django's own filters of a column have."""
    if isinstance(filter_item, str):
        return {f"{filter_item}__exact", f"{filter_item}__isnull"}
    return {filter_item.parameter_name}


class LargeTableAdmin(ModelAdmin):
    """Opens as fast with a million rows as with ten: it counts, sorts and joins only what the page shows."""

    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count of the table for each choice of each filter
    sortable_by = ()  # most columns have no index
    list_filter_sheet = False  # on a wide screen the filters stand beside the list
    list_fullwidth = True
    list_per_page = 50
    linked_lookups: ClassVar[tuple[str, ...]] = ()  # what links of the admin ask of the list, besides its filters

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Return whether the address of the list may ask this: what a filter offers or a link asks, nothing else.

        Django takes every column of the row: by ``password__startswith``, who may view users reads the hash of a
        password letter by letter (tests/access/test_admin_lookups.py).
        """
        filters = self.list_filter if request is None else self.get_list_filter(request)
        return lookup in self.linked_lookups or any(lookup in _asked_by(item) for item in filters)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Answer the list; 400 for a filter with NUL, which Django would hand to PostgreSQL."""
        if any("\0" in value for name, value in request.GET.items() if name != main.SEARCH_VAR):
            raise BadRequest
        return super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LargeTableList]:
        return LargeTableList

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a link fills into the form, less what can be no row's id: Django would look for it, and crash."""
        relations = {field.name for field in self.opts.get_fields() if field.is_relation}
        given = super().get_changeform_initial_data(request)
        words = {name: str(value).lstrip("0") for name, value in given.items() if name in relations}
        return {name: words.get(name, value) for name, value in given.items() if is_id(words.get(name, "1"))}


class FirstRows(InlineFormSet):
    """The first rows in the inline's order: an issue may have a hundred thousand activities."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            self._queryset = super().get_queryset()[:INLINE_ROWS]
        return self._queryset


class InspectOnlyInline(TabularInline):
    """Rows of another table on a row's page: never changed there, and never more than ``INLINE_ROWS``.

    Give it an ``ordering`` that an index has: the first rows are then found without reading the others.
    """

    formset = FirstRows
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: the services write these rows, or the model's own page does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No, for the same reason; besides, a form that holds only some of the rows can't be posted safely."""
        return False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type[InlineFormSet]:
        """Return the formset; when there are more rows than it shows, the heading says so."""
        formset = super().get_formset(request, obj, **kwargs)
        parent: Any = formset.fk
        rows = self.get_queryset(request).filter(**{parent.name: obj})
        if rows[INLINE_ROWS : INLINE_ROWS + 1].exists():
            self.verbose_name_plural = f"{self.verbose_name_plural}: {INLINE_ROWS} rows; there are more"
        return formset


class InspectOnlyAdmin(LargeTableAdmin):
    """Look, don't touch: who may view sees everything, and no form changes anything, superusers' included."""

    actions: tuple[()] | None = None  # takes away "delete selected", and with it the check boxes

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Answer the page, without a way to Django's history of changes made in the admin: there are none."""
        return super().render_change_form(request, context | {"show_history": False}, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No: a row made here would lack what the services write with it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: a change made here would leave no activity, and no way to undo it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: a row deleted here would leave behind what depends on it."""
        return False


# ---------------------------------------------------------------------------------------------------------------------
# Who
# ---------------------------------------------------------------------------------------------------------------------


class MembersInline(InspectOnlyInline):
    model = OrganizationMember
    fields = ("user", "role")
    ordering = ("user_id",)
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "organization")


class OrganizationsInline(MembersInline):
    fields = ("organization", "role")
    ordering = ("id",)
    verbose_name_plural = "organizations"


@admin.register(User)
class UserAdmin(InspectOnlyAdmin):
    """People are made by `createsuperuser` and the seeds. The hash of the password isn't shown either."""

    list_display = ("username", "name", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    fields = ("username", "name", "email", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    inlines = (OrganizationsInline,)


@admin.register(Organization)
class OrganizationAdmin(InspectOnlyAdmin):
    list_display = ("slug", "name", "open_membership", "created_at")
    list_filter = ("open_membership",)
    search_fields = ("slug", "name")
    ordering = ("slug",)
    fields = ("id", "slug", "name", "open_membership", "created_at", "memberships")
    readonly_fields = ("memberships",)
    inlines = (MembersInline,)

    @admin.display(description="memberships")
    def memberships(self, organization: Organization) -> SafeString:
        """Lead to where members are added and removed: a form inside this page would have to hold all of them."""
        return format_html(
            '{} · <a href="{}">add one</a>',
            link(OrganizationMember, "change or remove", organization__id__exact=organization.pk),
            reverse("admin:projects_organizationmember_add", query={"organization": organization.pk}),
        )


@admin.register(OrganizationMember)
class OrganizationMemberAdmin(LargeTableAdmin):
    """Made, changed in role, and removed here."""

    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    linked_lookups = ("organization__id__exact",)
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__email", "organization__slug")
    fields = ("organization", "user", "role")
    autocomplete_fields = ("organization", "user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Once made, only the role changes: another person is another membership."""
        return () if obj is None else ("organization", "user")


@admin.register(Team)
class TeamAdmin(LargeTableAdmin):
    """Its members are added and removed here; the rest is to look at."""

    list_display = ("slug", "name", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("slug", "name", "organization__slug")
    ordering = ("organization_id", "slug")
    fields = ("id", "organization", "slug", "name", "created_at", "members")
    readonly_fields = ("id", "organization", "slug", "name", "created_at")
    autocomplete_fields = ("members",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No: only who is on a team is decided here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: issues are assigned to it."""
        return False


# ---------------------------------------------------------------------------------------------------------------------
# Where
# ---------------------------------------------------------------------------------------------------------------------


class ClientKeysInline(InspectOnlyInline):
    model = ClientKey
    fields = ("key", "name", "is_active", "limit")
    readonly_fields = ("key", "limit")
    ordering = ("id",)
    show_change_link = True
    verbose_name_plural = "client keys"

    @admin.display(description="limit")
    def limit(self, key: ClientKey) -> str:
        return limit_of(key)


@admin.register(Project)
class ProjectAdmin(InspectOnlyAdmin):
    list_display: tuple[str, ...] = ("slug", "organization", "name", "platform", "created_at")
    list_select_related = ("organization",)
    search_fields = ("slug", "name", "organization__slug")
    ordering = ("organization_id", "slug")
    fields: ClassVar[tuple[str, ...]] = ("id", "organization", "slug", "name", "platform", "created_at", "teams")
    inlines = (ClientKeysInline,)


class DeploysInline(InspectOnlyInline):
    model = Deploy
    fields = ("environment", "name", "url", "started_at", "finished_at")
    ordering = ("-finished_at", "-id")


@admin.register(Release)
class ReleaseAdmin(InspectOnlyAdmin):
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


@admin.register(Deploy)
class DeployAdmin(InspectOnlyAdmin):
    list_display = ("release", "environment", "name", "started_at", "finished_at")
    list_select_related = ("release",)
    search_fields = ("release__version__exact", "environment__exact")
    search_help_text = "The whole version, or environment."
    fields = ("id", "release", "environment", "name", "url", "started_at", "finished_at")


# ---------------------------------------------------------------------------------------------------------------------
# Credentials
# ---------------------------------------------------------------------------------------------------------------------


class CredentialForm(ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in Scope.values],
        initial=all_scopes,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may do.",
    )


class CredentialAdmin(LargeTableAdmin):
    """Makes the secret when a credential is added, and shows it in that one answer; only its hash is kept."""

    form = CredentialForm
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
    def used_last(self, credential: ApiKey | ApiToken) -> str:
        if credential.last_used_at is None:
            return "never"
        return f"{localize(credential.last_used_at)} from {credential.last_used_from or 'somewhere'}"

    @admin.display(description="ends in")
    def ends_in(self, credential: ApiKey | ApiToken) -> str:
        return f"…{credential.hint}"


@admin.register(ApiKey)
class ApiKeyAdmin(CredentialAdmin):
    list_display = ("__str__", "organization", "label", "may", "is_active", "used_last", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("organization",)
    search_fields = ("label", "organization__slug")
    autocomplete_fields = ("organization",)
    new_secret = staticmethod(new_api_key)

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
    list_display = ("__str__", "user", "label", "may", "expires_at", "used_last", "created_at")
    list_select_related = ("user",)
    search_fields = ("label", "user__username")
    autocomplete_fields = ("user",)
    new_secret = staticmethod(new_token)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("user", "label", "scopes", "expires_at")
        return ("id", "ends_in", "user", "label", "scopes", "expires_at", "used_last", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("id", "ends_in", "used_last", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: it is deleted, and another is made."""
        return False


@admin.register(ClientKey)
class ClientKeyAdmin(LargeTableAdmin):
    """What programs send errors with. No secret: shown in full, with its DSN."""

    list_display = ("key", "project", "name", "is_active", "limit", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("project",)
    search_fields = ("key", "name", "project__slug")
    autocomplete_fields = ("project",)
    ordering = ("-id",)

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


def limit_of(key: ClientKey) -> str:
    """Return how many events the key may send; nothing where it has no limit of its own."""
    return "" if key.limit_count is None else f"{key.limit_count:,} in {key.limit_window:,} s"
