"""The floor: SQL by hand with the same end effect as the services, and nothing around it.

One function for each verb, on a psycopg2 cursor whose transaction is the caller's. Each locks the issues in the order
of their ids, writes every row that the service writes (tests/benchmarks/test_floor.py compares them all), and returns
how many issues it changed. What the services do beyond the effect is left out: whether every id is in scope, whether
anything changes at all, holding the assignee.

The form that has won every comparison: one statement, whose first part locks; the ids come as one array, and those
that were locked go on as one, so that PostgreSQL walks the primary key in its order however many there are. A tree is
walked by arrays as well, and nothing large is joined: what PostgreSQL expects of a tree, or of the marks of a user, is
what it counted last, and after large merges that was a whole table read for one issue.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from projects.querysets import release_order

STATUS = (
    *("status", "status_by_id", "resolved_at", "resolution_kind", "resolution_release_id"),
    *("snooze_ends_at", "snooze_ends_at_times_seen", "snooze_ends_at_users_seen"),
    *("snooze_window_count", "snooze_window_minutes", "snooze_window_user_count", "snooze_window_user_minutes"),
    *("snooze_escalates_above", "snooze_started_at", "reopened_as"),
)
ASSIGNEE = ("assignee_user_id", "assignee_team_id")


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: to which issues of a project, by whom and when; ``ids`` None is all of them."""

    project_id: int
    ids: Sequence[int] | None
    user_id: int
    at: datetime
    body: Mapping[str, Any]  # as the caller wrote it, for the history
    assignee_id: int
    until: datetime  # when "ignored" ends

    def params(self) -> dict[str, Any]:
        return {
            "project_id": self.project_id,
            # One string that PostgreSQL reads as an array: ARRAY[...] is parsed as so many expressions.
            "ids": None if self.ids is None else "{" + ",".join(map(str, self.ids)) + "}",
            "user_id": self.user_id,
            "at": self.at,
            "body": Json(dict(self.body)),
            "assignee_id": self.assignee_id,
            "assignee_data": Json({"assignee": str(self.assignee_id), "assigneeType": "user"}),
            "until": self.until,
            "until_data": Json({"ignoreUntil": self.until.isoformat().replace("+00:00", "Z")}),
        }


Floor = Callable[[Any, Work], int]

# ---------------------------------------------------------------------------------------------------------------------
# Pieces of the statements
# ---------------------------------------------------------------------------------------------------------------------

ASKED = """
    asked AS MATERIALIZED (
        SELECT %(ids)s::bigint[] AS ids, nextval('issues_mutation_id_seq') AS mutation_id
    )"""

# The ids of the target, as PostgreSQL reads them: before it begins to write, which is what makes the lock come first.
TARGETS = "ANY(ARRAY(SELECT id FROM target))"
STAMP = "(SELECT mutation_id FROM asked)"
NAMED = "id = ANY((SELECT ids FROM asked)::bigint[])"

RESOLVES = """
    status = 'resolved', status_by_id = %(user_id)s, resolved_at = %(at)s,
    resolution_kind = NULL, resolution_release_id = NULL, snooze_ends_at = NULL, snooze_started_at = NULL,
"""
UNRESOLVES = """
    status = 'unresolved', status_by_id = %(user_id)s, resolved_at = NULL,
    resolution_kind = NULL, resolution_release_id = NULL, snooze_ends_at = NULL, snooze_started_at = NULL,
"""
IGNORES = """
    status = 'ignored', status_by_id = %(user_id)s, resolved_at = NULL,
    resolution_kind = NULL, resolution_release_id = NULL, snooze_ends_at = %(until)s, snooze_started_at = %(at)s,
"""
NO_OTHER_TERMS = """
    snooze_ends_at_times_seen = NULL, snooze_ends_at_users_seen = NULL, snooze_window_count = NULL,
    snooze_window_minutes = NULL, snooze_window_user_count = NULL, snooze_window_user_minutes = NULL,
    snooze_escalates_above = NULL, reopened_as = NULL
"""

