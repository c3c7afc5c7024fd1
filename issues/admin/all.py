"""The operator's window on issues: look, don't touch. Every list and page costs the same with a million rows."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import BooleanField, ExpressionWrapper, F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from issues import short_ids
from issues.enums import IssueStatus, ResolutionKind
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
)
from issues.querysets import snooze_is_over
from projects.admin import INLINE_ROWS, FirstRows, InspectOnlyAdmin, InspectOnlyInline, ProjectAdmin, link
from projects.models import Project
from projects.querysets import MAX_ID, is_id

PROJECTS_IN_FILTER = 20
LINKS = 50
LETTERS = 300
ID_OR_SHORT_ID = "An id (1342) or a short id (PUMP-STATION-1A), whole."


# ---------------------------------------------------------------------------------------------------------------------
# Finding
# ---------------------------------------------------------------------------------------------------------------------


def ids_called(word: str) -> list[int]:
    """Return the ids of the issues that the word names: one by id; by short id, one in each organization at most.

    Fetched before anything sorts or joins: with ORDER BY id and LIMIT, PostgreSQL may walk the table to find one row.
    """
    if word.isascii() and word.isdigit():
        return [int(word.lstrip("0"))] if is_id(word) else []
    short_id = short_ids.read(word)
    if short_id is None:
        return []
    slug, number = short_id
    projects = list(Project.objects.filter(slug=slug).values_list("pk", flat=True))
    named = Issue.objects.filter(project__in=projects, short_number=number)
    return list(named.values_list("pk", flat=True))


class ProjectFilter(admin.SimpleListFilter):
    """The first projects, and the chosen one. With more, the way to an issue list is the project's own page."""

    title = "project"
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        projects = Project.objects.select_related("organization").order_by("organization_id", "slug")
        first = list(projects[: PROJECTS_IN_FILTER + 1])
        self.has_more = len(first) > PROJECTS_IN_FILTER
        shown = first[:PROJECTS_IN_FILTER]
        if (chosen := self.chosen()) and chosen not in [project.pk for project in shown]:
            shown += projects.filter(pk=chosen)
        return [(str(project.pk), f"{project.organization} / {project}") for project in shown]

    def chosen(self) -> int | None:
        """Return the project's id.

        :raises IncorrectLookupParameters: it is none; the admin then shows the whole list.
        """
        word = self.value()
        if word is None:
            return None
        if not (word.isascii() and word.isdigit()):
            raise IncorrectLookupParameters(f"{word!r} is no project's id")
        return int(word.lstrip("0")) if is_id(word) else MAX_ID

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.chosen() is None else queryset.filter(project_id=self.chosen())

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield from super().choices(changelist)
        if self.has_more:
            projects = reverse("admin:projects_project_changelist")
            yield {"selected": False, "query_string": projects, "display": "More: all projects …"}


