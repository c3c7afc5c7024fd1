"""By which release an issue is resolved, as columns of the issue."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from issues.conditions import condition
from issues.enums import ActivityKind, ResolutionKind
from issues.mutation import NamedRelease
from projects.database.arrays import as_array
from projects.release_order import NEXT, NEXT_TO_COME

Columns = dict[str, Any]


def clear() -> Columns:
    """Return the columns of an issue that no release resolves."""
    return {"resolution_kind": None, "resolution_release_id": None}


def fix_in(release: NamedRelease) -> Columns:
    """Return the columns of an issue that is resolved in this release."""
    return {"resolution_kind": ResolutionKind.IN_RELEASE.value, "resolution_release_id": release.id}


def fix_in_next(newest_release_id: int | None) -> Columns:
    """Return the columns of an issue that the first release after this one resolves; after none: the first to come."""
    return {"resolution_kind": ResolutionKind.IN_NEXT_RELEASE.value, "resolution_release_id": newest_release_id}


def is_not_plain() -> RawSQL:
    """Return the condition "not resolved, or by a release"."""
    return condition("issues_issue.status <> 'resolved' OR issues_issue.resolution_kind IS NOT NULL")


def is_not_in(release: NamedRelease, project_id: int, *, at: datetime) -> RawSQL:
    """Return the condition "not resolved in this release", as which one waits, too, for which it is the next."""
    return condition(
        f"""
        CASE issues_issue.resolution_kind
            WHEN 'in_release' THEN issues_issue.resolution_release_id <> %s
            WHEN 'in_next_release' THEN ({_next_of_issue(project_id)}) IS DISTINCT FROM %s
            ELSE true
        END
        """,
        release.id,
        at,
        release.id,
    )


def is_not_in_next(project_id: int, *, at: datetime) -> RawSQL:
    """Return the condition "not resolved in the next release", whichever it was based on; one that has come is that no
    more."""
    return condition(
        f"issues_issue.resolution_kind IS DISTINCT FROM 'in_next_release'"
        f" OR ({_next_of_issue(project_id)}) IS NOT NULL",
        at,
    )


def _next_of_issue(project_id: int) -> str:
    """Return SQL for the release that an issue of this project waits for, if it is out."""
    return NEXT.format(project=f"{project_id:d}", base="issues_issue.resolution_release_id", at="%s")


# The release that comes after a base.
NEXT_OF_BASE = NEXT.format(project="%(project_id)s", base="base.release_id", at="%(at)s")
NEXT_OF_BASE_TO_COME = NEXT_TO_COME.format(
    project="%(project_id)s", base="base.release_id", at="%(at)s", new="%(new_ids)s::bigint[]"
)


def settle(project_ids: Collection[int], *, at: datetime, mutation_id: int | None = None) -> int:
    """Let "in the next release" become "in release V" where that release is out now; return for how many issues.

    V is the first release of the issue's project that is newer, in the order of contract section 5, than the one that
    the resolution was based on; based on none, the first of all. One that is dated later than ``at`` is not out. Merged
    issues are settled too. What gave the issue its resolution keeps its who and when, and its activity learns the
    version that it had left open.

    The caller keeps the releases of these projects (``project_state.lock_state_of``), so that no issue can begin to
    wait meanwhile. Two statements for each project, however many issues wait: after the first has waited for its
    locks, the second sees everything that those who had them wrote, their activity too.

    :param mutation_id: settle only what carries this stamp.
    """
    return sum(_settle(project_id, at=at, mutation_id=mutation_id) for project_id in sorted(project_ids))


def _settle(project_id: int, *, at: datetime, mutation_id: int | None) -> int:
    params: dict[str, Any] = {
        "project_id": project_id,
        "waiting": ResolutionKind.IN_NEXT_RELEASE.value,
        "settled": ResolutionKind.IN_RELEASE.value,
        "kind": ActivityKind.SET_RESOLVED_IN_RELEASE.value,
        "mutation_id": mutation_id,
        "at": at,
    }
    stamped = "" if mutation_id is None else "AND issue.mutation_id = %(mutation_id)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM (
                SELECT FROM issues_issue AS issue
                WHERE project_id = %(project_id)s AND resolution_kind = %(waiting)s {stamped}
                ORDER BY id
                FOR NO KEY UPDATE
            ) AS locked
            """,
            params,
        )
        cursor.execute(SETTLE.format(which=stamped, next=NEXT_OF_BASE), params)
        return len(cursor.fetchall())


def settle_locked(
    project_id: int, issue_ids: Collection[int], new_ids: Sequence[int], *, at: datetime
) -> dict[int, int]:
    """Do the same for these issues, which this transaction has locked; return the release that each is resolved in now.

    :param new_ids: releases that came just now, one after the other: the first of them that is newer settles, though
        another one may stand before it in the order.
    """
    params: dict[str, Any] = {
        "project_id": project_id,
        "waiting": ResolutionKind.IN_NEXT_RELEASE.value,
        "settled": ResolutionKind.IN_RELEASE.value,
        "kind": ActivityKind.SET_RESOLVED_IN_RELEASE.value,
        "ids": as_array(issue_ids),
        "new_ids": list(new_ids),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE.format(which="AND issue.id = ANY(%(ids)s::bigint[])", next=NEXT_OF_BASE_TO_COME), params)
        return dict(cursor.fetchall())


# Of what is waiting, with one more condition on it, whatever the ``next`` release after its base settles.
SETTLE = """
    WITH base AS (
        SELECT DISTINCT resolution_release_id AS release_id
        FROM issues_issue AS issue
        WHERE project_id = %(project_id)s AND resolution_kind = %(waiting)s {which}
    ),
    next AS (
        SELECT base.release_id AS base_id, release.id, release.version
        FROM base
        JOIN projects_release AS release ON release.project_id = %(project_id)s AND release.id = ({next})
    ),
    settled AS (
        UPDATE issues_issue AS issue
        SET resolution_kind = %(settled)s, resolution_release_id = next.id
        FROM next
        WHERE issue.project_id = %(project_id)s
          AND issue.resolution_kind = %(waiting)s
          AND issue.resolution_release_id IS NOT DISTINCT FROM next.base_id {which}
        RETURNING issue.id, next.id AS release_id, next.version
    ),
    told AS (
        UPDATE issues_activity AS activity
        SET data = activity.data || jsonb_object(ARRAY['version', settled.version])
        FROM settled
        CROSS JOIN LATERAL (
            SELECT newest.id
            FROM issues_activity AS newest
            WHERE newest.project_id = %(project_id)s AND newest.issue_id = settled.id AND newest.kind = %(kind)s
            ORDER BY newest.id DESC
            LIMIT 1
        ) AS newest
        WHERE activity.project_id = %(project_id)s AND activity.id = newest.id AND activity.data ->> 'version' = ''
    )
    SELECT id, release_id FROM settled
"""
