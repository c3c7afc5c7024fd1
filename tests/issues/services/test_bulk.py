"""A bulk mutation ... (contract 1.5, 1.7, 1.8 and 1.9)"""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from issues.enums import SubscriptionReason
from issues.models import Issue, IssueBookmark, IssueSeen, IssueSubscription
from issues.mutation import (
    Ignore,
    Merged,
    MutationOutcome,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    Unresolve,
)
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
)
from tests.issues.services.calls import (
    Row,
    ask,
    bookmark_row,
    changes_since,
    row_of,
    seen_row,
    subscription_row,
)
from tests.issues.services.wishes import to

pytestmark = pytest.mark.django_db

Wishes = dict[str, Any]

HOUR = timedelta(hours=1)


# ---------------------------------------------------------------------------------------------------------------------
# One body that asks for everything
# ---------------------------------------------------------------------------------------------------------------------


def test_does_all_that_a_body_asks_for(
    project: Project, team: Team, jane: User, sam: User, by_sam: Caller, newest: Release
) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), own_times_seen=2)
    child = IssueFactory(project=project, own_times_seen=3, snoozed=True)
    IssueFactory(project=project)
    before = snapshot()

    outcome = ask(
        project,
        [parent, child],
        by=by_sam,
        status=Resolve(in_next_release=True),
        assignment=to(team),
        is_public=True,
        has_seen=True,
        is_bookmarked=True,
        is_subscribed=False,
        merge=True,
    )

    assert outcome == MutationOutcome(2, 2, mutation_id=outcome.mutation_id, merged=Merged(parent.pk, (child.pk,)))
    resolved: Row = {
        "status": "resolved",
        "status_by_id": sam.pk,
        "resolved_at": NOW,
        "resolution_kind": "in_next_release",
        "resolution_release_id": newest.pk,
        "assignee_team_id": team.pk,
        "mutation_id": outcome.mutation_id,
    }
    changes = changes_since(before)
    assert changes.updated == {
        "issue": {
            parent.pk: resolved | {"share_id": row_of(parent)["share_id"], "times_seen": 5, "users_seen": 2},
            child.pk: resolved
            | {"share_id": row_of(child)["share_id"], "snooze_ends_at": None, "merged_into_id": parent.pk},
        }
    }
    assert None not in (row_of(parent)["share_id"], row_of(child)["share_id"])
    assert changes.gone == {}
    activities = changes.added.pop("activity")
    assert [(row["issue_id"], row["kind"]) for row in activities] == [
        (parent.pk, "set_resolved_in_release"),
        (parent.pk, "assigned"),
        (parent.pk, "set_public"),
        (parent.pk, "merge"),
        (child.pk, "set_resolved_in_release"),
        (child.pk, "assigned"),
        (child.pk, "set_public"),
    ]
    assert {(row["user_id"], row["created_at"], row["mutation_id"]) for row in activities} == {
        (sam.pk, NOW, outcome.mutation_id)
    }
    for rows in changes.added.values():
        rows.sort(key=lambda row: (row["issue_id"], row["user_id"]))
    assert changes.added == {
        "issueseen": [seen_row(parent, sam), seen_row(child, sam)],
        "issuebookmark": [bookmark_row(parent, sam), bookmark_row(child, sam)],
        "issuesubscription": [
            row
            for issue in (parent, child)
            for row in (
                subscription_row(issue, jane, SubscriptionReason.ASSIGNED),
                subscription_row(issue, sam, SubscriptionReason.UNKNOWN, is_active=False),
            )
        ],
    }


@pytest.mark.parametrize("count", [1, 2])
def test_that_asks_for_nothing_does_nothing(count: int, project: Project, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project) for _ in range(count)]
    before = snapshot()

    outcome = ask(project, issues, by=by_jane)

    assert outcome == MutationOutcome(matched=count, changed=0)
    assert snapshot() == before


def test_without_a_user_has_no_effect_on_marks_but_does_the_rest(project: Project, by_key: Caller) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    outcome = ask(project, [issue], by=by_key, is_public=True, has_seen=True, is_bookmarked=True, is_subscribed=True)

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert set(changes_since(before).added) == {"activity"}


# ---------------------------------------------------------------------------------------------------------------------
# How many it changed
# ---------------------------------------------------------------------------------------------------------------------


def test_counts_an_issue_once_however_often_it_changed(project: Project, jane: User, by_jane: Caller) -> None:
    by_status, by_share, by_seen, by_bookmark, by_following, by_all, by_none = (
        IssueFactory(
            project=project,
            resolved=index not in (0, 5),
            public=index not in (1, 5),
        )
        for index in range(7)
    )
    issues = [by_status, by_share, by_seen, by_bookmark, by_following, by_all, by_none]
    for issue in issues:
        if issue not in (by_seen, by_all):
            IssueSeenFactory(issue=issue, user=jane)
        if issue not in (by_bookmark, by_all):
            IssueBookmarkFactory(issue=issue, user=jane)
        if issue not in (by_following, by_all):
            IssueSubscriptionFactory(issue=issue, user=jane)

    wishes: list[tuple[Wishes, int]] = [
        ({"status": Resolve()}, 2),
        ({"is_public": True}, 2),
        ({"has_seen": True}, 2),
        ({"is_bookmarked": True}, 2),
        ({"is_subscribed": True}, 2),
    ]
    together: Wishes = {name: value for wish, _ in wishes for name, value in wish.items()}
    outcome = ask(project, issues, by=by_jane, **together)

    assert (outcome.matched, outcome.changed) == (7, 6)
    assert ask(project, issues, by=by_jane, **together) == MutationOutcome(matched=7, changed=0)


