"""POST .../undo/ ...: a part is as it was left when a reader of the issue sees the same (contract section 6)."""

from typing import Any

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

MUTATIONS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/mutations/"
IGNORE_THREE_MORE = {"status": "ignored", "ignoreCount": 3}
RESOLVE = {"status": "resolved"}
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
        response = self.api.request("POST", f"{MUTATIONS}{mutation}/undo/", auth=self.auth, **how)
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

    def told(self, mutation: str) -> list[dict[str, Any]]:
        """Return what the history tells of the issues of a mutation."""
        issues: list[dict[str, Any]] = self.api.get(f"{MUTATIONS}{mutation}/", auth=self.auth).json()["issues"]
        return issues


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


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
