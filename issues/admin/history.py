"""What was done: activities, one for each change of an issue, and mutations, one for each request."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.http import HttpRequest
from django.urls import path
from django.utils.safestring import SafeString

from issues.admin import undoing
from issues.admin.finding import ID_OR_SHORT_ID, ProjectFilter, ids_called, newest_of
from issues.admin.wording import LETTERS, as_json, issue_link, link_to_mutation, linked_ids, shortened
from issues.enums import MutationKind
from issues.models import Activity, Mutation
from projects.admin import InspectOnlyAdmin
from projects.querysets import is_id


@admin.register(Activity)
class ActivityAdmin(InspectOnlyAdmin):
    """The whole history of an issue, and what each step overwrote.

    Not found by its mutation: that column has no index.
    """

    list_display = ("id", "issue_name", "kind", "what", "user", "created_at", "mutation")
    list_select_related = ("issue__project", "user")
    search_fields = ("issue",)
    search_help_text = ID_OR_SHORT_ID
    fieldsets = (
        (None, {"fields": ("id", "issue_name", "project", "kind", "data_in_full", "user", "created_at", "mutation")}),
        (
            "What it overwrote",
            {
                "fields": (
                    "before_status",
                    "before_status_by_id",
                    "before_resolved_at",
                    "before_resolution_kind",
                    "before_resolution_release_id",
                    "before_snooze_ends_at",
                    "before_snooze_ends_at_times_seen",
                    "before_snooze_ends_at_users_seen",
                    "before_snooze_window_count",
                    "before_snooze_window_minutes",
                    "before_snooze_window_user_count",
                    "before_snooze_window_user_minutes",
                    "before_assignee_user_id",
                    "before_assignee_team_id",
                    "before_share_id",
                    "before_merged_into_id",
                ),
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find what happened to the issue of this name."""
        word = search_term.strip()
        return (newest_of(queryset, ids_called(word)) if word else queryset), False

    @admin.display(description="issue")
    def issue_name(self, activity: Activity) -> SafeString:
        return issue_link(activity.issue)

    @admin.display(description="data")
    def what(self, activity: Activity) -> str:
        return shortened(activity.data)

    @admin.display(description="data")
    def data_in_full(self, activity: Activity) -> SafeString:
        return as_json(activity.data)

    @admin.display(description="mutation")
    def mutation(self, activity: Activity) -> SafeString | str:
        return link_to_mutation(activity.mutation_id)


def with_body(mutations: QuerySet[Any]) -> QuerySet[Any]:
    """Add the beginning of what was asked, and leave the long columns: a request may name a hundred thousand ids."""
    long = ("ids", "body", "seen_ids", "bookmark_ids", "subscription_ids")
    light: QuerySet[Any] = mutations.defer(*long).annotate(asked=Left(Cast("body", TextField()), LETTERS))
    return light


@admin.register(Mutation)
class MutationAdmin(InspectOnlyAdmin):
    list_display = ("id", "created_at", "who", "kind", "asked", "project", "matched", "changed")
    list_filter = (ProjectFilter,)
    list_select_related = ("project", "user", "api_key")
    search_fields = ("id",)
    search_help_text = "A mutation's id, whole."
    change_form_outer_before_template = "issues/admin/undo_button.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    "project",
                    "kind",
                    "who",
                    "created_at",
                    ("matched", "changed"),
                    ("undoes_link", "undone_by"),
                )
            },
        ),
        ("What was asked", {"fields": ("asked_ids", "asked_statuses", "asked_query", "asked_body")}),
        ("Marks that changed", {"fields": ("seen", "bookmarked", "subscribed")}),
    )

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(partial(undoing.undo_page, self))
        return [path("<path:object_id>/undo/", page, name="issues_mutation_undo"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        """Put the way to undo it above what it was."""
        if obj is not None:
            context |= {"way_to_undo": undoing.way_to_undo(request, obj)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the long columns to the page of one mutation."""
        return with_body(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by id, through the index (see :meth:`IssueAdmin.get_search_results`)."""
        word = search_term.strip()
        if not word:
            return queryset, False
        return (queryset.filter(pk=int(word.lstrip("0"))) if is_id(word) else queryset.none()), False

    @admin.display(description="who")
    def who(self, mutation: Mutation) -> str:
        return str(mutation.user or mutation.api_key or "-")

    @admin.display(description="what")
    def asked(self, mutation: Any) -> str:
        return mutation.asked if mutation.kind == MutationKind.UPDATE else "-"

    @admin.display(description="ids")
    def asked_ids(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.ids, absent="none given: all issues")

    @admin.display(description="statuses")
    def asked_statuses(self, mutation: Mutation) -> str:
        return "none given: all statuses" if mutation.statuses is None else ", ".join(mutation.statuses) or "-"

    @admin.display(description="query")
    def asked_query(self, mutation: Mutation) -> str:
        return "none given" if mutation.query is None else mutation.query or "empty: no filter"

    @admin.display(description="body")
    def asked_body(self, mutation: Mutation) -> SafeString:
        return as_json(mutation.body)

    @admin.display(description="undoes")
    def undoes_link(self, mutation: Mutation) -> SafeString | str:
        return undoing.undoes(mutation)

    @admin.display(description="undone by")
    def undone_by(self, mutation: Mutation) -> SafeString | str:
        return undoing.undone_by(mutation)

    @admin.display(description="seen")
    def seen(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.seen_ids, absent="-")

    @admin.display(description="bookmarks")
    def bookmarked(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.bookmark_ids, absent="-")

    @admin.display(description="subscriptions")
    def subscribed(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.subscription_ids, absent="-")