@pytest.mark.parametrize("seed", range(12))
def test_counts_the_issues_that_are_different_afterwards(
    seed: int, project: Project, team: Team, jane: User, sam: User, by_jane: Caller, older: Release, newest: Release
) -> None:
    """Whatever the body, wherever the issues start: compared with what a caller sees before and after."""
    random = Random(seed)
    choices: dict[str, list[Any]] = {
        "status": [
            Resolve(),
            Resolve(in_next_release=True),
            Resolve(in_release=NamedRelease(older.pk, older.version)),
            Unresolve(),
            Ignore(),
            Ignore(SnoozeTerms(until=NOW + HOUR, count=5)),
            Ignore(SnoozeTerms(user_count=2, user_window=60)),
        ],
        "assignment": [to(jane), to(sam), to(team), to(None)],
        "is_public": [True, False],
        "has_seen": [True, False],
        "is_bookmarked": [True, False],
        "is_subscribed": [True, False],
        "merge": [True, False],
    }
    issues = [random_issue(random, project, jane, sam, team, [older, newest]) for _ in range(8)]
    ask(project, random.sample(issues, random.choice([1, 2, 3])), by=by_jane, merge=True)
    visible = list(Issue.objects.visible().order_by("pk"))

    for _ in range(4):
        named = [issue for issue in visible if row_of(issue)["merged_into_id"] is None and random.random() < 0.7]
        if not named:
            continue
        asked = random.sample([*choices], random.randint(1, len(choices)))
        wishes = {key: random.choice(choices[key]) for key in asked}
        before = seen_by(jane, with_following="is_subscribed" in asked)

        outcome = ask(project, named, by=by_jane, **wishes)

        after = seen_by(jane, with_following="is_subscribed" in asked)
        different = [pk for pk in before if before[pk] != after[pk]]
        assert (outcome.matched, outcome.changed) == (len(named), len(different)), (wishes, different)
        assert (outcome.mutation_id is None) == (different == [])


def random_issue(random: Random, project: Project, jane: User, sam: User, team: Team, releases: list[Release]) -> Issue:
    states: list[Row] = [
        {},
        {"resolved": True},
        {"resolved_in_release": True, "resolution_release": random.choice(releases)},
        {"resolved_in_next_release": True},
        {"ignored": True},
        {"ignored": True, "snooze_ends_at": NOW + random.choice([-HOUR, HOUR])},
        {"ignored": True, "snooze_ends_at_times_seen": random.choice([10, 15])},
        {"ignored": True, "snooze_window_user_count": 2, "snooze_window_user_minutes": 60},
    ]
    assignees: list[Row] = [{}, {"assignee_user": jane}, {"assignee_user": sam}, {"assignee_team": team}]
    issue = IssueFactory(
        project=project,
        own_times_seen=10,
        own_last_seen=NOW - random.randint(0, 3) * HOUR,
        public=random.random() < 0.5,
        **random.choice(assignees),
        **random.choice(states),
    )
    if random.random() < 0.6:
        IssueSeenFactory(issue=issue, user=jane, seen_at=NOW - random.randint(0, 3) * HOUR)
    if random.random() < 0.5:
        IssueBookmarkFactory(issue=issue, user=jane)
    if random.random() < 0.6:
        reason = random.choice(SubscriptionReason.values)
        IssueSubscriptionFactory(issue=issue, user=jane, reason=reason, is_active=random.random() < 0.6)
    return issue


AS_THEY_ARE = [
    *("status", "resolution_kind", "resolution_release_id"),
    *("snooze_ends_at", "snooze_window_count", "snooze_window_user_count", "snooze_window_user_minutes"),
    *("assignee_user_id", "assignee_team_id", "share_id", "merged_into_id"),
]


def seen_by(user: User, *, with_following: bool) -> dict[int, tuple[Any, ...]]:
    """Return what a user is told of each issue, as far as it is theirs to change; counts are those that are left."""
    rows: dict[int, Row] = {row["id"]: {**row} for row in Issue.objects.values()}
    looked_at = dict(IssueSeen.objects.filter(user=user).values_list("issue", "seen_at"))
    bookmarked = set(IssueBookmark.objects.filter(user=user).values_list("issue", flat=True))
    follows = set(IssueSubscription.objects.filter(user=user, is_active=True).values_list("issue", flat=True))
    shown = {}
    for pk, row in rows.items():
        ends = row["snooze_ends_at_times_seen"]
        shown[pk] = (
            *(row[name] for name in AS_THEY_ARE),
            None if ends is None else ends - row["times_seen"],
            sorted(child for child in rows if rows[child]["merged_into_id"] == pk),
            pk in looked_at and looked_at[pk] >= row["last_seen"],
            pk in bookmarked,
            with_following and pk in follows,
        )
    return shown
