"""Undo ...: every part of an issue that still is as a mutation left it is again as it was (contract section 6)."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from issues.enums import IssueStatus
from issues.models import Activity, Issue, IssueBookmark, IssueSeen, IssueSubscription, Mutation
from issues.mutation import (
    NO_PRECAUTIONS,
    Assignee,
    Assignment,
    Ignore,
    MutationOutcome,
    NamedRelease,
    Precautions,
    ReleaseChange,
    Resolve,
    SnoozeTerms,
    UndoOutcome,
    Unresolve,
)
from issues.services import releases
from issues.services.ground.precautions import UnexpectedNumber
from issues.services.undo import CannotUndoDeletion, UnknownMutation
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
    UserFactory,
)
from tests.issues.services import calls
from tests.issues.services.calls import ask, delete, statements

pytestmark = pytest.mark.django_db

LATER, LATER_STILL, AT_LAST = (NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3))
UNTIL_TOMORROW = SnoozeTerms(until=NOW + timedelta(days=1), user_count=10)


def undo(
    project: Project, outcome: MutationOutcome, *, by: Caller, at: Any = LATER, care: Precautions = NO_PRECAUTIONS
) -> UndoOutcome:
    return calls.undo(project, outcome, by=by, at=at, care=care)


def state(*, ignoring: Iterable[str] = ()) -> dict[str, Any]:
    """Return everything but history, stamps, ended subscriptions, and the ids and times of rows that came again."""
    tables = snapshot()
    for table in ("issues_activity", "issues_mutation"):
        del tables[table]
    return {
        table: sorted(
            (
                {
                    name: value
                    for name, value in row.items()
                    if name not in {"mutation_id", "created_at", *ignoring}
                    and not (table != "issues_issue" and name == "id")
                }
                for row in rows.values()
                if row.get("is_active", True)
            ),
            key=repr,
        )
        for table, rows in tables.items()
    }


@pytest.fixture
def release(project: Project) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0")


@pytest.fixture
def issues(project: Project, team: Team, jane: User, release: Release) -> list[Issue]:
    """One of each status, terms and resolution, with and without marks; the last is a parent of one."""
    first_seen = NOW - timedelta(days=9)
    made = [
        IssueFactory(project=project, own_first_seen=first_seen, own_times_seen=5),
        IssueFactory(project=project, snoozed=True, assignee_user=jane),
        IssueFactory(
            project=project, ignored=True, snooze_window_count=5, snooze_window_minutes=60, assignee_team=team
        ),
        IssueFactory(project=project, ignored=True, snooze_ends_at_times_seen=50, public=True),
        IssueFactory(project=project, resolved=True, status_by=jane, public=True),
        IssueFactory(project=project, resolved_in_release=True, resolution_release=release),
        IssueFactory(project=project, resolved_in_next_release=True, resolution_release=release),
    ]
    parent = IssueFactory(project=project, own_times_seen=3, times_seen=10, users_seen=2)
    child = IssueFactory(merged_into=parent, own_times_seen=7, ignored=True, snooze_ends_at_times_seen=9)
    for issue, own, total in ((parent, 3, 10), (child, 7, 7), (made[0], 5, 5)):
        IssueHourFactory(issue=issue, own_count=own, total_count=total)
    for issue in (made[1], parent):
        IssueSeenFactory(issue=issue, user=jane, seen_at=NOW)
        IssueBookmarkFactory(issue=issue, user=jane)
        IssueSubscriptionFactory(issue=issue, user=jane)
    IssueSubscriptionFactory(issue=made[2], user=jane, ended=True)
    return [*made, parent]


def wishes_of(project: Project) -> dict[str, dict[str, Any]]:
    release = Release.objects.get(version="1.0.0")
    jane = User.objects.get(username="jane")
    team = Team.objects.get(slug="powerful-abolitionist")
    return {
        "resolve": {"status": Resolve()},
        "resolve in a release": {"status": Resolve(in_release=NamedRelease(release.pk, release.version))},
        "resolve in the next release": {"status": Resolve(in_next_release=True)},
        "unresolve": {"status": Unresolve()},
        "ignore": {"status": Ignore()},
        "ignore until tomorrow": {"status": Ignore(UNTIL_TOMORROW)},
        "ignore with a window": {"status": Ignore(SnoozeTerms(count=5, window=60, user_count=2, user_window=5))},
        "ignore five more": {"status": Ignore(SnoozeTerms(count=5))},
        "assign": {"assignment": Assignment(Assignee("user", jane.pk, "Jane", "jane@example.com"))},
        "assign to a team": {"assignment": Assignment(Assignee("team", team.pk, team.slug))},
        "unassign": {"assignment": Assignment(None)},
        "publish": {"is_public": True},
        "withdraw": {"is_public": False},
        "mark seen": {"has_seen": True},
        "mark unseen": {"has_seen": False},
        "add bookmark": {"is_bookmarked": True},
        "remove bookmark": {"is_bookmarked": False},
        "subscribe": {"is_subscribed": True},
        "unsubscribe": {"is_subscribed": False},
        "merge": {"merge": True},
        "unmerge": {"merge": False},
        "everything": {
            "status": Ignore(SnoozeTerms(count=5)),
            "assignment": Assignment(Assignee("team", team.pk, team.slug)),
            "is_public": True,
            "has_seen": True,
            "is_bookmarked": True,
            "is_subscribed": True,
            "merge": True,
        },
        "everything off": {
            "status": Unresolve(),
            "assignment": Assignment(None),
            "is_public": False,
            "has_seen": False,
            "is_bookmarked": False,
            "is_subscribed": False,
            "merge": False,
        },
    }


WISHES = [
    *("resolve", "resolve in a release", "resolve in the next release", "unresolve", "ignore"),
    *("ignore until tomorrow", "ignore with a window", "ignore five more", "assign", "assign to a team", "unassign"),
    *("publish", "withdraw", "mark seen", "mark unseen", "add bookmark", "remove bookmark"),
    *("subscribe", "unsubscribe", "merge", "unmerge", "everything", "everything off"),
]
# What comes along with them, and stays (contract section 6).
FOLLOWERS, BOOKMARKS = IssueSubscription._meta.db_table, IssueBookmark._meta.db_table
STAY = {
    **{f"resolve{how}": {FOLLOWERS} for how in ("", " in a release", " in the next release")},
    **{wish: {FOLLOWERS} for wish in ("assign", "assign to a team", "add bookmark", "remove bookmark")},
    **{wish: {FOLLOWERS, BOOKMARKS} for wish in ("merge", "everything", "everything off")},
}


def without(state: dict[str, Any], tables: Iterable[str]) -> dict[str, Any]:
    return {table: rows for table, rows in state.items() if table not in tables}


@pytest.mark.parametrize("wish", WISHES)
def test_gives_back_everything_that_a_mutation_changed(
    project: Project, issues: list[Issue], by_jane: Caller, wish: str
) -> None:
    """And the undo of that leads to what the mutation led to, and so on."""
    wishes = wishes_of(project)[wish]
    stay = STAY.get(wish, set())
    # A mark is again there, at the time when it surely was.
    at_another_time = {"seen_at"}
    before = state(ignoring=at_another_time)
    changed = ask(project, issues, by=by_jane, at=NOW + timedelta(seconds=1), **wishes)
    after = state(ignoring=at_another_time)
    assert without(after, stay) != without(before, stay)

    last: MutationOutcome = changed
    for turn, expected in enumerate([before, after, before, after]):
        last = undone = undo(project, last, by=by_jane, at=NOW + timedelta(minutes=turn + 1))
        assert without(state(ignoring=at_another_time), stay) == without(expected, stay), f"turn {turn}"
        assert (undone.skipped, undone.skipped_ids) == (0, ())
        assert undone.matched == undone.changed == changed.changed
    assert Mutation.objects.filter(kind="undo").count() == 4


ALL = [name for name in WISHES if name.split()[0] in {"resolve", "unresolve", "ignore"}]


@pytest.mark.parametrize("wish", ALL)
def test_gives_back_an_update_of_all(project: Project, issues: list[Issue], by_key: Caller, wish: str) -> None:
    before = state()
    changed = ask(project, None, by=by_key, **wishes_of(project)[wish])
    after = state()

    undone = undo(project, changed, by=by_key)
    assert state() == before
    again = undo(project, undone, by=by_key, at=LATER_STILL)

    assert state() == after
    assert undone.matched == undone.changed == again.changed == changed.changed > 0


def test_is_a_mutation_that_tells_what_it_took_back(
    project: Project, issues: list[Issue], by_jane: Caller, by_key: Caller
) -> None:
    body = {"status": "resolved"}
    changed = ask(project, issues[:2], by=by_jane, status=Resolve(), has_seen=True, body=body)

    undone = undo(project, changed, by=by_key)

    mutation = Mutation.objects.get(kind="undo")
    assert mutation.pk == undone.mutation_id
    assert (mutation.kind, mutation.undoes, mutation.user_id, mutation.api_key_id) == (
        "undo",
        changed.mutation_id,
        None,
        by_key.api_key_id,
    )
    assert (mutation.created_at, mutation.body, mutation.ids) == (LATER, {}, [])
    assert (mutation.scope_of, mutation.matched, mutation.changed) == (changed.mutation_id, 2, 2)
    assert (mutation.marks_of_id, mutation.has_seen, mutation.seen_ids) == (None, None, [])
    undo(project, changed, by=by_jane)
    mine = Mutation.objects.latest("pk")
    assert (mine.marks_of_id, mine.has_seen, mine.seen_ids) == (by_jane.user_id, False, [issues[0].pk])


def test_records_what_each_part_becomes(
    project: Project, issues: list[Issue], team: Team, by_jane: Caller, by_key: Caller
) -> None:
    ask(project, issues[:1], by=by_jane, status=Unresolve())
    changed = ask(project, issues, by=by_jane, status=Ignore(SnoozeTerms(count=1)), assignment=Assignment(None))

    undone = undo(project, changed, by=by_key)

    rows = Activity.objects.filter(mutation_id=undone.mutation_id).order_by("issue_id", "id")
    assert {(row.user_id, row.created_at) for row in rows} == {(None, LATER)}
    told = [(row.issue_id, row.kind, row.data) for row in rows]
    unresolved, snoozed, windowed, counted, resolved, in_release, in_next, parent = [issue.pk for issue in issues]
    until = (NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert told == [
        (unresolved, "set_unresolved", {}),
        (snoozed, "set_ignored", {"ignoreUntil": until}),
        (snoozed, "assigned", {"assignee": str(by_jane.user_id), "assigneeType": "user"}),
        (windowed, "set_ignored", {"ignoreCount": 5, "ignoreWindow": 60}),
        (windowed, "assigned", {"assignee": str(team.pk), "assigneeType": "team"}),
        (counted, "set_ignored", {"ignoreCount": 49}),
        (resolved, "set_resolved", {}),
        (in_release, "set_resolved_in_release", {"version": "1.0.0"}),
        (in_next, "set_resolved_in_release", {"version": ""}),
        (parent, "set_unresolved", {}),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# What is another by now
# ---------------------------------------------------------------------------------------------------------------------


def test_leaves_alone_what_changed_since_and_gives_back_the_rest(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """The first issue's status is another by now, its assignee is not; of the second it is the other way round."""
    one, other, third = issues[0], issues[1], issues[4]
    nobody = Assignment(None)
    to_jane = Assignment(Assignee("user", by_jane.user_id or 0, "Jane", None))
    ask(project, [one, third], by=by_jane, assignment=to_jane)
    changed = ask(project, [one, other, third], by=by_jane, status=Ignore(), assignment=nobody)
    ask(project, [one], by=by_jane, at=LATER, status=Resolve())
    ask(project, [other], by=by_jane, at=LATER, assignment=to_jane)

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.matched, undone.changed) == (3, 3)
    assert (undone.skipped, undone.skipped_ids) == (2, (one.pk, other.pk))
    rows = Issue.objects.in_bulk([one.pk, other.pk, third.pk])
    assert [(row.status, row.assignee_user_id) for row in rows.values()] == [
        ("resolved", by_jane.user_id),
        ("ignored", by_jane.user_id),
        ("resolved", by_jane.user_id),
    ]
    assert rows[other.pk].snooze_ends_at == other.snooze_ends_at


