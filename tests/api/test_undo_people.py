"""POST .../undo/: assignees and marks, and what an undo keeps (contract section 6)."""

from datetime import timedelta
from typing import Any

import pytest

from issues.models import Issue, Mutation
from projects.models import Organization, OrganizationMember, Project, Role, Team, User
from tests.api.desk import Desk
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

MUTATIONS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/mutations/"
RESOLVE, UNRESOLVE, IGNORE = ({"status": word} for word in ("resolved", "unresolved", "ignored"))


@pytest.fixture
def desk_of_jane(api: Api) -> Desk:
    return Desk(api, "jane")


# ---------------------------------------------------------------------------------------------------------------------
# An assignee: whom a PUT would take today
# ---------------------------------------------------------------------------------------------------------------------


def leaves(sam: User, team: Team, project: Project) -> None:
    OrganizationMember.objects.filter(user=sam).delete()


def is_deactivated(sam: User, team: Team, project: Project) -> None:
    sam.is_active = False
    sam.save()


def sees_the_project_no_more(sam: User, team: Team, project: Project) -> None:
    Organization.objects.filter(pk=project.organization_id).update(open_membership=False)


def loses_the_project(sam: User, team: Team, project: Project) -> None:
    project.teams.remove(team)


def is_gone(sam: User, team: Team, project: Project) -> None:
    sam.delete()


def team_is_gone(sam: User, team: Team, project: Project) -> None:
    team.delete()


@pytest.mark.parametrize(
    ("assignee", "what_happens"),
    [
        *(("sam", happens) for happens in (leaves, is_deactivated, sees_the_project_no_more, is_gone)),
        *(("#powerful-abolitionist", happens) for happens in (loses_the_project, team_is_gone)),
    ],
)
def test_nobody_is_assigned_again_whom_a_put_would_refuse(
    desk: Desk, project: Project, team: Team, sam: User, few: Issue, many: Issue, assignee: str, what_happens: Any
) -> None:
    """They are skipped, the rest is put back."""
    desk.change({"assignedTo": assignee}, few)
    desk.change({"assignedTo": "jane"}, many)
    taken = desk.change({"assignedTo": None, "status": "resolved"}, few, many)
    what_happens(sam, team, project)
    before = desk.undo(taken, raw_query="preview=true")

    undone = desk.undo(taken)

    assert (undone["restored"], undone["skipped"], undone["skippedIds"]) == (2, 1, [str(few.pk)])
    assert {**undone, "Mutation-Id": ""} == before
    assert (desk.read(few)["assignedTo"], desk.read(few)["status"]) == (None, "unresolved")
    assert desk.read(many)["assignedTo"]["name"] == "Jane Schmidt"
    assert desk.undo(taken)["restored"] == 0


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OWNER])
def test_who_sees_the_project_by_their_role_is_assigned_again(
    desk: Desk, project: Project, sam: User, few: Issue, role: Role
) -> None:
    desk.change({"assignedTo": "sam"}, few)
    taken = desk.change({"assignedTo": None}, few)
    Organization.objects.filter(pk=project.organization_id).update(open_membership=False)
    OrganizationMember.objects.filter(user=sam).update(role=role)

    assert desk.undo(taken)["restored"] == 1

    assert desk.read(few)["assignedTo"]["name"] == "Sam Okafor"


def test_a_team_is_assigned_again_and_who_is_on_a_team_of_the_project(
    desk: Desk, project: Project, team: Team, sam: User, few: Issue, many: Issue
) -> None:
    desk.change({"assignedTo": "#powerful-abolitionist"}, few)
    desk.change({"assignedTo": "sam"}, many)
    taken = desk.change({"assignedTo": "jane"}, few, many)
    team.members.add(sam)
    Organization.objects.filter(pk=project.organization_id).update(open_membership=False)

    assert desk.undo(taken)["restored"] == 2

    assert desk.read(few)["assignedTo"]["type"] == "team"
    assert desk.read(many)["assignedTo"]["name"] == "Sam Okafor"


def test_to_take_an_issue_from_somebody_needs_nobody(desk: Desk, sam: User, few: Issue) -> None:
    """Who was assigned has left since: the undo leads to nobody, whom a PUT takes."""
    assigned = desk.change({"assignedTo": "sam"}, few)
    OrganizationMember.objects.filter(user=sam).delete()

    assert desk.undo(assigned)["restored"] == 1

    assert desk.read(few)["assignedTo"] is None


