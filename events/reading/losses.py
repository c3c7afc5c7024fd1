"""What did not become an event, as it is asked for: by day, and in all (contract 7.8)."""

from datetime import date
from typing import NamedTuple

from projects.database.reading import connection

MOST = 2**53  # a sum is no more: every program reads it as the number that it is


class Lost(NamedTuple):
    """So many of a category were lost for a reason, which this server or a client knows; on a day, or in all."""

    day: date | None
    source: str
    reason: str
    category: str
    quantity: int


def lost_by_day(project_id: int, since: date) -> list[Lost]:
    """Return what a project lost on that day and later, whichever its key; the newest day first."""
    return [Lost(*row) for row in _sums("day", project_id, since)]


def lost_in_all(project_id: int, since: date) -> list[Lost]:
    """Return the same, summed over the days; the most first."""
    rows = [Lost(*row) for row in _sums("NULL::date", project_id, since)]
    return sorted(rows, key=lambda row: (-row.quantity, row[1:4]))


def _sums(day: str, project_id: int, since: date) -> list[tuple[date | None, str, str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {day}, source, reason, category, least(sum(quantity), %s)::bigint
            FROM events_loss
            WHERE project_id = %s AND day >= %s
            GROUP BY 1, 2, 3, 4
            ORDER BY 1 DESC, 2 DESC, 3, 4
            """,
            [MOST, project_id, since],
        )
        rows: list[tuple[date | None, str, str, str, int]] = cursor.fetchall()
        return rows
