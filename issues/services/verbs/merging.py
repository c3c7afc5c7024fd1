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

from issues.enums import ActivityKind
from issues.mutation import Merged
from issues.querysets import MOST_IN_AN_HOUR, total
from issues.services.ground.targets import Targets, ancestors
from projects.callers import Caller
from projects.database.arrays import as_array
from projects.querysets import MAX_ID, release_order

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
    parent = _link(targets, by=by, at=at)
    children = [pk for pk in targets.ids if pk != parent]

    compute_totals(targets, [parent])
    _copy_followers(targets, parent, children, at=at)
    _copy_bookmarks(targets, parent, children, at=at)
    return Merged(parent=parent, children=tuple(children))


def unmerge(targets: Targets, *, by: Caller, at: datetime) -> Unmerged:
    """Give back what is merged into the targets that are visible, and take out the targets that are hidden.

    By the relations as they were before: each comes back with its own tree under it.
    """
    return _cut(targets, LINKS_OF_TARGETS, {}, by=by, at=at)


def cut(targets: Targets, links: Mapping[int, int], *, by: Caller, at: datetime) -> None:
    """Cut these links, child -> parent. They are there, and everything above is locked."""
    _cut(targets, GIVEN_LINKS, _links(links), by=by, at=at)


def join(targets: Targets, links: Mapping[int, int], *, by: Caller, at: datetime) -> None:
    """Make links, child -> parent, that an unmerge cut. No circle comes of it, and everything above is locked.

    Who follows a child follows its parent already, since the first merge: nothing is copied again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {GIVEN_LINKS},
            changed AS (
                UPDATE issues_issue AS child
                SET merged_into_id = link.parent_id, mutation_id = %(mutation_id)s
                FROM link
                WHERE child.id = link.id AND child.project_id = %(project_id)s
            )
            INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id)
            SELECT %(project_id)s, parent_id, %(kind)s,
                   jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id)),
                   %(user_id)s, %(at)s, %(mutation_id)s
            FROM link
            GROUP BY parent_id
            ORDER BY parent_id
            """,
            _params(targets, ActivityKind.MERGE, by=by, at=at) | _links(links),
        )
    compute_totals(targets, ancestors(targets.project_id, list(links)))


def compute_totals(targets: Targets, ids: Sequence[int]) -> None:
    """Compute what these issues show, from the own numbers of everything in their trees.

    The ends of a snooze by count move by what the total moved: merging is no event. So do those that activities keep,
    so that what an undo brings back has as many events left as it had.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            COMPUTE_TOTALS,
            {"ids": as_array(ids), "project_id": targets.project_id, "mutation_id": targets.mutation_id},
        )


# The last columns of a SELECT, and where they come from: the first and the last release over each `tree` (root, id).
RELEASES_OF_A_TREE = f"""
    (array_agg(first.id ORDER BY {release_order("first")})
        FILTER (WHERE first.id IS NOT NULL))[1] AS first_release_id,
    (array_agg(last.id ORDER BY {release_order("last", descending=True)})
        FILTER (WHERE last.id IS NOT NULL))[1] AS last_release_id
    FROM tree
    JOIN issues_issue AS own ON own.id = tree.id
    LEFT JOIN projects_release AS first ON first.id = own.own_first_release_id
    LEFT JOIN projects_release AS last ON last.id = own.own_last_release_id
    WHERE own.id = ANY(ARRAY(SELECT id FROM tree))
    GROUP BY tree.root
"""


def _moved(table: str, end: str, number: str) -> str:
    """Return SQL that moves the end of a snooze by what a total moved, as far as the column reaches."""
    moved = f"{table}.{end}::numeric + total.{number} - issue.{number}"
    within = f"least(greatest({moved}, 0), {MAX_ID})::bigint"
    return f"{end} = CASE WHEN {table}.{end} IS NOT NULL THEN {within} END"  # least() passes over NULL


# Every issue under each of %(ids)s, itself included. A tree has no circles: only visible issues are ever merged, and
# only into a visible one.
#
# How large a tree is PostgreSQL can only guess, from the largest that it has counted anywhere: after one merge of
# thousands it expects thousands in each, and would read whole tables for a merge of two. Hence a table is never joined
# with the tree alone, but looked up by an array of ids, level by level here; of an array it expects ten.
COMPUTE_TOTALS = f"""
    WITH RECURSIVE level AS (
        SELECT root.id AS root, ARRAY[root.id] AS ids FROM unnest(%(ids)s::bigint[]) AS root (id)
        UNION ALL
        SELECT root, ARRAY(SELECT id FROM issues_issue WHERE merged_into_id = ANY(level.ids))
        FROM level
        WHERE ids <> '{{}}'
    ),
    tree AS MATERIALIZED (SELECT root, unnest(ids) AS id FROM level),
    total AS (
        SELECT tree.root,
               min(own.own_first_seen) AS first_seen,
               max(own.own_last_seen) AS last_seen,
               {total("times_seen")} AS times_seen,
               {total("users_seen")} AS users_seen,
               {total("comment_count")} AS comment_count,
               {RELEASES_OF_A_TREE}
    ),
    changed AS (
        UPDATE issues_issue AS issue
        SET first_seen = total.first_seen,
            last_seen = total.last_seen,
            times_seen = total.times_seen,
            users_seen = total.users_seen,
            comment_count = total.comment_count,
            first_release_id = total.first_release_id,
            last_release_id = total.last_release_id,
            {_moved("issue", "snooze_ends_at_times_seen", "times_seen")},
            {_moved("issue", "snooze_ends_at_users_seen", "users_seen")},
            mutation_id = %(mutation_id)s
        FROM total
        WHERE issue.id = total.root
          AND issue.project_id = %(project_id)s AND issue.id = ANY((SELECT %(ids)s::bigint[])::bigint[])
    ),
    kept AS (
        UPDATE issues_activity AS activity
        SET {_moved("activity", "before_snooze_ends_at_times_seen", "times_seen")},
            {_moved("activity", "before_snooze_ends_at_users_seen", "users_seen")}
        FROM total
        JOIN issues_issue AS issue ON issue.id = total.root  -- as it was before this statement
        WHERE activity.issue_id = total.root
          AND activity.project_id = %(project_id)s AND activity.issue_id = ANY((SELECT %(ids)s::bigint[])::bigint[])
          AND num_nonnulls(activity.before_snooze_ends_at_times_seen, activity.before_snooze_ends_at_users_seen) > 0
          AND (total.times_seen, total.users_seen) <> (issue.times_seen, issue.users_seen)
    ),
    hour_total AS (
        SELECT tree.root, own.hour, least(sum(own.own_count), {MOST_IN_AN_HOUR})::int AS count
        FROM tree
        JOIN issues_issuehour AS own ON own.issue_id = tree.id
        WHERE own.issue_id = ANY(ARRAY(SELECT id FROM tree)) AND own.own_count > 0
        GROUP BY tree.root, own.hour
    ),
    emptied AS (
        DELETE FROM issues_issuehour
        WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND own_count = 0
          AND (issue_id, hour) NOT IN (SELECT root, hour FROM hour_total)
    )
    INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
    SELECT %(project_id)s, root, hour, 0, count FROM hour_total
    ON CONFLICT (issue_id, hour) DO UPDATE SET total_count = excluded.total_count
    WHERE old.total_count <> excluded.total_count
