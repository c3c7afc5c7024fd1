"""PUT merges issues so that a parent which is nobody's gets the assignee of a child ... (contract 1.6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from issues.enums import SubscriptionReason
from issues.models import Activity, Issue
from projects.models import Organization, OrganizationMember, Project, Role, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueFactory,
    IssueSubscriptionFactory,
    OrganizationMemberFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Make = Callable[..., Issue]


@pytest.fixture
def make(project: Project) -> Make:
    """Makes an issue that was first seen so many days ago."""

    def made(days_ago: int, **columns: Any) -> Issue:
        return IssueFactory(project=project, own_first_seen=NOW - timedelta(days=days_ago), **columns)

    return made


def merge(api: Api, *issues: Issue, body: dict[str, Any] | None = None, query: str = "") -> Any:
    ids = [issue.pk for issue in issues]
    response = api.put(api.issues_url, {"merge": True, **(body or {})}, ids=ids, raw_query=query, auth="jane")
    assert response.status_code == 200, response.content
    return response


def assignee_of(issue: Issue) -> User | Team | None:
    issue.refresh_from_db()
    assignee: User | Team | None = issue.assignee_user or issue.assignee_team
    return assignee


def undo(api: Api, response: Any) -> Any:
    undone = api.undo(response.headers["Mutation-Id"], auth="jane")
    assert undone.status_code == 200
    return undone


def followers(issue: Issue) -> dict[str, tuple[str, bool]]:
    rows = issue.subscriptions.all()
    return {row.user.username: (row.reason, row.is_active) for row in rows}


def test_with_an_activity_of_its_own(api: Api, make: Make, sam: User, jane: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)

    response = merge(api, parent, child)

    assert response.json() == {"merge": {"parent": str(parent.pk), "children": [str(child.pk)]}}
    assert response.headers["Issues-Changed"] == "2"
    assert assignee_of(parent) == assignee_of(child) == sam
    told = Activity.objects.filter(issue=parent).order_by("id")
    mutation_id = int(response.headers["Mutation-Id"])
    assert list(told.values_list("kind", "data", "user_id", "mutation_id")) == [
        ("merge", {"issues": [{"id": str(child.pk)}]}, jane.pk, mutation_id),
        ("assigned", {"assignee": str(sam.pk), "assigneeType": "user"}, jane.pk, mutation_id),
    ]
    parent.refresh_from_db()
    assert parent.mutation_id == mutation_id


def test_that_is_a_team(api: Api, make: Make, team: Team) -> None:
    parent, child = make(9), make(5, assignee_team=team)

    merge(api, parent, child)

    assert assignee_of(parent) == team
    assert Activity.objects.get(kind="assigned").data == {"assignee": str(team.pk), "assigneeType": "team"}


def test_but_keeps_its_own(api: Api, make: Make, sam: User, jane: User, team: Team) -> None:
    mine, child = make(9, assignee_user=jane), make(5, assignee_user=sam)
    ours, other = make(9, assignee_team=team), make(5, assignee_user=sam)

    merge(api, mine, child)
    merge(api, ours, other)

    assert (assignee_of(mine), assignee_of(ours)) == (jane, team)
    assert not Activity.objects.filter(kind="assigned").exists()


def test_that_was_seen_first(api: Api, make: Make, sam: User, jane: User, team: Team) -> None:
    parent, newest, nobodys = make(9), make(2, assignee_user=jane), make(8)
    second, first = make(5, assignee_team=team), make(6, assignee_user=sam)

    merge(api, parent, newest, nobodys, second, first)

    assert assignee_of(parent) == sam


def test_that_has_the_lowest_id_of_those_seen_first_together(api: Api, make: Make, sam: User, jane: User) -> None:
    parent, one, other = make(9), make(5, assignee_user=jane), make(5, assignee_user=sam)

    merge(api, parent, other, one)

    assert assignee_of(parent) == jane


def leave(user: User, project: Project) -> None:
    OrganizationMember.objects.filter(user=user).delete()


def be_deactivated(user: User, project: Project) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def see_the_project_no_more(user: User, project: Project) -> None:
    Organization.objects.filter(pk=project.organization_id).update(open_membership=False)


@pytest.mark.parametrize("lose", [leave, be_deactivated, see_the_project_no_more])
def test_that_a_put_would_take(
    api: Api, project: Project, make: Make, sam: User, jane: User, lose: Callable[[User, Project], None]
) -> None:
    parent, first, second = make(9), make(6, assignee_user=sam), make(5, assignee_user=jane)
    lose(sam, project)

    merge(api, parent, first, second)

    assert assignee_of(parent) == jane
    assert assignee_of(first) == sam


def test_that_is_no_team_without_access(api: Api, organization: Organization, project: Project, make: Make) -> None:
    elsewhere = TeamFactory(organization=organization, slug="captain-planet")
    stranger = TeamFactory(slug="strangers")
    stranger.projects.add(project)  # which nothing forbids, and no PUT takes
    parent, *children = make(9), make(6, assignee_team=elsewhere), make(5, assignee_team=stranger)

    merge(api, parent, *children)

    assert assignee_of(parent) is None
    assert not Activity.objects.filter(kind="assigned").exists()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OWNER])
def test_that_sees_the_project_by_role(api: Api, organization: Organization, make: Make, role: Role) -> None:
    Organization.objects.update(open_membership=False)
    user = UserFactory()
    OrganizationMemberFactory(organization=organization, user=user, role=role)
    parent, child = make(9), make(5, assignee_user=user)

    merge(api, parent, child)

    assert assignee_of(parent) == user


def test_not_of_what_was_merged_into_the_child_before(api: Api, make: Make, sam: User) -> None:
    """The child had its own say when it became a parent."""
    parent, child, grandchild = make(9), make(5), make(3, assignee_user=sam)
    merge(api, child, grandchild)
    api.put(api.issues_url, {"assignedTo": ""}, ids=[child.pk])

    merge(api, parent, child)

    assert assignee_of(parent) is None


def test_unless_the_body_says_whose_it_is(api: Api, make: Make, sam: User, jane: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    merge(api, parent, child, body={"assignedTo": "jane"})
    assert assignee_of(parent) == assignee_of(child) == jane

    other, its_child = make(9), make(5, assignee_user=sam)
    merge(api, other, its_child, body={"assignedTo": None})
    assert assignee_of(other) is assignee_of(its_child) is None


def test_and_not_in_a_preview(api: Api, make: Make, sam: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    before = snapshot()

    response = merge(api, parent, child, query="preview=true")

    assert response.headers["Issues-Changed"] == "2"
    assert snapshot() == before


def test_who_follows_the_parent_from_then_on(api: Api, make: Make, jane: User, team: Team, sam: User) -> None:
    parent, child = make(9), make(5, assignee_team=team)
    IssueSubscriptionFactory(issue=child, user=sam, reason=SubscriptionReason.BOOKMARK)

    merge(api, parent, child)

    assert followers(parent) == {"sam": ("bookmark", True), "jane": ("assigned", True)}


def test_who_begins_to_follow_nothing_that_they_left(api: Api, make: Make, sam: User) -> None:
    of_child, child = make(9), make(5, assignee_user=sam)
    IssueSubscriptionFactory(issue=child, user=sam, is_active=False)
    of_parent, other = make(9), make(5, assignee_user=sam)
    IssueSubscriptionFactory(issue=of_parent, user=sam, is_active=False, reason=SubscriptionReason.UNKNOWN)
    IssueSubscriptionFactory(issue=other, user=sam)

    merge(api, of_child, child)
    merge(api, of_parent, other)

    assert (assignee_of(of_child), assignee_of(of_parent)) == (sam, sam)
    assert followers(of_child) == {}
    assert followers(of_parent) == {"sam": ("unknown", False)}


def test_which_an_unmerge_leaves(api: Api, make: Make, sam: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    merge(api, parent, child)

    api.put(api.issues_url, {"merge": False}, ids=[parent.pk])

    assert assignee_of(parent) == assignee_of(child) == sam


def test_which_an_undo_takes_back_and_its_undo_gives_again(api: Api, make: Make, sam: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    response = merge(api, parent, child)

    undone = undo(api, response)

    assert undone.json()["restored"] == 2
    assert undone.json()["skipped"] == 0
    assert (assignee_of(parent), assignee_of(child)) == (None, sam)
    assert child.merged_into_id is None

    again = undo(api, undone)

    assert again.json()["restored"] == 2
    assert (assignee_of(parent), assignee_of(child)) == (sam, sam)
    assert child.merged_into_id == parent.pk


def test_which_an_undo_leaves_when_it_is_another_now(api: Api, make: Make, sam: User, jane: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    response = merge(api, parent, child)
    api.put(api.issues_url, {"assignedTo": "jane"}, ids=[parent.pk])

    undone = undo(api, response)

    assert undone.json()["skippedIds"] == [str(parent.pk)]
    assert assignee_of(parent) == jane
    child.refresh_from_db()
    assert child.merged_into_id is None


def test_which_the_history_tells(api: Api, make: Make, sam: User) -> None:
    parent, child = make(9), make(5, assignee_user=sam)
    response = merge(api, parent, child)

    url = api.issues_url.replace("/issues/", f"/mutations/{response.headers['Mutation-Id']}/")
    told = {entry["id"]: entry for entry in api.get(url, auth="jane").json()["issues"]}

    assert told[str(parent.pk)]["before"]["assignedTo"] is None
    assert told[str(parent.pk)]["after"]["assignedTo"]["id"] == str(sam.pk)
    assert "assignedTo" not in told[str(child.pk)]["after"]