# ---------------------------------------------------------------------------------------------------------------------
# Marks: put back by whose they are, and shown to them alone
# ---------------------------------------------------------------------------------------------------------------------


MARKED: dict[str, Any] = {"hasSeen": True, "isBookmarked": True, "isSubscribed": True}
UNMARKED = dict.fromkeys(MARKED, False)


def marks(desk: Desk, issue: Issue) -> dict[str, Any]:
    whole = desk.read(issue)
    return {key: whole[key] for key in MARKED}


def entry(desk: Desk, mutation: str) -> dict[str, Any]:
    """Return the mutation as the list of them tells it, which the single one repeats."""
    (listed,) = [row for row in desk.api.get(MUTATIONS, auth=desk.auth).json() if row["id"] == mutation]
    single = desk.api.get(f"{MUTATIONS}{mutation}/", auth=desk.auth).json()
    assert {key: single[key] for key in listed} == listed
    return {**listed, "issues": single["issues"]}


@pytest.fixture
def others(api: Api, sam: User) -> list[Desk]:
    """Everybody else: a key, another member, and a superuser with that member's token."""
    return [Desk(api), Desk(api, "sam"), Desk(Api(api.issues_url, api.authorization), "kit")]


@pytest.mark.parametrize(("body", "before"), [(MARKED, UNMARKED), (UNMARKED, MARKED)])
def test_marks_are_put_back_by_whose_they_are_alone(
    desk_of_jane: Desk, others: list[Desk], kit: User, few: Issue, many: Issue, body: dict[str, Any], before: Any
) -> None:
    kit.is_superuser = True
    kit.save()
    ids = [few.pk, many.pk]
    desk_of_jane.api.put(desk_of_jane.api.issues_url, before, ids=ids, auth="jane")  # may be so already
    marked = desk_of_jane.change(body, few, many)

    for other in others:
        kept = snapshot()
        preview = other.undo(marked, raw_query="preview=true")
        undone = other.undo(marked)
        assert (undone["restored"], undone["skipped"], undone["skippedIds"]) == (0, 2, list(map(str, ids)))
        assert preview == undone
        assert snapshot() == kept
    assert marks(desk_of_jane, few) == body
    undone = desk_of_jane.undo(marked)

    assert (undone["restored"], undone["skipped"]) == (2, 0)
    assert marks(desk_of_jane, few) == before


def test_others_put_back_the_rest(desk_of_jane: Desk, desk: Desk, few: Issue, many: Issue) -> None:
    """And leave the marks to whose they are, who may take them back afterwards, and take that back again."""
    desk_of_jane.change({"hasSeen": True}, many)
    both = desk_of_jane.change({**RESOLVE, **MARKED}, few, many)

    undone = desk.undo(both)
    assert (undone["restored"], undone["skipped"]) == (2, 2)
    assert (desk.shown(few)[0], marks(desk_of_jane, few)) == ("unresolved", MARKED)
    mine = desk_of_jane.undo(both)
    assert (mine["restored"], mine["skipped"]) == (2, 2)  # the marks; and the status, which is as it was already
    assert marks(desk_of_jane, few) == UNMARKED
    assert marks(desk_of_jane, many) == {**UNMARKED, "hasSeen": True}
    assert desk.undo(mine["Mutation-Id"])["restored"] == 0
    assert desk_of_jane.undo(mine["Mutation-Id"])["restored"] == 2

    assert marks(desk_of_jane, few) == MARKED


def test_the_undo_of_an_undo_by_another_has_no_marks(desk_of_jane: Desk, desk: Desk, few: Issue) -> None:
    both = desk_of_jane.change({**RESOLVE, **MARKED}, few)
    undone = desk.undo(both)

    again = desk_of_jane.undo(undone["Mutation-Id"])

    assert (again["restored"], again["skipped"]) == (1, 0)
    assert (desk.shown(few)[0], marks(desk_of_jane, few)) == ("resolved", MARKED)


