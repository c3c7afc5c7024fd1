"""Assignment ... (contract 1.4, ``assignedTo``)"""

from collections.abc import Callable
from typing import Any

import pytest

from issues.enums import ActivityKind, SubscriptionReason
from issues.models import Issue
from issues.mutation import Assignee, Assignment, MutationOutcome, UnknownActor
from projects.callers import Caller
from projects.models import OrganizationMember, Project, Team, User
from tests.assertions import snapshot
from tests.factories import IssueFactory, IssueSubscriptionFactory, TeamFactory, UserFactory
from tests.issues.services.calls import (
    Changes,
    Row,
    activity_row,
    ask,
    changes_since,
    differing,
    row_of,
    subscription_row,
)

pytestmark = pytest.mark.django_db

NOBODY = Assignment(None)


def to_user(user: User) -> Assignment:
    return Assignment(Assignee("user", user.pk, user.get_full_name(), user.email))


def to_team(team: Team) -> Assignment:
    return Assignment(Assignee("team", team.pk, team.slug))


@pytest.fixture
def second_team(project: Project, sam: User) -> Team:
    """On the project too; sam is its one active member."""
    team = TeamFactory(organization=project.organization, members=[sam, UserFactory(inactive=True)])
    project.teams.add(team)
    return team


# From whom, and to whom: an issue may have one of these at a time.
PEOPLE = ["nobody", "jane", "sam", "team", "second team"]


@pytest.fixture
def people(jane: User, sam: User, team: Team, second_team: Team) -> dict[str, User | Team | None]:
    return {"nobody": None, "jane": jane, "sam": sam, "team": team, "second team": second_team}


@pytest.fixture
def columns_of(people: dict[str, User | Team | None]) -> Callable[[str], Row]:
    def columns(name: str) -> Row:
        whom = people[name]
        return {
            "assignee_user_id": whom.pk if isinstance(whom, User) else None,
            "assignee_team_id": whom.pk if isinstance(whom, Team) else None,
        }

    return columns


def wish_for(whom: User | Team | None) -> Assignment:
    match whom:
        case User():
            return to_user(whom)
        case Team():
            return to_team(whom)
        case None:
            return NOBODY


@pytest.mark.parametrize("to", PEOPLE)
@pytest.mark.parametrize("caller", ["user", "key"])
def test_changes_the_issues_that_somebody_else_has(
    to: str,
    caller: str,
    project: Project,
    people: dict[str, User | Team | None],
    columns_of: Callable[[str], Row],
    by_sam: Caller,
    by_key: Caller,
) -> None:
    by = by_sam if caller == "user" else by_key
    issues = {name: IssueFactory(project=project, **columns_of(name)) for name in PEOPLE}
    for name in PEOPLE:
        IssueFactory(project=project, **columns_of(name))
    before = snapshot()

    outcome = ask(project, issues.values(), by=by, assignment=wish_for(people[to]))

    changed = {name: issue for name, issue in issues.items() if name != to}
    kind = ActivityKind.UNASSIGNED if to == "nobody" else ActivityKind.ASSIGNED
    is_user = to in ("jane", "sam")
    whom: Any = people[to]
    data = {} if whom is None else {"assignee": str(whom.pk), "assigneeType": "user" if is_user else "team"}
    follower = {"jane": "jane", "sam": "sam", "team": "jane", "second team": "sam"}.get(to)
    expected = Changes(
        updated={
            "issue": {
                issue.pk: differing(columns_of(name), columns_of(to)) | {"mutation_id": outcome.mutation_id}
                for name, issue in changed.items()
            }
        },
        added={
            "activity": [
                activity_row(
                    issue,
                    kind,
                    outcome,
                    data=data,
                    by=by,
                    **{f"before_{column}": value for column, value in columns_of(name).items()},
                )
                for name, issue in changed.items()
            ]
        },
    )
    if follower:
        user = people[follower]
        assert isinstance(user, User)
        expected.added["issuesubscription"] = [
            subscription_row(issue, user, SubscriptionReason.ASSIGNED) for issue in changed.values()
        ]
    assert outcome == MutationOutcome(5, 4, mutation_id=outcome.mutation_id)
    assert changes_since(before) == expected

    before = snapshot()
    assert ask(project, issues.values(), by=by, assignment=wish_for(people[to])) == MutationOutcome(5, 0)
    assert snapshot() == before


