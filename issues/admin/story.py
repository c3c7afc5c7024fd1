"""An issue as a story: what happened to it, what was merged, who looks, by what events are told to be its own.

A handful of statements, each with an index of its own and a limit, however much hangs on the issue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from issues.admin import figures
from issues.admin.finding import newest_of
from issues.admin.wording import LINKS, badge, linked_ids, status_in_words
from issues.enums import ActivityKind
from issues.models import Activity, Issue, IssueHour, Mutation
from issues.services.ground.parts import Data, People, Told
from issues.services.ground.targets import ancestors
from issues.services.verbs import PARTS
from issues.views.links import share_link
from projects.models import Team, User

STEPS = 100
MARKS = 20
HASHES = 20
DAYS = 14


@dataclass(frozen=True, slots=True)
class First:
    """The first rows of many, and whether there are more."""

    rows: list[Any]
    has_more: bool

    @classmethod
    def of(cls, rows: QuerySet[Any], limit: int) -> "First":
        found = list(rows[: limit + 1])
        return cls(found[:limit], len(found) > limit)


@dataclass(frozen=True, slots=True)
class Step:
    """One activity, told."""

    activity: Activity
    who: str
    icon: str
    sentence: str
    note: str


def story_of(issue: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what the page of an issue tells above the columns of its row."""
    activities = First.of(newest_of(Activity.objects.select_related("user"), [issue.pk]), STEPS)
    top, days = figures.bars(events_by_day(issue), ["events"])
    return {
        "issue": issue,
        "status": status_in_words(issue),
        "level": badge(issue.level),
        "share_link": share_link(request, issue) if issue.share_id else None,
        "steps": First(_told(activities.rows), activities.has_more),
        "above": _above(issue),
        "below": First.of(issue.children.select_related("project", "text").order_by("pk"), LINKS),
        "seen": First.of(issue.seen_marks.select_related("user").order_by("user_id"), MARKS),
        "bookmarked": First.of(issue.bookmarks.select_related("user").order_by("user_id"), MARKS),
        "followed": First.of(issue.subscriptions.select_related("user").order_by("user_id"), MARKS),
        # No index has this order, but they are few: a merge leaves each issue its own.
        "hashes": First.of(issue.hashes.order_by("pk"), HASHES),
        "top": top,
        "days": days,
    }


def _above(issue: Issue) -> list[Issue]:
    """Return what it was merged into, and what that was merged into, from the root down."""
    above = Issue.objects.select_related("project", "text").in_bulk(ancestors(issue.project_id, [issue.pk]))
    path: list[Issue] = []
    while (parent := above.get((path[0] if path else issue).merged_into_id or 0)) is not None:
        path.insert(0, parent)
    return path[-LINKS:]


# ---------------------------------------------------------------------------------------------------------------------
# What happened
# ---------------------------------------------------------------------------------------------------------------------


def _told(activities: list[Activity]) -> list[Step]:
    people, keys = _assignees(activities), _keys(activities)
    return [
        Step(
            activity,
            str(activity.user or keys.get(activity.mutation_id, "Somebody who is gone")),
            TOLD[activity.kind].icon,
            TOLD[activity.kind].sentence(activity.data, people),
            str(activity.data.get("text", "")) if activity.kind == ActivityKind.NOTE else "",
        )
        for activity in activities
    ]


def _keys(activities: Iterable[Activity]) -> Mapping[int | None, str]:
    """Return the API keys that did what no user did, by mutation."""
    mutations = Mutation.objects.filter(
        pk__in={a.mutation_id for a in activities if a.user_id is None and a.mutation_id}
    )
    by_key = mutations.filter(api_key__isnull=False).select_related("api_key").only("api_key")
    return {mutation.pk: str(mutation.api_key) for mutation in by_key}


def _assignees(activities: Iterable[Activity]) -> People:
    """Return the names of those who were assigned, by type and id."""
    asked = {
        (a.data.get("assigneeType"), a.data.get("assignee")) for a in activities if a.kind == ActivityKind.ASSIGNED
    }
    people = User.objects.filter(pk__in=[pk for kind, pk in asked if kind == "user"])
    teams = Team.objects.filter(pk__in=[pk for kind, pk in asked if kind == "team"])
    return {("user", str(user.pk)): user.get_full_name() for user in people} | {
        ("team", str(team.pk)): str(team) for team in teams
    }


def _merged(data: Data, people: People) -> SafeString:
    return format_html("merged into it: {}", linked_ids(_ids(data), absent="-"))


def _unmerged(data: Data, people: People) -> SafeString:
    if "issues" in data:
        return format_html("took out of it: {}", linked_ids(_ids(data), absent="-"))
    return format_html("took it out of {}", linked_ids([int(data["parent"]["id"])], absent="-"))


def _ids(data: Data) -> list[int]:
    return [int(issue["id"]) for issue in data["issues"]]


# Each kind of activity: those of the parts tell it themselves (services/verbs).
TOLD: Mapping[str, Told] = {
    **{kind: told for part in PARTS for kind, told in part.told.items()},
    ActivityKind.MERGE: Told("call_merge", _merged),
    ActivityKind.UNMERGE: Told("call_split", _unmerged),
    ActivityKind.NOTE: Told("chat", "wrote"),
}


# ---------------------------------------------------------------------------------------------------------------------
# How often
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Day:
    date: date
    events: int = 0


def events_by_day(issue: Issue) -> list[Day]:
    """Return the events of the two weeks to the day that it was seen last (UTC), with what was merged into it."""
    last = issue.last_seen.astimezone(UTC).date()
    days = {last - timedelta(days=ago): Day(last - timedelta(days=ago)) for ago in reversed(range(DAYS))}
    since = datetime.combine(min(days), time(), UTC)
    hours = IssueHour.objects.filter(issue=issue, hour__gte=since).values_list("hour", "total_count")
    for hour, count in hours[: 24 * (DAYS + 1)]:
        if (day := hour.astimezone(UTC).date()) in days:
            days[day].events += count
    return list(days.values())
