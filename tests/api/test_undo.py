"""POST .../undo/ ...: a part is as it was left when a reader of the issue sees the same (contract section 6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue, Mutation
from projects.models import Organization, OrganizationMember, Project, Role, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

MUTATIONS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/mutations/"
RELEASES = MUTATIONS.replace("mutations", "releases")
IGNORE_THREE_MORE = {"status": "ignored", "ignoreCount": 3}
IGNORE_HALF_AN_HOUR = {"status": "ignored", "ignoreDuration": 30}
RESOLVE, UNRESOLVE, IGNORE = ({"status": word} for word in ("resolved", "unresolved", "ignored"))
RESOLVE_IN_NEXT = {"status": "resolvedInNextRelease"}
MERGE, UNMERGE = {"merge": True}, {"merge": False}


class Desk:
    """Changes issues and takes changes back, as one caller, and reads what comes of it."""

    def __init__(self, api: Api, auth: Any = "key") -> None:
        self.api, self.auth = api, auth

    def change(self, body: dict[str, Any], *issues: Issue) -> str:
        """Return the id of the mutation."""
        response = self.api.put(self.api.issues_url, body, ids=[issue.pk for issue in issues], auth=self.auth)
        assert response.status_code == 200, response.content
        return response.headers["Mutation-Id"]

    def undo(self, mutation: str, **how: Any) -> dict[str, Any]:
        response = self.api.undo(mutation, auth=self.auth, **how)
        assert response.status_code == 200, response.content
        assert response.headers["Issues-Changed"] == str(response.json()["restored"])
        assert ("Mutation-Id" in response.headers) is (response.json()["restored"] > 0 and not how)
        return {**response.json(), "Mutation-Id": response.headers.get("Mutation-Id", "")}

    def read(self, issue: Issue) -> dict[str, Any]:
        whole: dict[str, Any] = self.api.get(f"/api/0/issues/{issue.pk}/", auth=self.auth).json()
        return whole

    def shown(self, issue: Issue) -> tuple[str, Any]:
        """Return the status of an issue, and of its terms the number of events that are left."""
        whole = self.read(issue)
        return whole["status"], whole["statusDetails"].get("ignoreCount")

    def release(self, version: str) -> None:
        """Let a release come, which settles what waits for it."""
        made = self.api.request("POST", RELEASES, {"version": version}, auth=self.auth)
        assert made.status_code == 201, made.content

    def told(self, mutation: str) -> list[dict[str, Any]]:
        """Return what the history tells of the issues of a mutation."""
        issues: list[dict[str, Any]] = self.api.get(f"{MUTATIONS}{mutation}/", auth=self.auth).json()["issues"]
        return issues


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


@pytest.fixture
def pass_minutes(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the clock that requests read."""

    def passed(minutes: int) -> None:
        now = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=minutes))

    return passed


@pytest.fixture
def desk_of_jane(api: Api) -> Desk:
    return Desk(api, "jane")


@pytest.fixture
def few(project: Project) -> Issue:
    """The older one, of five events and two users: merged with the other, it is the parent."""
    return IssueFactory(project=project, own_first_seen=NOW.replace(year=2025), own_times_seen=5, own_users_seen=2)


@pytest.fixture
def many(project: Project) -> Issue:
    return IssueFactory(project=project, own_times_seen=45, own_users_seen=20)


# ---------------------------------------------------------------------------------------------------------------------
# A snooze by count: as many events are left, whatever merges moved its end
# ---------------------------------------------------------------------------------------------------------------------


def test_brings_back_as_many_events_as_were_left_before_a_merge(desk: Desk, few: Issue, many: Issue) -> None:
    desk.change(IGNORE_THREE_MORE, few)
    resolved = desk.change(RESOLVE, few)
    desk.change(MERGE, few, many)

    undone = desk.undo(resolved)

    assert (undone["restored"], undone["skipped"]) == (1, 0)
    assert desk.shown(few) == ("ignored", 3)
    assert desk.read(few)["activity"][0]["data"] == {"ignoreCount": 3}
    assert desk.told(resolved)[0]["before"]["statusDetails"]["ignoreCount"] == 3


