"""Merging ..., and taking it back (contract 1.6)."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.models import Issue, IssueHour
from issues.mutation import Ignore, Merged, MutationOutcome, Resolve, SnoozeTerms
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    ActivityFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
    UserFactory,
)
from tests.issues.services.calls import (
    Changes,
    Row,
    activity_row,
    ask,
    bookmark_row,
    changes_since,
    row_of,
    subscription_row,
)

pytestmark = pytest.mark.django_db

UNRESOLVED, RESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.RESOLVED, IssueStatus.IGNORED
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def make(project: Project) -> Callable[..., Issue]:
    """Makes an issue that was first seen so many days ago, and hours as ``{hours ago: events}``."""

    def made(days_ago: int, *, hours: dict[int, int] | None = None, **columns: Any) -> Issue:
        issue = IssueFactory(project=project, own_first_seen=NOW - days_ago * DAY, **columns)
        for hours_ago, count in (hours or {}).items():
            IssueHourFactory(issue=issue, hour=NOW - hours_ago * HOUR, own_count=count)
        return issue

    return made


def hours_of(issue: Issue) -> list[tuple[datetime, int, int]]:
    """Return the hours with their own and total counts."""
    return list(IssueHour.objects.filter(issue=issue).order_by("hour").values_list("hour", "own_count", "total_count"))


def hour_row(issue: Issue, hours_ago: int, *, total: int) -> Row:
    return {
        "project_id": issue.project_id,
        "issue_id": issue.pk,
        "hour": NOW - hours_ago * HOUR,
        "own_count": 0,
        "total_count": total,
    }


def names(*issues: Issue) -> dict[str, Any]:
    """Return the data of an activity about these issues."""
    return {"issues": [{"id": str(issue.pk)} for issue in issues]}


def parents() -> dict[int, int | None]:
    return dict(Issue.objects.values_list("id", "merged_into"))


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


def rich(make: Callable[..., Issue], user: User, team: Team, release: Release) -> Issue:
    """Return an issue that has everything an issue can have."""
    issue = make(
        1,
        hours={1: 7, 2: 1},
        own_times_seen=8,
        own_users_seen=3,
        own_comment_count=2,
        own_first_release=release,
        own_last_release=release,
        resolved_in_release=True,
        resolution_release=release,
        status_by=user,
        public=True,
        assignee_team=team,
    )
    IssueHashFactory(issue=issue)
    IssueHashFactory(issue=issue)
    IssueSeenFactory(issue=issue, user=user)
    IssueBookmarkFactory(issue=issue, user=user)
    IssueSubscriptionFactory(issue=issue, user=user, reason=SubscriptionReason.BOOKMARK)
    IssueSubscriptionFactory(issue=issue, ended=True)
    ActivityFactory(issue=issue, user=user)
    return issue


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


# ---------------------------------------------------------------------------------------------------------------------
# Taking it back
# ---------------------------------------------------------------------------------------------------------------------


def test_is_taken_back_to_exactly_what_was_merged(
    project: Project,
    make: Callable[..., Issue],
    team: Team,
    jane: User,
    sam: User,
    by_jane: Caller,
    by_sam: Caller,
    older: Release,
    newest: Release,
) -> None:
    parent = make(
        4, hours={1: 5, 3: 1}, own_times_seen=6, snoozed=True, snooze_ends_at_times_seen=9, snooze_ends_at_users_seen=9,
        own_last_release=newest,
    )  # fmt: skip
    children = [rich(make, jane, team, older), rich(make, sam, team, newest)]
    make(5, hours={1: 1})
    before = snapshot()
    merged = ask(project, [parent, *children], by=by_jane, merge=True)

    later = NOW + HOUR
    outcome = ask(project, [parent], by=by_sam, at=later, merge=False)

    stamp = {"mutation_id": outcome.mutation_id}
    assigned = {"assignee": str(team.pk), "assigneeType": "team"}
    assert outcome == MutationOutcome(1, 3, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issue": {child.pk: stamp for child in children} | {parent.pk: stamp | {"assignee_team_id": team.pk}}},
        added={
            "activity": [
                activity_row(parent, ActivityKind.MERGE, merged, data=names(*children), by=by_jane),
                activity_row(parent, ActivityKind.ASSIGNED, merged, data=assigned, by=by_jane),
                activity_row(parent, ActivityKind.UNMERGE, outcome, data=names(*children), by=by_sam, at=later),
                *(
                    activity_row(
                        child,
                        ActivityKind.UNMERGE,
                        outcome,
                        data={"parent": {"id": str(parent.pk)}},
                        by=by_sam,
                        at=later,
                        before_merged_into_id=parent.pk,
                    )
                    for child in children
                ),
            ],
            # whom the parent got stay, its assignee too
            "issuesubscription": [subscription_row(parent, user, SubscriptionReason.BOOKMARK) for user in (jane, sam)],
            "issuebookmark": [bookmark_row(parent, user) for user in (jane, sam)],
        },
    )


def test_is_taken_back_the_same_by_naming_a_child(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child, other_child = make(3, hours={1: 1}), make(2, hours={1: 2, 2: 2}), make(1, hours={2: 4})
    ask(project, [parent, other_child], by=by_jane, merge=True)
    before = snapshot()
    merged = ask(project, [parent, child], by=by_jane, merge=True)

    outcome = ask(project, [child], by=by_jane, merge=False)

    stamp = {"mutation_id": outcome.mutation_id}
    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issue": {parent.pk: stamp, child.pk: stamp}},
        added={
            "activity": [
                activity_row(parent, ActivityKind.MERGE, merged, data=names(child), by=by_jane),
                activity_row(parent, ActivityKind.UNMERGE, outcome, data=names(child), by=by_jane),
                activity_row(
                    child,
                    ActivityKind.UNMERGE,
                    outcome,
                    data={"parent": {"id": str(parent.pk)}},
                    by=by_jane,
                    before_merged_into_id=parent.pk,
                ),
            ]
        },
    )


def test_gives_back_a_child_whose_snooze_ended_meanwhile_as_unresolved(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2, resolved=True), make(1, ignored=True, snooze_ends_at=NOW + HOUR)
    ask(project, [parent, child], by=by_jane, merge=True)

    ask(project, [child], by=by_jane, at=NOW + HOUR, merge=False)

    assert Issue.objects.visible().with_status([UNRESOLVED], at=NOW + HOUR).get() == child
    assert row_of(child)["status"] == "ignored"


def test_is_not_taken_back_where_nothing_is_merged(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    issues = [make(2), make(1)]
    before = snapshot()

    outcome = ask(project, issues, by=by_jane, merge=False)

    assert outcome == MutationOutcome(matched=2, changed=0)
    assert snapshot() == before


def test_is_taken_back_where_the_filter_matches_the_named_issue_whatever_its_children_are(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2, resolved=True), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)
    before = snapshot()

    filtered = ask(project, [parent], by=by_jane, statuses=[UNRESOLVED], merge=False)

    assert filtered == MutationOutcome(matched=0, changed=0)
    assert snapshot() == before

    outcome = ask(project, [parent], by=by_jane, statuses=[RESOLVED], merge=False)

    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert parents() == {parent.pk: None, child.pk: None}


# ---------------------------------------------------------------------------------------------------------------------
# Trees: top <- upper <- middle <- leaf, each of 1, 10, 100, 1000 events, and all with a twin beside the leaf
# ---------------------------------------------------------------------------------------------------------------------

TREE = ("top", "upper", "middle", "leaf", "twin")


@pytest.fixture
def tree(project: Project, make: Callable[..., Issue], by_jane: Caller) -> dict[str, Issue]:
    """Merged from the bottom up."""
    issues = {
        name: make(9 - depth, own_times_seen=10**depth, hours={1: 10**depth, depth + 2: 1})
        for depth, name in enumerate(TREE)
    }
    ask(project, [issues["middle"], issues["leaf"], issues["twin"]], by=by_jane, merge=True)
    ask(project, [issues["upper"], issues["middle"]], by=by_jane, merge=True)
    ask(project, [issues["top"], issues["upper"]], by=by_jane, merge=True)
    return issues


def shape(tree: dict[str, Issue]) -> dict[str, tuple[str | None, int, int]]:
    """Return, for each name, the parent's name, the events, and those of the hour that all have."""
    name_of = {issue.pk: name for name, issue in tree.items()}
    shown = {}
    for name, issue in tree.items():
        row = row_of(issue)
        total = IssueHour.objects.get(issue=issue, hour=NOW - HOUR).total_count
        shown[name] = (name_of.get(row["merged_into_id"]), row["times_seen"], total)
    return shown


