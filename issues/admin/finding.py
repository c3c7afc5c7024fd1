"""Which issues, activities and mutations the admin finds, and by what: only what an index has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from issues.enums import IssueStatus
from issues.reading.named import read_called
from projects.models import Project
from projects.querysets import MAX_ID, is_id

if TYPE_CHECKING:
    SearchResult = Any
else:
    from unfold.dataclasses import SearchResult

PROJECTS_IN_FILTER = 20
ID_OR_SHORT_ID = "An id (1342) or a short id (PUMP-STATION-1A), whole."


def issues_called(request: HttpRequest, word: str) -> list[SearchResult]:
    """Return what the search of the sidebar shows of the issues that the word names, to whom may view issues."""
    if not request.user.is_superuser:
        return []
    return [
        SearchResult(
            title=f"{issue.short_id} {issue.title or ''}",
            description=str(issue.project.organization),
            link=reverse("admin:issues_issue_change", args=[issue.pk]),
            icon="bug_report",
        )
        for issue in read_called(word.strip())
    ]


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
