"""The rows of the list, as its template shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from desk.list.charts import Chart, chart_of
from desk.texts import visible
from desk.ways import FROM
from desk.wording import Badge, assignee_in_words, newness_badge, status_badge
from issues import short_ids
from issues.models import UNTITLED
from issues.named import Names
from issues.reading.items import Item, Stats
from projects.models import Project


@dataclass(frozen=True, slots=True)
class Row:
    """One issue. ``release`` is the last in which it was seen."""

    id: int
    address: str
    short_id: str
    title: str
    culprit: str
    project: Project
    level: str
    priority: str
    status: Badge
    newness: Badge | None
    release: str
    chart: Chart
    events: int
    users: int
    notes: int
    first_seen: datetime
    last_seen: datetime
    assignee: str
    is_seen: bool
    is_bookmarked: bool


def rows_of(items: Iterable[Item], names: Names, stats: Stats, *, came_from: str) -> list[Row]:
    """Return the rows; who opens one comes from the list with the query string ``came_from``."""
    kept = urlencode({FROM: came_from})
    return [_row(item, names, stats, kept) for item in items]


def _row(item: Item, names: Names, stats: Stats, kept: str) -> Row:
    short_id = short_ids.write(item.project.slug, item.short_number)
    return Row(
        id=item.id,
        address=f"{reverse('desk:issue', args=[item.id])}?{kept}",
        short_id=short_id,
        title=visible(UNTITLED if item.text__title is None else item.text__title),
        culprit=visible(item.text__culprit or ""),
        project=item.project,
        level=item.level,
        priority=item.priority,
        status=status_badge(item, names),
        newness=newness_badge(item),
        release=visible(names.releases.get(item.last_release_id, "")),
        chart=chart_of([count for _, count in stats.points(item.id)]),
        events=item.times_seen,
        users=item.users_seen,
        notes=item.comment_count,
        first_seen=item.first_seen,
        last_seen=item.last_seen,
        assignee=assignee_in_words(item, names),
        is_seen=item.seen_at is not None and item.seen_at >= item.last_seen,
        is_bookmarked=item.bookmark_id is not None,
    )