def test_keeps_the_tree_under_a_child(tree: dict[str, Issue]) -> None:
    assert shape(tree) == {
        "top": (None, 11_111, 11_111),
        "upper": ("top", 11_110, 11_110),
        "middle": ("upper", 11_100, 11_100),
        "leaf": ("middle", 1_000, 1_000),
        "twin": ("middle", 10_000, 10_000),
    }
    assert hours_of(tree["top"]) == [
        *((NOW - ago * HOUR, 0, 1) for ago in (6, 5, 4, 3)),
        (NOW - 2 * HOUR, 1, 1),
        (NOW - HOUR, 1, 11_111),
    ]


@pytest.mark.parametrize(
    ("named", "cut"),
    [
        # the visible one gives back its direct children only
        (["top"], ["upper"]),
        # a hidden one leaves its parent, with its tree
        (["upper"], ["upper"]),
        (["middle"], ["middle"]),
        (["leaf"], ["leaf"]),
        (["twin", "leaf"], ["leaf", "twin"]),
        (["upper", "leaf"], ["upper", "leaf"]),
        (["middle", "twin"], ["middle", "twin"]),
        # both
        (["top", "upper"], ["upper"]),
        (["top", "middle"], ["upper", "middle"]),
        (["top", "twin"], ["upper", "twin"]),
        (list(TREE), ["upper", "middle", "leaf", "twin"]),
    ],
)
def test_is_taken_back_by_the_relations_as_they_were(
    named: list[str], cut: list[str], tree: dict[str, Issue], project: Project, by_jane: Caller
) -> None:
    above = {"upper": "top", "middle": "upper", "leaf": "middle", "twin": "middle"}
    own = {name: 10**depth for depth, name in enumerate(TREE)}
    rows = {name: row_of(issue) for name, issue in tree.items()}
    before = snapshot()

    outcome = ask(project, [tree[name] for name in named], by=by_jane, merge=False)

    left = {name: parent for name, parent in above.items() if name not in cut}
    shown = dict(own)
    for name in reversed(TREE):
        if name in left:
            shown[left[name]] += shown[name]
    assert shape(tree) == {name: (left.get(name), shown[name], shown[name]) for name in TREE}

    losers = sorted({above[name] for name in cut}, key=TREE.index)
    assert outcome == MutationOutcome(len(named), len({*cut, *losers}), mutation_id=outcome.mutation_id)
    children_of = {loser: [tree[name] for name in cut if above[name] == loser] for loser in losers}
    assert changes_since(before).added["activity"] == [
        activity
        for name in TREE
        for activity in [
            *(
                [activity_row(tree[name], ActivityKind.UNMERGE, outcome, data=names(*children_of[name]), by=by_jane)]
                if name in losers
                else []
            ),
            *(
                [
                    activity_row(
                        tree[name],
                        ActivityKind.UNMERGE,
                        outcome,
                        data={"parent": {"id": str(tree[above[name]].pk)}},
                        by=by_jane,
                        before_merged_into_id=tree[above[name]].pk,
                    )
                ]
                if name in cut
                else []
            ),
        ]
    ]
    touched = {name for name in TREE if row_of(tree[name]) != rows[name]}
    stamped = {name for name in TREE if row_of(tree[name])["mutation_id"] == outcome.mutation_id}
    assert touched == stamped


