"""In which releases issues were first and last seen, where an index knows it (docs/decisions/0078)."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection

from issues.services.occurrences.numbers import Folded
from issues.services.occurrences.shapes import Issues
from projects.database.arrays import as_array

Places = set[tuple[int, int]]  # issue, release


def of_rows(issues: Issues, ids: Iterable[int]) -> Places:
    """Return the releases in which these issues were first and last seen, as their rows say."""
    rows = ((pk, issues[pk].own) for pk in ids)
    found = {(pk, release) for pk, own in rows for release in (own.first_release_id, own.last_release_id)}
    return {(pk, release) for pk, release in found if release is not None}


def of_new(new: Mapping[UUID, Folded], made: Mapping[UUID, int]) -> Places:
    """Return the same of issues that were just made."""
    found = {(made[key], each) for key, one in new.items() for each in (one.first_release_id, one.last_release_id)}
    return {(pk, release) for pk, release in found if release is not None}


def write(project_id: int, known: Places, said: Places) -> None:
    """Let the index know what the rows of issues say now; nothing is written where they say what they said.

    The caller has the locks of the issues, which others need to write the same.
    """
    came, gone = sorted(said - known), sorted(known - said)
    with connection.cursor() as cursor:
        if came:
            cursor.execute(
                """
                INSERT INTO issues_issuerelease (project_id, issue_id, release_id)
                SELECT %s, issue_id, release_id FROM unnest(%s::bigint[], %s::bigint[]) AS came (issue_id, release_id)
                ORDER BY issue_id, release_id
                ON CONFLICT (project_id, issue_id, release_id) DO NOTHING
                """,
                [project_id, *_columns(came)],
            )
        if gone:
            cursor.execute(
                """
                DELETE FROM issues_issuerelease
                WHERE project_id = %s AND issue_id = ANY(%s::bigint[])
                  AND (issue_id, release_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
                """,
                [project_id, as_array(pk for pk, _ in gone), *_columns(gone)],
            )


def _columns(places: Sequence[tuple[int, int]]) -> tuple[str, str]:
    return as_array(pk for pk, _ in places), as_array(release for _, release in places)