SNOOZE_HOLDS = """
    status = 'ignored' AND (snooze_ends_at IS NULL OR snooze_ends_at > %(at)s)
    AND (snooze_ends_at_times_seen IS NULL OR snooze_ends_at_times_seen > times_seen)
    AND (snooze_ends_at_users_seen IS NULL OR snooze_ends_at_users_seen > users_seen)
"""
TO_RESOLVE = "NOT (status = 'resolved' AND resolution_kind IS NULL)"
TO_UNRESOLVE = f"(status = 'resolved' OR ({SNOOZE_HOLDS}))"
TO_IGNORE = """
    (status <> 'ignored' OR snooze_ends_at IS DISTINCT FROM %(until)s
     OR snooze_ends_at_times_seen IS NOT NULL OR snooze_ends_at_users_seen IS NOT NULL
     OR snooze_window_count IS NOT NULL OR snooze_window_user_count IS NOT NULL
     OR snooze_escalates_above IS NOT NULL)
"""
TO_ASSIGN = "assignee_user_id IS DISTINCT FROM %(assignee_id)s"


def targets(columns: Sequence[str], due: str, *, named: bool = True) -> str:
    return f"""
    target AS MATERIALIZED (
        SELECT {", ".join(("id", *columns))} FROM issues_issue
        WHERE project_id = %(project_id)s AND merged_into_id IS NULL
          {f"AND {NAMED}" if named else ""} AND {due}
        ORDER BY id FOR NO KEY UPDATE
    )"""


def activities(columns: Sequence[str], kind: str, data: str = "'{}'") -> str:
    before = ", ".join(f"before_{column}" for column in columns)
    return f"""
    recorded AS (
        INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id, {before})
        SELECT %(project_id)s, id, '{kind}', {data}, %(user_id)s, %(at)s, {STAMP}, {", ".join(columns)}
        FROM target
    )"""


def follows(user: str, reason: str, *, of: str = "target", issue: str = "id") -> str:
    return f"""
        INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
        SELECT %(project_id)s, {issue}, {user}, true, '{reason}', %(at)s FROM {of}
    """


def mutation(
    changed: str = "(SELECT count(*) FROM target)",
    *,
    kind: str = "update",
    body: str = "%(body)s",
    seen: str = "'{}'",
    bookmarks: str = "'{}'",
    subscriptions: str = "'{}'",
) -> str:
    # Marks are only ever set here, never taken away.
    wishes = ", ".join("null" if marks == "'{}'" else "true" for marks in (seen, bookmarks, subscriptions))
    return f"""
    INSERT INTO issues_mutation
        (id, project_id, kind, user_id, created_at, ids, body, matched, changed, marks_of_id,
         has_seen, is_bookmarked, is_subscribed, seen_ids, bookmark_ids, subscription_ids)
    SELECT mutation_id, %(project_id)s, '{kind}', %(user_id)s, %(at)s, ids, {body},
           coalesce(cardinality(ids), {changed}), {changed}, %(user_id)s,
           {wishes}, {seen}, {bookmarks}, {subscriptions}
    FROM asked
    RETURNING changed
    """


def rewrites(
    columns: Sequence[str],
    assignments: str,
    due: str,
    kind: str,
    *,
    data: str = "'{}'",
    named: bool = True,
    followed: str = "",
) -> str:
    """Return the statement that changes the issues' own rows, records that, and lets somebody follow them."""
    return f"""
    WITH {ASKED}, {targets(columns, due, named=named)},
    changed AS (UPDATE issues_issue SET {assignments}, mutation_id = {STAMP} WHERE id = {TARGETS}),
    {activities(columns, kind, data)}
    {f", followed AS ({followed} ON CONFLICT (project_id, issue_id, user_id) DO NOTHING)" if followed else ""}
    {mutation()}
    """


# ---------------------------------------------------------------------------------------------------------------------
# Status, assignment, sharing
# ---------------------------------------------------------------------------------------------------------------------

RESOLVE = rewrites(
    STATUS,
    RESOLVES + NO_OTHER_TERMS,
    TO_RESOLVE,
    "set_resolved",
    followed=follows("%(user_id)s", "status_change"),
)
UNRESOLVE = rewrites(STATUS, UNRESOLVES + NO_OTHER_TERMS, TO_UNRESOLVE, "set_unresolved")
IGNORE = rewrites(STATUS, IGNORES + NO_OTHER_TERMS, TO_IGNORE, "set_ignored", data="%(until_data)s::jsonb")
RESOLVE_ALL = rewrites(STATUS, RESOLVES + NO_OTHER_TERMS, TO_RESOLVE, "set_resolved", named=False)
UNRESOLVE_ALL = rewrites(STATUS, UNRESOLVES + NO_OTHER_TERMS, TO_UNRESOLVE, "set_unresolved", named=False)
ASSIGN = rewrites(
    ASSIGNEE,
    "assignee_user_id = %(assignee_id)s, assignee_team_id = NULL",
    TO_ASSIGN,
    "assigned",
    data="%(assignee_data)s::jsonb",
    followed=follows("%(assignee_id)s", "assigned"),
)
SHARE = rewrites(("share_id",), "share_id = gen_random_uuid()", "share_id IS NULL", "set_public")