def test_brings_a_tree_back_under_its_own_parent(
    tree: dict[str, Issue], project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    older_one = make(30, own_times_seen=100_000, hours={1: 100_000})
    before = snapshot([issue.pk for issue in tree.values()], ignoring=["mutation_id"])
    ask(project, [older_one, tree["top"]], by=by_jane, merge=True)
    assert row_of(older_one)["times_seen"] == 111_111

    ask(project, [older_one], by=by_jane, merge=False)

    after = snapshot([issue.pk for issue in tree.values()], ignoring=["mutation_id"])
    assert len(after.pop("issues_activity")) == len(before.pop("issues_activity")) + 1
    assert after == before
    assert (row_of(older_one)["times_seen"], hours_of(older_one)) == (100_000, [(NOW - HOUR, 100_000, 100_000)])


# ---------------------------------------------------------------------------------------------------------------------
# Who may name a child
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"merge": True},
        {"merge": False, "is_public": False},
        {"merge": False, "status": Resolve()},
        {"merge": False, "has_seen": True},
        {"is_bookmarked": True},
        {"status": Resolve()},
    ],
)
@pytest.mark.parametrize("names_parent_too", [True, False])
def test_puts_a_child_out_of_scope_of_all_but_a_plain_unmerge(
    wishes: Row, names_parent_too: bool, project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)
    before = snapshot()

    outcome = ask(project, [child, *([parent] if names_parent_too else [])], by=by_jane, **wishes)

    assert outcome == MutationOutcome(out_of_scope=(child.pk,))
    assert snapshot() == before


