"""An issue as answers show it: an item of a list, or the whole of one (contract section 2 and 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from issues.enums import IssueStatus, ResolutionKind
from issues.models import Issue
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
    """Read the hourly counts and the caller's marks of these issues, which are of these projects: two statements."""
    of_these = {"project_ids": list(project_ids), "ids": list(ids)}
    stats = {} if period is None else _read_stats(of_these, period, at=at)
    marks = [] if by.user_id is None else _read_marks(of_these, by.user_id)
    return Surroundings(
        stats=stats,
        bookmarked=frozenset(pk for pk, seen_at, reason in marks if seen_at is None and reason is None),
        seen_at={pk: seen_at for pk, seen_at, _ in marks if seen_at is not None},
        subscriptions={pk: reason for pk, _, reason in marks if reason is not None},
    )


def _read_stats(of_these: dict[str, Any], period: StatsPeriod, *, at: datetime) -> dict[int, list[list[int]]]:
    """Return the points of each issue: the second at which one begins, and how many events it has."""
    unit, now = ("hour", at.replace(minute=0)) if period.step == HOUR else ("day", at.replace(hour=0, minute=0))
    last = now.replace(second=0, microsecond=0)
    since = last - period.step * (period.points - 1)
    begins = [int((since + period.step * number).timestamp()) for number in range(period.points)]
    counts: dict[int, dict[int, int]] = {pk: {} for pk in of_these["ids"]}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT issue_id, extract(epoch FROM date_trunc(%(unit)s, hour, 'UTC'))::bigint, sum(total_count)::bigint
            FROM issues_issuehour
            WHERE project_id = ANY(%(project_ids)s::bigint[]) AND issue_id = ANY(%(ids)s::bigint[])
              AND hour >= %(since)s
            GROUP BY 1, 2
            """,
            of_these | {"unit": unit, "since": since},
        )
        for pk, begin, count in cursor:
            counts[pk][begin] = count
    return {pk: [[begin, found.get(begin, 0)] for begin in begins] for pk, found in counts.items()}


def _read_marks(of_these: dict[str, Any], user_id: int) -> list[tuple[int, datetime | None, str | None]]:
    """Return the user's marks: looked at when, or follows why; with neither, it is a bookmark."""
    mine = "project_id = ANY(%(project_ids)s::bigint[]) AND issue_id = ANY(%(ids)s::bigint[]) AND user_id = %(user_id)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT issue_id, seen_at, NULL FROM issues_issueseen WHERE {mine}
            UNION ALL
            SELECT issue_id, NULL, reason FROM issues_issuesubscription WHERE {mine} AND is_active
            UNION ALL
            SELECT issue_id, NULL, NULL FROM issues_issuebookmark WHERE {mine}
            """,
            of_these | {"user_id": user_id},
        )
        marks: list[tuple[int, datetime | None, str | None]] = cursor.fetchall()
        return marks


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