class StatusFilter(admin.SimpleListFilter):
    """By what the status counts as now: a snooze that ran out is unresolved."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(IssueStatus.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        word = self.value()
        if word is None:
            return queryset
        if word not in IssueStatus.values:
            raise IncorrectLookupParameters(f"{word!r} is no status")
        return queryset.with_status([IssueStatus(word)], at=timezone.now())


# ---------------------------------------------------------------------------------------------------------------------
# Saying
# ---------------------------------------------------------------------------------------------------------------------


def issue_link(issue: Issue) -> SafeString:
    return link(issue, issue.short_id)


def link_to_mutation(mutation_id: int | None) -> SafeString | str:
    return "-" if mutation_id is None else link(Mutation(pk=mutation_id), mutation_id)


def status_in_words(issue: Issue) -> str:
    """Return the status as it counts now, with its terms; needs ``snooze_over`` (:class:`IssueAdmin`)."""
    if issue.status == IssueStatus.IGNORED:
        if issue.snooze_over:  # type: ignore[attr-defined] # annotated
            return f"unresolved: its snooze ran out ({terms_in_words(issue)})"
        return f"ignored {terms_in_words(issue)}"
    if issue.resolution_kind == ResolutionKind.IN_RELEASE:
        return f"resolved in {issue.resolution_release}"
    if issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        return f"resolved in the release after {issue.resolution_release or 'none'}"
    return issue.status


def terms_in_words(issue: Issue) -> str:
    """Return what ends the status "ignored"."""
    terms = []
    if issue.snooze_ends_at is not None:
        terms.append(when(issue.snooze_ends_at))
    if issue.snooze_ends_at_times_seen is not None:
        terms.append(f"{issue.snooze_ends_at_times_seen} events in all")
    if issue.snooze_ends_at_users_seen is not None:
        terms.append(f"{issue.snooze_ends_at_users_seen} users in all")
    if issue.snooze_window_count is not None:
        terms.append(f"{issue.snooze_window_count} events within {issue.snooze_window_minutes} minutes")
    if issue.snooze_window_user_count is not None:
        terms.append(f"{issue.snooze_window_user_count} users within {issue.snooze_window_user_minutes} minutes")
    return f"until {' or '.join(terms)}" if terms else "for good"


def when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def as_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


def shortened(value: Any) -> str:
    return Truncator(json.dumps(value, ensure_ascii=False)).chars(LETTERS) if value else "-"


def linked_ids(ids: list[int] | None, *, absent: str) -> SafeString | str:
    """Return links to the first of these issues, and how many more there are."""
    if ids is None:
        return absent
    links = format_html_join(", ", "{}", ((link(Issue(pk=pk), pk),) for pk in ids[:LINKS]))
    return format_html("{} and {} more", links, len(ids) - LINKS) if len(ids) > LINKS else links or "-"


# ---------------------------------------------------------------------------------------------------------------------
# Issues
# ---------------------------------------------------------------------------------------------------------------------


def newest_of(activities: QuerySet[Any], issues: list[int]) -> QuerySet[Any]:
    """Keep what happened to these issues, newest first, by the index on issue and id.

    With ``issue = 1 ORDER BY id DESC`` PostgreSQL prefers to walk the primary key once the issue has a hundredth of all
    activities, and reads every row that is newer than the issue's. No issue is 0: with it, the filter is no equality,
    so the order needs both columns, and that index alone has them.
    """
    return activities.filter(issue__in=[0, *issues]).order_by("issue_id", "-id")


class NewestActivities(FirstRows):
    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_queryset"):
            activities = Activity.objects.select_related("user")
            self._queryset = newest_of(activities, [self.instance.pk])[:INLINE_ROWS]
        return self._queryset


class ActivityInline(InspectOnlyInline):
    model = Activity
    formset = NewestActivities
    fields = ("number", "kind", "what", "user", "created_at", "mutation")
    readonly_fields = ("number", "what", "mutation")
    verbose_name_plural = "activity, newest first"

    @admin.display(description="id")
    def number(self, activity: Activity) -> SafeString:
        return link(activity, activity.pk)

    @admin.display(description="data")
    def what(self, activity: Activity) -> str:
        return shortened(activity.data)

    @admin.display(description="mutation")
    def mutation(self, activity: Activity) -> SafeString | str:
        return link_to_mutation(activity.mutation_id)


class MarkInline(InspectOnlyInline):
    ordering = ("user_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")


class SeenInline(MarkInline):
    model = IssueSeen
    fields = ("user", "seen_at")
    verbose_name_plural = "seen by"


class BookmarkInline(MarkInline):
    model = IssueBookmark
    fields = ("user", "created_at")
    verbose_name_plural = "bookmarked by"


class SubscriptionInline(MarkInline):
    model = IssueSubscription
    fields = ("user", "is_active", "reason", "created_at")
    verbose_name_plural = "followed by"


class HashInline(InspectOnlyInline):
    model = IssueHash
    fields = ("hash",)
    ordering = ("id",)  # no index, but few: a merge leaves each issue its own
    verbose_name_plural = "fingerprints"


class HourInline(InspectOnlyInline):
    model = IssueHour
    fields = ("hour", "own_count", "total_count")
    ordering = ("-hour",)
    verbose_name_plural = "events by the hour, newest first"


@admin.register(Issue)
class IssueAdmin(InspectOnlyAdmin):
    list_display = (
        "short_id",
        "title",
        "status_now",
        "level",
        "times_seen",
        "users_seen",
        "last_seen",
        "assignee",
        "parent",
    )
    list_filter = (ProjectFilter, StatusFilter, "level")
    list_select_related = ("project", "resolution_release", "assignee_user", "assignee_team", "merged_into")
    search_fields = ("id",)  # shows the box; get_search_results() is what searches
    search_help_text = ID_OR_SHORT_ID
    fieldsets = (
        (None, {"fields": ("short_id", "id", "project", "title", "culprit", "metadata")}),
        ("What it is", {"fields": (("type", "level"), ("logger", "platform"))}),
        (
            "Status",
            {
                "fields": (
                    "status_now",
                    ("status", "status_by", "resolved_at"),
                    ("resolution_kind", "resolution_release"),
                    ("snooze_ends_at", "snooze_ends_at_times_seen", "snooze_ends_at_users_seen"),
                    ("snooze_window_count", "snooze_window_minutes"),
                    ("snooze_window_user_count", "snooze_window_user_minutes"),
                ),
                "description": "First as it counts now, then the columns as they are stored.",
            },
        ),
        (
            "Numbers",
            {
                "fields": (
                    ("first_seen", "own_first_seen"),
                    ("last_seen", "own_last_seen"),
                    ("times_seen", "own_times_seen"),
                    ("users_seen", "own_users_seen"),
                    ("comment_count", "own_comment_count"),
                    ("first_release", "own_first_release"),
                    ("last_release", "own_last_release"),
                ),
                "description": "The totals include what was merged into it; beside them stand its own.",
            },
        ),
        ("Assignment and sharing", {"fields": (("assignee_user", "assignee_team"), "share_id")}),
        ("Merged", {"fields": ("parent", "children")}),
        ("Last change", {"fields": ("last_mutation",)}),
    )
    inlines = (ActivityInline, SeenInline, BookmarkInline, SubscriptionInline, HashInline, HourInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add whether the snooze is over, by the one rule for it, and the text.

        Not ``select_related("text")``: a window must open on an issue whose text is missing, too.
        """
        issues: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                snooze_over=ExpressionWrapper(snooze_is_over(timezone.now()), output_field=BooleanField()),
                title_text=F("text__title"),
                culprit_text=F("text__culprit"),
            )
        )
        return issues

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Newest first. In one project that is by short number, since no other index has the merged issues too."""
        return ("-project_id", "-short_number") if ProjectFilter.parameter_name in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by name only. Django's own search by id casts the column to text, and so reads the whole table."""
        word = search_term.strip()
        return (queryset.filter(pk__in=ids_called(word)) if word else queryset), False

    @admin.display(description="title")
    def title(self, issue: Any) -> str:
        return Truncator(issue.title_text or "-").chars(LETTERS)

    @admin.display(description="culprit")
    def culprit(self, issue: Any) -> str:
        return issue.culprit_text or "-"

    @admin.display(description="metadata")
    def metadata(self, issue: Issue) -> SafeString:
        return as_json(IssueText.objects.filter(pk=issue.pk).values_list("metadata", flat=True).first())

    @admin.display(description="status now")
    def status_now(self, issue: Issue) -> str:
        return status_in_words(issue)

    @admin.display(description="assignee")
    def assignee(self, issue: Issue) -> str:
        return str(issue.assignee_user or issue.assignee_team or "-")

    @admin.display(description="merged into")
    def parent(self, issue: Issue) -> SafeString | str:
        if issue.merged_into is None:
            return "-"
        issue.merged_into.project = issue.project  # merging stays within a project
        return issue_link(issue.merged_into)

    @admin.display(description="merged into this one")
    def children(self, issue: Issue) -> SafeString | str:
        """Return links to some of its direct children, and how many there are."""
        children = issue.children.all()
        first = list(children.select_related("project")[:LINKS])
        if not first:
            return "-"
        links = format_html_join(", ", "{}", ((issue_link(child),) for child in first))
        return format_html("{}: {}{}", children.count(), links, " …" if len(first) == LINKS else "")

    @admin.display(description="by mutation")
    def last_mutation(self, issue: Issue) -> SafeString | str:
        return link_to_mutation(issue.mutation_id)


