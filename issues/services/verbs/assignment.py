"""Who takes care of an issue: one user, one team, or nobody (contract 1.4)."""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Literal, TypedDict

from django.db import connection

from issues.conditions import condition
from issues.enums import ActivityKind, SubscriptionReason
from issues.mutation import Assignee, Assignment, Merged
from issues.named import Names
from issues.services.ground import activity, lookups
from issues.services.ground.activity import Change
from issues.services.ground.parts import Checked, Data, Part, People, State, Told, equal
from issues.services.ground.targets import NamedTargets
from issues.services.verbs import subscriptions
from projects.acting import Act
from projects.answers import Id
from projects.database import transactions
from projects.database.arrays import as_array
from projects.database.transactions import StartOver
from projects.json_schema import NULL, TEXT, About, Name, about, body_with, one_of_words
from projects.models import Team


class AssignedUser(TypedDict):
    type: Literal["user"]
    id: Id
    name: str
    email: str


class AssignedTeam(TypedDict):
    type: Literal["team"]
    id: Id
    name: Annotated[str, About("Its slug.")]


AssignedTo = Annotated[AssignedUser | AssignedTeam, Name("Assignee")]


class Shown(TypedDict):
    """What answers say of it."""

    assignedTo: AssignedTo | None


def answered(wish: Assignment) -> Shown:
    """Return what an answer says of a wish."""
    return {"assignedTo": describe(wish.to)}


def shown(state: State, names: Names) -> Shown:
    """Return what an answer says of an issue."""
    return {"assignedTo": describe(_assignee(state, names))}


def describe(assignee: Assignee | None) -> AssignedTo | None:
    """Return whom an issue is assigned to, as answers say it."""
    match assignee:
        case None:
            return None
        case Assignee(type="team"):
            return {"type": "team", "id": str(assignee.id), "name": assignee.name}
        case _:
            return {"type": "user", "id": str(assignee.id), "name": assignee.name, "email": assignee.email or ""}


def _assignee(state: State, names: Names) -> Assignee | None:
    user_id, team_id = state.assignee_user_id, state.assignee_team_id
    person, team = names.people.get(user_id), names.teams.get(team_id)
    if names.tells_of_gone and user_id is not None and person is None:
        return Assignee("user", user_id, "", "")
    if names.tells_of_gone and team_id is not None and team is None:
        return Assignee("team", team_id, "")
    return team if person is None else Assignee("user", person.id, person.name or person.username, person.email)


# What was answered may be sent back.
_ANSWERED = body_with("id", TEXT, type=one_of_words("user", "team")) | {"required": ["id", "type"]}


def _assigned(data: Data, people: People) -> str:
    who = str(data.get("assigneeType")), str(data.get("assignee"))
    return f"assigned it to {people.get(who, ' '.join(who))}"


def change(project_id: int, wish: Assignment, act: Act) -> Change:
    """Assign an issue to whom was asked for, or to nobody. Who followed it goes on doing so."""
    return unassign() if wish.to is None else assign(wish.to)


def _follow(targets: NamedTargets, wish: Assignment, assigned: list[int], act: Act, but: Collection[int] = ()) -> None:
    """Let the user, or the team's members, ``but`` some, follow the issues that are newly theirs."""
    if wish.to is None:
        return
    people = [pk for pk in _people(wish.to) if pk not in but]
    if people or not but:  # as many statements for a team without members as for any other
        subscriptions.subscribe(targets.project_id, assigned, people, reason=SubscriptionReason.ASSIGNED, at=act.at)


def assign(assignee: Assignee) -> Change:
    """Give an issue to a user or a team, in place of any others."""
    column = f"assignee_{assignee.type}_id"
    return Change(
        condition(f"issues_issue.{column} IS DISTINCT FROM %s", assignee.id),
        {"assignee_user_id": None, "assignee_team_id": None} | {column: assignee.id},
        ActivityKind.ASSIGNED,
        {"assignee": str(assignee.id), "assigneeType": assignee.type},
    )


def unassign() -> Change:
    """Take an issue from whoever has it."""
    return Change(
        condition("issues_issue.assignee_user_id IS NOT NULL OR issues_issue.assignee_team_id IS NOT NULL"),
        {"assignee_user_id": None, "assignee_team_id": None},
        ActivityKind.UNASSIGNED,
    )


def inherit(targets: NamedTargets, merged: Merged, act: Act) -> None:
    """Assign the parent of a merge, if it is nobody's, to whom the first seen child is that a PUT would assign so.

    Who doesn't want to hear of that child any more does not begin to hear of the parent by this.

    :raises StartOver: somebody is taking that user or team away just now.
    """
    heir = _heir(targets.project_id, merged)
    if heir is None:
        return
    child, assignee = heir
    with transactions.starting_over_if_locked():
        is_there = lookups.hold_assignee(assignee, project_id=targets.project_id)
    if not is_there:
        raise StartOver("Who these issues are assigned to is leaving just now.")
    parent = replace(targets, ids=[merged.parent])
    (assigned,) = activity.rewrite(parent, [assign(assignee)], act).ids
    _follow(parent, Assignment(assignee), assigned, act, but=subscriptions.ended(targets.project_id, child))


