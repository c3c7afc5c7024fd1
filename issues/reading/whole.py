"""Everything about one issue (contract section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from issues.models import Activity, Issue, IssueSeen, IssueSubscription
from issues.named import Names
from issues.reading.activities import newest_activities
from issues.reading.items import DAY, HOUR, Item, Stats, StatsPeriod, read_items, read_names, read_stats
from issues.reading.story import First
from projects.callers import Caller
from projects.models import Release

NEWEST = 100  # of its activities, fewer where they are large; of the people who looked, of those who follow
A_DAY, A_MONTH = StatsPeriod("24h", HOUR, 24), StatsPeriod("30d", DAY, 30)


@dataclass(frozen=True, slots=True)
class WholeIssue:
    """A list's item, and what stands around it; the newest of each first."""

    item: Item
    names: Names
    stats: Sequence[Stats]
    activities: First[Activity]
    seen: Sequence[IssueSeen]
    followers: Sequence[IssueSubscription]
    first_release: Release | None
    last_release: Release | None


def read_whole(issue: Issue, *, by: Caller, at: datetime) -> WholeIssue | None:
    """Return everything about an issue, merged or not, in a fixed number of statements; None if it is gone."""
    items = read_items([issue.project], [issue.pk], by=by, at=at)
    if not items:
        return None
    (item,) = items
    stats = [read_stats(items, period, at=at) for period in (A_DAY, A_MONTH)]
    names = read_names(items)
    releases = Release.objects.of_project(issue.project_id).in_bulk(
        [pk for pk in (item.first_release_id, item.last_release_id) if pk]
    )
    seen = (
        IssueSeen.objects.filter(project=issue.project_id, issue=issue)
        .select_related("user")
        .order_by("-seen_at", "-pk")
    )
    followers = IssueSubscription.objects.filter(project=issue.project_id, issue=issue, is_active=True)
    followers = followers.select_related("user").order_by("-pk")
    return WholeIssue(
        item=item,
        names=names,
        stats=stats,
        activities=newest_activities(issue, NEWEST),
        seen=list(seen[:NEWEST]),
        followers=list(followers[:NEWEST]),
        first_release=releases.get(item.first_release_id),
        last_release=releases.get(item.last_release_id),
    )