# ---------------------------------------------------------------------------------------------------------------------
# What was done
# ---------------------------------------------------------------------------------------------------------------------


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


@admin.register(Mutation)
class MutationAdmin(InspectOnlyAdmin):
    list_display = ("id", "project", "kind", "who", "created_at", "matched", "changed")
    list_filter = (ProjectFilter,)
    list_select_related = ("project", "user", "api_key")
    search_fields = ("id",)
    search_help_text = "A mutation's id, whole."
    fieldsets = (
        (None, {"fields": ("id", "project", "kind", "who", "created_at", ("matched", "changed"))}),
        ("What was asked", {"fields": ("asked_ids", "asked_statuses", "asked_query", "asked_body")}),
        ("Marks that changed", {"fields": ("seen", "bookmarked", "subscribed")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the long columns to the page of one mutation: a request may name a hundred thousand ids."""
        return super().get_queryset(request).defer("ids", "body", "seen_ids", "bookmark_ids", "subscription_ids")

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

    @admin.display(description="seen")
    def seen(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.seen_ids, absent="-")

    @admin.display(description="bookmarks")
    def bookmarked(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.bookmark_ids, absent="-")

    @admin.display(description="subscriptions")
    def subscribed(self, mutation: Mutation) -> SafeString | str:
        return linked_ids(mutation.subscription_ids, absent="-")


# ---------------------------------------------------------------------------------------------------------------------
# The way from a project to its issues
# ---------------------------------------------------------------------------------------------------------------------

admin.site.unregister(Project)


@admin.register(Project)
class ProjectWithIssuesAdmin(ProjectAdmin):
    """Projects know nothing of issues, so the links are added from here."""

    list_display = (*ProjectAdmin.list_display, "issues")
    fields = (*ProjectAdmin.fields, "issues")
    readonly_fields = ("issues",)

    @admin.display(description="issues")
    def issues(self, project: Project) -> SafeString:
        return format_html(
            "{} · {}", link(Issue, "issues", project=project.pk), link(Mutation, "mutations", project=project.pk)
        )
