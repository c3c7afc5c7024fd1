"""What an item of a list is made of, read for a whole page at once, in as many statements for a hundred as for one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, Subquery

from issues.enums import ResolutionKind
from issues.models import Issue, IssueBookmark, IssueSeen, IssueSubscription
from issues.mutation import Assignee
from issues.named import Named, Names, Person
from issues.services.verbs import PARTS
from projects.callers import Caller
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.database.statements import Statement, hole, kept
from projects.models import Project
from projects.release_order import next_releases

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatsPeriod:
    """So many equal points of time, the last of which holds the present; ``word`` is how the caller wrote it."""

    word: str
    step: timedelta
    points: int


class Item(NamedTuple):
    """An issue with its text and the caller's marks, under the names that the ORM has for them; and its project.

    Models, of which an issue takes several, would cost more than all else that a list does.
    """

    id: int
    short_number: int
    project_id: int
    type: str
    level: str
    logger: str
    platform: str
    text__title: str | None  # of an issue that lost its text
    text__culprit: str | None
    text__metadata: str | None  # JSON
    text__is_unhandled: bool | None
    priority: str
    share_id: UUID | None
    first_seen: datetime
    last_seen: datetime
    times_seen: int
    users_seen: int
    comment_count: int
    first_release_id: int | None
    last_release_id: int | None
    status_shown: str
    status_by_id: int | None
    resolution_kind: str | None
    resolution_release_id: int | None
    snooze_ends_at: datetime | None
    snooze_ends_at_times_seen: int | None
    snooze_ends_at_users_seen: int | None
    snooze_window_count: int | None
    snooze_window_minutes: int | None
    snooze_window_user_count: int | None
    snooze_window_user_minutes: int | None
    snooze_escalates_above: int | None
    reopened_as: str | None
    assignee_user_id: int | None
    assignee_team_id: int | None
    seen_at: datetime | None  # when the caller last looked
    bookmark_id: int | None
    subscribed_for: str | None  # the reason; None, too, when the caller has ended it
    project: Project
    shown_at: datetime  # the instant at which all this counts, as ``status_shown`` does

    @property
    def has_terms(self) -> bool:
        """Whether a time or a count ends its snooze by itself, in a window or not."""
        return not (
            self.snooze_ends_at is None
            and self.snooze_ends_at_times_seen is None
            and self.snooze_ends_at_users_seen is None
            and self.snooze_window_count is None
            and self.snooze_window_user_count is None
        )


@dataclass(frozen=True)  # without slots: it keeps what it has worked out
class Stats:
    """How many events there were of each issue of a page, by the seconds at which the points of a period begin."""

    period: StatsPeriod
    begins: range
    counts: dict[int, dict[int, int]]  # by issue; only what is not 0

    def points(self, issue_id: int) -> list[tuple[int, int]]:
        """Return each point with its number of events."""
        points = self._without_events.copy()  # which most of them are
        for begin, count in self.counts[issue_id].items():
            place = (begin - self.begins.start) // self.begins.step
            if place < len(points):  # else it is of an hour to come
                points[place] = (begin, count)
        return points

    @cached_property
    def _without_events(self) -> list[tuple[int, int]]:
        return [(begin, 0) for begin in self.begins]


READ = [name for name in Item._fields if name not in {"project", "shown_at"}]  # by the statement, in this order
PROJECT_ID = READ.index("project_id")


def read_items(projects: Iterable[Project], ids: Iterable[int], *, by: Caller, at: datetime) -> list[Item]:
    """Return those of these issues that are in these projects, merged ones too, in no order."""
    project_of = {project.pk: project for project in projects}  # at hand: a join would have to be planned
    wanted = as_array(ids)
    rows = [
        row
        for group in citus.together(project_of)
        for row in _items(of_one_project=len(group) == 1).rows(
            project_id=next(iter(group), None), project_ids=group, ids=wanted, user_id=by.user_id, at=at
        )
    ]
    items = [Item._make((*row, project_of[row[PROJECT_ID]], at)) for row in rows]
    waiting = {_base(item) for item in items if item.resolution_kind == ResolutionKind.IN_NEXT_RELEASE}
    settled_by = next_releases(waiting, at=at)
    return [_settled(item, settled_by) for item in items] if settled_by else items


def _base(item: Item) -> tuple[int, int | None]:
    return item.project_id, item.resolution_release_id


def _settled(item: Item, settled_by: Mapping[tuple[int, int | None], int]) -> Item:
    """Return the item as it counts: one that waits for a release which time has brought is resolved in that."""
    if item.resolution_kind != ResolutionKind.IN_NEXT_RELEASE or _base(item) not in settled_by:
        return item
    return item._replace(resolution_kind=ResolutionKind.IN_RELEASE.value, resolution_release_id=settled_by[_base(item)])


@cache
def _items(*, of_one_project: bool) -> Statement:
    # What items name is read afterwards, each name once: joined to them, it takes as long to plan as the rest to read.
    project = hole("project_id")
    found = (
        Issue.objects.filter(project_id=project)
        if of_one_project
        else Issue.objects.filter(project__id__any_of=hole("project_ids"))
    )
    issues = found.filter(id__any_of=hole("ids"))
    mine = {
        "project": project if of_one_project else OuterRef("project"),
        "issue": OuterRef("pk"),
        "user": hole("user_id"),
    }
    items = issues.with_status_shown(at=hole("at")).annotate(
        seen_at=Subquery(IssueSeen.objects.filter(**mine).values("seen_at")),
        bookmark_id=Subquery(IssueBookmark.objects.filter(**mine).values("pk")),
        subscribed_for=Subquery(IssueSubscription.objects.filter(**mine, is_active=True).values("reason")),
    )
    return kept(*items.values_list(*READ).query.sql_with_params())


def read_names(items: Sequence[Item]) -> Names:
    """Return the names of the people, teams and releases of these items; of those that are still there."""
    columns = [named for part in PARTS for named in part.names.items()]
    named = ((of, getattr(item, column)) for item in items for column, of in columns)
    return look_up_names(named, {item.project_id for item in items})


def look_up_names(
    named: Iterable[tuple[Named, int | None]], project_ids: Iterable[int], *, tells_of_gone: bool = False
) -> Names:
    """Return the names of these people, teams and releases of these projects; of those that are still there."""
    ids: dict[Named, set[int]] = {"people": set(), "teams": set(), "releases": set()}
    for of, pk in named:
        if pk is not None:
            ids[of].add(pk)
    users, teams, releases = ids.values()
    rows: list[Any] = []
    if users or teams or releases:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT 'user', id, username, name, email FROM projects_user WHERE id = ANY(%s::bigint[])
                UNION ALL
                SELECT 'team', id, slug, NULL, NULL FROM projects_team WHERE id = ANY(%s::bigint[])
                UNION ALL
                SELECT 'release', id, version, NULL, NULL FROM projects_release
                WHERE project_id = ANY(%s::bigint[]) AND id = ANY(%s::bigint[])
                """,
                [as_array(users), as_array(teams), as_array(project_ids), as_array(releases)],
            )
            rows = cursor.fetchall()
    return Names(
        people={pk: Person(pk, *names) for kind, pk, *names in rows if kind == "user"},
        teams={pk: Assignee("team", pk, slug) for kind, pk, slug, *_ in rows if kind == "team"},
        releases={pk: version for kind, pk, version, *_ in rows if kind == "release"},
        tells_of_gone=tells_of_gone,
    )


