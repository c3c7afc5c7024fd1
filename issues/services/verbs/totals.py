"""What an issue shows: totals over itself and everything that was merged into it (contract 1.6).

Computed from everybody's own numbers whenever a tree changes.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from issues.querysets import MOST_IN_AN_HOUR, total
from issues.services.ground.targets import NamedTargets
from projects.database.arrays import as_array
from projects.database.steps import named, read_and_write
from projects.querysets import MAX_ID, release_order


def compute_totals(targets: NamedTargets, ids: Sequence[int]) -> None:
    """Compute what these issues show, from the own numbers of everything in their trees.

    The ends of a snooze by count move by what the total moved: merging is no event. So do those that activities keep,
    so that what an undo brings back has as many events left as it had.
    """
    params: dict[str, Any] = {
        "ids": as_array(ids),
        "project_id": targets.project_id,
        "mutation_id": targets.mutation_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(READ_TREES, params)
        trees = cursor.fetchall()
    params |= {"roots": as_array(root for root, _ in trees), "below": as_array(pk for _, pk in trees)}
    read_and_write([named(READ_TOTALS, params)], [named(sql, params) for sql in WRITE_TOTALS])


def _release(column: str, *, descending: bool = False) -> str:
    """Return SQL for the first of the releases that the issues of a tree have in a column, or the last.

    Each is looked up once, however many issues have it: a join would look for one for each issue.
    """
    return f"""(
        SELECT release.id FROM projects_release AS release
        WHERE release.project_id = %(project_id)s AND release.id = ANY(array_agg(DISTINCT own.{column}))
        ORDER BY {release_order("release", descending=descending)}
        LIMIT 1
    )"""


# The last columns of a SELECT, and where they come from: the first and the last release over each `tree` (root, id).
RELEASES_OF_A_TREE = f"""
    {_release("own_first_release_id")} AS first_release_id,
    {_release("own_last_release_id", descending=True)} AS last_release_id
    FROM tree
    JOIN issues_issue AS own ON own.project_id = %(project_id)s AND own.id = tree.id
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
READ_TREES = """
    WITH RECURSIVE level AS (
        SELECT root.id AS root, ARRAY[root.id] AS ids FROM unnest(%(ids)s::bigint[]) AS root (id)
        UNION ALL
        SELECT root, ARRAY(
            SELECT id FROM issues_issue WHERE project_id = %(project_id)s AND merged_into_id = ANY(level.ids)
        )
        FROM level
        WHERE ids <> '{}'
    )
    SELECT root, unnest(ids) FROM level
"""
READ_TOTALS = f"""
    tree AS MATERIALIZED (
        SELECT root, id FROM unnest(%(roots)s::bigint[], %(below)s::bigint[]) AS tree (root, id)
    ),
    total AS (
        SELECT tree.root,
               min(own.own_first_seen) AS first_seen,
               max(own.own_last_seen) AS last_seen,
               {total("times_seen")} AS times_seen,
               {total("users_seen")} AS users_seen,
               {total("comment_count")} AS comment_count,
               {RELEASES_OF_A_TREE}
    ),
    was AS MATERIALIZED (
        SELECT id, times_seen, users_seen FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
    ),
    hour_total AS (
        SELECT tree.root, own.hour, least(sum(own.own_count), {MOST_IN_AN_HOUR})::int AS count
        FROM tree
        JOIN issues_issuehour AS own ON own.project_id = %(project_id)s AND own.issue_id = tree.id
        WHERE own.issue_id = ANY(ARRAY(SELECT id FROM tree)) AND own.own_count > 0
        GROUP BY tree.root, own.hour
    )
"""
# What activities keep moves by what the totals were, so the issues themselves come after them.
WRITE_TOTALS = (
    f"""
    UPDATE issues_activity AS activity
    SET {_moved("activity", "before_snooze_ends_at_times_seen", "times_seen")},
        {_moved("activity", "before_snooze_ends_at_users_seen", "users_seen")}
    FROM total
    JOIN was AS issue ON issue.id = total.root
    WHERE activity.issue_id = total.root
      AND activity.project_id = %(project_id)s AND activity.issue_id = ANY((SELECT %(ids)s::bigint[])::bigint[])
      AND num_nonnulls(activity.before_snooze_ends_at_times_seen, activity.before_snooze_ends_at_users_seen) > 0
      AND (total.times_seen, total.users_seen) <> (issue.times_seen, issue.users_seen)
    """,
    f"""
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
    """,
    """
    DELETE FROM issues_issuehour
    WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND own_count = 0
      AND (issue_id, hour) NOT IN (SELECT root, hour FROM hour_total)
    """,
    """
    INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
    SELECT %(project_id)s, root, hour, 0, count FROM hour_total
    ON CONFLICT (project_id, issue_id, hour) DO UPDATE SET total_count = excluded.total_count
    WHERE old.total_count <> excluded.total_count
    """,
)
