"""What the database allows and refuses around an issue: what hangs on it, and mutations; named as in test_models.py."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from issues.enums import (
    ActivityKind,
    IssuePriority,
    IssueStatus,
    MutationKind,
    ReopenedAs,
    SubscriptionReason,
)
from issues.models import Environment, IssueEnvironment, IssueMinute, ProjectState
from tests.assertions import decided_by
from tests.factories import (
    NOW,
    ActivityFactory,
    ApiKeyFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    MutationFactory,
    ProjectFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

BEFORE, AFTER = NOW - timedelta(microseconds=1), NOW + timedelta(microseconds=1)


def known_and_unknown(known: list[str], *unknown: str) -> list[tuple[str, bool]]:
    return [*((word, True) for word in known), *((word, False) for word in unknown)]


# ---------------------------------------------------------------------------------------------------------------------
# What hangs on an issue
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_same_project", "is_same_issue", "is_same_hash", "is_allowed"),
    [
        (True, True, True, False),
        (True, False, True, False),
        (True, True, False, True),
        (True, False, False, True),
        (False, False, True, True),
        (False, False, False, True),
    ],
)
def test_issuehash_once_per_project(
    is_same_project: bool, is_same_issue: bool, is_same_hash: bool, is_allowed: bool
) -> None:
    taken = IssueHashFactory(hash="a" * 32)
    project = taken.project if is_same_project else ProjectFactory()
    issue = taken.issue if is_same_issue else IssueFactory(project=project)

    with decided_by("issues_issuehash_once_per_project", is_allowed=is_allowed):
        IssueHashFactory(issue=issue, project=project, hash=("a" if is_same_hash else "b") * 32)


@pytest.mark.parametrize(
    ("is_same_issue", "hour", "is_allowed"),
    [
        (True, NOW, False),
        (True, NOW - timedelta(hours=1), True),
        (False, NOW, True),
        (False, NOW - timedelta(hours=1), True),
    ],
)
def test_issuehour_once_per_issue(is_same_issue: bool, hour: datetime, is_allowed: bool) -> None:
    taken = IssueHourFactory(hour=NOW)
    issue = taken.issue if is_same_issue else IssueFactory(project=taken.project)

    with decided_by("issues_issuehour_once_per_issue", is_allowed=is_allowed):
        IssueHourFactory(issue=issue, hour=hour)


@pytest.mark.parametrize(
    ("own_count", "total_count", "is_allowed"),
    [
        (0, 0, True),
        (0, 1, True),
        (1, 1, True),
        (1, 2, True),
        (1, 0, False),
        (0, -1, False),
        (-1, -1, False),
        (-1, 0, False),
    ],
)
def test_issuehour_total_includes_own(own_count: int, total_count: int, is_allowed: bool) -> None:
    with decided_by("issues_issuehour_total_includes_own", is_allowed=is_allowed):
        IssueHourFactory(own_count=own_count, total_count=total_count)


ONCE_PER_USER = pytest.mark.parametrize(
    ("is_same_issue", "is_same_user", "is_allowed"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)


@ONCE_PER_USER
def test_issueseen_once_per_user(is_same_issue: bool, is_same_user: bool, is_allowed: bool) -> None:
    mark = IssueSeenFactory(seen_at=NOW)
    issue = mark.issue if is_same_issue else IssueFactory(project=mark.project)
    user = mark.user if is_same_user else UserFactory()

    with decided_by("issues_issueseen_once_per_user", is_allowed=is_allowed):
        IssueSeenFactory(issue=issue, user=user, seen_at=AFTER)


@ONCE_PER_USER
def test_issuebookmark_once_per_user(is_same_issue: bool, is_same_user: bool, is_allowed: bool) -> None:
    mark = IssueBookmarkFactory(created_at=NOW)
    issue = mark.issue if is_same_issue else IssueFactory(project=mark.project)
    user = mark.user if is_same_user else UserFactory()

    with decided_by("issues_issuebookmark_once_per_user", is_allowed=is_allowed):
        IssueBookmarkFactory(issue=issue, user=user, created_at=AFTER)


@ONCE_PER_USER
def test_issuesubscription_once_per_user(is_same_issue: bool, is_same_user: bool, is_allowed: bool) -> None:
    ended = IssueSubscriptionFactory(ended=True, reason=SubscriptionReason.ASSIGNED)
    issue = ended.issue if is_same_issue else IssueFactory(project=ended.project)
    user = ended.user if is_same_user else UserFactory()

    with decided_by("issues_issuesubscription_once_per_user", is_allowed=is_allowed):
        IssueSubscriptionFactory(issue=issue, user=user, reason=SubscriptionReason.BOOKMARK)


@pytest.mark.parametrize(
    ("reason", "is_allowed"), known_and_unknown(SubscriptionReason.values, "", "Unknown", "mentioned")
)
def test_issuesubscription_reason_is_known(reason: str, is_allowed: bool) -> None:
    with decided_by("issues_issuesubscription_reason_is_known", is_allowed=is_allowed):
        IssueSubscriptionFactory(reason=reason)


@pytest.mark.parametrize(("kind", "is_allowed"), known_and_unknown(ActivityKind.values, "", "resolved", "SET_RESOLVED"))
def test_activity_kind_is_known(kind: str, is_allowed: bool) -> None:
    with decided_by("issues_activity_kind_is_known", is_allowed=is_allowed):
        ActivityFactory(kind=kind, mutation_id=None if kind in {"note", "set_regression"} else 1)


# Of kinds that need not be of one.
MUTATIONS: dict[str, list[int | None]] = {"note": [None], "set_regression": [None], "set_unresolved": [None, 1]}


@pytest.mark.parametrize(
    ("kind", "mutation_id", "is_allowed"),
    [
        (kind, mutation_id, mutation_id in MUTATIONS.get(kind, [1]))
        for kind in ActivityKind.values
        for mutation_id in (None, 1)
    ],
)
def test_activity_is_of_a_mutation_or_a_note_or_an_event(kind: str, mutation_id: int | None, is_allowed: bool) -> None:
    with decided_by("issues_activity_is_of_a_mutation_or_a_note_or_an_event", is_allowed=is_allowed):
        ActivityFactory(kind=kind, mutation_id=mutation_id)


NO_TEXTS: list[Any] = [{}, {"text": ""}, {"text": None}, {"Text": "The pump."}, []]


@pytest.mark.parametrize(
    ("kind", "data", "is_allowed"),
    [
        ("note", {"text": "The pump."}, True),
        *(("note", data, False) for data in NO_TEXTS),
        ("set_resolved", {}, True),
    ],
)
def test_activity_note_is_not_empty(kind: str, data: Any, is_allowed: bool) -> None:
    with decided_by("issues_activity_note_is_not_empty", is_allowed=is_allowed):
        ActivityFactory(kind=kind, mutation_id=None if kind == "note" else 1, data=data)


@pytest.mark.parametrize(
    ("status", "is_allowed"), [(None, True), *known_and_unknown(IssueStatus.values, "", "Resolved", "muted")]
)
def test_activity_before_status_is_known(status: str | None, is_allowed: bool) -> None:
    with decided_by("issues_activity_before_status_is_known", is_allowed=is_allowed):
        ActivityFactory(before_status=status)


@pytest.mark.parametrize(
    ("priority", "is_allowed"), [(None, True), *known_and_unknown(IssuePriority.values, "", "High", "urgent")]
)
def test_activity_before_priority_is_known(priority: str | None, is_allowed: bool) -> None:
    with decided_by("issues_activity_before_priority_is_known", is_allowed=is_allowed):
        ActivityFactory(before_priority=priority)


@pytest.mark.parametrize(
    ("reopened_as", "is_allowed"), [(None, True), *known_and_unknown(ReopenedAs.values, "", "Regressed", "ongoing")]
)
def test_activity_before_reopened_as_is_known(reopened_as: str | None, is_allowed: bool) -> None:
    with decided_by("issues_activity_before_reopened_as_is_known", is_allowed=is_allowed):
        ActivityFactory(before_reopened_as=reopened_as)


@pytest.mark.parametrize(("title", "is_allowed"), [("The pump.", True), ("-", True), ("", False)])
def test_issuetext_title_is_not_empty(title: str, is_allowed: bool) -> None:
    with decided_by("issues_issuetext_title_is_not_empty", is_allowed=is_allowed):
        IssueFactory(text__title=title)


# ---------------------------------------------------------------------------------------------------------------------
# What is counted of events
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "is_allowed"), [(2, True), (1, True), (0, False), (-1, False)])
def test_issueminute_counts_events(count: int, is_allowed: bool) -> None:
    issue = IssueFactory()

    with decided_by("issues_issueminute_counts_events", is_allowed=is_allowed):
        IssueMinute.objects.create(project_id=issue.project_id, issue=issue, minute=NOW, own_count=count)


@pytest.mark.parametrize(
    ("is_same_project", "name", "is_allowed"),
    [(True, "production", False), (True, "Production", True), (False, "production", True)],
)
def test_environment_once_per_project(is_same_project: bool, name: str, is_allowed: bool) -> None:
    taken = Environment.objects.create(project=ProjectFactory(), name="production")
    project = taken.project if is_same_project else ProjectFactory()

    with decided_by("issues_environment_once_per_project", is_allowed=is_allowed):
        Environment.objects.create(project=project, name=name)


@pytest.mark.parametrize(("name", "is_allowed"), [("production", True), ("-", True), ("", False)])
def test_environment_name_is_not_empty(name: str, is_allowed: bool) -> None:
    with decided_by("issues_environment_name_is_not_empty", is_allowed=is_allowed):
        Environment.objects.create(project=ProjectFactory(), name=name)


@pytest.mark.parametrize(
    ("first_seen", "times_seen", "is_allowed"),
    [(BEFORE, 1, True), (NOW, 1, True), (NOW, 2, True), (AFTER, 1, False), (NOW, 0, False)],
)
def test_issueenvironment_first_seen_is_first(first_seen: datetime, times_seen: int, is_allowed: bool) -> None:
    issue = IssueFactory()
    environment = Environment.objects.create(project=issue.project, name="production")
    seen = {"first_seen": first_seen, "last_seen": NOW, "times_seen": times_seen}

    with decided_by("issues_issueenvironment_first_seen_is_first", is_allowed=is_allowed):
        IssueEnvironment.objects.create(project=issue.project, issue=issue, environment=environment, **seen)


@pytest.mark.parametrize(("number", "is_allowed"), [(2, True), (1, True), (0, False), (-1, False)])
def test_projectstate_short_numbers_start_at_one(number: int, is_allowed: bool) -> None:
    project = ProjectFactory()

    with decided_by("issues_projectstate_short_numbers_start_at_one", is_allowed=is_allowed):
        ProjectState.objects.update_or_create(project=project, defaults={"next_short_number": number})


# ---------------------------------------------------------------------------------------------------------------------
# Mutation
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "is_allowed"), known_and_unknown(MutationKind.values, "", "put", "Update"))
def test_mutation_kind_is_known(kind: str, is_allowed: bool) -> None:
    with decided_by("issues_mutation_kind_is_known", is_allowed=is_allowed):
        MutationFactory(kind=kind, undoes=1 if kind == "undo" else None)


@pytest.mark.parametrize(("changed", "is_allowed"), [(2, True), (1, True), (0, False), (-1, False)])
def test_mutation_changed_something(changed: int, is_allowed: bool) -> None:
    with decided_by("issues_mutation_changed_something", is_allowed=is_allowed):
        MutationFactory(changed=changed)


@pytest.mark.parametrize(
    ("kind", "undoes", "is_allowed"),
    [
        ("undo", 1, True),
        ("undo", None, False),
        ("update", None, True),
        ("update", 1, False),
        ("delete", None, True),
        ("delete", 1, False),
    ],
)
def test_mutation_undoes_goes_with_undo(kind: str, undoes: int | None, is_allowed: bool) -> None:
    with decided_by("issues_mutation_undoes_goes_with_undo", is_allowed=is_allowed):
        MutationFactory(kind=kind, undoes=undoes)


@pytest.mark.parametrize("has_user", [True, False])
@pytest.mark.parametrize("has_key", [True, False])
def test_mutation_asked_by_user_or_key(has_user: bool, has_key: bool) -> None:
    user, key = UserFactory(), ApiKeyFactory()

    with decided_by("issues_mutation_asked_by_user_or_key", is_allowed=not (has_user and has_key)):
        MutationFactory(user=user if has_user else None, api_key=key if has_key else None)


@pytest.mark.parametrize(("matched", "is_allowed"), [(1, True), (0, True), (-1, False)])
def test_mutation_matched_is_not_negative(matched: int, is_allowed: bool) -> None:
    with decided_by("issues_mutation_matched_is_not_negative", is_allowed=is_allowed):
        MutationFactory(matched=matched)


@pytest.mark.parametrize("column", ["ids", "seen_ids", "bookmark_ids", "subscription_ids"])
@pytest.mark.parametrize(
    ("ids", "is_allowed"),
    [
        ([], True),
        ([1], True),
        ([1, 2**63 - 1], True),
        ([0], False),
        ([1, -1], False),
        ([None], False),
        ([1, None], False),
    ],
)
def test_mutation_ids_are_ids(column: str, ids: list[int | None], is_allowed: bool) -> None:
    with decided_by("issues_mutation_ids_are_ids", is_allowed=is_allowed):
        MutationFactory(**{column: ids})