def test_gives_back_what_went_and_came_back_to_what_it_was(
    project: Project, issues: list[Issue], by_key: Caller
) -> None:
    before = state()
    first = ask(project, issues, by=by_key, status=Resolve(), is_public=True)
    second = ask(project, issues, by=by_key, at=LATER, status=Ignore(), is_public=False)

    too_early = undo(project, first, by=by_key, at=LATER)
    assert (too_early.changed, too_early.skipped, too_early.mutation_id) == (0, first.changed, None)
    undo(project, second, by=by_key, at=LATER_STILL)
    undone = undo(project, first, by=by_key, at=AT_LAST)

    assert undone.skipped == 0
    assert state() == before


def test_restores_nothing_the_second_time(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues, by=by_jane, **wishes_of(project)["everything"])
    undo(project, changed, by=by_jane)
    before = snapshot()

    again = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (again.changed, again.mutation_id) == (0, None)
    assert again.skipped == again.matched == 8
    assert snapshot() == before


def test_names_the_first_hundred_that_it_leaves_alone(project: Project, by_key: Caller) -> None:
    issues = [IssueFactory(project=project) for _ in range(103)]
    changed = ask(project, None, by=by_key, status=Resolve())
    ask(project, issues[1:], by=by_key, status=Ignore())

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (103, 1, 102)
    assert undone.skipped_ids == tuple(issue.pk for issue in issues[1:101])


