"""The events of an issue and of all that was merged into it: read from those of the tree that were seen nearest.

A tree may have a hundred thousand issues, and a page has a hundred events. No event is newer than the time at which its
issue was last seen, nor older than when that was first seen. So those issues are looked into that were seen last, or
nearest to the place where a page begins; and more of them, where those don't have enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from events.reading import kept
from events.reading.kept import Fingerprint, Row, Span
from projects.database.reading import connection

BESIDE = 50  # more issues than events that are wanted: not every issue has one that is kept
FURTHER = 100  # times as many, where those were too few


@dataclass(frozen=True, slots=True)
class Near:
    """The fingerprints of the issues that were seen nearest.

    :ivar rest: how near any event of the others can be; None: there are no others.
    """

    fingerprints: Sequence[Fingerprint]
    issues: int
    rest: datetime | None

    def have_all(self, rows: Sequence[Row], span: Span, limit: int) -> bool:
        """Return whether none of the others can have an event that stands before the last of these."""
        if self.rest is None:
            return True
        if len(rows) < limit:
            return False
        last = rows[-1].seen_at
        return last > self.rest if span.older else last < self.rest


class Tree:
    """An issue, and what was merged into it. Who reads on, further in the same direction, keeps what was looked up."""

    def __init__(self, project_id: int, issue_id: int) -> None:
        self._project_id, self._issue_id = project_id, issue_id
        self._near: Near | None = None

    def read(self, span: Span, limit: int) -> list[Row]:
        """Return so many events, in the order of reading."""
        near = self._near or self._look(span, limit + BESIDE)
        rows = kept.of_fingerprints(self._project_id, near.fingerprints, span, limit)
        if not near.have_all(rows, span, limit):
            oldest = kept.oldest_of_project(self._project_id)
            if oldest is None:
                return []
            # What was not seen since then has nothing that is kept.
            span = replace(span, start=oldest if span.start is None else max(span.start, oldest))
        while not near.have_all(rows, span, limit):
            near = self._look(span, near.issues * FURTHER)
            rows = kept.of_fingerprints(self._project_id, near.fingerprints, span, limit)
        self._near = near
        return rows

    def _look(self, span: Span, most: int) -> Near:
        """Return the fingerprints of so many issues, those first whose events may stand nearest to where is read on."""
        beyond = None if span.beyond is None else span.beyond.seen_at
        start = [each for each in (span.start, None if span.older else beyond) if each is not None]
        end = [each for each in (span.end, beyond if span.older else None) if each is not None]
        newest_of_each = "least(own_last_seen, %(end)s::timestamptz)"
        oldest_of_each = "greatest(own_first_seen, %(start)s::timestamptz)"
        nearest, direction = (newest_of_each, "DESC") if span.older else (oldest_of_each, "ASC")
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SET LOCAL jit = off;
                WITH RECURSIVE tree AS (
                    SELECT id, own_first_seen, own_last_seen FROM issues_issue
                    WHERE project_id = %(project_id)s AND id = %(issue_id)s
                    UNION
                    SELECT child.* FROM tree CROSS JOIN LATERAL (
                        SELECT id, own_first_seen, own_last_seen FROM issues_issue
                        WHERE project_id = %(project_id)s AND merged_into_id = tree.id
                        OFFSET 0
                    ) AS child
                ), near AS MATERIALIZED (
                    SELECT *, {nearest} AS nearest FROM tree
                    WHERE (%(start)s::timestamptz IS NULL OR own_last_seen >= %(start)s::timestamptz)
                      AND (%(end)s::timestamptz IS NULL OR own_first_seen <= %(end)s::timestamptz)
                    ORDER BY nearest {direction}, id
                    LIMIT %(most)s + 1
                )
                SELECT near.id, near.nearest, known.hash::uuid, near.own_first_seen, near.own_last_seen, (
                    SELECT at FROM issues_forgottenhash
                    WHERE project_id = %(project_id)s AND hash = known.hash::uuid
                )
                FROM near LEFT JOIN LATERAL (
                    SELECT hash FROM issues_issuehash
                    WHERE project_id = %(project_id)s AND issue_id = near.id
                    OFFSET 0
                ) AS known ON true
                ORDER BY near.nearest {direction}, near.id
                """,
                {
                    "project_id": self._project_id,
                    "issue_id": self._issue_id,
                    "start": max(start, default=None),
                    "end": min(end, default=None),
                    "most": most,
                },
            )
            found = cursor.fetchall()
        issues = dict.fromkeys(row[0] for row in found)
        rest = found[-1][1] if len(issues) > most else None
        return Near([Fingerprint(*row[2:]) for row in found if row[2] is not None], most, rest)
