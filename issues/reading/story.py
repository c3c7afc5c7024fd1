"""An issue as a story: what happened to it, and what was merged into it.

A handful of statements, each with an index of its own and a limit, however much hangs on the issue.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

from issues import short_ids
from issues.enums import ActivityKind
from issues.models import (
    Activity,
    Issue,
    Mutation,
)
from issues.services.ground.parts import People
from projects.models import ApiKey, Team, User

RELATIVES = 50
LINKS = 20  # issues that one step names

AnyRow = TypeVar("AnyRow", bound=Model)


@dataclass(frozen=True, slots=True)
class First(Generic[AnyRow]):
    """The first rows of many, and whether there are more."""

    rows: list[AnyRow]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What happened, and what it names, by its number; of those that are still there.

    :ivar keys: those that did what no user did, by mutation.
    :ivar people: those who were assigned.
    :ivar short_ids: of the issues that came or went by a merge, and of those under it to which something happened.
    """

    activities: Sequence[Activity]
    keys: Mapping[int, str]
    people: People
    short_ids: Mapping[int, str]


def read_told(issue: Issue, activities: Sequence[Activity]) -> Told:
    """Return what happened to an issue with what it names: four statements at most.

    :param issue: with its project.
    """
    named = {
        int(named["id"])
        for activity in activities
        if activity.kind in {ActivityKind.MERGE, ActivityKind.UNMERGE}
        for named in (activity.data["issues"][:LINKS] if "issues" in activity.data else [activity.data["parent"]])
    } | {activity.issue_id for activity in activities if activity.issue_id != issue.pk}
    found = Issue.objects.with_ids(issue.project_id, sorted(named)).values_list("pk", "short_number") if named else ()
    return Told(
        activities,
        keys={pk: str(key) for pk, key in _keys(activities).items()},
        people=_assignees(activities),
        short_ids={pk: short_ids.write(issue.project.slug, number) for pk, number in found},
    )


def read_children(issue: Issue) -> First[Issue]:
    """Return what was merged right into an issue, each with its text."""
    # Fenced, or PostgreSQL, which knows that there are many, goes through the issues of the project in the order of
    # their ids until it has met enough of them: and those that were merged may all stand at its end.
    first = RawSQL(
        """
        SELECT id FROM (
            SELECT id FROM issues_issue WHERE project_id = %s AND merged_into_id = %s OFFSET 0
        ) AS child
        ORDER BY id LIMIT %s
        """,
        [issue.project_id, issue.pk, RELATIVES + 1],
    )
    children = Issue.objects.filter(project=issue.project_id, pk__in=first)
    return _first(children.select_related("project", "text").order_by("pk"), RELATIVES)


def _first(rows: QuerySet[AnyRow], limit: int) -> First[AnyRow]:
    found = list(rows[: limit + 1])
    return First(found[:limit], len(found) > limit)


def _keys(activities: Sequence[Activity]) -> Mapping[int, ApiKey]:
    by_nobody = {a.mutation_id for a in activities if a.user_id is None and a.mutation_id}
    if not by_nobody:
        return {}
    project_ids = {a.project_id for a in activities}
    by_key = Mutation.objects.filter(project__in=project_ids, pk__in=by_nobody, api_key__isnull=False)
    found = by_key.select_related("api_key").only("api_key")
    return {mutation.pk: mutation.api_key for mutation in found if mutation.api_key is not None}


def _assignees(activities: Iterable[Activity]) -> People:
    asked = {
        (a.data.get("assigneeType"), a.data.get("assignee")) for a in activities if a.kind == ActivityKind.ASSIGNED
    }
    people = User.objects.filter(pk__in=[pk for kind, pk in asked if kind == "user"])
    teams = Team.objects.filter(pk__in=[pk for kind, pk in asked if kind == "team"])
    return {("user", str(user.pk)): user.get_full_name() for user in people} | {
        ("team", str(team.pk)): str(team) for team in teams
    }
