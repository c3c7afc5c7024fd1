"""POST .../undo/: snoozes and resolutions; a part is as it was left when a reader sees the same (contract 6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.api.desk import Desk
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


@pytest.fixture
def pass_minutes(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the clock that requests read."""

    def passed(minutes: int) -> None:
        now = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=minutes))

    return passed


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
    """One after the other with a resolve between them: only the same terms are as the first left them.

    Each is followed by itself, by those that differ from it in one thing, and by others: its neighbours in the table.
    """
    terms = list(TERMS)
    near = [(terms[n], terms[(n + step) % len(terms)]) for n in range(len(terms)) for step in (-1, 0, 1, 3)]
    pairs = {pair: IssueFactory(project=project) for pair in near}
    made = {}
    for (first, second), issue in pairs.items():
        made[first, second] = desk.change({**IGNORE, **TERMS[first]}, issue)
        desk.change(RESOLVE, issue)
        desk.change({**IGNORE, **TERMS[second]}, issue)

    restored = {pair for pair, mutation in made.items() if desk.undo(mutation)["restored"]}

    assert restored == {(each, each) for each in TERMS}


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
