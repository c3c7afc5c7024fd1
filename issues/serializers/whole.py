"""The whole of one issue (contract section 5): a list's item, and what stands around it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from issues import answers
from issues.models import Issue, IssueSeen, IssueSubscription
from issues.serializers.activities import NEWEST_FIRST, describe_activity, read_activities
from issues.serializers.issues import describe_issue
from issues.serializers.items import DAY, HOUR, StatsPeriod, read_items, read_names, read_stats
from projects.callers import Caller
from projects.database.keyset import Position
from projects.models import Release
from projects.serializers import describe_user, iso

SHOWN = 100  # activities, people who looked, people who follow: the newest so many
A_DAY, A_MONTH = StatsPeriod("24h", HOUR, 24), StatsPeriod("30d", DAY, 30)


def read_whole(issue: Issue, *, by: Caller, at: datetime, permalink: Callable[[int], str]) -> dict[str, Any] | None:
    """Read and return everything about an issue, merged or not, in a fixed number of statements; None if it is gone."""
    items = read_items([issue.project_id], [issue.pk], by=by, at=at)
    if not items:
        return None
    (found,) = items
    stats = {period.word: read_stats(items, period, at=at).points(issue.pk) for period in (A_DAY, A_MONTH)}
    described = describe_issue(found, read_names(items), stats, permalink=permalink)
    releases = Release.objects.in_bulk([pk for pk in (found.first_release_id, found.last_release_id) if pk])
    activities = read_activities(issue, Position(NEWEST_FIRST), SHOWN)
    seen = IssueSeen.objects.filter(issue=issue).select_related("user").order_by("-seen_at", "-pk")[:SHOWN]
    followers = IssueSubscription.objects.filter(issue=issue, is_active=True).select_related("user").order_by("-pk")
    return described | {
        "activity": [describe_activity(activity) for activity in activities],
        "seenBy": [_describe_viewer(mark) for mark in seen],
        "participants": [_describe_follower(follower) for follower in followers[:SHOWN]],
        "firstRelease": _describe_release(releases.get(found.first_release_id)),
        "lastRelease": _describe_release(releases.get(found.last_release_id)),
        "tags": [],
        "userReportCount": 0,
        "pluginActions": [],
        "pluginContexts": [],
        "pluginIssues": [],
    }


def _describe_viewer(mark: IssueSeen) -> answers.Viewer:
    return {**describe_user(mark.user), "lastSeen": iso(mark.seen_at)}


def _describe_follower(subscription: IssueSubscription) -> answers.Follower:
    return {**describe_user(subscription.user), "type": "user"}


def _describe_release(release: Release | None) -> answers.ReleaseOfIssue | None:
    if release is None:
        return None
    return {
        "id": release.pk,
        "version": release.version,
        "shortVersion": release.version.rpartition("@")[2],
        "dateCreated": iso(release.created_at),
        "dateReleased": None if release.released_at is None else iso(release.released_at),
    }
