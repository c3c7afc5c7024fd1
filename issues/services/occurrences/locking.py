"""The locks of a batch on issues: all of them in one statement, in the order of ids.

The issues of the batch, all above them, and those that wait for the next release when the batch makes one. In two
statements, one of them would come late: a PUT that has a later issue and wants an earlier one would deadlock with it.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from django.db import connection

from issues.services.ground.targets import TreeMoved
from issues.services.ground.trees import ancestors
from issues.services.occurrences.shapes import Issues, LockedIssue, Numbers, Terms
from projects.database.arrays import as_array

_NUMBERS = ("times_seen", "users_seen", "first_seen", "last_seen", "first_release_id", "last_release_id")
_TERMS = tuple(f"snooze_{field.name}" for field in fields(Terms))
_COLUMNS = (
    *("id", "merged_into_id", "level", "status", "resolved_at", "resolution_kind", "resolution_release_id"),
    *(f"own_{name}" for name in _NUMBERS),
    *_NUMBERS,
    *_TERMS,
)


def lock(project_id: int, ids: Sequence[int], *, waiting: bool) -> Issues:
    """Lock these issues and all above them, and those that are ``waiting`` for the next release, too; return them all.

    :raises TreeMoved: one of them is gone, or something above it came, while this waited.
    """
    wanted = sorted({*ids, *ancestors(project_id, list(ids))})
    found = "SELECT unnest(%(ids)s::bigint[])"
    if waiting:
        found += """
            UNION SELECT id FROM issues_issue WHERE project_id = %(project_id)s AND resolution_kind = 'in_next_release'
        """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {", ".join(_COLUMNS)}
            FROM issues_issue
            WHERE project_id = %(project_id)s AND id = ANY(ARRAY({found}))
            ORDER BY id
            FOR NO KEY UPDATE
            """,
            {"project_id": project_id, "ids": as_array(wanted)},
        )
        issues = {row[0]: _issue(row) for row in cursor.fetchall()}
    for pk in ids:
        above(issues, pk)
    return issues


def _issue(row: Sequence[Any]) -> LockedIssue:
    plain, own, total, terms = row[:7], row[7:13], row[13:19], row[19:]
    pk, merged_into_id, level, status, resolved_at, resolution_kind, resolution_release_id = plain
    return LockedIssue(
        pk,
        merged_into_id,
        level,
        status,
        resolved_at,
        resolution_kind,
        resolution_release_id,
        Numbers(*own),
        Numbers(*total),
        Terms(*terms),
    )


def above(issues: Issues, pk: int) -> list[int]:
    """Return an issue and all that are above it, up to the root of its tree.

    :raises TreeMoved: one of them is not locked.
    """
    chain: list[int] = []
    here: int | None = pk
    while here is not None:
        if here not in issues:
            raise TreeMoved("These issues are being merged or deleted just now.")
        chain.append(here)
        here = issues[here].merged_into_id
    return chain
