"""What the start page counts. Each count reads every row that it is about, so it is kept for a minute and has a time
limit (docs/decisions/0021); who looks is told when it was made, or that it took too long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.db import OperationalError
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from issues.enums import ActivityKind, IssueStatus
from issues.models import Activity, Issue
from issues.querysets import snooze_is_over
from projects.database.failures import QUERY_CANCELED, sqlstate
from projects.database.reading import connection, reading
from projects.models import Project

SECONDS_AT_MOST = 3
KEPT_SECONDS = 60
PAUSE_SECONDS = 600  # after a count that took too long
PROJECTS_SHOWN = 15
DAYS = 30

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Counted(Generic[Value]):
    """A count, and when it was made. ``value`` is None when it took too long."""

    value: Value | None
    at: datetime


def kept(name: str, count: Callable[[datetime], Value]) -> Counted[Value]:
    """Return the last count of this name in this process, or a new one when that is older than a minute."""
    counted: Counted[Value] | None = cache.get(f"figures:{name}")
    if counted is None:
        at = timezone.now()
        try:
            with reading(timeout=SECONDS_AT_MOST):
                counted = Counted(count(at), at)
        except OperationalError as error:
            if sqlstate(error) != QUERY_CANCELED:
                raise
            counted = Counted(None, at)
        cache.set(f"figures:{name}", counted, KEPT_SECONDS if counted.value is not None else PAUSE_SECONDS)
    return counted


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

    def named(self, project: Project | None) -> Row:
        return Row(project, self.unresolved, self.ignored, self.resolved)


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


# ---------------------------------------------------------------------------------------------------------------------
# As bars
# ---------------------------------------------------------------------------------------------------------------------


def shares(parts: dict[str, int], of: int) -> list[tuple[str, int, float]]:
    """Return each part that is not nothing, with its name and its size in percent of ``of``."""
    return [(name, count, round(100 * count / of, 3)) for name, count in parts.items() if count]


def round_up(number: int) -> int:
    """Return the next number that reads well at the end of an axis: 1, 2 or 5 and zeros."""
    size = 1
    while size * 10 < number:
        size *= 10
    return next((step * size for step in (1, 2, 5, 10) if step * size >= number), size * 10)


def bars(days: list[Any], names: list[str]) -> tuple[int, list[tuple[Any, list[tuple[str, int, float]]]]]:
    """Return where the axis ends, and for each day the parts of its bar in percent of that."""
    top = round_up(max([1, *(sum(getattr(day, name) for name in names) for day in days)]))
    return top, [(day, shares({name: getattr(day, name) for name in names}, top)) for day in days]
