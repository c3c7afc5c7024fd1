"""Merging: who becomes the parent, and what it gets (contract 1.6)."""

from collections.abc import Callable
from typing import Any

import pytest

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.models import Issue, IssueHour
from issues.mutation import Ignore, Merged, MutationOutcome, SnoozeTerms
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
    UserFactory,
)
from tests.issues.services.calls import (
    Changes,
    activity_row,
    ask,
    bookmark_row,
    changes_since,
    row_of,
    subscription_row,
)
from tests.issues.services.merges import DAY, HOUR, hour_row, names, parents, rich

pytestmark = pytest.mark.django_db

UNRESOLVED, RESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.RESOLVED, IssueStatus.IGNORED


# ---------------------------------------------------------------------------------------------------------------------
# Who becomes the parent
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_ago", "parent"), [((3, 2, 1), 0), ((1, 2, 3), 2), ((1, 3, 2), 1), ((1, 3, 3), 1), ((2, 2, 2), 0)]
)
def test_puts_the_others_under_the_one_seen_first_then_the_lowest_id(
    days_ago: tuple[int, ...], parent: int, project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    issues = [make(days) for days in days_ago]
    children = [issue.pk for issue in issues if issue is not issues[parent]]

    outcome = ask(project, issues, by=by_jane, merge=True)

    assert outcome == MutationOutcome(
        3, 3, mutation_id=outcome.mutation_id, merged=Merged(issues[parent].pk, (*children,))
    )
    assert parents() == {issues[parent].pk: None} | dict.fromkeys(children, issues[parent].pk)


def test_goes_by_the_first_seen_that_is_shown(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    old, older, oldest_child = make(2), make(3), make(4)
    Issue.objects.filter(pk=old.pk).update(first_seen=oldest_child.own_first_seen)
    Issue.objects.filter(pk=oldest_child.pk).update(merged_into=old)

    outcome = ask(project, [old, older], by=by_jane, merge=True)

    assert outcome.merged == Merged(old.pk, (older.pk,))


# ---------------------------------------------------------------------------------------------------------------------
# What a merge changes
# ---------------------------------------------------------------------------------------------------------------------


def test_sums_up_in_the_parent_and_touches_nothing_else(
    project: Project, make: Callable[..., Issue], older: Release, newest: Release, by_jane: Caller
) -> None:
    parent = make(
        3,
        hours={1: 5, 3: 1},
        own_last_seen=NOW - 5 * HOUR,
        own_times_seen=10,
        own_users_seen=2,
        own_comment_count=1,
        own_first_release=newest,
        own_last_release=older,
    )
    child = make(
        2,
        hours={1: 7, 2: 1},
        own_last_seen=NOW - 3 * HOUR,
        own_times_seen=100,
        own_users_seen=20,
        own_comment_count=3,
        own_first_release=older,
        own_last_release=newest,
    )
    other_child = make(1, hours={2: 4}, own_last_seen=NOW - 4 * HOUR, own_times_seen=1000, own_users_seen=200)
    make(9, hours={1: 3}, own_times_seen=5)
    before = snapshot()

    outcome = ask(project, [parent, child, other_child], by=by_jane, merge=True)

    stamp = {"mutation_id": outcome.mutation_id}
    assert changes_since(before) == Changes(
        updated={
            "issue": {
                parent.pk: stamp
                | {
                    "last_seen": NOW - 3 * HOUR,
                    "times_seen": 1110,
                    "users_seen": 222,
                    "comment_count": 4,
                    "first_release_id": older.pk,
                    "last_release_id": newest.pk,
                },
                child.pk: stamp | {"merged_into_id": parent.pk},
                other_child.pk: stamp | {"merged_into_id": parent.pk},
            },
            "issuehour": {IssueHour.objects.get(issue=parent, hour=NOW - HOUR).pk: {"total_count": 12}},
        },
        added={
            "activity": [activity_row(parent, ActivityKind.MERGE, outcome, data=names(child, other_child), by=by_jane)],
            "issuehour": [hour_row(parent, 2, total=5)],
        },
    )


def test_shows_the_first_seen_of_a_child_when_its_tree_has_it(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    """The parent is seen first by its totals; its own time need not be the least."""
    parent, child, grandchild = make(1), make(2), make(3)
    ask(project, [child, grandchild], by=by_jane, merge=True)
    assert row_of(grandchild)["first_seen"] == NOW - 3 * DAY

    ask(project, [grandchild, parent], by=by_jane, merge=True)

    assert parents() == {parent.pk: grandchild.pk, child.pk: grandchild.pk, grandchild.pk: None}
    assert row_of(grandchild)["first_seen"] == NOW - 3 * DAY


@pytest.mark.parametrize(
    ("of_parent", "of_child", "first", "last"),
    [
        (("2.0.0", "1.0.0"), ("1.0.0", "2.0.0"), "1.0.0", "2.0.0"),
        (("1.0.0", "2.0.0"), ("2.0.0", "1.0.0"), "1.0.0", "2.0.0"),
        ((None, None), ("2.0.0", "1.0.0"), "2.0.0", "1.0.0"),
        (("1.0.0", None), (None, "2.0.0"), "1.0.0", "2.0.0"),
        ((None, None), (None, None), None, None),
        # released at the same time: by id, and 1.0.1 was made later
        (("1.0.1", "1.0.0"), ("1.0.0", "1.0.1"), "1.0.0", "1.0.1"),
        (("1.0.0", "1.0.1"), ("1.0.1", "1.0.0"), "1.0.0", "1.0.1"),
    ],
)
def test_finds_the_first_and_last_release_by_the_order_of_releases(
    of_parent: tuple[str | None, str | None],
    of_child: tuple[str | None, str | None],
    first: str | None,
    last: str | None,
    project: Project,
    make: Callable[..., Issue],
    older: Release,
    by_jane: Caller,
) -> None:
    same_time = ReleaseFactory(projects=[project], version="1.0.1", released_at=older.released_at)
    releases: dict[str | None, Any] = {release.version: release for release in Release.objects.all()} | {None: None}
    assert same_time.pk > older.pk
    parent, child = (
        make(days_ago, own_first_release=releases[own[0]], own_last_release=releases[own[1]])
        for days_ago, own in ((2, of_parent), (1, of_child))
    )

    ask(project, [parent, child], by=by_jane, merge=True)

    parent.refresh_from_db()
    assert (parent.first_release, parent.last_release) == (releases[first], releases[last])


def test_moves_the_ends_of_a_snooze_by_count_with_the_totals_and_back(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    terms = {"ignored": True, "snooze_ends_at_times_seen": 15, "snooze_ends_at_users_seen": 7}
    numbers = {"own_times_seen": 10, "own_users_seen": 5}
    parent = make(2, **terms, **numbers)
    child = make(1, **terms, **numbers)
    ended = make(3, ignored=True, snooze_ends_at_times_seen=10, **numbers)
    before = snapshot()

    ask(project, [ended, parent, child], by=by_jane, merge=True)

    assert row_of(ended)["snooze_ends_at_times_seen"] == 30
    assert (row_of(child)["snooze_ends_at_times_seen"], row_of(child)["snooze_ends_at_users_seen"]) == (15, 7)
    assert Issue.objects.with_status([UNRESOLVED], at=NOW).get() == ended

    outcome = ask(project, [ended], by=by_jane, merge=False)

    stamp = {"mutation_id": outcome.mutation_id}
    assert changes_since(before).updated == {"issue": {issue.pk: stamp for issue in (ended, parent, child)}}

    ask(project, [parent, child], by=by_jane, merge=True)

    assert (row_of(parent)["snooze_ends_at_times_seen"], row_of(parent)["snooze_ends_at_users_seen"]) == (25, 12)
    assert not Issue.objects.filter(pk=parent.pk).with_status([UNRESOLVED], at=NOW)


def test_is_no_event_that_ends_a_snooze(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    parent, child = make(2, own_times_seen=10), make(1, own_times_seen=1000)
    ask(project, [parent], by=by_jane, status=Ignore(SnoozeTerms(count=1, user_count=1)))

    ask(project, [parent, child], by=by_jane, merge=True)

    assert Issue.objects.visible().with_status([IGNORED], at=NOW).get() == parent


# ---------------------------------------------------------------------------------------------------------------------
# What the parent gets
# ---------------------------------------------------------------------------------------------------------------------


def test_lets_the_followers_of_children_follow_the_parent_where_they_said_nothing_about_it(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child, other_child = make(3), make(2), make(1)
    new, of_both, known, ended_on_parent, ended_on_child, half_ended = (UserFactory() for _ in range(6))
    for issue, user, reason, is_active in [
        (child, new, SubscriptionReason.BOOKMARK, True),
        (child, of_both, SubscriptionReason.ASSIGNED, True),
        (other_child, of_both, SubscriptionReason.STATUS_CHANGE, True),
        (parent, known, SubscriptionReason.STATUS_CHANGE, True),
        (child, known, SubscriptionReason.UNKNOWN, True),
        (parent, ended_on_parent, SubscriptionReason.UNKNOWN, False),
        (child, ended_on_parent, SubscriptionReason.ASSIGNED, True),
        (child, ended_on_child, SubscriptionReason.ASSIGNED, False),
        (child, half_ended, SubscriptionReason.ASSIGNED, False),
        (other_child, half_ended, SubscriptionReason.BOOKMARK, True),
    ]:
        IssueSubscriptionFactory(issue=issue, user=user, reason=reason, is_active=is_active, created_at=NOW - DAY)
    before = snapshot()

    ask(project, [parent, child, other_child], by=by_jane, merge=True)

    changes = changes_since(before)
    assert sorted(changes.added["issuesubscription"], key=lambda row: row["user_id"]) == [
        subscription_row(parent, new, SubscriptionReason.BOOKMARK),
        subscription_row(parent, of_both, SubscriptionReason.ASSIGNED),
        subscription_row(parent, half_ended, SubscriptionReason.BOOKMARK),
    ]
    assert (set(changes.updated), changes.gone) == ({"issue"}, {})


def test_copies_the_bookmarks_of_children_to_the_parent_where_it_has_none(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child, other_child = make(3), make(2), make(1)
    new, of_both, known = UserFactory(), UserFactory(), UserFactory()
    for issue, user in [
        (child, new),
        (child, of_both),
        (other_child, of_both),
        (parent, known),
        (child, known),
    ]:
        IssueBookmarkFactory(issue=issue, user=user, created_at=NOW - DAY)
    before = snapshot()

    ask(project, [parent, child, other_child], by=by_jane, merge=True)

    changes = changes_since(before)
    assert sorted(changes.added["issuebookmark"], key=lambda row: row["user_id"]) == [
        bookmark_row(parent, new),
        bookmark_row(parent, of_both),
    ]
    assert (set(changes.updated), set(changes.added), changes.gone) == ({"issue"}, {"activity", "issuebookmark"}, {})


def test_leaves_everything_else_that_hangs_on_a_child_with_the_child(
    project: Project, make: Callable[..., Issue], team: Team, jane: User, by_jane: Caller, older: Release
) -> None:
    parent, child = make(2), rich(make, jane, team, older)
    before = snapshot()

    outcome = ask(project, [parent, child], by=by_jane, merge=True)

    assert set(changes_since(before).updated["issue"]) == {parent.pk, child.pk}
    assert changes_since(before).updated["issue"][child.pk] == {
        "merged_into_id": parent.pk,
        "mutation_id": outcome.mutation_id,
    }
    assert changes_since(before).gone == {}
    assert {row["issue_id"] for rows in changes_since(before).added.values() for row in rows} == {parent.pk}
    assert set(changes_since(before).added) == {"activity", "issuehour", "issuesubscription", "issuebookmark"}


# ---------------------------------------------------------------------------------------------------------------------
# With too few
# ---------------------------------------------------------------------------------------------------------------------


def test_does_nothing_with_one_issue(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    issue, _neighbour = make(2), make(1)
    before = snapshot()

    outcome = ask(project, [issue], by=by_jane, merge=True)

    assert outcome == MutationOutcome(matched=1, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize("resolved", [0, 1])
def test_does_nothing_when_the_filter_leaves_fewer_than_two(
    resolved: int, project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    issues = [make(2), make(1), *(make(3, resolved=True) for _ in range(resolved))]
    before = snapshot()

    outcome = ask(project, issues, by=by_jane, statuses=[RESOLVED], merge=True)

    assert outcome == MutationOutcome(matched=resolved, changed=0)
    assert snapshot() == before


def test_merges_what_the_filter_leaves(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    first, open_one, ended, snoozed = (
        make(4, resolved=True),
        make(3),
        make(2, ignored=True, snooze_ends_at=NOW),
        make(1, snoozed=True),
    )

    outcome = ask(project, [first, open_one, ended, snoozed], by=by_jane, statuses=[UNRESOLVED], merge=True)

    assert outcome == MutationOutcome(2, 2, mutation_id=outcome.mutation_id, merged=Merged(open_one.pk, (ended.pk,)))
    assert parents() == {first.pk: None, open_one.pk: None, ended.pk: open_one.pk, snoozed.pk: None}


def test_is_out_of_scope_the_second_time(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    issues = [make(3), make(2), make(1)]
    ask(project, issues, by=by_jane, merge=True)
    before = snapshot()

    outcome = ask(project, issues, by=by_jane, merge=True)

    assert outcome == MutationOutcome(out_of_scope=(issues[1].pk, issues[2].pk))
    assert snapshot() == before
