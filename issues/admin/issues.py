"""Issues: the list at a glance, and each as a story."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from issues.admin import actions, story
from issues.admin.finding import ID_OR_SHORT_ID, ProjectFilter, StatusFilter
from issues.admin.wording import LETTERS, as_json, badge, issue_link, link_to_mutation, status_in_words
from issues.models import Issue, IssueSeen
from issues.querysets import snooze_is_over
from issues.reading.named import ids_called
from issues.reading.whole import read_metadata
from issues.services.ground.parts import Part
from issues.services.verbs import PARTS, status
from projects.admin import InspectOnlyAdmin

PARTS_BESIDE_STATUS = tuple(part for part in PARTS if part is not status.PART)


def fields_of(part: Part) -> tuple[str, ...]:
    """Return the columns of a part by the names of their fields."""
    names = {field.column: field.name for field in Issue._meta.concrete_fields}
    return tuple(names[column] for column in part.columns)


@admin.register(Issue)
class IssueAdmin(InspectOnlyAdmin):
    """Its columns are looked at only; what is done to issues is done by the service (issues/admin/actions.py)."""

    actions: tuple[()] | None = ()  # see get_actions(); with None there would be no check boxes
    list_display = (
        *("title_and_place", "status_now", "level_shown", "events", "users"),
        *("last_seen", "assignee", "is_seen"),
    )
    list_filter = (ProjectFilter, StatusFilter, "level")
    list_select_related = (
        "project__organization",
        "resolution_release",
        "assignee_user",
        "assignee_team",
        "merged_into",
    )
    search_fields = ("id",)  # shows the box; get_search_results() is what searches
    search_help_text = ID_OR_SHORT_ID
    change_form_outer_before_template = "issues/admin/story.html"
    fieldsets = (
        (
            "What it is",
            {
                "fields": (
                    *("short_id", "id", "project", "title", "culprit", "metadata"),
                    *(("type", "level"), ("logger", "platform")),
                ),
                "classes": ["collapse"],
            },
        ),
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
                    ("snooze_escalates_above", "snooze_started_at", "reopened_as"),
                ),
                "description": "First as it counts now, then the columns as they are stored.",
                "classes": ["collapse"],
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
                "classes": ["collapse"],
            },
        ),
        (
            "Assignment, sharing, merging, and the last change",
            {
                "fields": (*map(fields_of, PARTS_BESIDE_STATUS), "parent", "last_mutation"),
                "classes": ["collapse"],
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add whether the snooze is over, by the one rule for it, the text, and whether who looks has seen it.

        Not ``select_related("text")``: a window must open on an issue whose text is missing, too.
        """
        issues: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                snooze_over=ExpressionWrapper(snooze_is_over(timezone.now()), output_field=BooleanField()),
                title_text=F("text__title"),
                culprit_text=F("text__culprit"),
                seen_by_me=Exists(
                    IssueSeen.objects.filter(
                        issue=OuterRef("pk"), user=request.user.pk, seen_at__gte=OuterRef("last_seen")
                    )
                ),
            )
        )
        return issues

    def get_urls(self) -> list[Any]:
        address = path("act/", self.admin_site.admin_view(partial(actions.act, self)), name="issues_issue_act")
        return [address, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return what can be done to selected issues, for who may; without any, nothing can be selected."""
        if not actions.may_act(request):
            return {}
        return {name: (partial(actions.choose, name), name, verb.label) for name, verb in actions.VERBS.items()}

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Answer the page of an action; 400 for what is no issue's id, which Django would hand to PostgreSQL."""
        if ids := request.POST.getlist(ACTION_CHECKBOX_NAME):
            actions.read_ids(ids)
        return super().response_action(request, queryset)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Newest first. In one project that is by short number, since no other index has the merged issues too."""
        return ("-project_id", "-short_number") if ProjectFilter.parameter_name in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by name only. Django's own search by id casts the column to text, and so reads the whole table."""
        word = search_term.strip()
        return (queryset.filter(pk__in=ids_called(word)) if word else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        """Put the story of the issue above its columns."""
        if obj is not None:
            context |= {"story": story.story_of(obj, request), "title": obj.short_id, "subtitle": None}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @admin.display(description="issue")
    def title_and_place(self, issue: Any) -> SafeString:
        place = f"{issue.short_id} · {issue.project.organization}"
        if issue.merged_into is not None:
            issue.merged_into.project = issue.project  # merging stays within a project
            place = f"{issue.short_id} · merged into {issue.merged_into.short_id}"
        return format_html(
            '<span class="issue-title">{}</span><span class="issue-place terms">{}</span>', self.title(issue), place
        )

    @admin.display(description="title")
    def title(self, issue: Any) -> str:
        return Truncator(issue.title_text or "-").chars(LETTERS)

    @admin.display(description="events")
    def events(self, issue: Issue) -> str:
        return f"{issue.times_seen:,}"

    @admin.display(description="users")
    def users(self, issue: Issue) -> str:
        return f"{issue.users_seen:,}"

    @admin.display(description="level")
    def level_shown(self, issue: Issue) -> SafeString:
        return badge(issue.level)

    @admin.display(description="seen")
    def is_seen(self, issue: Any) -> SafeString | str:
        """Whether who looks has seen it since its last event."""
        return "seen" if issue.seen_by_me else badge("new")

    @admin.display(description="culprit")
    def culprit(self, issue: Any) -> str:
        return issue.culprit_text or "-"

    @admin.display(description="metadata")
    def metadata(self, issue: Issue) -> SafeString:
        return as_json(read_metadata(issue.pk))

    @admin.display(description="status")
    def status_now(self, issue: Issue) -> SafeString:
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

    @admin.display(description="by mutation")
    def last_mutation(self, issue: Issue) -> SafeString | str:
        return link_to_mutation(issue.mutation_id)