"""


def _link(targets: Targets, *, by: Caller, at: datetime) -> int:
    """Put the targets under the one of them that was seen first, record that there, and return it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH asked AS MATERIALIZED (SELECT %(ids)s::bigint[] AS ids),
            parent AS MATERIALIZED (
                SELECT id FROM issues_issue
                WHERE project_id = %(project_id)s AND id = ANY((SELECT ids FROM asked)::bigint[])
                ORDER BY first_seen, id LIMIT 1
            ),
            child AS MATERIALIZED (
                SELECT unnest(ids) AS id FROM asked  -- which are locked: they are there, and of this project
                EXCEPT ALL SELECT id FROM parent
            ),
            changed AS (
                UPDATE issues_issue
                SET merged_into_id = (SELECT id FROM parent), mutation_id = %(mutation_id)s
                WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT id FROM child))
            ),
            recorded AS (
                INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id)
                SELECT %(project_id)s, (SELECT id FROM parent), %(kind)s,
                       jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id)),
                       %(user_id)s, %(at)s, %(mutation_id)s
                FROM child
            )
            SELECT id FROM parent
            """,
            _params(targets, ActivityKind.MERGE, by=by, at=at),
        )
        parent: int = cursor.fetchone()[0]
        return parent


# The links, from the child `id` to `parent_id`, of hidden targets and of the direct children of visible ones.
LINKS_OF_TARGETS = """
    target AS MATERIALIZED (
        SELECT id, merged_into_id FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
    ),
    link AS MATERIALIZED (
        SELECT id, merged_into_id AS parent_id FROM target WHERE merged_into_id IS NOT NULL
        UNION
        SELECT id, merged_into_id FROM issues_issue
        WHERE project_id = %(project_id)s
          AND merged_into_id = ANY(ARRAY(SELECT id FROM target WHERE merged_into_id IS NULL))
    )
"""
# Links that are known already.
GIVEN_LINKS = """
    link AS MATERIALIZED (
        SELECT * FROM unnest(%(children)s::bigint[], %(parents)s::bigint[]) AS given (id, parent_id)
    )
"""


def _links(links: Mapping[int, int]) -> dict[str, Any]:
    return {"children": as_array(links), "parents": as_array(links.values())}


def _cut(targets: Targets, which: str, params: dict[str, Any], *, by: Caller, at: datetime) -> Unmerged:
    """Cut links, record that on both sides, and compute what is shown above them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {which},
            changed AS (
                UPDATE issues_issue
                SET merged_into_id = NULL, mutation_id = %(mutation_id)s
                WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT id FROM link ORDER BY id))
            ),
            recorded AS (
                INSERT INTO issues_activity
                    (project_id, issue_id, kind, data, user_id, created_at, mutation_id, before_merged_into_id)
                SELECT %(project_id)s, id, %(kind)s, data, %(user_id)s, %(at)s, %(mutation_id)s, before
                FROM (
                    SELECT parent_id, NULL::bigint,
                           jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id))
                    FROM link
                    GROUP BY parent_id
                    UNION ALL
                    SELECT id, parent_id, jsonb_build_object('parent', jsonb_build_object('id', parent_id::text))
                    FROM link
                ) AS entry (id, before, data)
                ORDER BY before IS NOT NULL, id  -- what was lost above, then what came back
            )
            SELECT id, parent_id FROM link ORDER BY id
            """,
            _params(targets, ActivityKind.UNMERGE, by=by, at=at) | params,
        )
        left = dict(cursor.fetchall())
    parents = sorted(set(left.values()))
    # All that were above before, too: where a link on the way up was cut as well, its parent is one of the parents.
    compute_totals(targets, sorted({*parents, *ancestors(targets.project_id, parents)}))
    return Unmerged(children=list(left), parents=parents)


def _params(targets: Targets, kind: ActivityKind, *, by: Caller, at: datetime) -> dict[str, Any]:
    return {
        "project_id": targets.project_id,
        "ids": targets.id_array,
        "mutation_id": targets.mutation_id,
        "kind": kind.value,
        "user_id": by.user_id,
        "at": at,
    }


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
