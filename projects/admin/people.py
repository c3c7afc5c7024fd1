"""Who: users, organizations, their members and teams."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from projects.admin.lists import INLINE_ROWS, InspectOnlyInline, LargeTableAdmin, link
from projects.callers import Caller
from projects.credentials import give_password
from projects.forms import MembershipForm, OrganizationForm, TeamForm, UserForm
from projects.models import Organization, OrganizationMember, Role, Team, User
from projects.roles import May
from projects.visitors import standing_in

if TYPE_CHECKING:  # unfold ships no types; its widgets are Django's with a look
    from django.forms import CheckboxInput as Checkbox
else:
    from unfold.widgets import UnfoldBooleanSwitchWidget as Checkbox

# What is told of somebody: to colleagues, and to superusers, whose business the installation is.
COLLEAGUE = ("username", "name", "email", "is_active")
ACCOUNT = (*COLLEAGUE, "is_staff", "is_superuser")


def where(request: HttpRequest, what: May, path: str = "organization") -> Q:
    """Return the condition that who looks may do this in the organization of a row; it needs one that is no superuser,
    to whom everything is allowed."""
    ids = standing_in(request).where(what)
    return Q() if ids is None else Q(**{f"{path}__in": ids})


class MembersInline(InspectOnlyInline):
    model = OrganizationMember
    fields = ("user", "role")
    ordering = ("user_id",)
    verbose_name_plural = "members"

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(where(request, May.LOOK))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "organization")


class OrganizationsInline(MembersInline):
    """Those that who looks sees, too."""

    fields = ("organization", "role")
    ordering = ("id",)
    verbose_name_plural = "organizations"


class AccountForm(UserForm):
    own_id: ClassVar[int | None] = None  # of who fills it in
    new_log_in = forms.BooleanField(
        label="new password",
        required=False,
        widget=Checkbox,
        help_text="Make one, and show it once; the old one ends, and every session with it.",
    )

    def clean(self) -> Any:
        """Refuse to let somebody shut themselves out: nobody else may be left to let them in."""
        cleaned = super().clean()
        if self.instance.pk == self.own_id:
            for name in ("is_active", "is_staff", "is_superuser"):
                if self.cleaned_data.get(name) is False:
                    self.add_error(name, "This is your own account: another superuser must do that.")
        return cleaned


@admin.register(User)
class UserAdmin(LargeTableAdmin):
    """Accounts are of the installation, so superusers make them; colleagues are shown by name.

    A password is made, shown once, in a message, and never chosen for somebody. Its hash isn't shown either.
    """

    form = AccountForm
    looks = May.LOOK
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    actions = None
    inlines = (OrganizationsInline,)
    leads_to_its_page = True  # from there they are made a member

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        """Keep who is in an organization of the caller's, and the caller."""
        colleague = OrganizationMember.objects.filter(where(request, May.LOOK), user=OuterRef("pk"))
        return rows.filter(Exists(colleague) | Q(pk=caller.user_id))

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; what is the operator's business, to superusers alone."""
        return self.with_times((*ACCOUNT, "last_login") if standing_in(request).everywhere else COLLEAGUE)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return ("is_active", "is_staff", "is_superuser") if standing_in(request).everywhere else ("is_active",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if not standing_in(request).everywhere:
            return COLLEAGUE
        if obj is None:
            return tuple(name for name in ACCOUNT if name != "is_active")
        return (*ACCOUNT, "new_log_in", "memberships", "date_joined", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("memberships", "date_joined", "last_login")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Let a new account log in, unless it is said otherwise."""
        return {"is_staff": True} | super().get_changeform_initial_data(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.own_id = request.user.pk
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: issues, notes and the history name them. Take "active" off instead."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        password = give_password(obj) if not change or form.cleaned_data.get("new_log_in") else None
        super().save_model(request, obj, form, change)
        if password is not None:
            sentence = "The password of {} is <code>{}</code> (copy it now: it is shown this once)"
            messages.warning(request, format_html(sentence, obj, password))

    @admin.display(description="memberships")
    def memberships(self, user: User) -> SafeString:
        add = reverse("admin:projects_organizationmember_add", query={"user": user.pk})
        return format_html('<a href="{}">add one</a>', add)


@admin.register(Organization)
class OrganizationAdmin(LargeTableAdmin):
    """Made, and its slug changed, by superusers: that one is taken would tell others that it is there."""

    form = OrganizationForm
    why_empty = "You are a member of no organization: a superuser, or an owner of one, can add you."
    looks, changes = May.LOOK, May.ORGANIZATION
    of_organization = "pk"
    list_display = ("slug", "name", "open_membership", "created_at")
    list_filter = ("open_membership",)
    search_fields = ("slug", "name")
    ordering = ("slug",)
    actions = None
    inlines = (MembersInline,)

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(where(request, May.LOOK, "pk"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        made = () if obj is None else ("id", "created_at", "memberships")
        return ("slug", "name", "open_membership", *made)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        made = ("id", "created_at", "memberships")
        return made if standing_in(request).everywhere else ("slug", *made)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: with it would go everything that programs ever sent it."""
        return False

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
    """Made, changed in role, and removed here; nobody gives a role above their own, or touches who has one."""

    form = MembershipForm
    looks, adds, changes, deletes = May.LOOK, May.MEMBERS, May.MEMBERS, May.MEMBERS
    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    linked_lookups = ("organization__id__exact",)
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__email", "organization__slug")
    fields = ("organization", "user", "role")
    autocomplete_fields = ("organization", "user")

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(where(request, May.LOOK))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_field_queryset(db, db_field, request)
        return rows.filter(where(request, May.MEMBERS, "pk")) if db_field.name == "organization" else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Once made, only the role changes: another person is another membership."""
        return () if obj is None else ("organization", "user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_below(request, obj)

    def _is_below(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or Role(obj.role) in standing_in(request).may_give(obj.organization_id)


@admin.register(Team)
class TeamAdmin(LargeTableAdmin):
    """With who is on it. It is never deleted: issues are assigned to it."""

    form = TeamForm
    why_empty = "Nobody has made a team. One works on projects, and issues can be assigned to it."
    looks, adds, changes = May.LOOK, May.MAKE_TEAMS, May.MAKE_TEAMS
    list_display = ("slug", "name", "organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("slug", "name", "organization__slug")
    ordering = ("organization_id", "slug")
    autocomplete_fields = ("organization", "members")
    actions = None

    def seen_by(self, rows: QuerySet[Any], caller: Caller, request: HttpRequest) -> QuerySet[Any]:
        return rows.filter(where(request, May.LOOK))

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_field_queryset(db, db_field, request)
        return rows.filter(where(request, May.MAKE_TEAMS, "pk")) if db_field.name == "organization" else rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("organization", "slug", "name", "members")
        people = "members" if self.has_change_permission(request, obj) else "who_is_on_it"
        return ("id", "organization", "slug", "name", people, "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("id", "organization", "who_is_on_it", "created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the team may be changed: any by who may that, else one's own."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None or self.allows(request, May.CHANGE_TEAMS, obj):
            return True
        return bool(obj.members.filter(pk=request.user.pk).exists())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No: issues are assigned to it."""
        return False

    @admin.display(description="members")
    def who_is_on_it(self, team: Team) -> SafeString:
        """Name those who are members of its organization: others may be of one that nobody here may see."""
        people = team.members.filter(memberships__organization=team.organization_id).order_by("username")
        return format_html_join(", ", "{}", ((person,) for person in people[:INLINE_ROWS])) or format_html("nobody")