def _heir(project_id: int, merged: Merged) -> tuple[int, Assignee] | None:
    """Return the child whose assignee the parent gets, and that one (without a name); None for nobody."""
    taken = lookups.may_be_assigned(
        user_id="child.assignee_user_id", team_id="child.assignee_team_id", project_id="child.project_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT child.id, child.assignee_user_id, child.assignee_team_id
            FROM issues_issue AS child
            WHERE child.project_id = %(project_id)s AND child.id = ANY((SELECT %(children)s::bigint[])::bigint[])
              AND num_nonnulls(child.assignee_user_id, child.assignee_team_id) > 0
              AND {taken}
              AND EXISTS (
                  SELECT FROM issues_issue
                  WHERE project_id = %(project_id)s AND id = %(parent)s
                    AND num_nonnulls(assignee_user_id, assignee_team_id) = 0
              )
            ORDER BY child.first_seen, child.id
            LIMIT 1
            """,
            {"project_id": project_id, "children": as_array(merged.children), "parent": merged.parent},
        )
        row = cursor.fetchone()
    if row is None:
        return None
    child, user_id, team_id = row
    kind: Literal["user", "team"] = "team" if user_id is None else "user"
    return child, Assignee(kind, user_id or team_id, "")


def _people(assignee: Assignee) -> list[int]:
    if assignee.type == "user":
        return [assignee.id]
    members = Team.members.through.objects.filter(team_id=assignee.id, user__is_active=True)
    return list(members.order_by("user_id").values_list("user_id", flat=True))


PART = Part(
    name="assignee",
    columns=("assignee_user_id", "assignee_team_id"),
    wish="assignment",
    change=change,
    and_then=_follow,
    asked={
        "assignedTo": about(
            {"anyOf": [TEXT, NULL, _ANSWERED]},
            "The actor id (or username) of the user or team that should be assigned to this issue: `user:ID`, an "
            "id, a user name or an e-mail; `team:ID`, `#slug` or a team's slug; `me`; the object that answers "
            "hold. Null or nothing: nobody.",
        )
    },
    answered=answered,
    shown=shown,
    names={"assignee_user_id": "people", "assignee_team_id": "teams"},
    told={
        ActivityKind.ASSIGNED: Told("person_add", _assigned),
        ActivityKind.UNASSIGNED: Told("person_remove", "unassigned it"),
    },
    # Users and teams can be deleted, which leaves issues to nobody.
    checked=Checked(
        name="assignees",
        holds="an issue is assigned to whom its newest activity about that names",
        left={
            ActivityKind.ASSIGNED: "(issue.assignee_user_id, issue.assignee_team_id)"
            " IS NOT DISTINCT FROM (person.id, team.id)",
            ActivityKind.UNASSIGNED: "num_nonnulls(issue.assignee_user_id, issue.assignee_team_id) = 0",
        },
        tables="""
            LEFT JOIN projects_user AS person ON person.id
                = CASE WHEN newest.data ->> 'assigneeType' = 'user' THEN (newest.data ->> 'assignee')::bigint END
            LEFT JOIN projects_team AS team ON team.id
                = CASE WHEN newest.data ->> 'assigneeType' = 'team' THEN (newest.data ->> 'assignee')::bigint END
        """,
        overwrote={
            ActivityKind.ASSIGNED: """
                CASE data_before ->> 'assigneeType'
                    WHEN 'user' THEN before_assignee_team_id IS NULL
                        AND coalesce(before_assignee_user_id, (data_before ->> 'assignee')::bigint)
                            = (data_before ->> 'assignee')::bigint
                    ELSE before_assignee_user_id IS NULL
                        AND coalesce(before_assignee_team_id, (data_before ->> 'assignee')::bigint)
                            = (data_before ->> 'assignee')::bigint
                    END
            """,
            ActivityKind.UNASSIGNED: "num_nonnulls(before_assignee_user_id, before_assignee_team_id) = 0",
        },
        lacks="kind = 'unassigned' AND num_nonnulls(before_assignee_user_id, before_assignee_team_id) <> 1",
    ),
    same=equal(("assignee_user_id", "assignee_team_id")),
    kind="""
        CASE WHEN num_nonnulls(back.assignee_user_id, back.assignee_team_id) = 0 THEN 'unassigned' ELSE 'assigned' END
    """,
    data="""
        CASE
            WHEN back.assignee_user_id IS NOT NULL THEN
                jsonb_build_object('assignee', back.assignee_user_id::text, 'assigneeType', 'user')
            WHEN back.assignee_team_id IS NOT NULL THEN
                jsonb_build_object('assignee', back.assignee_team_id::text, 'assigneeType', 'team')
            ELSE '{}'
        END
    """,
    # Looked up and held before (lookups.hold_former_assignees): who has left, or can't see the project any more, can't
    # take care of its issues.
    allowed="""
        (back.assignee_user_id IS NULL OR back.assignee_user_id = ANY(%(user_ids)s::bigint[]))
        AND (back.assignee_team_id IS NULL OR back.assignee_team_id = ANY(%(team_ids)s::bigint[]))
    """,
)
