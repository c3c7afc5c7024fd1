"""Merge and unmerge (contract 1.6).

A merge hides issues under one of their number, their *parent*; it moves nothing. Each keeps its own rows and numbers,
so that an unmerge only has to take the link away. What the parent shows are totals over its tree, computed here from
everybody's own numbers whenever a tree changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.models import Issue
from issues.mutation import Merged
from issues.querysets import as_array
from issues.services.targets import Targets, ancestors
from projects.callers import Caller

# What becomes of the rows that hang on an issue while it is merged into another. A relation that is missing here fails
# tests/test_house_rules.py: whoever adds one has to decide.
WHAT_FOLLOWS_A_MERGE = {
    "children": "stay: the tree under a child comes along with it",
    "text": "stays with the child",
    "hashes": "stay with the child: events of its fingerprints are looked up through the tree",
    "hours": "own counts stay, the totals of the parent are computed over the tree",
    "seen_marks": "stay with the child",
    "bookmarks": "are copied to the parent where it had none, and stay there after an unmerge",
    "subscriptions": "are copied to the parent where it had none, and stay there after an unmerge",
    "activities": "stay with the child",
}


@dataclass(frozen=True, slots=True)
class Unmerged:
    """The issues that came back, and those that they were merged into, each ascending."""

    children: list[int]
    parents: list[int]


def merge(targets: Targets, *, by: Caller, at: datetime) -> Merged | None:
    """Merge the targets into the one of them that was seen first; None when there are fewer than two."""
    if targets.ids is None or len(targets.ids) < 2:
        return None
    parent: int = targets.issues(at=at).order_by("first_seen", "id").values_list("id", flat=True)[:1].get()
    children = [pk for pk in targets.ids if pk != parent]

    Issue.objects.with_ids(targets.project_id, children).update(merged_into=parent, mutation_id=targets.mutation_id)
    compute_totals(targets, [parent])
    _record(targets, ActivityKind.MERGE, {parent: {"issues": [{"id": str(pk)} for pk in children]}}, by=by, at=at)
    _copy_followers(targets, parent, children, at=at)
    _copy_bookmarks(targets, parent, children, at=at)
    return Merged(parent=parent, children=tuple(children))


def unmerge(targets: Targets, *, by: Caller, at: datetime) -> Unmerged:
    """Give back what is merged into the targets that are visible, and take out the targets that are hidden.

    By the relations as they were before: each comes back with its own tree under it.
    """
    return cut(targets, _links_to_cut(targets), by=by, at=at)


def cut(targets: Targets, left: Mapping[int, int], *, by: Caller, at: datetime) -> Unmerged:
    """Cut these links, child -> parent. They are there, and everything above is locked."""
    above = ancestors(targets.project_id, list(left))
    parents = sorted(set(left.values()))

    Issue.objects.with_ids(targets.project_id, list(left)).update(merged_into=None, mutation_id=targets.mutation_id)
    compute_totals(targets, above)
    gone: dict[int, list[dict[str, str]]] = {parent: [] for parent in parents}
    for child, parent in left.items():
        gone[parent].append({"id": str(child)})
    _record(targets, ActivityKind.UNMERGE, {parent: {"issues": lost} for parent, lost in gone.items()}, by=by, at=at)
    _record(
        targets,
        ActivityKind.UNMERGE,
        {child: {"parent": {"id": str(parent)}} for child, parent in left.items()},
        before_merged_into=left,
        by=by,
        at=at,
    )
    return Unmerged(children=sorted(left), parents=parents)


def join(targets: Targets, links: Mapping[int, int], *, by: Caller, at: datetime) -> None:
    """Make links, child -> parent, that an unmerge cut. No circle comes of it, and everything above is locked.

    Who follows a child follows its parent already, since the first merge: nothing is copied again.
    """
    under: dict[int, list[dict[str, str]]] = {parent: [] for parent in sorted(set(links.values()))}
    for child, parent in sorted(links.items()):
        under[parent].append({"id": str(child)})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE issues_issue AS child
            SET merged_into_id = link.parent, mutation_id = %s
            FROM unnest(%s::bigint[], %s::bigint[]) AS link (child, parent)
            WHERE child.id = link.child AND child.project_id = %s
            """,
            [targets.mutation_id, as_array(links), as_array(links.values()), targets.project_id],
        )
    compute_totals(targets, ancestors(targets.project_id, list(links)))
    _record(targets, ActivityKind.MERGE, {parent: {"issues": found} for parent, found in under.items()}, by=by, at=at)