def test_is_not_about_what_was_deleted_since(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues, by=by_jane, status=Ignore(), has_seen=True, merge=True)
    child = issues[-1]
    undo(project, changed, by=by_jane)
    delete(project, [child], by=by_jane)
    again = ask(project, issues[:3], by=by_jane, is_bookmarked=True, merge=True)
    undo(project, again, by=by_jane)
    delete(project, [issues[1]], by=by_jane)

    undone = undo(project, again, by=by_jane)

    assert (undone.matched, undone.changed, undone.skipped) == (2, 0, 2)


def test_takes_a_resolution_that_a_release_settled_as_left(
    project: Project, issues: list[Issue], by_key: Caller
) -> None:
    before = state()
    changed = ask(project, issues[:5], by=by_key, status=Resolve(in_next_release=True))
    Issue.objects.filter(pk=issues[6].pk).update(
        status="unresolved", resolved_at=None, resolution_kind=None, resolution_release=None
    )
    come(project, "2.0.0")
    assert Issue.objects.filter(resolution_kind="in_release", resolution_release__version="2.0.0").count() == 5

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped) == (5, 0)
    assert [row for row in state()["issues_issue"] if row["id"] in {issue.pk for issue in issues[:5]}] == [
        row for row in before["issues_issue"] if row["id"] in {issue.pk for issue in issues[:5]}
    ]


