"""Merging of trees, and taking it back, in whatever order (contract 1.6)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random

import pytest

from issues.enums import ActivityKind
from issues.models import Issue, IssueHour
from issues.mutation import Merged, MutationOutcome
from projects.callers import Caller
from projects.models import Project, Release
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueFactory,
    IssueHourFactory,
    ReleaseFactory,
)
from tests.issues.services.calls import (
    Row,
    activity_row,
    ask,
    changes_since,
    row_of,
)
from tests.issues.services.merges import DAY, HOUR, hours_of, names

pytestmark = pytest.mark.django_db


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
# Whatever the order: thirty walks over eight issues against plain arithmetic
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


@pytest.mark.parametrize("seed", range(30))
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
