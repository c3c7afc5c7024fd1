"""Trees of merged issues."""

from issues.integrity.checking import Invariant
from issues.integrity.mutations import first_kept
from issues.querysets import MOST_IN_AN_HOUR, total

# Every issue with children, and all that is under it, itself included. UNION, so that even a circle comes to an end.
_TREES = """
    tree AS (
        SELECT merged_into_id AS root, merged_into_id AS id FROM issues_issue WHERE merged_into_id IS NOT NULL
        UNION
        SELECT tree.root, child.id FROM tree JOIN issues_issue AS child ON child.merged_into_id = tree.id
    )
"""

PARENTS = Invariant(
    "parents",
    "an issue and what it was merged into are of one project",
    "issues",
    """
    SELECT child.id
    FROM issues_issue AS child
    JOIN issues_issue AS parent ON parent.id = child.merged_into_id
    WHERE child.project_id <> parent.project_id
    """,
)

CIRCLES = Invariant(
    "circles",
    "above every merged issue stands one that is visible",
    "issues",
    """
    WITH RECURSIVE shown AS (
        SELECT child.id
        FROM issues_issue AS child
        JOIN issues_issue AS parent ON parent.id = child.merged_into_id
        WHERE parent.merged_into_id IS NULL
        UNION ALL
        SELECT child.id FROM shown JOIN issues_issue AS child ON child.merged_into_id = shown.id
    )
    SELECT id FROM issues_issue WHERE merged_into_id IS NOT NULL EXCEPT SELECT id FROM shown
    """,
)

TOTALS = Invariant(
    "totals",
    "what an issue shows is the total of its tree",
    "issues",
    f"""
    WITH RECURSIVE {_TREES},
    total AS (
        SELECT tree.root,
               min(own.own_first_seen) AS first_seen,
               max(own.own_last_seen) AS last_seen,
               {total("times_seen")} AS times_seen,
               {total("users_seen")} AS users_seen,
               {total("comment_count")} AS comment_count
        FROM tree
        JOIN issues_issue AS own ON own.id = tree.id
        GROUP BY tree.root
    )
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN total ON total.root = issue.id  -- most issues are alone, and show their own
    WHERE issue.first_seen <> coalesce(total.first_seen, issue.own_first_seen)
       OR issue.last_seen <> coalesce(total.last_seen, issue.own_last_seen)
       OR issue.times_seen <> coalesce(total.times_seen, issue.own_times_seen)
       OR issue.users_seen <> coalesce(total.users_seen, issue.own_users_seen)
       OR issue.comment_count <> coalesce(total.comment_count, issue.own_comment_count)
    """,
)

HOURS = Invariant(
    "hours",
    "the events that an issue shows for an hour are the total of its tree",
    "issues",
    f"""
    WITH RECURSIVE {_TREES},
    total AS (
        SELECT tree.root AS issue_id, own.hour, least(sum(own.own_count), {MOST_IN_AN_HOUR}) AS count
        FROM tree
        JOIN issues_issuehour AS own ON own.issue_id = tree.id
        GROUP BY tree.root, own.hour
    )
    SELECT DISTINCT issue_id
    FROM issues_issuehour AS shown
    FULL JOIN total USING (issue_id, hour)
    WHERE coalesce(shown.total_count, 0) <> coalesce(total.count, shown.own_count)
    """,
)

# Which of them is first is not checked: a release whose date changes leaves totals alone, as all but the tree does.
RELEASES_SHOWN = Invariant(
    "releases shown",
    "the first and the last release that an issue shows are releases of its tree",
    "issues",
    f"""
    WITH RECURSIVE {_TREES},
    seen_in AS (
        SELECT tree.root,
               array_agg(own.own_first_release_id) FILTER (WHERE own.own_first_release_id IS NOT NULL) AS first,
               array_agg(own.own_last_release_id) FILTER (WHERE own.own_last_release_id IS NOT NULL) AS last
        FROM tree
        JOIN issues_issue AS own ON own.id = tree.id
        GROUP BY tree.root
    )
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN seen_in ON seen_in.root = issue.id
    WHERE CASE WHEN seen_in.root IS NULL
        THEN issue.first_release_id IS DISTINCT FROM issue.own_first_release_id
          OR issue.last_release_id IS DISTINCT FROM issue.own_last_release_id
        ELSE num_nulls(issue.first_release_id, seen_in.first) = 1
          OR num_nulls(issue.last_release_id, seen_in.last) = 1
          OR issue.first_release_id <> ALL (seen_in.first)
          OR issue.last_release_id <> ALL (seen_in.last)
        END
    """,
)

# A search for a release is narrowed to what is told here (services/ground/narrowing.py): it leaves out what is missing.
RELEASES_TOLD = Invariant(
    "releases told",
    "the first and the last release of an issue's own are known to the index of releases",
    "issues",
    """
    SELECT issue.id
    FROM issues_issue AS issue
    CROSS JOIN LATERAL (VALUES (own_first_release_id), (own_last_release_id)) AS own (release_id)
    LEFT JOIN issues_issuerelease AS told ON told.issue_id = issue.id AND told.release_id = own.release_id
    WHERE own.release_id IS NOT NULL AND told.project_id IS DISTINCT FROM issue.project_id
    """,
)

# Activities go by their age: of a merge whose mutation is pruned, it may be told no more. What is merged has its stamp.
MERGES = Invariant(
    "merges",
    "an issue is merged into what the newest merge or unmerge tells, as long as its mutation is kept",
    "issues",
    f"""
    WITH told AS (
        SELECT (child #>> '{{}}')::bigint AS child_id, activity.issue_id AS parent_id, activity.id, mutation_id
        FROM issues_activity AS activity, jsonb_path_query(activity.data, '$.issues[*].id') AS child
        WHERE activity.kind = 'merge'
        UNION ALL
        SELECT issue_id, NULL, id, mutation_id FROM issues_activity WHERE kind = 'unmerge' AND data ? 'parent'
    ),
    newest AS (
        SELECT DISTINCT ON (child_id) child_id, parent_id, mutation_id FROM told ORDER BY child_id, id DESC
    )
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN newest ON newest.child_id = issue.id
    WHERE CASE WHEN newest.mutation_id >= {first_kept("issue")}
        THEN issue.merged_into_id IS DISTINCT FROM newest.parent_id
        ELSE issue.merged_into_id IS NOT NULL AND NOT coalesce(issue.mutation_id < {first_kept("issue")}, false)
        END
    """,
)