def come(project: Project, version: str) -> None:
    """Let a release come, which settles what waits for it."""
    releases.save(
        version,
        ReleaseChange(project_ids=frozenset({project.pk})),
        seen_in=[project.pk],
        at=NOW + timedelta(seconds=30),
        lock_timeout=5,
    )


def test_settles_what_would_wait_for_a_release_that_has_come(
    project: Project, issues: list[Issue], by_key: Caller
) -> None:
    waiting = issues[6]
    changed = ask(project, [waiting], by=by_key, status=Unresolve())
    come(project, "2.0.0")
    come(project, "3.0.0")

    undone = undo(project, changed, by=by_key)

    row = Issue.objects.get(pk=waiting.pk)
    assert undone.changed == 1
    assert row.resolution_release is not None
    assert (row.resolution_kind, row.resolution_release.version) == ("in_release", "2.0.0")
    assert Activity.objects.get(mutation_id=undone.mutation_id).data == {"version": "2.0.0"}


def test_cant_resolve_in_a_release_that_is_gone(project: Project, issues: list[Issue], by_key: Caller) -> None:
    waiting, fixed = issues[6], issues[5]
    changed = ask(project, [waiting, fixed], by=by_key, status=Unresolve())
    Release.objects.all().delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (0, (fixed.pk, waiting.pk))