def read_stats(items: Sequence[Item], period: StatsPeriod, *, at: datetime) -> Stats:
    """Read the hourly counts of these items."""
    now = at.replace(minute=0) if period.step == HOUR else at.replace(hour=0, minute=0)
    last = now.replace(second=0, microsecond=0)
    since = last - period.step * (period.points - 1)
    first, step = int(since.timestamp()), int(period.step.total_seconds())
    counts: dict[int, dict[int, int]] = {item.id: {} for item in items}
    hours = range(first, first + step * period.points, step)
    if not items:  # of no project: all machines would be asked
        return Stats(period, hours, counts)
    # An hour is a point as it stands: to truncate and to group them took half as long again.
    point, count, group = (
        ("hour", "total_count", "")
        if period.step == HOUR
        else ("date_trunc('day', hour, 'UTC')", "sum(total_count)::bigint", "GROUP BY 1, 2")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT issue_id, extract(epoch FROM {point})::bigint, {count}
            FROM issues_issuehour
            WHERE project_id = ANY(%(project_ids)s::bigint[]) AND issue_id = ANY(%(ids)s::bigint[])
              AND hour >= %(since)s
            {group}
            """,
            {"since": since, "project_ids": as_array({item.project_id for item in items}), "ids": as_array(counts)},
        )
        for pk, begin, number in cursor:
            counts[pk][begin] = number
    return Stats(period, hours, counts)
