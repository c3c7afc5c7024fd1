"""Issues to merge, and what is read of them afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from issues.enums import SubscriptionReason
from issues.models import Issue, IssueHour
from projects.models import Release, Team, User
from tests.factories import (
    NOW,
    ActivityFactory,
    IssueBookmarkFactory,
    IssueHashFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
)
from tests.issues.services.calls import (
    Row,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


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