def run(cursor: Any, sql: str, work: Work) -> int:
    cursor.execute(sql, work.params())
    changed: int = cursor.fetchone()[0]
    return changed


def resolve(cursor: Any, work: Work) -> int:
    return run(cursor, RESOLVE_ALL if work.ids is None else RESOLVE, work)


def unresolve(cursor: Any, work: Work) -> int:
    return run(cursor, UNRESOLVE_ALL if work.ids is None else UNRESOLVE, work)


def ignore(cursor: Any, work: Work) -> int:
    return run(cursor, IGNORE, work)


def assign(cursor: Any, work: Work) -> int:
    return run(cursor, ASSIGN, work)


def share(cursor: Any, work: Work) -> int:
    return run(cursor, SHARE, work)


# ---------------------------------------------------------------------------------------------------------------------
# Marks
# ---------------------------------------------------------------------------------------------------------------------

SEEN = """
    seen AS (
        INSERT INTO issues_issueseen (project_id, issue_id, user_id, seen_at)
        SELECT %(project_id)s, id, %(user_id)s, %(at)s FROM target WHERE last_seen <= %(at)s
        ON CONFLICT (project_id, issue_id, user_id) DO UPDATE SET seen_at = excluded.seen_at
        WHERE issues_issueseen.seen_at < (SELECT last_seen FROM issues_issue WHERE id = excluded.issue_id)
        RETURNING issue_id
    )"""
BOOKMARKED = """
    bookmarked AS (
        INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
        SELECT %(project_id)s, id, %(user_id)s, %(at)s FROM target
        ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
        RETURNING issue_id
    )"""
SUBSCRIBED = f"""
    subscribed AS (
        {follows("%(user_id)s", "unknown")}
        ON CONFLICT (project_id, issue_id, user_id) DO UPDATE SET is_active = true, reason = 'unknown'
        WHERE NOT issues_issuesubscription.is_active OR issues_issuesubscription.reason <> 'unknown'
        RETURNING issue_id
    )"""
# What was no active subscription before: the statement still sees the rows as they were.
NEWLY_SUBSCRIBED = """
    ARRAY(SELECT issue_id FROM subscribed WHERE issue_id NOT IN (
        SELECT issue_id FROM issues_issuesubscription
        WHERE issue_id = ANY(ARRAY(SELECT id FROM target)) AND user_id = %(user_id)s AND is_active
    ) ORDER BY issue_id)
"""

MARK_SEEN = f"""
    WITH {ASKED}, {targets(("last_seen",), "true")}, {SEEN}
    {mutation("(SELECT count(*) FROM seen)", seen="ARRAY(SELECT issue_id FROM seen)")}
"""
BOOKMARK = f"""
    WITH {ASKED}, {targets((), "true")}, {BOOKMARKED},
    followed AS (
        {follows("%(user_id)s", "bookmark", of="bookmarked", issue="issue_id")}
        ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
    )
    {mutation("(SELECT count(*) FROM bookmarked)", bookmarks="ARRAY(SELECT issue_id FROM bookmarked)")}
"""


def mark_seen(cursor: Any, work: Work) -> int:
    return run(cursor, MARK_SEEN, work)


def bookmark(cursor: Any, work: Work) -> int:
    return run(cursor, BOOKMARK, work)


# ---------------------------------------------------------------------------------------------------------------------
# Merge, unmerge, and everything at once
# ---------------------------------------------------------------------------------------------------------------------