def test_brings_back_as_many_events_as_were_left_before_an_unmerge(desk: Desk, few: Issue, many: Issue) -> None:
    desk.change(MERGE, few, many)
    desk.change(IGNORE_THREE_MORE, few)
    resolved = desk.change(RESOLVE, few)
    desk.change(UNMERGE, few)

    desk.undo(resolved)

    assert desk.shown(few) == ("ignored", 3)
    assert desk.read(few)["activity"][0]["data"] == {"ignoreCount": 3}


def test_brings_back_as_many_users_as_were_left(desk: Desk, few: Issue, many: Issue) -> None:
    desk.change({"status": "ignored", "ignoreUserCount": 4, "ignoreCount": 9}, few)
    resolved = desk.change(RESOLVE, few)
    desk.change(MERGE, few, many)

    desk.undo(resolved)

    details = desk.read(few)["statusDetails"]
    assert (details["ignoreUserCount"], details["ignoreCount"]) == (4, 9)


def test_a_count_is_as_it_was_left_though_a_merge_moved_its_end(desk: Desk, few: Issue, many: Issue) -> None:
    ignored = desk.change(IGNORE_THREE_MORE, few)
    resolved = desk.change(RESOLVE, few)
    desk.undo(resolved)
    desk.change(MERGE, few, many)

    undone = desk.undo(ignored)

    assert (undone["restored"], undone["skippedIds"]) == (1, [])
    assert desk.shown(few) == ("unresolved", None)


def test_a_count_moves_with_each_tree_above_it(desk: Desk, project: Project, few: Issue, many: Issue) -> None:
    """Merges and unmerges below the parent, too; and what the undo overwrote moves on with the next of them."""
    oldest = IssueFactory(project=project, own_first_seen=NOW.replace(year=2024), own_times_seen=100)
    desk.change(MERGE, oldest, few)
    desk.change(IGNORE_THREE_MORE, oldest)
    resolved = desk.change(RESOLVE, oldest)
    desk.change(UNMERGE, few)
    desk.change(MERGE, few, many)
    desk.change(MERGE, oldest, few)
    desk.change(UNMERGE, many)

    undone = desk.undo(resolved)
    assert desk.shown(oldest) == ("ignored", 3)
    again = desk.undo(undone["Mutation-Id"])
    desk.change(UNMERGE, oldest)
    desk.undo(again["Mutation-Id"])

    assert desk.shown(oldest) == ("ignored", 3)


def test_an_undone_merge_takes_nothing_from_a_count(desk: Desk, few: Issue, many: Issue) -> None:
    """A body that ignores and merges: the undo takes the links back first."""
    desk.change(IGNORE_THREE_MORE, few)
    both = desk.change({"status": "resolved", "merge": True}, few, many)

    undone = desk.undo(both)
    assert (desk.shown(few), desk.shown(many)) == (("ignored", 3), ("unresolved", None))
    assert undone["restored"] == 2
    again = desk.undo(undone["Mutation-Id"])
    assert desk.shown(few) == ("resolved", None)
    desk.undo(again["Mutation-Id"])

    assert desk.shown(few) == ("ignored", 3)


def test_a_merged_child_keeps_what_was_left_of_its_own_count(desk: Desk, few: Issue, many: Issue) -> None:
    desk.change(IGNORE_THREE_MORE, many)
    resolved = desk.change(RESOLVE, many)
    desk.change(MERGE, few, many)

    desk.undo(resolved)
    desk.change(UNMERGE, few)

    assert desk.shown(many) == ("ignored", 3)


# ---------------------------------------------------------------------------------------------------------------------
# A snooze that is over counts as unresolved
# ---------------------------------------------------------------------------------------------------------------------


def test_a_snooze_that_is_over_comes_back_as_unresolved(
    desk: Desk, few: Issue, pass_minutes: Callable[[int], None]
) -> None:
    desk.change(IGNORE_HALF_AN_HOUR, few)
    resolved = desk.change(RESOLVE, few)
    pass_minutes(31)

    undone = desk.undo(resolved)
    assert (undone["restored"], desk.shown(few)) == (1, ("unresolved", None))
    newest = desk.read(few)["activity"][0]
    assert (newest["type"], newest["data"]) == ("set_unresolved", {})
    desk.undo(undone["Mutation-Id"])

    assert desk.shown(few) == ("resolved", None)