def test_cant_assign_to_somebody_who_is_gone(project: Project, issues: list[Issue], team: Team, by_key: Caller) -> None:
    somebody = UserFactory()
    mine = IssueFactory(project=project, assignee_user=somebody)
    changed = ask(project, [mine, issues[2]], by=by_key, assignment=Assignment(None), status=Resolve())
    somebody.delete()
    team.delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (2, (issues[2].pk, mine.pk))
    assert not Issue.objects.exclude(assignee_user=None, assignee_team=None).filter(pk=mine.pk).exists()


def test_leaves_alone_what_is_as_it_was_by_itself(project: Project, sam: User, by_key: Caller) -> None:
    """With the user to whom it was assigned, it is nobody's again."""
    issue = IssueFactory(project=project)
    assigned = ask(project, [issue], by=by_key, assignment=Assignment(Assignee("user", sam.pk, "sam")))
    sam.delete()
    before = snapshot()

    done = undo(project, assigned, by=by_key)

    assert (done.changed, done.skipped_ids, done.mutation_id) == (0, (issue.pk,), None)
    assert snapshot() == before


def test_forgets_who_set_a_status_when_they_are_gone(
    project: Project, issues: list[Issue], sam: User, by_key: Caller
) -> None:
    ask(project, issues[:1], by=Caller(user=sam), status=Resolve())
    changed = ask(project, issues[:1], by=by_key, status=Unresolve())
    sam.delete()

    undo(project, changed, by=by_key)

    row = Issue.objects.get(pk=issues[0].pk)
    assert (row.status, row.status_by_id) == ("resolved", None)


def test_forgets_marks_of_somebody_who_is_gone(
    project: Project, issues: list[Issue], sam: User, by_key: Caller
) -> None:
    changed = ask(project, issues[:1], by=Caller(user=sam), has_seen=True, status=Resolve())
    sam.delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (1, 1, 1)


# ---------------------------------------------------------------------------------------------------------------------
# Marks
# ---------------------------------------------------------------------------------------------------------------------


def test_leaves_marks_alone_that_are_not_of_who_asks(
    project: Project, issues: list[Issue], sam: User, by_jane: Caller
) -> None:
    """Theirs and the asker's own; and nothing is kept of them."""
    IssueSeenFactory(issue=issues[0], user=sam)
    IssueBookmarkFactory(issue=issues[0], user=sam)
    changed = ask(project, issues[:1], by=by_jane, has_seen=True, is_bookmarked=True, is_subscribed=True)
    before = snapshot()

    undone = undo(project, changed, by=Caller(user=sam))

    assert (undone.matched, undone.changed, undone.skipped_ids) == (1, 0, (issues[0].pk,))
    assert snapshot() == before


def test_leaves_marks_alone_that_are_others_by_now(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues[:1], by=by_jane, has_seen=True, is_bookmarked=True, is_subscribed=True)
    ask(project, issues[:1], by=by_jane, at=LATER, has_seen=False, is_bookmarked=False, is_subscribed=False)
    before = snapshot()

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped_ids) == (0, (issues[0].pk,))
    assert snapshot() == before


@pytest.mark.parametrize("has_seen", [True, False])
def test_leaves_seen_alone_when_events_came_since(
    project: Project, issues: list[Issue], by_jane: Caller, has_seen: bool
) -> None:
    issue = issues[0 if has_seen else 1]
    changed = ask(project, [issue], by=by_jane, has_seen=has_seen)
    Issue.objects.filter(pk=issue.pk).update(last_seen=LATER, own_last_seen=LATER)
    before = snapshot()

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped) == (0, 1)
    assert snapshot() == before


