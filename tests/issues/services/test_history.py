"""The history of a project ...: one mutation for each request that changed something"""

from typing import Any

import pytest

from issues.enums import IssueStatus
from issues.models import Issue, Mutation
from issues.mutation import IssueMutation, MutationOutcome, Resolve, Unresolve
from issues.services import bulk
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.factories import NOW, IssueBookmarkFactory, IssueFactory, IssueSeenFactory, IssueSubscriptionFactory
from tests.issues.services.calls import Row, ask, delete, scope_of

pytestmark = pytest.mark.django_db

RESOLVED, IGNORED = IssueStatus.RESOLVED, IssueStatus.IGNORED


def mutations() -> list[Row]:
    return [{**row} for row in Mutation.objects.order_by("id").values()]


def mutation_row(project: Project, outcome: MutationOutcome, by: Caller, **columns: Any) -> Row:
    return {
        "id": outcome.mutation_id,
        "project_id": project.pk,
        "kind": "update",
        "user_id": by.user_id,
        "api_key_id": by.api_key_id,
        "created_at": NOW,
        "ids": None,
        "statuses": None,
        "query": None,
        "body": {},
        "matched": outcome.matched,
        "changed": outcome.changed,
        "undoes": None,
        "scope_of": None,
        "is_reversed": False,
        "marks_of_id": by.user_id,
        "has_seen": None,
        "is_bookmarked": None,
        "is_subscribed": None,
        "seen_ids": [],
        "bookmark_ids": [],
        "subscription_ids": [],
        **columns,
    }


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project), IssueFactory(project=project, resolved=True)]


def test_keeps_who_asked_for_what_on_which_issues(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    body = {"status": "resolved", "unknown": [1, {"a": None}], "statusDetails": {}}

    outcome = ask(project, reversed(issues), by=by_jane, status=Resolve(), body=body)

    ids = [issue.pk for issue in issues]
    assert mutations() == [mutation_row(project, outcome, by_jane, ids=ids, body=body, matched=2, changed=1)]


def test_keeps_the_filter_and_that_no_ids_were_given(project: Project, issues: list[Issue], by_key: Caller) -> None:
    outcome = ask(project, None, by=by_key, statuses=[RESOLVED, IGNORED], status=Unresolve(), body={"status": "x"})

    statuses = ["ignored", "resolved"]
    assert mutations() == [
        mutation_row(project, outcome, by_key, statuses=statuses, body={"status": "x"}, matched=1, changed=1)
    ]
    assert list(Issue.objects.filter(mutation_id=outcome.mutation_id)) == [issues[1]]


def test_keeps_a_delete_without_a_body(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    IssueFactory(merged_into=issues[0])

    outcome = delete(project, issues[:1], by=by_jane)

    ids = [issues[0].pk]
    assert mutations() == [mutation_row(project, outcome, by_jane, kind="delete", ids=ids, matched=1, changed=2)]


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"status": Resolve()},
        {"is_public": False},
        {"has_seen": False},
        {"is_bookmarked": False},
        {"merge": False},
    ],
)
def test_keeps_nothing_of_a_request_that_changed_nothing(
    wishes: dict[str, Any], project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    assert ask(project, issues[1:], by=by_jane, **wishes) == MutationOutcome(matched=1, changed=0)
    assert mutations() == []


def test_keeps_nothing_of_a_request_that_was_out_of_scope(
    project: Project, issues: list[Issue], other_project: Project, by_jane: Caller
) -> None:
    stray = IssueFactory(project=other_project)

    ask(project, [*issues, stray], by=by_jane, is_public=True)
    delete(project, [*issues, stray], by=by_jane)

    assert mutations() == []


def test_keeps_nothing_of_update_all_that_changed_nothing(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    ask(project, None, by=by_jane, statuses=[RESOLVED], status=Resolve())

    assert mutations() == []


def test_has_an_id_of_its_own_for_each_request(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    outcomes = [ask(project, issues, by=by_jane, is_public=is_public) for is_public in (True, False, True)]

    ids = [row["id"] for row in mutations()]
    assert ids == [outcome.mutation_id for outcome in outcomes]
    assert ids == sorted(set(ids))


# ---------------------------------------------------------------------------------------------------------------------
# Marks
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_set", [True, False])
def test_keeps_the_issues_whose_marks_changed(is_set: bool, project: Project, jane: User, by_jane: Caller) -> None:
    without, half, marked = (IssueFactory(project=project) for _ in range(3))
    for issue in (half, marked):
        IssueBookmarkFactory(issue=issue, user=jane)
    IssueSeenFactory(issue=marked, user=jane)
    IssueSubscriptionFactory(issue=marked, user=jane)
    both = [without, half]

    outcome = ask(project, [*both, marked], by=by_jane, has_seen=is_set, is_bookmarked=is_set, is_subscribed=is_set)

    assert [{name: sorted(row[name]) for name in row if name.endswith("_ids")} for row in mutations()] == [
        {
            "seen_ids": [issue.pk for issue in (both if is_set else [marked])],
            "bookmark_ids": [issue.pk for issue in ([without] if is_set else [half, marked])],
            "subscription_ids": [issue.pk for issue in (both if is_set else [marked])],
        }
    ]
    assert (outcome.matched, outcome.changed) == (3, 2)


@pytest.mark.parametrize(
    "side_effect", [{"status": Resolve()}, {"is_bookmarked": True}, {"status": Resolve(), "is_bookmarked": True}]
)
@pytest.mark.parametrize(("asked", "was"), [(True, False), (True, True), (False, False), (False, True)])
def test_keeps_a_subscription_that_is_another_than_before_the_request_whatever_else_the_body_caused(
    asked: bool, was: bool, side_effect: dict[str, Any], project: Project, jane: User, by_jane: Caller
) -> None:
    issue = IssueFactory(project=project)
    if was:
        IssueSubscriptionFactory(issue=issue, user=jane)

    ask(project, [issue], by=by_jane, is_subscribed=asked, **side_effect)

    assert [row["subscription_ids"] for row in mutations()] == [[issue.pk] if asked != was else []]


def test_keeps_no_subscriptions_that_came_along(project: Project, jane: User, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)

    ask(project, [issue], by=by_jane, status=Resolve(), is_bookmarked=True)

    assert [(row["bookmark_ids"], row["subscription_ids"]) for row in mutations()] == [([issue.pk], [])]


def test_keeps_the_body_as_it_was_written(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    body = {"isPublic": "true", "é": "\U0001f600", "n": 1.5}

    bulk.mutate(scope_of(project, issues), IssueMutation(is_public=True, body=body), act(by_jane))

    assert [row["body"] for row in mutations()] == [body]
