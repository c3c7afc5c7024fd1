"""What the database allows and what it refuses: ``test_<name>`` is about the constraint ``issues_<name>``."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint

from issues.enums import (
    IssueLevel,
    IssuePriority,
    IssueStatus,
    ReopenedAs,
    ResolutionKind,
)
from issues.models import Issue
from projects.models import Project
from tests.assertions import decided_by
from tests.factories import (
    NOW,
    IssueFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)
from tests.issues import test_models_around

pytestmark = pytest.mark.django_db

BEFORE, AFTER = NOW - timedelta(microseconds=1), NOW + timedelta(microseconds=1)


def known_and_unknown(known: list[str], *unknown: str) -> list[tuple[str, bool]]:
    return [*((word, True) for word in known), *((word, False) for word in unknown)]


# ---------------------------------------------------------------------------------------------------------------------
# Issue: what it is
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_same_project", "number", "is_allowed"),
    [(True, 7, False), (True, 8, True), (False, 7, True), (False, 8, True)],
)
def test_issue_short_number_once_per_project(is_same_project: bool, number: int, is_allowed: bool) -> None:
    taken = IssueFactory(short_number=7)
    project = taken.project if is_same_project else ProjectFactory()

    with decided_by("issues_issue_short_number_once_per_project", is_allowed=is_allowed):
        IssueFactory(project=project, short_number=number)


@pytest.mark.parametrize("is_same_project", [True, False])
@pytest.mark.parametrize(
    ("one", "other", "is_allowed"),
    [
        (None, None, True),
        (None, UUID(int=1), True),
        (UUID(int=1), UUID(int=2), True),
        (UUID(int=1), UUID(int=1), False),
    ],
)
def test_issue_share_id_is_unique(
    one: UUID | None, other: UUID | None, is_allowed: bool, is_same_project: bool
) -> None:
    shared = IssueFactory(share_id=one)
    project = shared.project if is_same_project else ProjectFactory()

    # Between projects chance keeps them apart, and check_integrity looks.
    with decided_by("issues_issue_share_id_is_unique", is_allowed=is_allowed or not is_same_project):
        IssueFactory(project=project, share_id=other)


@pytest.mark.parametrize(
    ("status", "is_allowed"),
    known_and_unknown(IssueStatus.values, "", "muted", "Ignored", "unresolve"),
)
def test_issue_status_is_known(status: str, is_allowed: bool) -> None:
    resolved_at = NOW if status == "resolved" else None

    with decided_by("issues_issue_status_is_known", is_allowed=is_allowed):
        IssueFactory(status=status, resolved_at=resolved_at)


@pytest.mark.parametrize(("level", "is_allowed"), known_and_unknown(IssueLevel.values, "", "Error", "critical", "40"))
def test_issue_level_is_known(level: str, is_allowed: bool) -> None:
    with decided_by("issues_issue_level_is_known", is_allowed=is_allowed):
        IssueFactory(level=level)


@pytest.mark.parametrize(("priority", "is_allowed"), known_and_unknown(IssuePriority.values, "", "High", "urgent"))
def test_issue_priority_is_known(priority: str, is_allowed: bool) -> None:
    with decided_by("issues_issue_priority_is_known", is_allowed=is_allowed):
        IssueFactory(priority=priority)


# ---------------------------------------------------------------------------------------------------------------------
# Issue: numbers
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["own_times_seen", "own_users_seen", "own_comment_count"])
@pytest.mark.parametrize(("number", "is_allowed"), [(1, True), (0, True), (-1, False)])
def test_issue_own_numbers_are_not_negative(column: str, number: int, is_allowed: bool) -> None:
    with decided_by("issues_issue_own_numbers_are_not_negative", is_allowed=is_allowed):
        IssueFactory(**{column: number})


@pytest.mark.parametrize("what", ["times_seen", "users_seen", "comment_count"])
@pytest.mark.parametrize(("total", "is_allowed"), [(4, False), (5, True), (6, True)])
def test_issue_totals_include_own(what: str, total: int, is_allowed: bool) -> None:
    with decided_by("issues_issue_totals_include_own", is_allowed=is_allowed):
        IssueFactory(**{f"own_{what}": 5, what: total})


@pytest.mark.parametrize(
    ("what", "total", "is_allowed"),
    [
        ("first_seen", BEFORE, True),
        ("first_seen", NOW, True),
        ("first_seen", AFTER, False),
        ("last_seen", BEFORE, False),
        ("last_seen", NOW, True),
        ("last_seen", AFTER, True),
    ],
)
def test_issue_totals_include_own_times(what: str, total: datetime, is_allowed: bool) -> None:
    with decided_by("issues_issue_totals_include_own", is_allowed=is_allowed):
        IssueFactory(own_first_seen=NOW, own_last_seen=NOW, **{what: total})


@pytest.mark.parametrize(
    ("first_seen", "last_seen", "is_allowed"), [(BEFORE, NOW, True), (NOW, NOW, True), (AFTER, NOW, False)]
)
def test_issue_first_seen_is_first(first_seen: datetime, last_seen: datetime, is_allowed: bool) -> None:
    with decided_by("issues_issue_first_seen_is_first", is_allowed=is_allowed):
        IssueFactory(own_first_seen=first_seen, own_last_seen=last_seen)


# ---------------------------------------------------------------------------------------------------------------------
# Issue: status, resolution, snooze
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "resolved_at", "is_allowed"),
    [
        ("resolved", NOW, True),
        ("resolved", None, False),
        ("unresolved", NOW, False),
        ("unresolved", None, True),
        ("ignored", NOW, False),
        ("ignored", None, True),
    ],
)
def test_issue_resolved_at_goes_with_resolved(status: str, resolved_at: datetime | None, is_allowed: bool) -> None:
    with decided_by("issues_issue_resolved_at_goes_with_resolved", is_allowed=is_allowed):
        IssueFactory(status=status, resolved_at=resolved_at)


@pytest.mark.parametrize(
    ("status", "kind", "is_allowed"),
    [
        ("resolved", None, True),
        ("resolved", ResolutionKind.IN_RELEASE, True),
        ("resolved", ResolutionKind.IN_NEXT_RELEASE, True),
        ("unresolved", None, True),
        ("unresolved", ResolutionKind.IN_RELEASE, False),
        ("unresolved", ResolutionKind.IN_NEXT_RELEASE, False),
        ("ignored", None, True),
        ("ignored", ResolutionKind.IN_RELEASE, False),
        ("ignored", ResolutionKind.IN_NEXT_RELEASE, False),
    ],
)
def test_issue_resolution_only_while_resolved(status: str, kind: ResolutionKind | None, is_allowed: bool) -> None:
    resolved_at = NOW if status == "resolved" else None
    release = ReleaseFactory()
    resolution = {"resolution_kind": kind, "resolution_release": None if kind is None else release}

    with decided_by("issues_issue_resolution_only_while_resolved", is_allowed=is_allowed):
        IssueFactory(project=release.project, status=status, resolved_at=resolved_at, **resolution)


@pytest.mark.parametrize(
    ("kind", "has_release", "is_allowed"),
    [
        (None, False, True),
        (None, True, False),
        ("in_release", False, False),
        ("in_release", True, True),
        ("in_next_release", False, True),
        ("in_next_release", True, True),
        ("in_some_release", False, False),
        ("in_some_release", True, False),
        ("", False, False),
        ("", True, False),
    ],
)
def test_issue_resolution_release_goes_with_kind(kind: str | None, has_release: bool, is_allowed: bool) -> None:
    release = ReleaseFactory()
    resolution = {"resolution_kind": kind, "resolution_release": release if has_release else None}

    with decided_by("issues_issue_resolution_release_goes_with_kind", is_allowed=is_allowed):
        IssueFactory(project=release.project, resolved=True, **resolution)


SNOOZES: list[dict[str, Any]] = [
    {"snooze_ends_at": NOW},
    {"snooze_ends_at_times_seen": 1},
    {"snooze_ends_at_users_seen": 1},
    {"snooze_window_count": 1, "snooze_window_minutes": 1},
    {"snooze_window_user_count": 1, "snooze_window_user_minutes": 1},
    {"snooze_escalates_above": 9},
    {"snooze_started_at": NOW},
]


@pytest.mark.parametrize(
    ("status", "snooze", "is_allowed"),
    [
        *(("ignored", snooze, True) for snooze in [{}, *SNOOZES]),
        *((status, {}, True) for status in ["unresolved", "resolved"]),
        *((status, snooze, False) for status in ["unresolved", "resolved"] for snooze in SNOOZES),
    ],
)
def test_issue_snooze_only_while_ignored(status: str, snooze: dict[str, Any], is_allowed: bool) -> None:
    resolved_at = NOW if status == "resolved" else None

    with decided_by("issues_issue_snooze_only_while_ignored", is_allowed=is_allowed):
        IssueFactory(status=status, resolved_at=resolved_at, **snooze)


@pytest.mark.parametrize("of", ["", "user_"], ids=["events", "users"])
@pytest.mark.parametrize(
    ("count", "minutes", "is_allowed"),
    [
        (None, None, True),
        (1, 1, True),
        (2_147_483_647, 10_080, True),
        *((count, None, False) for count in [-1, 0, 1]),
        *((None, minutes, False) for minutes in [-1, 0, 1]),
        *((count, minutes, False) for count, minutes in product([-1, 0, 1], repeat=2) if (count, minutes) != (1, 1)),
    ],
)
def test_issue_snooze_window_goes_with_count(of: str, count: int | None, minutes: int | None, is_allowed: bool) -> None:
    with decided_by("issues_issue_snooze_window_goes_with_count", is_allowed=is_allowed):
        IssueFactory(ignored=True, **{f"snooze_window_{of}count": count, f"snooze_window_{of}minutes": minutes})


EVENTS_IN_ALL, USERS_IN_ALL = {"snooze_ends_at_times_seen": 1}, {"snooze_ends_at_users_seen": 1}
EVENTS_IN_WINDOW = {"snooze_window_count": 1, "snooze_window_minutes": 1}
USERS_IN_WINDOW = {"snooze_window_user_count": 1, "snooze_window_user_minutes": 1}


@pytest.mark.parametrize(
    ("terms", "is_allowed"),
    [
        ({}, True),
        (EVENTS_IN_ALL, True),
        (USERS_IN_ALL, True),
        (EVENTS_IN_WINDOW, True),
        (USERS_IN_WINDOW, True),
        (EVENTS_IN_ALL | USERS_IN_ALL, True),
        (EVENTS_IN_ALL | USERS_IN_WINDOW, True),
        (EVENTS_IN_WINDOW | USERS_IN_ALL, True),
        (EVENTS_IN_WINDOW | USERS_IN_WINDOW, True),
        (EVENTS_IN_ALL | EVENTS_IN_WINDOW, False),
        (USERS_IN_ALL | USERS_IN_WINDOW, False),
        (EVENTS_IN_ALL | EVENTS_IN_WINDOW | USERS_IN_ALL | USERS_IN_WINDOW, False),
    ],
)
def test_issue_snooze_counts_once(terms: dict[str, int], is_allowed: bool) -> None:
    with decided_by("issues_issue_snooze_counts_once", is_allowed=is_allowed):
        IssueFactory(ignored=True, **terms)


@pytest.mark.parametrize(("above", "is_allowed"), [(None, True), (9, True), (0, True), (-1, False)])
def test_issue_snooze_escalates_above_a_count(above: int | None, is_allowed: bool) -> None:
    with decided_by("issues_issue_snooze_escalates_above_a_count", is_allowed=is_allowed):
        IssueFactory(ignored=True, snooze_escalates_above=above)


@pytest.mark.parametrize(
    ("status", "reopened_as", "is_allowed"),
    [
        *((status, None, True) for status in IssueStatus.values),
        *(("unresolved", word, is_known) for word, is_known in known_and_unknown(ReopenedAs.values, "", "ongoing")),
        *((status, word, False) for status in ["resolved", "ignored"] for word in ReopenedAs.values),
    ],
)
def test_issue_reopened_only_while_unresolved(status: str, reopened_as: str | None, is_allowed: bool) -> None:
    resolved_at = NOW if status == "resolved" else None

    with decided_by("issues_issue_reopened_only_while_unresolved", is_allowed=is_allowed):
        IssueFactory(status=status, resolved_at=resolved_at, reopened_as=reopened_as)


# ---------------------------------------------------------------------------------------------------------------------
# Issue: assignee and merge
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has_user", "has_team", "is_allowed"),
    [(False, False, True), (True, False, True), (False, True, True), (True, True, False)],
)
def test_issue_one_assignee(has_user: bool, has_team: bool, is_allowed: bool) -> None:
    user = UserFactory() if has_user else None
    team = TeamFactory() if has_team else None

    with decided_by("issues_issue_one_assignee", is_allowed=is_allowed):
        IssueFactory(assignee_user=user, assignee_team=team)


@pytest.mark.parametrize(
    ("into", "is_allowed"),
    [
        (lambda issue: None, True),
        (lambda issue: IssueFactory(project=issue.project), True),
        (lambda issue: issue, False),
    ],
    ids=["nothing", "another", "itself"],
)
def test_issue_not_merged_into_itself(into: Callable[[Issue], Issue | None], is_allowed: bool) -> None:
    issue = IssueFactory()
    parent = into(issue)

    with decided_by("issues_issue_not_merged_into_itself", is_allowed=is_allowed):
        Issue.objects.filter(pk=issue.pk).update(merged_into=parent)


# ---------------------------------------------------------------------------------------------------------------------
# All of them
# ---------------------------------------------------------------------------------------------------------------------


def test_no_constraint_is_without_a_test() -> None:
    declared = [c.name for model in apps.get_app_config("issues").get_models() for c in model._meta.constraints]

    tests = {*globals(), *vars(test_models_around)}

    untested = [name for name in declared if f"test_{name.removeprefix('issues_')}" not in tests]

    assert declared
    assert untested == []


def test_the_database_has_each_check_and_enforces_it() -> None:
    declared = {
        constraint.name
        for model in apps.get_app_config("issues").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND convalidated AND conname LIKE 'issues\\_%'"
        )
        enforced = {name for (name,) in cursor.fetchall()}

    assert enforced == declared


@pytest.mark.parametrize(
    ("slug", "short_number", "short_id"),
    [
        ("pump-station", 0, "PUMP-STATION-0"),
        ("pump-station", 9, "PUMP-STATION-9"),
        ("pump-station", 10, "PUMP-STATION-A"),
        ("pump-station", 17, "PUMP-STATION-H"),
        ("pump-station", 18, "PUMP-STATION-J"),  # no I
        ("pump-station", 20, "PUMP-STATION-M"),  # no L
        ("pump-station", 22, "PUMP-STATION-P"),  # no O
        ("pump-station", 27, "PUMP-STATION-V"),  # no U
        ("pump-station", 31, "PUMP-STATION-Z"),
        ("pump-station", 32, "PUMP-STATION-10"),
        ("pump-station", 42, "PUMP-STATION-1A"),
        ("pump-station", 1000, "PUMP-STATION-Z8"),
        ("pump-station", 1023, "PUMP-STATION-ZZ"),
        ("pump-station", 1024, "PUMP-STATION-100"),
        ("pump-station", 2**63 - 1, "PUMP-STATION-7ZZZZZZZZZZZZ"),
        ("under_score-2", 1, "UNDER_SCORE-2-1"),
    ],
)
def test_short_id_is_the_slug_and_the_number_in_base_32(slug: str, short_number: int, short_id: str) -> None:
    issue = Issue(project=Project(slug=slug), short_number=short_number)

    assert issue.short_id == short_id