def compute_totals(targets: Targets, ids: Sequence[int]) -> None:
    """Compute what these issues show, from the own numbers of everything in their trees.

    The ends of a snooze by count move by what the total moved: merging is no event.
    """
    params: dict[str, Any] = {
        "ids": as_array(ids),
        "project_id": targets.project_id,
        "mutation_id": targets.mutation_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE {_TREES},
            total AS (
                SELECT tree.root,
                       min(own.own_first_seen) AS first_seen,
                       max(own.own_last_seen) AS last_seen,
                       sum(own.own_times_seen)::bigint AS times_seen,
                       sum(own.own_users_seen)::bigint AS users_seen,
                       sum(own.own_comment_count)::bigint AS comment_count,
                       {RELEASES_OF_A_TREE}
            )
            UPDATE issues_issue AS issue
            SET first_seen = total.first_seen,
                last_seen = total.last_seen,
                times_seen = total.times_seen,
                users_seen = total.users_seen,
                comment_count = total.comment_count,
                first_release_id = total.first_release_id,
                last_release_id = total.last_release_id,
                snooze_ends_at_times_seen = issue.snooze_ends_at_times_seen + total.times_seen - issue.times_seen,
                snooze_ends_at_users_seen = issue.snooze_ends_at_users_seen + total.users_seen - issue.users_seen,
                mutation_id = %(mutation_id)s
            FROM total
            WHERE issue.id = total.root AND issue.project_id = %(project_id)s
            """,
            params,
        )
        cursor.execute(
            f"""
            WITH RECURSIVE {_TREES},
            total AS (
                SELECT tree.root, own.hour, sum(own.own_count)::int AS count
                FROM tree
                JOIN issues_issuehour AS own ON own.issue_id = tree.id AND own.own_count > 0
                GROUP BY tree.root, own.hour
            ),
            emptied AS (
                DELETE FROM issues_issuehour AS old
                WHERE old.issue_id = ANY(%(ids)s::bigint[]) AND old.project_id = %(project_id)s AND old.own_count = 0
                  AND NOT EXISTS (SELECT FROM total WHERE total.root = old.issue_id AND total.hour = old.hour)
            )
            INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
            SELECT %(project_id)s, root, hour, 0, count FROM total
            ON CONFLICT (issue_id, hour) DO UPDATE SET total_count = excluded.total_count
            WHERE old.total_count <> excluded.total_count
            """,
            params,
        )


# The last columns of a SELECT, and where they come from: the first and the last release over each `tree` (root, id).
RELEASES_OF_A_TREE = """
    (array_agg(first.id ORDER BY first.ordered_at, first.id)
        FILTER (WHERE first.id IS NOT NULL))[1] AS first_release_id,
    (array_agg(last.id ORDER BY last.ordered_at DESC, last.id DESC)
        FILTER (WHERE last.id IS NOT NULL))[1] AS last_release_id
    FROM tree
    JOIN issues_issue AS own ON own.id = tree.id
    LEFT JOIN projects_release AS first ON first.id = own.own_first_release_id
    LEFT JOIN projects_release AS last ON last.id = own.own_last_release_id
    GROUP BY tree.root
"""

# Every issue under each of %(ids)s, itself included. A tree has no circles: only visible issues are ever merged, and
# only into a visible one.
_TREES = """
    tree AS (
        SELECT root.id AS root, root.id FROM unnest(%(ids)s::bigint[]) AS root (id)
        UNION ALL
        SELECT tree.root, child.id
        FROM tree
        JOIN issues_issue AS child ON child.merged_into_id = tree.id AND child.project_id = %(project_id)s
    )
"""


def _links_to_cut(targets: Targets) -> dict[int, int]:
    """Return child -> parent, ascending: hidden targets, and the direct children of visible ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT child.id, child.merged_into_id
            FROM issues_issue AS child
            WHERE child.project_id = %(project_id)s AND child.id = ANY(%(ids)s::bigint[])
              AND child.merged_into_id IS NOT NULL
            UNION
            SELECT child.id, child.merged_into_id
            FROM issues_issue AS child
            JOIN issues_issue AS parent ON parent.id = child.merged_into_id AND parent.merged_into_id IS NULL
            WHERE child.project_id = %(project_id)s AND child.merged_into_id = ANY(%(ids)s::bigint[])
            ORDER BY 1
            """,
            {"project_id": targets.project_id, "ids": targets.id_array},
        )
        return dict(cursor.fetchall())


def _record(
    targets: Targets,
    kind: ActivityKind,
    data: dict[int, dict[str, Any]],
    *,
    before_merged_into: Mapping[int, int] | None = None,
    by: Caller,
    at: datetime,
) -> None:
    """Write one activity for each issue in ``data``, whose data differ, which is why activity.rewrite can't."""
    before = before_merged_into or {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_activity
                (project_id, issue_id, kind, data, user_id, created_at, mutation_id, before_merged_into_id)
            SELECT %s, entry.issue_id, %s, entry.data, %s, %s, %s, entry.before
            FROM jsonb_to_recordset(%s) AS entry (issue_id bigint, data jsonb, before bigint)
            """,
            [
                targets.project_id,
                kind.value,
                by.user_id,
                at,
                targets.mutation_id,
                Json([{"issue_id": pk, "data": entry, "before": before.get(pk)} for pk, entry in data.items()]),
            ],
        )


def _copy_followers(targets: Targets, parent: int, children: list[int], *, at: datetime) -> None:
    """Let who follows a child follow the parent too, unless they said something about the parent themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
            SELECT DISTINCT ON (user_id) project_id, %s, user_id, true, reason, %s
            FROM issues_issuesubscription
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND is_active
            ORDER BY user_id, issue_id
            ON CONFLICT (issue_id, user_id) DO NOTHING
            """,
            [parent, at, targets.project_id, as_array(children)],
        )


def _copy_bookmarks(targets: Targets, parent: int, children: list[int], *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
            SELECT DISTINCT project_id, %s, user_id, %s::timestamptz
            FROM issues_issuebookmark
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[])
            ON CONFLICT (issue_id, user_id) DO NOTHING
            """,
            [parent, at, targets.project_id, as_array(children)],
        )
