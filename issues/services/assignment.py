"""Who takes care of an issue: one user, one team, or nobody (contract 1.4)."""

from datetime import datetime

from issues.enums import ActivityKind, SubscriptionReason
from issues.mutation import Assignee, Assignment
from issues.querysets import condition
from issues.services import activity, subscriptions
from issues.services.activity import Rewritten
from issues.services.targets import Targets
from projects.callers import Caller
from projects.models import Team


def change(targets: Targets, wish: Assignment, *, by: Caller, at: datetime) -> Rewritten:
    """Assign the targets to whom was asked for, or to nobody."""
    if wish.to is None:
        return unassign(targets, by=by, at=at)
    return assign(targets, wish.to, by=by, at=at)


def assign(targets: Targets, assignee: Assignee, *, by: Caller, at: datetime) -> Rewritten:
    """Assign; the user, or the team's members, follow the issues that are newly theirs."""
    column = f"assignee_{assignee.type}_id"
    assigned = activity.rewrite(
        targets,
        where=condition(f"issues_issue.{column} IS DISTINCT FROM %s", assignee.id),
        columns={"assignee_user_id": None, "assignee_team_id": None} | {column: assignee.id},
        kind=ActivityKind.ASSIGNED,
        data={"assignee": str(assignee.id), "assigneeType": assignee.type},
        by=by,
        at=at,
    )
    subscriptions.subscribe(
        targets.project_id, assigned.ids or [], _people(assignee), reason=SubscriptionReason.ASSIGNED, at=at
    )
    return assigned


def unassign(targets: Targets, *, by: Caller, at: datetime) -> Rewritten:
    """Take the targets from whoever has them; who followed them goes on doing so."""
    return activity.rewrite(
        targets,
        where=condition("issues_issue.assignee_user_id IS NOT NULL OR issues_issue.assignee_team_id IS NOT NULL"),
        columns={"assignee_user_id": None, "assignee_team_id": None},
        kind=ActivityKind.UNASSIGNED,
        data={},
        by=by,
        at=at,
    )


def _people(assignee: Assignee) -> list[int]:
    if assignee.type == "user":
        return [assignee.id]
    members = Team.members.through.objects.filter(team_id=assignee.id, user__is_active=True)
    return list(members.order_by("user_id").values_list("user_id", flat=True))