def test_what_was_over_before_comes_back_as_unresolved(
    desk: Desk, few: Issue, pass_minutes: Callable[[int], None]
) -> None:
    desk.change(IGNORE_HALF_AN_HOUR, few)
    pass_minutes(31)
    ignored = desk.change(IGNORE, few)
    assert desk.told(ignored)[0]["before"] == {"status": "unresolved", "statusDetails": {}}

    desk.undo(ignored)

    assert desk.shown(few) == ("unresolved", None)
    assert desk.read(few)["activity"][0]["type"] == "set_unresolved"


def test_what_ran_out_by_itself_is_as_it_was(desk: Desk, few: Issue, pass_minutes: Callable[[int], None]) -> None:
    ignored = desk.change(IGNORE_HALF_AN_HOUR, few)
    pass_minutes(31)
    before = snapshot()

    undone = desk.undo(ignored)

    assert (undone["restored"], undone["skipped"], undone["skippedIds"]) == (0, 1, [str(few.pk)])
    assert snapshot() == before
    assert desk.told(ignored)[0]["after"]["status"] == "ignored"


def test_what_ran_out_is_still_what_was_left(desk: Desk, few: Issue, pass_minutes: Callable[[int], None]) -> None:
    desk.change(RESOLVE, few)
    ignored = desk.change(IGNORE_HALF_AN_HOUR, few)
    pass_minutes(31)

    undone = desk.undo(ignored)

    assert (undone["restored"], desk.shown(few)) == (1, ("resolved", None))


def test_open_is_as_it_was_left_when_a_later_snooze_is_over(
    desk: Desk, few: Issue, pass_minutes: Callable[[int], None]
) -> None:
    desk.change(RESOLVE, few)
    opened = desk.change(UNRESOLVE, few)
    desk.change(IGNORE_HALF_AN_HOUR, few)
    assert desk.undo(opened)["restored"] == 0
    pass_minutes(31)

    undone = desk.undo(opened)

    assert (undone["restored"], desk.shown(few)) == (1, ("resolved", None))


def test_undoes_step_by_step_over_a_snooze_that_ran_out(
    desk: Desk, few: Issue, pass_minutes: Callable[[int], None]
) -> None:
    desk.change(RESOLVE, few)
    ignored = desk.change(IGNORE_HALF_AN_HOUR, few)
    again = desk.change(RESOLVE, few)
    pass_minutes(31)

    assert desk.undo(again)["restored"] == 1
    assert desk.shown(few) == ("unresolved", None)
    assert desk.undo(ignored)["restored"] == 1

    assert desk.shown(few) == ("resolved", None)


def test_a_count_that_is_fulfilled_comes_back_as_unresolved(desk: Desk, few: Issue) -> None:
    desk.change(IGNORE_THREE_MORE, few)
    resolved = desk.change(RESOLVE, few)
    Issue.objects.filter(pk=few.pk).update(own_times_seen=8, times_seen=8)

    desk.undo(resolved)

    assert desk.shown(few) == ("unresolved", None)
    assert desk.read(few)["activity"][0]["type"] == "set_unresolved"


def test_events_count_while_an_issue_is_resolved(desk: Desk, few: Issue) -> None:
    desk.change(IGNORE_THREE_MORE, few)
    resolved = desk.change(RESOLVE, few)
    Issue.objects.filter(pk=few.pk).update(own_times_seen=6, times_seen=6)

    desk.undo(resolved)

    assert desk.shown(few) == ("ignored", 2)


# ---------------------------------------------------------------------------------------------------------------------
# A resolution: whatever release settled it, it is the same one
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["", "1.0.0"])
def test_what_waited_for_a_release_is_as_it_was_left_when_an_undo_brought_it_back(
    desk: Desk, few: Issue, first: str
) -> None:
    if first:
        desk.release(first)
    resolved = desk.change(RESOLVE_IN_NEXT, few)
    opened = desk.change(UNRESOLVE, few)
    desk.release("2.0.0")
    desk.undo(opened)
    assert desk.read(few)["statusDetails"]["inRelease"] == "2.0.0"

    undone = desk.undo(resolved)
    assert (undone["restored"], undone["skipped"]) == (1, 0)
    assert desk.shown(few) == ("unresolved", None)
    desk.undo(undone["Mutation-Id"])

    assert desk.read(few)["statusDetails"]["inRelease"] == "2.0.0"