def test_subscribes_every_active_member_of_a_team(project: Project, team: Team, jane: User, by_key: Caller) -> None:
    members = [jane, UserFactory(), UserFactory()]
    team.members.set([*members, UserFactory(inactive=True)])
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    before = snapshot()

    ask(project, issues, by=by_key, assignment=to_team(team))

    added = changes_since(before).added["issuesubscription"]
    assert sorted(added, key=lambda row: (row["issue_id"], row["user_id"])) == [
        subscription_row(issue, user, SubscriptionReason.ASSIGNED) for issue in issues for user in members
    ]


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("through_team", [True, False])
def test_leaves_a_subscription_as_it_is(
    is_active: bool, through_team: bool, project: Project, team: Team, jane: User, by_key: Caller
) -> None:
    issue = IssueFactory(project=project)
    IssueSubscriptionFactory(issue=issue, user=jane, reason=SubscriptionReason.BOOKMARK, is_active=is_active)
    before = snapshot()

    ask(project, [issue], by=by_key, assignment=to_team(team) if through_team else to_user(jane))

    assert set(changes_since(before).added) == {"activity"}
    assert set(changes_since(before).updated) == {"issue"}


def test_does_not_let_the_caller_follow(project: Project, sam: User, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    ask(project, [issue], by=by_jane, assignment=to_user(sam))

    assert changes_since(before).added["issuesubscription"] == [
        subscription_row(issue, sam, SubscriptionReason.ASSIGNED)
    ]


def test_to_nobody_leaves_subscriptions(project: Project, jane: User, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_jane, assignment=to_user(jane))
    before = snapshot()

    ask(project, [issue], by=by_jane, assignment=NOBODY)

    assert set(changes_since(before).updated) == {"issue"}
    assert changes_since(before).gone == {}


# ---------------------------------------------------------------------------------------------------------------------
# What went away after the body was read
# ---------------------------------------------------------------------------------------------------------------------


def leave_organization(user: User, team: Team) -> None:
    OrganizationMember.objects.get(user=user).delete()


def deactivate(user: User, team: Team) -> None:
    user.is_active = False
    user.save()


def delete_user(user: User, team: Team) -> None:
    user.delete()


def delete_team(user: User, team: Team) -> None:
    team.delete()


def take_team_off_the_project(user: User, team: Team) -> None:
    team.projects.clear()


@pytest.mark.parametrize(
    ("to_a_team", "what_happens"),
    [
        (False, leave_organization),
        (False, deactivate),
        (False, delete_user),
        (True, delete_team),
        (True, take_team_off_the_project),
    ],
)
def test_is_refused_when_whom_it_names_went_away(
    to_a_team: bool,
    what_happens: Callable[[User, Team], None],
    project: Project,
    team: Team,
    sam: User,
    by_jane: Caller,
) -> None:
    issue = IssueFactory(project=project)
    wish = to_team(team) if to_a_team else to_user(sam)
    what_happens(sam, team)
    before = snapshot()

    with pytest.raises(UnknownActor, match=r"^Unknown actor input$"):
        ask(project, [issue], by=by_jane, assignment=wish, is_public=True)

    assert snapshot() == before


def test_is_refused_before_scope_is_looked_at(project: Project, kit: User, by_jane: Caller) -> None:
    issue = IssueFactory()

    with pytest.raises(UnknownActor):
        ask(project, [issue], by=by_jane, assignment=to_user(kit))

    assert row_of(issue)["assignee_user_id"] is None
    assert Issue.objects.count() == 1