OWN = f"""
    min(own.own_first_seen) AS first_seen, max(own.own_last_seen) AS last_seen,
    sum(own.own_times_seen)::bigint AS times_seen, sum(own.own_users_seen)::bigint AS users_seen,
    sum(own.own_comment_count)::bigint AS comment_count,
    (SELECT release.id FROM projects_release AS release
     WHERE release.id = ANY(array_agg(DISTINCT own.own_first_release_id))
     ORDER BY {release_order("release")} LIMIT 1) AS first_release_id,
    (SELECT release.id FROM projects_release AS release
     WHERE release.id = ANY(array_agg(DISTINCT own.own_last_release_id))
     ORDER BY {release_order("release", descending=True)} LIMIT 1) AS last_release_id
"""
TOTALS = (
    *("first_seen", "last_seen", "times_seen", "users_seen", "comment_count"),
    *("first_release_id", "last_release_id"),
)


def levels(top: str, root: str = "") -> str:
    """Return a tree from its top, each level an array of ids; the last one is empty."""
    return f"""
    level ({root}ids) AS (
        {top}
        UNION ALL
        SELECT {root}ARRAY(SELECT id FROM issues_issue WHERE merged_into_id = ANY(level.ids))
        FROM level WHERE ids <> '{{}}'
    )"""


# Everything under the targets, themselves included; the numbers of all that are the parent's from now on.
TREE = f"""
    parent AS MATERIALIZED (SELECT id FROM target ORDER BY first_seen, id LIMIT 1),
    {levels("SELECT ARRAY(SELECT id FROM target)")},
    tree AS MATERIALIZED (SELECT unnest(ids) AS id FROM level),
    total AS MATERIALIZED (
        SELECT {OWN}
        FROM issues_issue AS own
        WHERE own.id = ANY(ARRAY(SELECT id FROM tree))
    )"""
# Children get the link, the parent the totals: each row is written once.
LINKS = ", ".join(
    [
        "merged_into_id = nullif(parent.id, issues_issue.id)",
        *(
            f"{column} = CASE WHEN issues_issue.id = parent.id THEN total.{column} ELSE issues_issue.{column} END"
            for column in TOTALS
        ),
    ]
)
CHILDREN = """
    (SELECT jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', target.id::text) ORDER BY target.id))
     FROM target WHERE target.id <> parent.id)
"""
HOURS = """
    hour_total AS (
        SELECT hour, sum(own_count)::int AS count
        FROM issues_issuehour
        WHERE issue_id = ANY(ARRAY(SELECT id FROM tree)) AND own_count > 0
        GROUP BY hour
    ),
    hours AS (
        INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
        SELECT %(project_id)s, parent.id, hour, 0, count FROM hour_total, parent
        ON CONFLICT (project_id, issue_id, hour) DO UPDATE SET total_count = excluded.total_count
        WHERE old.total_count <> excluded.total_count
    )"""
COPIED_BOOKMARKS = f"""
    copied_bookmarks AS (
        INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
        SELECT DISTINCT %(project_id)s, parent.id, mark.user_id, %(at)s::timestamptz
        FROM issues_issuebookmark AS mark, parent
        WHERE mark.issue_id = {TARGETS} AND mark.issue_id <> parent.id
        ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
    )"""


def copied_followers(but: str = "true") -> str:
    return f"""
    copied_followers AS (
        INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
        SELECT DISTINCT ON (old.user_id) %(project_id)s, parent.id, old.user_id, true, old.reason, %(at)s
        FROM issues_issuesubscription AS old, parent
        WHERE old.issue_id = {TARGETS} AND old.issue_id <> parent.id AND old.is_active AND {but}
        ORDER BY old.user_id, old.issue_id
        ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
    )"""


MERGE = f"""
    WITH RECURSIVE {ASKED}, {targets(("first_seen",), "true")}, {TREE},
    changed AS (
        UPDATE issues_issue
        SET {LINKS}, mutation_id = {STAMP},
            snooze_ends_at_times_seen = CASE WHEN issues_issue.id <> parent.id THEN snooze_ends_at_times_seen
                ELSE snooze_ends_at_times_seen + total.times_seen - issues_issue.times_seen END,
            snooze_ends_at_users_seen = CASE WHEN issues_issue.id <> parent.id THEN snooze_ends_at_users_seen
                ELSE snooze_ends_at_users_seen + total.users_seen - issues_issue.users_seen END
        FROM parent, total WHERE issues_issue.id = {TARGETS}
    ),
    recorded AS (
        INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id)
        SELECT %(project_id)s, parent.id, 'merge', {CHILDREN}, %(user_id)s, %(at)s, {STAMP} FROM parent
    ),
    {HOURS}, {copied_followers()}, {COPIED_BOOKMARKS}
    {mutation()}
"""