def test_takes_back_what_a_release_settled_since(desk: Desk, few: Issue) -> None:
    resolved = desk.change(RESOLVE_IN_NEXT, few)
    desk.release("1.0.0")

    assert desk.undo(resolved)["restored"] == 1

    assert desk.shown(few) == ("unresolved", None)


def test_another_resolve_in_the_release_that_came_is_another(desk: Desk, few: Issue) -> None:
    """It names another release than the next one was, or it was asked for anew: what it left is not the first's."""
    desk.release("1.0.0")
    resolved = desk.change(RESOLVE_IN_NEXT, few)
    desk.change(UNRESOLVE, few)
    desk.release("2.0.0")
    desk.change({"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}, few)

    undone = desk.undo(resolved)

    assert (undone["restored"], undone["skippedIds"]) == (0, [str(few.pk)])
    assert desk.read(few)["statusDetails"]["inRelease"] == "1.0.0"


RESOLVES: dict[str, dict[str, Any]] = {
    "plainly": RESOLVE,
    "in the next": RESOLVE_IN_NEXT,
    "in 1.0.0": {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
    "in 2.0.0": {"status": "resolved", "statusDetails": {"inRelease": "2.0.0"}},
}


@pytest.mark.parametrize("first", RESOLVES)
@pytest.mark.parametrize("second", RESOLVES)
def test_each_way_to_resolve_is_another(desk: Desk, few: Issue, first: str, second: str) -> None:
    """Opened in between, and resolved again: only in the same way is it as the first left it."""
    for version in ("1.0.0", "2.0.0"):
        desk.release(version)
    resolved = desk.change(RESOLVES[first], few)
    desk.change(UNRESOLVE, few)
    desk.change(RESOLVES[second], few)
    details = desk.read(few)["statusDetails"]

    undone = desk.undo(resolved)

    assert undone["restored"] == (1 if first == second else 0)
    expected = ("unresolved", {}) if first == second else ("resolved", details)
    assert (desk.shown(few)[0], desk.read(few)["statusDetails"]) == expected


TERMS: dict[str, dict[str, Any]] = {
    "for good": {},
    "three events": {"ignoreCount": 3},
    "four events": {"ignoreCount": 4},
    "three users": {"ignoreUserCount": 3},
    "three events an hour": {"ignoreCount": 3, "ignoreWindow": 60},
    "three events in two hours": {"ignoreCount": 3, "ignoreWindow": 120},
    "three users an hour": {"ignoreUserCount": 3, "ignoreUserWindow": 60},
    "until next year": {"ignoreUntil": "2999-01-01T00:00:00Z"},
    "until the year after": {"ignoreUntil": "3000-01-01T00:00:00Z"},
}


def test_all_terms_count(desk: Desk, project: Project) -> None:
    """Of each two, one after the other with a resolve between them: only the same terms are as the first left them."""
    pairs = {(first, second): IssueFactory(project=project) for first in TERMS for second in TERMS}
    made = {}
    for (first, second), issue in pairs.items():
        made[first, second] = desk.change({**IGNORE, **TERMS[first]}, issue)
        desk.change(RESOLVE, issue)
        desk.change({**IGNORE, **TERMS[second]}, issue)

    restored = {pair for pair, mutation in made.items() if desk.undo(mutation)["restored"]}

    assert restored == {(terms, terms) for terms in TERMS}


def test_who_resolved_it_counts_where_a_reader_sees_them(api: Api, few: Issue, many: Issue) -> None:
    jane, sam = Desk(api, "jane"), Desk(api, "sam")
    jane.release("1.0.0")
    in_release = {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
    plain, named = jane.change(RESOLVE, few), jane.change(in_release, many)
    for body, issue in ((RESOLVE, few), (in_release, many)):
        sam.change(UNRESOLVE, issue)
        sam.change(body, issue)

    assert jane.undo(plain)["restored"] == 1
    assert jane.undo(named)["restored"] == 0

    assert (jane.shown(few)[0], jane.shown(many)[0]) == ("unresolved", "resolved")


def test_a_release_that_is_gone_brings_nothing_back(desk: Desk, few: Issue) -> None:
    desk.release("1.0.0")
    desk.change({"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}, few)
    opened = desk.change(UNRESOLVE, few)
    assert desk.api.delete(f"{RELEASES}1.0.0/").status_code == 204

    undone = desk.undo(opened)

    assert (undone["restored"], undone["skippedIds"]) == (0, [str(few.pk)])


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
