"""What was done: activities, one for each change of an issue, and mutations, one for each request."""

from functools import partial
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path
from django.utils.safestring import SafeString

from issues.admin import undoing
from issues.admin.finding import ID_OR_SHORT_ID, ProjectFilter
from issues.admin.wording import LETTERS, as_json, issue_link, link_to_mutation, linked_ids, shortened
from issues.enums import MutationKind
from issues.models import BEFORE_STATE, Activity, Mutation
from issues.reading.activities import newest_of
from issues.reading.history import with_beginning_of_body
from issues.reading.named import ids_called
from issues.services.ground import history
from projects.admin import InspectOnlyAdmin
from projects.callers import Caller
from projects.models import User
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
                "fields": BEFORE_STATE,
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find what happened to the issue of this name."""
        word = search_term.strip()
        return (newest_of(ids_called(word), queryset) if word else queryset), False

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


def looking(request: HttpRequest) -> Caller:
    """Return who looks at a page."""
    return Caller(user=cast(User, request.user))


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
        return with_beginning_of_body(super().get_queryset(request), LETTERS, by=looking(request))

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the mutation without other people's marks; an undo with the scope that it shows."""
        mutation = super().get_object(request, *args, **kwargs)
        if mutation is not None:
            scope: Mutation = history.read_scopes_shown([mutation]).get(mutation.pk) or mutation
            mutation.ids, mutation.statuses, mutation.query = scope.ids, scope.statuses, scope.query
            mutation.body = history.body_shown_to(mutation, looking(request))
        return mutation

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the marks that are others'."""
        return self.fieldsets if obj is None or history.shows_marks_to(obj, looking(request)) else self.fieldsets[:-1]

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