def test_is_taken_back_beside_other_wishes_by_naming_the_parent(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)

    outcome = ask(project, [parent], by=by_jane, status=Resolve(), merge=False)

    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert [(row_of(issue)["merged_into_id"], row_of(issue)["status"]) for issue in (parent, child)] == [
        (None, "resolved"),
        (None, "unresolved"),
    ]


def test_comes_after_the_other_wishes_of_a_body(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    parent, child = make(2), make(1)

    outcome = ask(project, [parent, child], by=by_jane, status=Resolve(), is_public=True, merge=True)

    assert outcome == MutationOutcome(2, 2, mutation_id=outcome.mutation_id, merged=Merged(parent.pk, (child.pk,)))
    assert [row_of(issue)["status"] for issue in (parent, child)] == ["resolved", "resolved"]
    assert len({row_of(issue)["share_id"] for issue in (parent, child)} - {None}) == 2


# ---------------------------------------------------------------------------------------------------------------------
# Whatever the order: sixty walks over eight issues against plain arithmetic
# ---------------------------------------------------------------------------------------------------------------------

Hours = dict[datetime, int]


class Forest:
    """What the issues must show, computed the slow way from their own numbers."""

    def __init__(self, issues: Iterable[Issue], releases: Iterable[Release]) -> None:
        self.own = {issue.pk: row_of(issue) for issue in issues}
        self.hours: dict[int, Hours] = {
            pk: dict(IssueHour.objects.filter(issue=pk).values_list("hour", "own_count")) for pk in self.own
        }
        newest_last = sorted(releases, key=lambda release: (release.released_at, release.pk))
        self.rank = {release.pk: rank for rank, release in enumerate(newest_last)}
        self.parent: dict[int, int] = {}

    def visible(self) -> list[int]:
        return [pk for pk in self.own if pk not in self.parent]

    def members(self, pk: int) -> list[int]:
        below = [child for child, parent in self.parent.items() if parent == pk]
        return [pk, *(member for child in below for member in self.members(child))]

    def shown(self, pk: int) -> Row:
        rows = [self.own[member] for member in self.members(pk)]
        first = [row["own_first_release_id"] for row in rows if row["own_first_release_id"] is not None]
        last = [row["own_last_release_id"] for row in rows if row["own_last_release_id"] is not None]
        grown = {
            number: sum(row[f"own_{number}"] for row in rows)
            for number in ("times_seen", "users_seen", "comment_count")
        }
        own = self.own[pk]
        return (
            own
            | grown
            | {
                "first_seen": min(row["own_first_seen"] for row in rows),
                "last_seen": max(row["own_last_seen"] for row in rows),
                "first_release_id": min(first, key=self.rank.__getitem__, default=None),
                "last_release_id": max(last, key=self.rank.__getitem__, default=None),
                "merged_into_id": self.parent.get(pk),
                **{
                    f"snooze_ends_at_{number}": None
                    if own[f"snooze_ends_at_{number}"] is None
                    else own[f"snooze_ends_at_{number}"] + grown[number] - own[f"own_{number}"]
                    for number in ("times_seen", "users_seen")
                },
            }
        )

    def shown_hours(self, pk: int) -> dict[datetime, tuple[int, int]]:
        totals: Hours = {}
        for member in self.members(pk):
            for hour, count in self.hours[member].items():
                totals[hour] = totals.get(hour, 0) + count
        return {hour: (self.hours[pk].get(hour, 0), total) for hour, total in totals.items()}

    def merge(self, ids: list[int]) -> Merged:
        parent = min(ids, key=lambda pk: (self.shown(pk)["first_seen"], pk))
        children = sorted({*ids} - {parent})
        self.parent |= dict.fromkeys(children, parent)
        return Merged(parent, tuple(children))

    def unmerge(self, ids: list[int]) -> int:
        """Return how many issues are different then."""
        named_roots = {pk for pk in ids if pk not in self.parent}
        cut = {child: parent for child, parent in self.parent.items() if child in ids or parent in named_roots}
        self.parent = {child: parent for child, parent in self.parent.items() if child not in cut}
        return len({*cut, *cut.values()})


@pytest.mark.parametrize("seed", range(60))
def test_shows_the_totals_of_its_tree_whatever_the_order_and_is_taken_back_in_full(
    seed: int, project: Project, by_key: Caller
) -> None:
    random = Random(seed)
    releases = [ReleaseFactory(projects=[project], released_at=NOW - random.randint(1, 2) * DAY) for _ in range(4)]
    issues = [random_issue(random, project, releases) for _ in range(8)]
    forest = Forest(issues, releases)
    before = snapshot(ignoring=["mutation_id"])

    for _ in range(8):
        visible = forest.visible()
        if len(visible) > 1 and random.random() < 0.6:
            ids = random.sample(visible, random.randint(2, min(3, len(visible))))
            expected = forest.merge(ids)
            outcome = ask(project, ids, by=by_key, merge=True)
            assert (outcome.merged, outcome.changed) == (expected, len(ids))
        else:
            ids = random.sample([*forest.own], random.randint(1, 3))
            changed = forest.unmerge(ids)
            outcome = ask(project, ids, by=by_key, merge=False)
            assert (outcome.matched, outcome.changed) == (len(ids), changed)
        assert_shown(forest)

    ask(project, [*forest.own], by=by_key, merge=False)

    after = snapshot(ignoring=["mutation_id"])
    for history in ("issues_activity", "issues_mutation"):
        assert before.pop(history) == {}
        assert after.pop(history) != {}
    assert after == before


def random_issue(random: Random, project: Project, releases: list[Release]) -> Issue:
    days_ago = random.randint(1, 5)  # few, so that there are ties
    times_seen, users_seen = random.randint(0, 99), random.randint(0, 9)
    snooze = {
        "ignored": True,
        "snooze_ends_at_times_seen": random.choice([None, times_seen, times_seen + 5]),
        "snooze_ends_at_users_seen": random.choice([None, users_seen, users_seen + 5]),
    }
    issue = IssueFactory(
        project=project,
        own_first_seen=NOW - days_ago * DAY,
        own_last_seen=NOW - random.randint(0, days_ago) * DAY,
        own_times_seen=times_seen,
        own_users_seen=users_seen,
        own_comment_count=random.randint(0, 2),
        own_first_release=random.choice([None, *releases]),
        own_last_release=random.choice([None, *releases]),
        **random.choice([{}, snooze]),
    )
    for hours_ago in random.sample(range(4), random.randint(0, 3)):
        IssueHourFactory(issue=issue, hour=NOW - hours_ago * HOUR, own_count=random.randint(1, 9))
    return issue


def assert_shown(forest: Forest) -> None:
    """Assert that every issue shows what the forest says, in every column and hour."""
    shown = {row["id"]: {**row, "mutation_id": None} for row in Issue.objects.values()}
    assert shown == {pk: forest.shown(pk) for pk in forest.own}
    hours: dict[int, dict[datetime, tuple[int, int]]] = {pk: {} for pk in forest.own}
    for row in IssueHour.objects.all():
        hours[row.issue_id][row.hour] = (row.own_count, row.total_count)
    assert hours == {pk: forest.shown_hours(pk) for pk in forest.own}
