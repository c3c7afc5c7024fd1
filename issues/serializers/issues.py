"""An issue as answers show it: an item of a list, or the whole of one (contract section 2 and 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDay, TruncHour

from issues.enums import IssueStatus, ResolutionKind
from issues.models import Issue, IssueBookmark, IssueHour, IssueSeen, IssueSubscription
from issues.mutation import Assignee, SnoozeTerms
from issues.serializers.outcomes import describe_assignee, describe_terms
from projects.callers import Caller
from projects.serializers import describe_user, iso

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StatsPeriod:
    """So many equal points of time, the last of which holds the present; ``word`` is how the caller wrote it."""

    word: str
    step: timedelta
    points: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What items show that stands in other tables, read once for a whole page."""

    stats: dict[int, list[list[int]]]
    bookmarked: frozenset[int]
    seen_at: dict[int, datetime]
    subscriptions: dict[int, str]


def read_surroundings(
    project_ids: Sequence[int], ids: Sequence[int], period: StatsPeriod | None, *, by: Caller, at: datetime
) -> Surroundings:
    """Read the hourly counts and the caller's marks of these issues: a fixed number of statements."""
    of_these = {"project_id__in": project_ids, "issue_id__in": ids}
    mine = {**of_these, "user_id": by.user_id}
    if by.user_id is None:
        return Surroundings(_read_stats(of_these, ids, period, at=at), frozenset(), {}, {})
    return Surroundings(
        stats=_read_stats(of_these, ids, period, at=at),
        bookmarked=frozenset(IssueBookmark.objects.filter(**mine).values_list("issue_id", flat=True)),
        seen_at=dict(IssueSeen.objects.filter(**mine).values_list("issue_id", "seen_at")),
        subscriptions=dict(IssueSubscription.objects.filter(**mine, is_active=True).values_list("issue_id", "reason")),
    )


def _read_stats(
    of_these: dict[str, Any], ids: Sequence[int], period: StatsPeriod | None, *, at: datetime
) -> dict[int, list[list[int]]]:
    if period is None:
        return {}
    truncate, now = (
        (TruncHour, at.replace(minute=0)) if period.step == HOUR else (TruncDay, at.replace(hour=0, minute=0))
    )
    last = now.replace(second=0, microsecond=0)
    moments = [last - period.step * back for back in reversed(range(period.points))]
    counts = (
        IssueHour.objects.filter(**of_these, hour__gte=moments[0])
        .annotate(point=truncate("hour"))
        .values_list("issue_id", "point")
        .annotate(count=Sum("total_count"))
        .order_by()
    )
    found = {(issue_id, point): count for issue_id, point, count in counts}
    return {pk: [[int(moment.timestamp()), found.get((pk, moment), 0)] for moment in moments] for pk in ids}


def describe_issue(
    issue: Any, around: Surroundings, period: StatsPeriod | None, *, permalink: Callable[[int], str]
) -> dict[str, Any]:
    """Return one item of a list.

    :param issue: with ``status_shown``, and its text, project, people and release at hand.
    :param permalink: from an issue's id to its absolute address.
    """
    seen_at = around.seen_at.get(issue.pk)
    reason = around.subscriptions.get(issue.pk)
    return {
        "id": str(issue.pk),
        "shortId": issue.short_id,
        "title": issue.text.title,
        "culprit": issue.text.culprit,
        "permalink": permalink(issue.pk),
        "logger": issue.logger or None,
        "level": issue.level,
        "status": issue.status_shown,
        "statusDetails": _status_details(issue),
        "isPublic": issue.share_id is not None,
        "shareId": None if issue.share_id is None else issue.share_id.hex,
        "platform": issue.platform or None,
        "project": {"id": str(issue.project_id), "name": issue.project.name, "slug": issue.project.slug},
        "type": issue.type,
        "metadata": issue.text.metadata,
        "numComments": issue.comment_count,
        "assignedTo": describe_assignee(_assignee(issue)),
        "isBookmarked": issue.pk in around.bookmarked,
        "isSubscribed": reason is not None,
        "subscriptionDetails": None if reason is None else {"reason": reason},
        "hasSeen": seen_at is not None and seen_at >= issue.last_seen,
        "annotations": [],
        "count": str(issue.times_seen),
        "userCount": issue.users_seen,
        "firstSeen": iso(issue.first_seen),
        "lastSeen": iso(issue.last_seen),
        "stats": {} if period is None else {period.word: around.stats[issue.pk]},
    }


def _assignee(issue: Issue) -> Assignee | None:
    if issue.assignee_user is not None:
        user = issue.assignee_user
        return Assignee("user", user.pk, user.get_full_name(), user.email)
    if issue.assignee_team is not None:
        return Assignee("team", issue.assignee_team.pk, issue.assignee_team.slug)
    return None


def _status_details(issue: Any) -> dict[str, Any]:
    """Return the terms under which the issue is ignored, counts as what is left of them; or what resolves it."""
    details: dict[str, Any] = {}
    if issue.status_shown == IssueStatus.IGNORED:
        ends_at_count, ends_at_users = issue.snooze_ends_at_times_seen, issue.snooze_ends_at_users_seen
        details = describe_terms(
            SnoozeTerms(
                until=issue.snooze_ends_at,
                count=issue.snooze_window_count if ends_at_count is None else ends_at_count - issue.times_seen,
                window=issue.snooze_window_minutes,
                user_count=issue.snooze_window_user_count
                if ends_at_users is None
                else ends_at_users - issue.users_seen,
                user_window=issue.snooze_window_user_minutes,
            )
        )
    elif issue.resolution_kind == ResolutionKind.IN_RELEASE:
        details = {"inRelease": issue.resolution_release.version}
    elif issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        details = {"inNextRelease": True}
    if details and issue.status_by is not None:
        details["actor"] = describe_user(issue.status_by)
    return details
