"""A change of status (contract 1.5) ..."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.models import Issue
from issues.mutation import Ignore, MutationOutcome, NamedRelease, Resolve, SnoozeTerms, StatusChange, Unresolve
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueSubscriptionFactory, ReleaseFactory
from tests.issues.services.calls import (
    NOTHING,
    Changes,
    Row,
    Snapshot,
    activity_row,
    ask,
    changes_since,
    differing,
    subscription_row,
)

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=30)
ONE_MORE = timedelta(microseconds=1)

NO_SNOOZE: Row = {
    "snooze_ends_at": None,
    "snooze_ends_at_times_seen": None,
    "snooze_ends_at_users_seen": None,
    "snooze_window_count": None,
    "snooze_window_minutes": None,
    "snooze_window_user_count": None,
    "snooze_window_user_minutes": None,
    "snooze_escalates_above": None,
    "snooze_started_at": None,
}
NO_RESOLUTION: Row = {"resolved_at": None, "resolution_kind": None, "resolution_release_id": None}
OVERWRITTEN = ["status", "status_by_id", *NO_RESOLUTION, *NO_SNOOZE, "reopened_as"]


# ---------------------------------------------------------------------------------------------------------------------
# Where an issue may start; each was seen 10 times, by 5 users
# ---------------------------------------------------------------------------------------------------------------------


UNTIL: Row = {"ignored": True, "snooze_ends_at": SOON}
COUNT: Row = {"ignored": True, "snooze_ends_at_times_seen": 15}
USERS: Row = {"ignored": True, "snooze_ends_at_users_seen": 8}
COUNT_IN_WINDOW: Row = {"ignored": True, "snooze_window_count": 5, "snooze_window_minutes": 60}
USERS_IN_WINDOW: Row = {"ignored": True, "snooze_window_user_count": 3, "snooze_window_user_minutes": 90}

OPEN: dict[str, Row] = {
    "unresolved": {},
    "snooze ended now": {"ignored": True, "snooze_ends_at": NOW},
    "snooze ended earlier": {"ignored": True, "snooze_ends_at": NOW - ONE_MORE},
    "snooze ended by events": {"ignored": True, "snooze_ends_at_times_seen": 10},
    "snooze ended by users": {"ignored": True, "snooze_ends_at_users_seen": 4},
    "one term of three ended": UNTIL | COUNT | {"snooze_ends_at_users_seen": 5},
    "snooze ended beside windows": COUNT_IN_WINDOW | USERS_IN_WINDOW | {"snooze_ends_at": NOW},
    "regressed": {"reopened_as": "regressed"},
    "escalating": {"reopened_as": "escalating"},
}
IGNORED: dict[str, Row] = {
    "ignored for good": {"ignored": True},
    "snoozed for an instant": {"ignored": True, "snooze_ends_at": NOW + ONE_MORE},
    "snoozed until": UNTIL,
    "snoozed by events": COUNT,
    "snoozed by one event more": {"ignored": True, "snooze_ends_at_times_seen": 11},
    "snoozed by users": USERS,
    "snoozed by all three": UNTIL | COUNT | USERS,
    "snoozed by events in a window": COUNT_IN_WINDOW,
    "snoozed by users in a window": USERS_IN_WINDOW,
    "snoozed by windows until": UNTIL | COUNT_IN_WINDOW | USERS_IN_WINDOW,
    "snoozed until it escalates": {"ignored": True, "snooze_escalates_above": 9},
}
RESOLVED = ["resolved", "in older", "in newest", "in next", "in next after older", "in the first to come"]
STATES = [*OPEN, *IGNORED, *RESOLVED]


def make(project: Project, state: str, **columns: Any) -> Issue:
    """Return an issue in this state; its status was set by somebody else."""
    return make_each(project, [state], **columns)[state]


def make_each(project: Project, states: Iterable[str] = STATES, **columns: Any) -> dict[str, Issue]:
    """Return an issue in each of these states, by the state."""
    by_release = {release.version: release for release in Release.objects.filter(project=project)}
    resolved: dict[str, Row] = {
        "resolved": {"resolved": True},
        "in older": {"resolved_in_release": True, "resolution_release": by_release["1.0.0"]},
        "in newest": {"resolved_in_release": True, "resolution_release": by_release["2.0.0"]},
        "in next": {"resolved_in_next_release": True, "resolution_release": by_release["2.0.0"]},
        "in next after older": {"resolved_in_next_release": True, "resolution_release": by_release["1.0.0"]},
        "in the first to come": {"resolved_in_next_release": True, "resolution_release": None},
    }
    somebody, _ = User.objects.get_or_create(username="somebody")
    given = {"own_times_seen": 10, "own_users_seen": 5, "status_by": somebody, "project": project} | columns
    return {state: IssueFactory(**given | (OPEN | IGNORED | resolved)[state]) for state in states}


# ---------------------------------------------------------------------------------------------------------------------
# What may be asked: one row of the table each, terms apart
# ---------------------------------------------------------------------------------------------------------------------


class Wish(NamedTuple):
    change: StatusChange
    leaves: Iterable[str]  # states that are so already
    columns: Row
    kind: ActivityKind
    data: Row


def resolve() -> Wish:
    columns = NO_RESOLUTION | NO_SNOOZE | {"status": "resolved", "resolved_at": NOW, "reopened_as": None}
    return Wish(Resolve(), ["resolved"], columns, ActivityKind.SET_RESOLVED, {})


def resolve_in(version: str) -> Wish:
    release = Release.objects.get(version=version)
    # One that waits for a release which is there counts as resolved in it.
    states = {"1.0.0": ["in older", "in the first to come"], "2.0.0": ["in newest", "in next after older"]}[version]
    columns = resolve().columns | {"resolution_kind": "in_release", "resolution_release_id": release.pk}
    change = Resolve(in_release=NamedRelease(release.pk, version))
    return Wish(change, states, columns, ActivityKind.SET_RESOLVED_IN_RELEASE, {"version": version})


def resolve_in_next() -> Wish:
    newest = Release.objects.get(version="2.0.0")
    columns = resolve().columns | {"resolution_kind": "in_next_release", "resolution_release_id": newest.pk}
    kind = ActivityKind.SET_RESOLVED_IN_RELEASE
    return Wish(Resolve(in_next_release=True), ["in next"], columns, kind, {"version": ""})


def unresolve() -> Wish:
    columns = NO_RESOLUTION | NO_SNOOZE | {"status": "unresolved"}
    return Wish(Unresolve(), OPEN, columns, ActivityKind.SET_UNRESOLVED, {})


def ignore(terms: SnoozeTerms, state: str, data: Row) -> Wish:
    snooze = {name: value for name, value in IGNORED[state].items() if name != "ignored"}
    started = {"snooze_started_at": NOW, "reopened_as": None}
    columns = NO_RESOLUTION | NO_SNOOZE | {"status": "ignored"} | started | snooze
    return Wish(Ignore(terms), [state], columns, ActivityKind.SET_IGNORED, data)


T = "2026-03-01T12:30:00Z"
WISHES: dict[str, Callable[[], Wish]] = {
    "resolve": resolve,
    "resolve in older": lambda: resolve_in("1.0.0"),
    "resolve in newest": lambda: resolve_in("2.0.0"),
    "resolve in next": resolve_in_next,
    "unresolve": unresolve,
    "ignore": lambda: ignore(SnoozeTerms(), "ignored for good", {}),
    "ignore until": lambda: ignore(SnoozeTerms(until=SOON), "snoozed until", {"ignoreUntil": T}),
    "ignore by events": lambda: ignore(SnoozeTerms(count=5), "snoozed by events", {"ignoreCount": 5}),
    "ignore by users": lambda: ignore(SnoozeTerms(user_count=3), "snoozed by users", {"ignoreUserCount": 3}),
    "ignore by all three": lambda: ignore(
        SnoozeTerms(until=SOON, count=5, user_count=3),
        "snoozed by all three",
        {"ignoreUntil": T, "ignoreCount": 5, "ignoreUserCount": 3},
    ),
    "ignore by events in a window": lambda: ignore(
        SnoozeTerms(count=5, window=60), "snoozed by events in a window", {"ignoreCount": 5, "ignoreWindow": 60}
    ),
    "ignore by users in a window": lambda: ignore(
        SnoozeTerms(user_count=3, user_window=90),
        "snoozed by users in a window",
        {"ignoreUserCount": 3, "ignoreUserWindow": 90},
    ),
    "ignore by windows until": lambda: ignore(
        SnoozeTerms(until=SOON, count=5, window=60, user_count=3, user_window=90),
        "snoozed by windows until",
        {"ignoreUntil": T, "ignoreCount": 5, "ignoreWindow": 60, "ignoreUserCount": 3, "ignoreUserWindow": 90},
    ),
    "ignore until it escalates": lambda: ignore(
        SnoozeTerms(until_escalating=True), "snoozed until it escalates", {"ignoreUntilEscalating": True}
    ),
}

every_wish = pytest.mark.parametrize("wish_name", WISHES)


def changes_by(wish: Wish, issues: Iterable[Issue], before: Snapshot, outcome: MutationOutcome, by: Caller) -> Changes:
    """Return what is different once these issues got their wish, subscriptions apart."""
    issues = sorted(issues, key=lambda issue: issue.pk)
    columns = wish.columns | {"status_by_id": by.user_id, "mutation_id": outcome.mutation_id}
    rows = before["issues_issue"]
    return Changes(
        updated={"issue": {issue.pk: differing(rows[issue.pk], columns) for issue in issues}},
        added={
            "activity": [
                activity_row(
                    issue,
                    wish.kind,
                    outcome,
                    data=wish.data,
                    by=by,
                    **{f"before_{name}": rows[issue.pk][name] for name in OVERWRITTEN},
                )
                for issue in issues
            ]
        },
    )


# ---------------------------------------------------------------------------------------------------------------------
# Each wish, from each state
# ---------------------------------------------------------------------------------------------------------------------


@every_wish
def test_rewrites_the_named_issues_that_are_not_so_yet(
    wish_name: str, project: Project, older: Release, by_jane: Caller, jane: User
) -> None:
    wish = WISHES[wish_name]()
    named = make_each(project)
    make_each(project)
    before = snapshot()

    outcome = ask(project, named.values(), by=by_jane, status=wish.change)

    changed = [issue for state, issue in named.items() if state not in wish.leaves]
    expected = changes_by(wish, changed, before, outcome, by_jane)
    if isinstance(wish.change, Resolve):
        expected.added["issuesubscription"] = [
            subscription_row(issue, jane, SubscriptionReason.STATUS_CHANGE) for issue in changed
        ]
    assert outcome == MutationOutcome(len(STATES), len(changed), mutation_id=outcome.mutation_id)
    assert changes_since(before) == expected

    before = snapshot()
    assert ask(project, named.values(), by=by_jane, status=wish.change) == MutationOutcome(len(STATES), 0)
    assert snapshot() == before


@every_wish
def test_follows_and_signs_nothing_without_a_user(
    wish_name: str, project: Project, older: Release, by_key: Caller
) -> None:
    wish = WISHES[wish_name]()
    named = make_each(project)
    before = snapshot()

    outcome = ask(project, named.values(), by=by_key, status=wish.change)

    changed = [issue for state, issue in named.items() if state not in wish.leaves]
    assert changes_since(before) == changes_by(wish, changed, before, outcome, by_key)
    assert set(Issue.objects.filter(mutation_id=outcome.mutation_id).values_list("status_by_id", flat=True)) == {None}


@every_wish
def test_of_all_rewrites_those_that_are_not_so_yet(
    wish_name: str,
    project: Project,
    other_project: Project,
    stranger_project: Project,
    older: Release,
    newest: Release,
    by_jane: Caller,
) -> None:
    wish = WISHES[wish_name]()
    everything = make_each(project)
    make_each(project, merged_into=everything["unresolved"])
    for other in (other_project, stranger_project):
        for release in (older, newest):
            ReleaseFactory(project=other, version=release.version, released_at=release.released_at)
        make_each(other)
    before = snapshot()

    outcome = ask(project, None, by=by_jane, status=wish.change)

    changed = [issue for state, issue in everything.items() if state not in wish.leaves]
    assert outcome == MutationOutcome(len(STATES), len(changed), mutation_id=outcome.mutation_id)
    assert changes_since(before) == changes_by(wish, changed, before, outcome, by_jane)

    before = snapshot()
    assert ask(project, None, by=by_jane, status=wish.change) == MutationOutcome(len(STATES), 0)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Under a filter
# ---------------------------------------------------------------------------------------------------------------------


COUNTING_AS = {
    IssueStatus.UNRESOLVED: [*OPEN],
    IssueStatus.IGNORED: [*IGNORED],
    IssueStatus.RESOLVED: RESOLVED,
}


@pytest.mark.parametrize("wish_name", ["resolve", "resolve in next", "unresolve", "ignore until"])
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "all"])
@pytest.mark.parametrize(
    "statuses", [[status] for status in IssueStatus] + [[IssueStatus.UNRESOLVED, IssueStatus.RESOLVED]]
)
def test_keeps_to_what_counts_as_the_statuses_of_the_filter(
    wish_name: str,
    is_named: bool,
    statuses: list[IssueStatus],
    project: Project,
    older: Release,
    by_key: Caller,
) -> None:
    wish = WISHES[wish_name]()
    everything = make_each(project)
    matching = [state for status in statuses for state in COUNTING_AS[status]]
    before = snapshot()

    outcome = ask(project, everything.values() if is_named else None, by=by_key, status=wish.change, statuses=statuses)

    changed = [everything[state] for state in matching if state not in wish.leaves]
    assert (outcome.matched, outcome.changed) == (len(matching), len(changed))
    assert changes_since(before) == (changes_by(wish, changed, before, outcome, by_key) if changed else NOTHING)


# ---------------------------------------------------------------------------------------------------------------------
# Who follows
# ---------------------------------------------------------------------------------------------------------------------


RESOLVING = [name for name in WISHES if name.startswith("resolve")]


@pytest.mark.parametrize("wish_name", RESOLVING)
def test_lets_nobody_follow_what_was_not_changed(
    wish_name: str, project: Project, older: Release, by_jane: Caller, jane: User
) -> None:
    wish = WISHES[wish_name]()
    changed, left = make(project, "unresolved"), make(project, next(iter(wish.leaves)))
    before = snapshot()

    ask(project, [changed, left], by=by_jane, status=wish.change)

    assert changes_since(before).added["issuesubscription"] == [
        subscription_row(changed, jane, SubscriptionReason.STATUS_CHANGE)
    ]


@pytest.mark.parametrize("wish_name", RESOLVING)
@pytest.mark.parametrize("is_active", [True, False])
def test_leaves_a_subscription_as_it_is(
    wish_name: str, is_active: bool, project: Project, older: Release, by_jane: Caller, jane: User
) -> None:
    wish = WISHES[wish_name]()
    issue = make(project, "unresolved")
    IssueSubscriptionFactory(issue=issue, user=jane, is_active=is_active, reason=SubscriptionReason.ASSIGNED)
    before = snapshot()

    outcome = ask(project, [issue], by=by_jane, status=wish.change)

    assert changes_since(before) == changes_by(wish, [issue], before, outcome, by_jane)