def test_the_history_shows_marks_to_whose_they_are_alone(
    desk_of_jane: Desk, others: list[Desk], kit: User, few: Issue, many: Issue
) -> None:
    kit.is_superuser = True
    kit.save()
    both = desk_of_jane.change({**RESOLVE, **MARKED}, few)
    alone = desk_of_jane.change(MARKED, many)
    undone = desk_of_jane.undo(both)["Mutation-Id"]
    status = {"status": "unresolved", "statusDetails": {}}

    told = entry(desk_of_jane, both)
    assert told["mutation"] == {**RESOLVE, **MARKED}
    assert told["issues"][0]["before"] == {**status, **UNMARKED}
    assert entry(desk_of_jane, alone)["mutation"] == MARKED
    assert entry(desk_of_jane, alone)["issues"] == [{"id": str(many.pk), "before": UNMARKED, "after": MARKED}]
    assert entry(desk_of_jane, undone)["issues"][0]["after"] == {**status, **UNMARKED}
    for other in others:
        told = entry(other, both)
        assert told["mutation"] == RESOLVE
        assert told["issues"] == [{"id": str(few.pk), "before": status, "after": {**status, "status": "resolved"}}]
        assert (entry(other, alone)["mutation"], entry(other, alone)["issues"]) == ({}, [])
        assert entry(other, alone)["user"] == entry(desk_of_jane, alone)["user"]
        assert entry(other, undone)["mutation"] == {"undo": both}
        assert entry(other, undone)["issues"][0]["after"] == status


def test_a_key_has_no_marks_to_hide(desk: Desk, desk_of_jane: Desk, few: Issue) -> None:
    """What it says of marks has no effect, and tells of nobody."""
    changed = desk.change({**RESOLVE, **MARKED}, few)

    assert entry(desk_of_jane, changed)["mutation"] == entry(desk, changed)["mutation"] == {**RESOLVE, **MARKED}
    assert entry(desk, changed)["issues"][0]["after"] == {"status": "resolved", "statusDetails": {}}


# ---------------------------------------------------------------------------------------------------------------------
# What an undo keeps
# ---------------------------------------------------------------------------------------------------------------------


def test_an_undo_shows_the_scope_of_what_it_took_back_and_copies_nothing(desk: Desk, few: Issue, many: Issue) -> None:
    named = desk.change({**RESOLVE, "assignedTo": "jane"}, few, many)
    undone = desk.undo(named)["Mutation-Id"]
    again = desk.undo(undone)["Mutation-Id"]
    every = desk.api.put(desk.api.issues_url, UNRESOLVE, raw_query="status=resolved&query=is:assigned")
    undone_of_all = desk.undo(every.headers["Mutation-Id"])["Mutation-Id"]

    scope = {"ids": [str(few.pk), str(many.pk)], "status": None, "query": None}
    assert [entry(desk, pk)["scope"] for pk in (named, undone, again)] == [scope] * 3
    assert entry(desk, undone_of_all)["scope"] == {"ids": None, "status": ["resolved"], "query": "is:assigned"}
    rows = Mutation.objects.filter(kind="undo").order_by("pk")
    assert list(rows.values_list("ids", "statuses", "query", "body")) == [
        *[([], None, None, {})] * 2,
        (None, None, None, {}),
    ]
    assert list(rows.values_list("scope_of", flat=True)) == [int(named), int(named), int(every.headers["Mutation-Id"])]


def test_an_undo_shows_no_scope_when_what_it_took_back_is_pruned(desk: Desk, few: Issue) -> None:
    named = desk.change(RESOLVE, few)
    undone = desk.undo(named)["Mutation-Id"]
    Mutation.objects.filter(pk=named).delete()

    assert entry(desk, undone)["scope"] == {"ids": [], "status": None, "query": None}
    assert desk.undo(undone)["restored"] == 1


@pytest.mark.parametrize("gone", ["child", "parent"])
def test_of_an_unmerge_says_what_is_left_of_a_link_to_an_issue_that_is_gone(
    api: Api, project: Project, gone: str
) -> None:
    """It was matched, and can't be put back: so it is skipped."""
    parent, child = (IssueFactory(project=project, own_first_seen=NOW - timedelta(days=days)) for days in (2, 1))
    assert api.put(api.issues_url, {"merge": True}, ids=[parent.pk, child.pk]).status_code == 200
    unmerge = api.put(api.issues_url, {"merge": False}, ids=[child.pk]).headers["Mutation-Id"]
    deleted, left = (child, parent) if gone == "child" else (parent, child)
    assert api.delete(api.issues_url, ids=[deleted.pk]).status_code == 204

    response = api.undo(unmerge)

    assert response.headers["Issues-Matched"] == "1"
    assert response.json() == {"undoes": unmerge, "restored": 0, "skipped": 1, "skippedIds": [str(left.pk)]}