ALL_KEYS_BEFORE = (*STATUS, *ASSIGNEE, "share_id")

# Every column of an issue that any key changes, in one rewrite of its row.
ALL_KEYS = f"""
    WITH RECURSIVE {ASKED}, {targets(("first_seen", "last_seen", *ALL_KEYS_BEFORE), "true")}, {TREE},
    changed AS (
        UPDATE issues_issue
        SET {IGNORES} {NO_OTHER_TERMS}, assignee_user_id = %(assignee_id)s, assignee_team_id = NULL,
            share_id = coalesce(share_id, gen_random_uuid()), {LINKS}, mutation_id = {STAMP}
        FROM parent, total WHERE issues_issue.id = {TARGETS}
    ),
    recorded AS (
        INSERT INTO issues_activity
            (project_id, issue_id, kind, data, user_id, created_at, mutation_id,
             {", ".join(f"before_{column}" for column in ALL_KEYS_BEFORE)})
        SELECT %(project_id)s, id, kind, data, %(user_id)s, %(at)s, {STAMP}, {", ".join(ALL_KEYS_BEFORE)}
        FROM (
            SELECT id, 'set_ignored' AS kind, %(until_data)s::jsonb AS data, {", ".join(STATUS)},
                   NULL::bigint AS assignee_user_id, NULL::bigint AS assignee_team_id, NULL::uuid AS share_id
            FROM target WHERE {TO_IGNORE}
            UNION ALL
            SELECT id, 'assigned', %(assignee_data)s::jsonb,
                   {", ".join("NULL" for _ in STATUS)}, assignee_user_id, assignee_team_id, NULL
            FROM target WHERE {TO_ASSIGN}
            UNION ALL
            SELECT id, 'set_public', '{{}}',
                   {", ".join("NULL" for _ in STATUS)}, NULL, NULL, share_id
            FROM target WHERE share_id IS NULL
            UNION ALL
            SELECT id, 'merge', {CHILDREN},
                   {", ".join("NULL" for _ in STATUS)}, NULL, NULL, NULL
            FROM parent WHERE (SELECT count(*) FROM target) > 1
        ) AS entry
    ),
    {SUBSCRIBED},
    followed AS (
        {follows("%(assignee_id)s", "assigned")} WHERE %(assignee_id)s <> %(user_id)s
        ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
    ),
    {SEEN}, {BOOKMARKED}, {HOURS},
    {copied_followers("old.user_id NOT IN (%(user_id)s, %(assignee_id)s)")}, {COPIED_BOOKMARKS}
    {
    mutation(
        seen="ARRAY(SELECT issue_id FROM seen)",
        bookmarks="ARRAY(SELECT issue_id FROM bookmarked)",
        subscriptions=NEWLY_SUBSCRIBED,
    )
}
"""

