"""An issue as answers show it: an item of a list, or the whole of one (contract section 2 and 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from issues import short_ids
from issues.enums import IssueStatus, ResolutionKind
from issues.mutation import Assignee, SnoozeTerms
from issues.serializers.outcomes import describe_assignee, describe_terms
from projects.callers import Caller
from projects.serializers import describe_person, iso

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

    :param issue: a row of ``IssueQuerySet.as_items``.
    :param permalink: from an issue's id to its absolute address.
    """
    seen_at = around.seen_at.get(issue.id)
    reason = around.subscriptions.get(issue.id)
    return {
        "id": str(issue.id),
        "shortId": short_ids.write(issue.project__slug, issue.short_number),
        "title": issue.text__title,
        "culprit": issue.text__culprit,
        "permalink": permalink(issue.id),
        "logger": issue.logger or None,
        "level": issue.level,
        "status": issue.status_shown,
        "statusDetails": describe_status_details(issue),
        "isPublic": issue.share_id is not None,
        "shareId": None if issue.share_id is None else issue.share_id.hex,
        "platform": issue.platform or None,
        "project": {"id": str(issue.project_id), "name": issue.project__name, "slug": issue.project__slug},
        "type": issue.type,
        "metadata": issue.text__metadata,
        "numComments": issue.comment_count,
        "assignedTo": describe_assignee(_assignee(issue)),
        "isBookmarked": issue.id in around.bookmarked,
        "isSubscribed": reason is not None,
        "subscriptionDetails": None if reason is None else {"reason": reason},
        "hasSeen": seen_at is not None and seen_at >= issue.last_seen,
        "annotations": [],
        "count": str(issue.times_seen),
        "userCount": issue.users_seen,
        "firstSeen": iso(issue.first_seen),
        "lastSeen": iso(issue.last_seen),
        "stats": {} if period is None else {period.word: around.stats[issue.id]},
    }


def _assignee(issue: Any) -> Assignee | None:
    if issue.assignee_user_id is not None:
        name = issue.assignee_user__name or issue.assignee_user__username
        return Assignee("user", issue.assignee_user_id, name, issue.assignee_user__email)
    if issue.assignee_team_id is not None:
        return Assignee("team", issue.assignee_team_id, issue.assignee_team__slug)
    return None


def describe_status_details(issue: Any) -> dict[str, Any]:
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
        details = {"inRelease": issue.resolution_release__version}
    elif issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        details = {"inNextRelease": True}
    if details and issue.status_by__username is not None:  # the user may be gone, without a trace but the id
        username, name = issue.status_by__username, issue.status_by__name
        details["actor"] = describe_person(issue.status_by_id, username, name, issue.status_by__email)
    return details
