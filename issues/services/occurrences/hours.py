"""Events by the hour: an issue's own, and what those above it show."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from issues.querysets import MOST_IN_AN_HOUR
from issues.services.occurrences.locking import above
from issues.services.occurrences.shapes import Event, Issues
from projects.database.arrays import as_array

SECONDS = 3600


def count(project_id: int, events: Sequence[Event], issues: Issues) -> None:
    """Count the events in the hours of their issues, and of all that are above those.

    :param issues: those that were there before; the others stand alone.
    """
    # Hours as numbers first: to cut the time of each event takes longer.
    numbered = Counter((event.issue_id, int(event.occurrence.seen_at.timestamp() // SECONDS)) for event in events)
    own: Counter[tuple[int, datetime]] = Counter()
    for (issue_id, since_1970), number in numbered.items():
        own[issue_id, datetime.fromtimestamp(since_1970 * SECONDS, UTC)] = number
    total: Counter[tuple[int, datetime]] = Counter()
    for (issue_id, hour), number in own.items():
        for pk in above(issues, issue_id) if issue_id in issues else [issue_id]:
            total[pk, hour] += number
    keys = sorted(total)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
            SELECT %(project_id)s, counted.*
            FROM unnest(%(issue_ids)s::bigint[], %(hours)s::timestamptz[], %(own)s::int[], %(total)s::int[])
                AS counted (issue_id, hour, own_count, total_count)
            ORDER BY issue_id, hour
            ON CONFLICT (project_id, issue_id, hour) DO UPDATE
            SET own_count = least(old.own_count::bigint + excluded.own_count, {MOST_IN_AN_HOUR})::int,
                total_count = least(old.total_count::bigint + excluded.total_count, {MOST_IN_AN_HOUR})::int
            """,
            {
                "project_id": project_id,
                "issue_ids": as_array(issue_id for issue_id, _ in keys),
                "hours": as_array(hour for _, hour in keys),
                "own": as_array(own[key] for key in keys),
                "total": as_array(total[key] for key in keys),
            },
        )