# The links that go, and everything above them; locked with what was named, in one order.
UNMERGE = f"""
    WITH RECURSIVE {ASKED},
    named AS MATERIALIZED (SELECT unnest(ids) AS id FROM asked),
    above AS (
        SELECT merged_into_id AS id FROM issues_issue WHERE {NAMED}
        UNION
        SELECT issue.merged_into_id FROM above JOIN issues_issue AS issue USING (id)
    ),
    near AS (
        SELECT id FROM named
        UNION SELECT id FROM above
        UNION SELECT id FROM issues_issue WHERE merged_into_id = ANY((SELECT ids FROM asked)::bigint[])
    ),
    target AS MATERIALIZED (
        SELECT id, merged_into_id FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT id FROM near))
        ORDER BY id FOR NO KEY UPDATE
    ),
    cut AS MATERIALIZED (
        SELECT target.id, target.merged_into_id AS parent_id FROM target
        WHERE target.merged_into_id IS NOT NULL
          AND (target.id IN (SELECT id FROM named)
               OR target.merged_into_id IN (SELECT id FROM named JOIN target AS root USING (id)
                                            WHERE root.merged_into_id IS NULL))
    ),
    changed AS (
        UPDATE issues_issue SET merged_into_id = NULL, mutation_id = {STAMP}
        WHERE id = ANY(ARRAY(SELECT id FROM cut))
    ),
    recorded AS (
        INSERT INTO issues_activity
            (project_id, issue_id, kind, data, user_id, created_at, mutation_id, before_merged_into_id)
        SELECT %(project_id)s, id, 'unmerge', data, %(user_id)s, %(at)s, {STAMP}, before
        FROM (
            SELECT parent_id AS id, NULL::bigint AS before,
                   jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id)) AS data
            FROM cut GROUP BY parent_id
            UNION ALL
            SELECT id, parent_id,
                   jsonb_build_object('parent', jsonb_build_object('id', parent_id::text)) FROM cut
        ) AS entry
    ),
    kept AS (
        {mutation("(SELECT count(*) FROM (SELECT id FROM cut UNION SELECT parent_id FROM cut) AS id)")}
    )
    SELECT changed, ARRAY(SELECT id FROM above WHERE id IS NOT NULL UNION SELECT parent_id FROM cut) FROM kept
"""
TOTALS_AFTER_UNMERGE = f"""
    WITH RECURSIVE
    {levels("SELECT root, ARRAY[root] FROM unnest(%(roots)s::bigint[]) AS root", root="root, ")},
    tree AS MATERIALIZED (SELECT root, unnest(ids) AS id FROM level),
    total AS (
        SELECT tree.root, {OWN}
        FROM tree
        JOIN issues_issue AS own ON own.id = tree.id
        WHERE own.id = ANY(ARRAY(SELECT id FROM tree))
        GROUP BY tree.root
    ),
    changed AS (
        UPDATE issues_issue AS issue
        SET {", ".join(f"{column} = total.{column}" for column in TOTALS)},
            snooze_ends_at_times_seen = issue.snooze_ends_at_times_seen + total.times_seen - issue.times_seen,
            snooze_ends_at_users_seen = issue.snooze_ends_at_users_seen + total.users_seen - issue.users_seen,
            mutation_id = currval('issues_mutation_id_seq')
        FROM total WHERE issue.id = total.root AND issue.id = ANY((SELECT %(roots)s::bigint[])::bigint[])
    ),
    hour_total AS (
        SELECT tree.root, own.hour, sum(own.own_count)::int AS count
        FROM tree
        JOIN issues_issuehour AS own ON own.issue_id = tree.id
        WHERE own.issue_id = ANY(ARRAY(SELECT id FROM tree)) AND own.own_count > 0
        GROUP BY tree.root, own.hour
    ),
    emptied AS (
        DELETE FROM issues_issuehour
        WHERE issue_id = ANY(%(roots)s::bigint[]) AND own_count = 0
          AND (issue_id, hour) NOT IN (SELECT root, hour FROM hour_total)
    )
    INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
    SELECT %(project_id)s, root, hour, 0, count FROM hour_total
    ON CONFLICT (project_id, issue_id, hour) DO UPDATE SET total_count = excluded.total_count
    WHERE old.total_count <> excluded.total_count
"""


def merge(cursor: Any, work: Work) -> int:
    return run(cursor, MERGE, work)


def unmerge(cursor: Any, work: Work) -> int:
    cursor.execute(UNMERGE, work.params())
    changed: int
    changed, roots = cursor.fetchone()
    cursor.execute(TOTALS_AFTER_UNMERGE, {"roots": roots, "project_id": work.project_id})
    return changed


def all_keys(cursor: Any, work: Work) -> int:
    return run(cursor, ALL_KEYS, work)


# ---------------------------------------------------------------------------------------------------------------------
# Deletion
# ---------------------------------------------------------------------------------------------------------------------

HANGING = (
    *("issues_issuetext", "issues_issuehash", "issues_issuehour", "issues_issueseen"),
    *("issues_issuebookmark", "issues_issuesubscription", "issues_activity", "issues_issuerelease"),
)

DELETE = f"""
    WITH RECURSIVE {ASKED},
    {levels("SELECT ids FROM asked")},
    target AS MATERIALIZED (
        SELECT id FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT DISTINCT unnest(ids) FROM level))
        ORDER BY id FOR UPDATE
    ),
    {", ".join(f"gone_{table} AS (DELETE FROM {table} WHERE issue_id = {TARGETS})" for table in HANGING)},
    gone AS (DELETE FROM issues_issue WHERE id = {TARGETS})
    {mutation(kind="delete", body="'{}'")}
"""


def delete(cursor: Any, work: Work) -> int:
    return run(cursor, DELETE, work)