def test_brings_back_a_seen_mark_of_when_it_surely_was(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, [issues[1]], by=by_jane, at=LATER, has_seen=False)

    undo(project, changed, by=by_jane, at=LATER_STILL)

    assert IssueSeen.objects.get(issue=issues[1]).seen_at == LATER


def test_ends_a_subscription_that_the_user_had_ended_before(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """A row that the mutation made goes; one that it found is inactive again, so that no side effect revives it."""
    changed = ask(project, [issues[0], issues[2]], by=by_jane, at=LATER, is_subscribed=True)

    undo(project, changed, by=by_jane, at=LATER_STILL)

    rows = IssueSubscription.objects.filter(issue__in=[issues[0], issues[2]])
    assert list(rows.values_list("issue_id", "is_active")) == [(issues[2].pk, False)]


# ---------------------------------------------------------------------------------------------------------------------
# Trees
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def make(project: Project) -> Callable[..., Issue]:
    """Makes an issue that was first seen so many days ago, with ten to the power of that of events."""

    def made(days_ago: int) -> Issue:
        return IssueFactory(project=project, own_first_seen=NOW - timedelta(days=days_ago), own_times_seen=10**days_ago)

    return made


def tree() -> list[tuple[int | None, int]]:
    return list(Issue.objects.order_by("id").values_list("merged_into", "times_seen"))


def test_takes_out_children_of_a_parent_that_was_merged_on(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    changed = ask(project, [child, parent], by=by_key, merge=True)
    ask(project, [parent, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (2, 2, 0)
    assert tree() == [(None, 10), (root.pk, 100), (None, 1100)]
    kinds = Activity.objects.filter(mutation_id=undone.mutation_id).order_by("issue_id")
    assert [(row.issue_id, row.kind, row.before_merged_into_id) for row in kinds] == [
        (child.pk, "unmerge", parent.pk),
        (parent.pk, "unmerge", None),
    ]


def test_leaves_children_alone_that_are_elsewhere_by_now(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    one, other, parent, root = make(1), make(2), make(3), make(4)
    changed = ask(project, [one, other, parent], by=by_key, merge=True)
    ask(project, [one], by=by_key, merge=False)
    ask(project, [one, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped_ids) == (3, 2, (one.pk,))
    assert tree() == [(root.pk, 10), (None, 100), (None, 1000), (None, 10010)]


def test_merges_again_into_a_parent_that_is_hidden_itself(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    ask(project, [child, parent], by=by_key, merge=True)
    ask(project, [parent, root], by=by_key, merge=True)
    before = state()
    changed = ask(project, [child], by=by_key, merge=False)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped) == (2, 0)
    assert state() == before


def test_leaves_alone_what_was_taken_out_and_merged_elsewhere(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    ask(project, [child, parent], by=by_key, merge=True)
    changed = ask(project, [child], by=by_key, merge=False)
    ask(project, [child, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (0, (child.pk, parent.pk))
    assert tree() == [(root.pk, 10), (None, 100), (None, 1010)]


def test_closes_no_circle(project: Project, make: Callable[..., Issue], by_key: Caller) -> None:
    """Two children came out of two parents; now each parent is under the other one's child."""
    one, other = make(4), make(3)
    parent_of_one, parent_of_other = make(6), make(5)
    ask(project, [one, parent_of_one], by=by_key, merge=True)
    ask(project, [other, parent_of_other], by=by_key, merge=True)
    changed = ask(project, [one, other], by=by_key, merge=False)
    Issue.objects.filter(pk=parent_of_one.pk).update(merged_into=other)
    Issue.objects.filter(pk=parent_of_other.pk).update(merged_into=one)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (2, (other.pk, parent_of_other.pk))
    assert dict(Issue.objects.values_list("id", "merged_into")) == {
        one.pk: parent_of_one.pk,
        parent_of_one.pk: other.pk,
        other.pk: None,
        parent_of_other.pk: one.pk,
    }


# ---------------------------------------------------------------------------------------------------------------------
# What it refuses, and how it works
# ---------------------------------------------------------------------------------------------------------------------


def test_refuses_a_deletion(project: Project, issues: list[Issue], by_key: Caller) -> None:
    deleted = delete(project, issues[:1], by=by_key)
    before = snapshot()

    with pytest.raises(CannotUndoDeletion, match=r"^A deletion can't be undone\.$"):
        undo(project, deleted, by=by_key)

    assert snapshot() == before


def test_knows_no_mutation_of_another_project(
    project: Project, other_project: Project, issues: list[Issue], by_key: Caller
) -> None:
    changed = ask(project, issues, by=by_key, status=Resolve())
    before = snapshot()

    with pytest.raises(UnknownMutation):
        undo(other_project, changed, by=by_key)
    with pytest.raises(UnknownMutation):
        undo(project, MutationOutcome(mutation_id=2**62), by=by_key)

    assert snapshot() == before


@pytest.mark.parametrize("wish", WISHES)
def test_previews(project: Project, issues: list[Issue], by_jane: Caller, wish: str) -> None:
    changed = ask(project, issues, by=by_jane, **wishes_of(project)[wish])
    before = snapshot()

    preview = undo(project, changed, by=by_jane, care=Precautions(preview=True))
    assert snapshot() == before
    real = undo(project, changed, by=by_jane)

    assert (preview.matched, preview.changed, preview.skipped) == (real.matched, real.changed, real.skipped)
    assert preview.mutation_id is None
    assert real.mutation_id is not None


@pytest.mark.parametrize("all_of_them", [True, False])
def test_is_guarded(project: Project, issues: list[Issue], by_key: Caller, all_of_them: bool) -> None:
    changed = ask(project, None if all_of_them else issues, by=by_key, status=Resolve())
    before = snapshot()

    with pytest.raises(UnexpectedNumber):
        undo(project, changed, by=by_key, care=Precautions(expected=changed.changed + 1))
    assert snapshot() == before
    undone = undo(project, changed, by=by_key, care=Precautions(expected=changed.changed))

    assert undone.changed == changed.changed


@pytest.mark.parametrize("wish", [*(wish for wish in WISHES if wish != "everything off"), "all"])
def test_takes_as_many_statements_for_fifty_as_for_two(
    project: Project, issues: list[Issue], by_jane: Caller, wish: str
) -> None:
    wishes = {"status": Resolve()} if wish == "all" else wishes_of(project)[wish]
    counts = []
    for count in (2, 50):
        some = [IssueFactory(project=project) for _ in range(count)]
        if wish == "unmerge":
            ask(project, some, by=by_jane, merge=True)
            some = some[:1]
        elif wish != "all":
            some += issues[:7]
        changed = ask(project, None if wish == "all" else some, by=by_jane, **wishes)
        with statements() as made:
            undo(project, changed, by=by_jane)
        counts.append(len(made))
        if changed.mutation_id and not {"has_seen", "is_bookmarked", "is_subscribed"} & set(wishes):
            locks_before_first_write(made)

    assert counts[0] == counts[1]


def test_keeps_an_update_of_all_out_of_python(project: Project, by_key: Caller) -> None:
    issue = IssueFactory(project=project)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issue
                (project_id, short_number, type, level, logger, platform, own_first_seen, own_last_seen,
                 own_times_seen, own_users_seen, own_comment_count,
                 first_seen, last_seen, times_seen, users_seen, comment_count, status)
            SELECT project_id, short_number + n, type, level, logger, platform, own_first_seen, own_last_seen,
                   own_times_seen, own_users_seen, own_comment_count,
                   first_seen, last_seen, times_seen, users_seen, comment_count, status
            FROM issues_issue, generate_series(1, 39999) AS n
            WHERE id = %s
            """,
            [issue.pk],
        )
    changed = ask(project, None, by=by_key, status=Ignore())

    with statements() as made:
        undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (40_000, 40_000, 0)
    assert Issue.objects.filter(status=IssueStatus.UNRESOLVED).count() == 40_000
    assert len(made) < 15
    assert max(len(query["sql"]) for query in made) < 20_000  # 40,000 ids would be more
