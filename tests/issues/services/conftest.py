"""Who calls the services, and the releases that resolve."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from issues.models import Issue
from projects.callers import Caller
from projects.models import Organization, Project, Release, Team, User
from tests.factories import (
    NOW,
    ApiKeyFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)
from tests.issues.services.merges import DAY, HOUR


@pytest.fixture
def by_jane(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def by_sam(sam: User) -> Caller:
    return Caller(user=sam)


@pytest.fixture
def by_key(organization: Organization) -> Caller:
    """The organization's API key: no user context."""
    return Caller(api_key=ApiKeyFactory(organization=organization))


@pytest.fixture
def newest(project: Project) -> Release:
    """The newest release of the project, which is not the one with the highest id."""
    return ReleaseFactory(projects=[project], version="2.0.0", released_at=NOW - timedelta(days=1))


@pytest.fixture
def older(project: Project, newest: Release) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0", released_at=NOW - timedelta(days=9))


@pytest.fixture
def make(project: Project) -> Callable[..., Issue]:
    """Makes an issue that was first seen so many days ago, and hours as ``{hours ago: events}``."""

    def made(days_ago: int, *, hours: dict[int, int] | None = None, **columns: Any) -> Issue:
        issue = IssueFactory(project=project, own_first_seen=NOW - days_ago * DAY, **columns)
        for hours_ago, count in (hours or {}).items():
            IssueHourFactory(issue=issue, hour=NOW - hours_ago * HOUR, own_count=count)
        return issue

    return made


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
