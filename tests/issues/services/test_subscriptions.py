"""A subscription ... (contract 1.4 and 1.5, ``isSubscribed``)"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from issues.enums import SubscriptionReason
from issues.models import Issue, IssueSubscription
from issues.mutation import Assignee, Assignment, MutationOutcome, Resolve
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueSubscriptionFactory
from tests.issues.services.calls import Changes, Row, ask, changes_since, subscription_row

pytestmark = pytest.mark.django_db

LONG_AGO = NOW - timedelta(days=30)


@pytest.fixture
def issues(project: Project, jane: User, sam: User) -> dict[str, Issue]:
    """By jane's subscription. Sam follows all of them, and jane a neighbour."""
    rows: dict[str, Row] = {"none": {}}
    for reason in SubscriptionReason:
        rows[f"for {reason}"] = {"reason": reason}
        rows[f"for {reason}, ended"] = {"reason": reason, "ended": True}
    issues = {name: IssueFactory(project=project) for name in rows}
    for name, row in rows.items():
        IssueSubscriptionFactory(issue=issues[name], user=sam, reason=SubscriptionReason.ASSIGNED)
        if row:
            IssueSubscriptionFactory(issue=issues[name], user=jane, created_at=LONG_AGO, **row)
    IssueSubscriptionFactory(issue=IssueFactory(project=project), user=jane, reason=SubscriptionReason.BOOKMARK)
    return issues


def row_id(issue: Issue, user: User) -> int:
    return IssueSubscription.objects.get(issue=issue, user=user).pk


def test_that_is_asked_for_is_there_for_no_other_reason(
    issues: dict[str, Issue], project: Project, jane: User, by_jane: Caller
) -> None:
    rewritten: dict[str, Row] = {
        "for assigned": {"reason": "unknown"},
        "for bookmark": {"reason": "unknown"},
        "for status_change": {"reason": "unknown"},
        "for unknown, ended": {"is_active": True},
        "for assigned, ended": {"is_active": True, "reason": "unknown"},
        "for bookmark, ended": {"is_active": True, "reason": "unknown"},
        "for status_change, ended": {"is_active": True, "reason": "unknown"},
    }
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_jane, is_subscribed=True)

    # five were not followed before: no row, or an ended one
    assert outcome == MutationOutcome(9, 5, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issuesubscription": {row_id(issues[name], jane): row for name, row in rewritten.items()}},
        added={"issuesubscription": [subscription_row(issues["none"], jane, SubscriptionReason.UNKNOWN)]},
    )


def test_that_the_user_ends_stays_as_ended(
    issues: dict[str, Issue], project: Project, jane: User, by_jane: Caller
) -> None:
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_jane, is_subscribed=False)

    assert outcome == MutationOutcome(9, 4, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={
            "issuesubscription": {
                row_id(issues[f"for {reason}"], jane): {"is_active": False} for reason in SubscriptionReason
            }
        },
        added={
            "issuesubscription": [subscription_row(issues["none"], jane, SubscriptionReason.UNKNOWN, is_active=False)]
        },
    )


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_changes_nothing_the_second_time(
    is_subscribed: bool, issues: dict[str, Issue], project: Project, by_jane: Caller
) -> None:
    ask(project, issues.values(), by=by_jane, is_subscribed=is_subscribed)
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_jane, is_subscribed=is_subscribed)

    assert outcome == MutationOutcome(matched=9, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_needs_a_user(is_subscribed: bool, issues: dict[str, Issue], project: Project, by_key: Caller) -> None:
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_key, is_subscribed=is_subscribed)

    assert outcome == MutationOutcome(matched=9, changed=0)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Side effects, and what was said explicitly
# ---------------------------------------------------------------------------------------------------------------------


def resolving(user: User) -> dict[str, Any]:
    return {"status": Resolve()}


def assigning(user: User) -> dict[str, Any]:
    return {"assignment": Assignment(Assignee("user", user.pk, user.get_full_name(), user.email))}


def bookmarking(user: User) -> dict[str, Any]:
    return {"is_bookmarked": True}


def merging(user: User) -> dict[str, Any]:
    return {"merge": True}


def all_of_it(user: User) -> dict[str, Any]:
    return {"has_seen": True, "is_public": True, **resolving(user), **assigning(user), **bookmarking(user)}


def all_and_merging(user: User) -> dict[str, Any]:
    return {**all_of_it(user), **merging(user)}


every_side_effect = pytest.mark.parametrize(
    "wishes", [resolving, assigning, bookmarking, merging, all_of_it, all_and_merging]
)


def jane_follows(*issues: Issue) -> list[tuple[bool, str]]:
    return list(
        IssueSubscription.objects.filter(issue__in=issues, user__username="jane")
        .order_by("issue")
        .values_list("is_active", "reason")
    )


@every_side_effect
def test_that_the_user_ended_is_revived_by_no_side_effect(
    wishes: Callable[[User], dict[str, Any]], project: Project, jane: User, by_jane: Caller
) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)
    IssueSubscriptionFactory(issue=parent, user=jane, ended=True)
    IssueSubscriptionFactory(issue=child, user=jane, reason=SubscriptionReason.ASSIGNED)

    ask(project, [parent, child], by=by_jane, **wishes(jane))

    assert jane_follows(parent, child) == [(False, "unknown"), (True, "assigned")]


@every_side_effect
@pytest.mark.parametrize("is_subscribed", [True, False])
@pytest.mark.parametrize("was", ["none", "active", "ended"])
def test_that_is_asked_for_wins_over_side_effects_of_the_same_body(
    wishes: Callable[[User], dict[str, Any]],
    is_subscribed: bool,
    was: str,
    project: Project,
    jane: User,
    by_jane: Caller,
) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    if was != "none":
        for issue in issues:
            IssueSubscriptionFactory(issue=issue, user=jane, is_active=was == "active")

    ask(project, issues, by=by_jane, is_subscribed=is_subscribed, **wishes(jane))

    assert jane_follows(*issues) == [(is_subscribed, "unknown")] * 2


def test_that_is_asked_for_outlives_the_bookmark_that_goes_in_the_same_body(
    project: Project, jane: User, by_jane: Caller
) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_jane, is_bookmarked=True)
    assert jane_follows(issue) == [(True, "bookmark")]

    ask(project, [issue], by=by_jane, is_bookmarked=False, is_subscribed=True)

    assert jane_follows(issue) == [(True, "unknown")]


def test_that_went_with_its_bookmark_may_come_with_the_next_one(project: Project, jane: User, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_jane, is_bookmarked=True)
    ask(project, [issue], by=by_jane, is_bookmarked=False)
    assert jane_follows(issue) == []

    ask(project, [issue], by=by_jane, is_bookmarked=True)

    assert jane_follows(issue) == [(True, "bookmark")]


def test_keeps_the_reason_that_was_first(project: Project, jane: User, by_jane: Caller) -> None:
    first, second = IssueFactory(project=project), IssueFactory(project=project)

    ask(project, [first], by=by_jane, **all_of_it(jane))
    ask(project, [second], by=by_jane, **assigning(jane), **bookmarking(jane))

    assert jane_follows(first, second) == [(True, "status_change"), (True, "assigned")]
