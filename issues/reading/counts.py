"""How many issues there are, and what was done with them: what the admin's start page counts.

Each of these reads every row that it is about. How long one may take, and for how long it is kept, stands with the page
(issues/admin/figures.py, docs/decisions/0021).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from issues.enums import ActivityKind, IssueStatus
from issues.models import Activity, Issue
from issues.querysets import snooze_is_over
from projects.database.reading import connection
from projects.models import Project

PROJECTS_SHOWN = 15
DAYS = 30

# ---------------------------------------------------------------------------------------------------------------------
# Issues by status and project
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """How many issues a project has of each status; without a project, those of all the others together."""

    project: Project | None
    unresolved: int
    ignored: int
    resolved: int

    @property
    def total(self) -> int:
        return self.unresolved + self.ignored + self.resolved


@dataclass(frozen=True, slots=True)
class Table:
    """The projects with the most unresolved issues, the rest of them in one row, and all of them in one."""

    rows: list[Row]
    others: int  # how many projects the last row stands for
    sum: Row


def by_project(at: datetime) -> Table:
    """Count the issues that lists show, by project and what their status counts as; one walk over the table."""
    counts = (
        Issue.objects.visible()
        # Grouped by the column and not by what it counts as, of which PostgreSQL can't tell how many there are: it
        # would sort all issues by it first.
        .values_list("project_id", "status")
        .annotate(count=Count("pk"), over=Count("pk", filter=snooze_is_over(at)))
        .order_by()
    )
    found: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(IssueStatus.values, 0))
    for project_id, status, count, over in counts:
        found[project_id][status] += count - over
        found[project_id][IssueStatus.UNRESOLVED] += over
    most = sorted(found, key=lambda pk: (-found[pk]["unresolved"], -sum(found[pk].values()), pk))
    shown, rest = most[:PROJECTS_SHOWN], most[PROJECTS_SHOWN:]
    projects = Project.objects.select_related("organization").in_bulk(shown)
    rows = [Row(projects[pk], **found[pk]) for pk in shown if pk in projects]
    if rest:
        rows.append(_sum([found[pk] for pk in rest]))
    return Table(rows, len(rest), _sum(list(found.values())))


def _sum(counts: list[dict[str, int]]) -> Row:
    return Row(None, **{status: sum(count[status] for count in counts) for status in IssueStatus.values})


def about_how_many() -> int:
    """Return PostgreSQL's own idea of how many issues there are, merged ones too: from its last look at the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'issues_issue'::regclass")
        count: int = cursor.fetchone()[0]
    return max(count, 0)  # -1: it has not looked yet


# ---------------------------------------------------------------------------------------------------------------------
# Resolved, ignored and reopened by day
# ---------------------------------------------------------------------------------------------------------------------

KINDS = {
    ActivityKind.SET_RESOLVED: "resolved",
    ActivityKind.SET_RESOLVED_IN_RELEASE: "resolved",
    ActivityKind.SET_IGNORED: "ignored",
    ActivityKind.SET_UNRESOLVED: "reopened",
}


@dataclass(slots=True)
class Day:
    date: date
    resolved: int = 0
    ignored: int = 0
    reopened: int = 0

    @property
    def total(self) -> int:
        return self.resolved + self.ignored + self.reopened


def by_day(at: datetime) -> list[Day]:
    """Count the changes of status on each of the last thirty days (UTC), today included, oldest first."""
    first = at.astimezone(UTC).date() - timedelta(days=DAYS - 1)
    days = {first + timedelta(days=number): Day(first + timedelta(days=number)) for number in range(DAYS)}
    counts = (
        Activity.objects.filter(created_at__gte=datetime.combine(first, time(), UTC), kind__in=list(KINDS))
        .values_list(TruncDate("created_at", tzinfo=UTC), "kind")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for day, kind, count in counts:
        if day in days:  # not of a clock that runs ahead
            name = KINDS[ActivityKind(kind)]
            setattr(days[day], name, getattr(days[day], name) + count)
    return list(days.values())
