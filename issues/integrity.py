"""What must hold between rows and tables, beyond what constraints can say: each checked by one statement, which reads.

A constraint sees one row, a foreign key two. What spans more is kept by the services, which do all of a change or
nothing of it; whoever doubts that (after a crash, a restore, a repair by hand) asks here. Only what the services
promise is checked. Left out, since it may end without anybody touching the issue: that an assignee still belongs to
the project.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction

from issues.models import BEFORE_STATE, HangsOnIssue
from issues.querysets import MOST_IN_AN_HOUR, total
from issues.services.ground.parts import Part
from issues.services.verbs import PARTS, assignment, status
from projects.querysets import MAX_ID, release_order

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Invariant:
    """``holds`` is the sentence that must be true; ``sql`` selects the ids of the rows (``of``) for which it isn't."""

    name: str
    holds: str
    of: str
    sql: str


@dataclass(frozen=True, slots=True)
class Breach:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    count: int
    examples: tuple[int, ...]

    def __str__(self) -> str:
        rows = self.invariant.of if self.count != 1 else self.invariant.of.replace("ies", "y").removesuffix("s")
        which = ", ".join(map(str, self.examples))
        return f"Not true: {self.invariant.holds}. {self.count:,} {rows}: {which}{', ...' * (self.count > EXAMPLES)}"


def find(invariant: Invariant) -> Breach | None:
    """Return who breaks the invariant; None when it holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, count(*) OVER () FROM ({invariant.sql}) AS broken (id) ORDER BY id LIMIT {EXAMPLES}"
        )
        rows = cursor.fetchall()
    return Breach(invariant, count=rows[0][1], examples=tuple(pk for pk, _ in rows)) if rows else None


@contextmanager
def one_state() -> Iterator[None]:
    """Let all statements inside see the database as it is now, whoever changes it meanwhile, and write nothing."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Memory to join a million rows in, and no compiler for a statement that runs once. No merge joins: with
        # statistics from before an "update all" PostgreSQL would merge a million rows with a million by their mutation.
        cursor.execute(
            """
            SELECT set_config('statement_timeout', '0', true), set_config('work_mem', '64MB', true),
                   set_config('jit', 'off', true), set_config('enable_mergejoin', 'off', true)
            """
        )
        yield


# ---------------------------------------------------------------------------------------------------------------------
# What hangs on an issue
# ---------------------------------------------------------------------------------------------------------------------

TEXTS = Invariant(
    "texts",
    "every issue has its text",
    "issues",
    """
    SELECT issue.id FROM issues_issue AS issue
    WHERE NOT EXISTS (SELECT FROM issues_issuetext AS text WHERE text.issue_id = issue.id)
    """,
)

# Made together with it, and never taken from it: what comes next of the same problem would become another issue.
HASHES = Invariant(
    "hashes",
    "every issue has a fingerprint",
    "issues",
    """
    SELECT issue.id FROM issues_issue AS issue
    WHERE NOT EXISTS (SELECT FROM issues_issuehash AS hash WHERE hash.issue_id = issue.id)
    """,
)

HANGING_ROWS = Invariant(
    "hanging rows",
    "what hangs on an issue is of the issue's project",
    "issues",
    " UNION ".join(
        f"""
        SELECT hanging.issue_id
        FROM {model._meta.db_table} AS hanging
        JOIN issues_issue AS issue ON issue.id = hanging.issue_id
        WHERE hanging.project_id <> issue.project_id
        """
        for model in HangsOnIssue.__subclasses__()
    ),
)

NOTES = Invariant(
    "notes",
    "an issue's own comment count is the number of its notes",
    "issues",
    """
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN (
        SELECT issue_id, count(*) AS count FROM issues_activity WHERE kind = 'note' GROUP BY issue_id
    ) AS notes ON notes.issue_id = issue.id
    WHERE issue.own_comment_count <> coalesce(notes.count, 0)
    """,
)

# ---------------------------------------------------------------------------------------------------------------------
# Trees of merged issues
# ---------------------------------------------------------------------------------------------------------------------

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

# ---------------------------------------------------------------------------------------------------------------------
# What the history says
# ---------------------------------------------------------------------------------------------------------------------

# What is too old to be undone is removed, always from the beginning (services/pruning.py): below this, none is missed.
_FIRST_KEPT = "coalesce((SELECT min(id) FROM issues_mutation), 9223372036854775807)"

MUTATIONS_OF_ACTIVITIES = Invariant(
    "mutations of activities",
    "every activity but a note was written by a mutation of its project, at its time, unless that was pruned",
    "activities",
    f"""
    SELECT activity.id
    FROM issues_activity AS activity
    LEFT JOIN issues_mutation AS mutation
        ON mutation.id = activity.mutation_id AND mutation.project_id = activity.project_id
       AND mutation.created_at = activity.created_at AND mutation.kind <> 'delete'
    WHERE activity.kind <> 'note' AND mutation.id IS NULL
      AND NOT coalesce(activity.mutation_id < {_FIRST_KEPT}, false)
    """,
)

STAMPS = Invariant(
    "stamps",
    "an issue's stamp is a mutation of its project, unless that was pruned",
    "issues",
    f"""
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN issues_mutation AS mutation
        ON mutation.id = issue.mutation_id AND mutation.project_id = issue.project_id AND mutation.kind <> 'delete'
    WHERE issue.mutation_id >= {_FIRST_KEPT} AND mutation.id IS NULL
    """,
)


def _kinds(*parts: Part) -> str:
    return ",".join(kind.value for part in parts for kind in part.kinds)


_KINDS_OF_PARTS = _kinds(*PARTS)

# A merge overwrites nothing of the parent, nor does an unmerge; an assignee and a link may have been none.
BEFORE_STATES = Invariant(
    "before-states",
    "what a mutation overwrote is known as long as the mutation is, and no longer",
    "activities",
    f"""
    SELECT id
    FROM issues_activity
    WHERE CASE WHEN mutation_id >= {_FIRST_KEPT}
        THEN kind = ANY ('{{{_kinds(status.PART)}}}') AND before_status IS NULL
          OR kind = 'unmerge' AND data ? 'parent' AND before_merged_into_id IS NULL
          OR kind = 'unassigned' AND num_nonnulls(before_assignee_user_id, before_assignee_team_id) <> 1
          OR kind = 'set_private' AND before_share_id IS NULL
        ELSE num_nonnulls({", ".join(BEFORE_STATE)}) > 0
        END
    """,
)

# What a mutation overwrote of an issue is what the one before left there, as its activity tells it. Users, teams and
# links may have gone since, without an activity: then nobody or none was overwritten. Where the one before is not kept,
# or there was none, nothing tells.
BEFORE_AND_AFTER = Invariant(
    "before and after",
    "what a mutation overwrote of a status, an assignee or a link is what the activity before told of it",
    "activities",
    f"""
    WITH told AS (
        SELECT id, kind, mutation_id, before_status, before_resolution_kind, before_assignee_user_id,
               before_assignee_team_id, before_share_id,
               lag(kind) OVER one_part AS kind_before, lag(data) OVER one_part AS data_before
        FROM issues_activity
        WHERE kind = ANY ('{{{_KINDS_OF_PARTS}}}')
        WINDOW one_part AS (
            PARTITION BY issue_id, CASE
                WHEN kind = ANY ('{{{_kinds(status.PART)}}}') THEN 1
                WHEN kind = ANY ('{{{_kinds(assignment.PART)}}}') THEN 2
                ELSE 3
                END
            ORDER BY id
        )
    )
    SELECT id
    FROM told
    WHERE mutation_id >= {_FIRST_KEPT} AND NOT coalesce(CASE kind_before
        WHEN 'set_unresolved' THEN before_status = 'unresolved'
        WHEN 'set_ignored' THEN before_status = 'ignored'
        WHEN 'set_resolved' THEN before_status = 'resolved' AND before_resolution_kind IS NULL
        WHEN 'set_resolved_in_release' THEN before_status = 'resolved' AND before_resolution_kind IS NOT NULL
        WHEN 'unassigned' THEN num_nonnulls(before_assignee_user_id, before_assignee_team_id) = 0
        WHEN 'assigned' THEN CASE data_before ->> 'assigneeType'
            WHEN 'user' THEN before_assignee_team_id IS NULL
                AND coalesce(before_assignee_user_id, (data_before ->> 'assignee')::bigint)
                    = (data_before ->> 'assignee')::bigint
            ELSE before_assignee_user_id IS NULL
                AND coalesce(before_assignee_team_id, (data_before ->> 'assignee')::bigint)
                    = (data_before ->> 'assignee')::bigint
            END
        WHEN 'set_private' THEN before_share_id IS NULL
        WHEN 'set_public' THEN before_share_id IS NOT NULL
        END, true)
    """,
)

UNDOS = Invariant(
    "undos",
    "an undo takes back an earlier mutation of its project that deleted nothing, and the other way round than that one",
    "mutations",
    f"""
    SELECT undo.id
    FROM issues_mutation AS undo
    LEFT JOIN issues_mutation AS undone
        ON undone.id = undo.undoes AND undone.id < undo.id AND undone.project_id = undo.project_id
       AND undone.kind <> 'delete' AND undone.is_reversed <> undo.is_reversed
    WHERE undo.undoes >= {_FIRST_KEPT} AND undone.id IS NULL
    """,
)

# A merge is told by the parent alone, and a parent that leaves also changes what stands above it. Mutations that merge
# are looked for once: issue by issue, PostgreSQL may read a million activities of one mutation for each of a million.
ACTIVITIES = Invariant(
    "activities",
    "every change of an issue is told by an activity",
    "issues",
    """
    WITH of_trees AS MATERIALIZED (
        SELECT DISTINCT mutation_id AS id FROM issues_activity WHERE kind IN ('merge', 'unmerge')
    )
    SELECT issue.id
    FROM issues_issue AS issue
    WHERE issue.mutation_id IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM issues_activity AS own
          WHERE own.issue_id = issue.id AND own.mutation_id = issue.mutation_id
      )
      AND NOT EXISTS (SELECT FROM of_trees WHERE of_trees.id = issue.mutation_id)
    UNION ALL
    SELECT issue.id
    FROM issues_issue AS issue
    WHERE issue.mutation_id IS NULL
      AND EXISTS (SELECT FROM issues_activity AS own WHERE own.issue_id = issue.id AND own.kind <> 'note')
    """,
)

# Issues that were deleted since have taken their activities along; how many they were, the deletes have kept. A parent
# that was deleted after a child had left it has taken along what told of that child, too: of a merge only so much can
# be known, that it told of no more issues than it changed.
CHANGED = Invariant(
    "changed",
    "a mutation changed as many issues as its activities and marks tell of",
    "mutations",
    """
    WITH told AS (
        SELECT mutation_id, issue_id FROM issues_activity WHERE kind <> 'note'
        UNION
        SELECT mutation_id, (child #>> '{}')::bigint
        FROM issues_activity, jsonb_path_query(data, '$.issues[*].id') AS child
        WHERE kind = 'merge'
        UNION
        SELECT id, unnest(seen_ids || bookmark_ids || subscription_ids) FROM issues_mutation
    ),
    counted AS (
        SELECT mutation_id, count(*) AS count FROM told GROUP BY mutation_id
    ),
    deleted AS (
        SELECT project_id, sum(changed) AS count FROM issues_mutation WHERE kind = 'delete' GROUP BY project_id
    )
    SELECT mutation.id
    FROM issues_mutation AS mutation
    LEFT JOIN counted ON counted.mutation_id = mutation.id
    LEFT JOIN deleted ON deleted.project_id = mutation.project_id
    LEFT JOIN issues_mutation AS asked ON asked.id = coalesce(mutation.scope_of, mutation.id)
    WHERE mutation.kind <> 'delete'
      AND mutation.changed - coalesce(counted.count, 0) NOT BETWEEN 0 AND CASE
          WHEN coalesce(asked.body ? 'merge', true) AND deleted.count > 0 THEN mutation.changed
          ELSE coalesce(deleted.count, 0)
          END
    """,
)

# A merge brings no others along; what was merged into an issue comes back with it, and is deleted with it.
MATCHED = Invariant(
    "matched",
    "a mutation changed no more issues than it matched, unless it took trees apart or deleted them",
    "mutations",
    """
    SELECT id FROM issues_mutation
    WHERE changed > matched AND kind <> 'delete'
      AND NOT (kind = 'update' AND body @> '{"merge": false}')
      AND id NOT IN (SELECT mutation_id FROM issues_activity WHERE kind = 'unmerge')
    """,
)

# Ids that were named are those of issues that were there; and an id is never given twice.
NAMED = Invariant(
    "named issues",
    "a mutation names issues of its project, and none that was never there",
    "mutations",
    """
    WITH named AS (
        SELECT mutation.id, mutation.project_id, pk
        FROM issues_mutation AS mutation
        CROSS JOIN unnest(
            coalesce(ids, '{}') || seen_ids || bookmark_ids || subscription_ids
        ) AS pk
    )
    SELECT named.id
    FROM named
    LEFT JOIN issues_issue AS issue ON issue.id = named.pk
    WHERE issue.project_id <> named.project_id
       OR named.pk IS NULL OR named.pk < 1
       OR named.pk > (SELECT coalesce(pg_sequence_last_value('issues_issue_id_seq'), 0))
    GROUP BY named.id
    """,
)

# A user may be deleted, and with them the name on their mutations; so may a mutation that was undone, and the first of
# undos, which alone has the ids that were named.
MARKS = Invariant(
    "marks",
    "a mutation sets marks of its caller, an undo those of whom it undoes, and both only of issues that are named",
    "mutations",
    """
    SELECT mutation.id
    FROM issues_mutation AS mutation
    LEFT JOIN issues_mutation AS undone ON undone.id = mutation.undoes
    WHERE mutation.has_seen IS NULL AND mutation.seen_ids <> '{}'
       OR mutation.is_bookmarked IS NULL AND mutation.bookmark_ids <> '{}'
       OR mutation.is_subscribed IS NULL AND mutation.subscription_ids <> '{}'
       OR mutation.seen_ids || mutation.bookmark_ids || mutation.subscription_ids <> '{}' AND (
           mutation.ids IS NULL
           OR mutation.kind = 'delete'
           OR mutation.kind = 'update' AND mutation.marks_of_id IS DISTINCT FROM mutation.user_id
           OR mutation.marks_of_id <> undone.marks_of_id
       )
    UNION
    SELECT marked.id
    FROM (
        SELECT id, coalesce(scope_of, id) AS asked_id, unnest(seen_ids || bookmark_ids || subscription_ids) AS pk
        FROM issues_mutation
    ) AS marked
    JOIN issues_mutation AS asked ON asked.id = marked.asked_id AND asked.ids IS NOT NULL
    LEFT JOIN (SELECT id, unnest(ids) AS pk FROM issues_mutation) AS named
        ON named.id = marked.asked_id AND named.pk = marked.pk
    WHERE named.id IS NULL
    """,
)

# Of users that is not known: they leave, and a superuser belongs to no organization.
KEYS = Invariant(
    "keys",
    "the key that asked for a mutation is of the organization of its project",
    "mutations",
    """
    SELECT mutation.id
    FROM issues_mutation AS mutation
    JOIN projects_project AS project ON project.id = mutation.project_id
    JOIN projects_apikey AS key ON key.id = mutation.api_key_id
    WHERE key.organization_id <> project.organization_id
    """,
)

# Nothing is counted beyond the largest number: a count that would end there ends never (verbs/status/snoozes.py).
STATUSES = Invariant(
    "statuses",
    "an issue's status, resolution and terms are those of its newest activity about them",
    "issues",
    f"""
    WITH newest AS (
        SELECT DISTINCT ON (issue_id) issue_id, kind, data
        FROM issues_activity
        WHERE kind IN ('set_resolved', 'set_resolved_in_release', 'set_unresolved', 'set_ignored')
        ORDER BY issue_id, id DESC
    )
    SELECT issue.id
    FROM newest
    JOIN issues_issue AS issue ON issue.id = newest.issue_id
    LEFT JOIN projects_release AS release ON release.id = issue.resolution_release_id
    WHERE NOT CASE newest.kind
        WHEN 'set_unresolved' THEN issue.status = 'unresolved'
        WHEN 'set_resolved' THEN issue.status = 'resolved' AND issue.resolution_kind IS NULL
        WHEN 'set_resolved_in_release' THEN issue.status = 'resolved' AND CASE newest.data ->> 'version'
            WHEN '' THEN coalesce(issue.resolution_kind = 'in_next_release', false)
            ELSE coalesce(issue.resolution_kind = 'in_release' AND release.version = newest.data ->> 'version', false)
            END
        WHEN 'set_ignored' THEN issue.status = 'ignored'
            AND issue.snooze_ends_at IS NOT DISTINCT FROM (newest.data ->> 'ignoreUntil')::timestamptz
            AND issue.snooze_window_minutes IS NOT DISTINCT FROM (newest.data ->> 'ignoreWindow')::int
            AND issue.snooze_window_user_minutes IS NOT DISTINCT FROM (newest.data ->> 'ignoreUserWindow')::int
            AND (coalesce(issue.snooze_ends_at_times_seen, issue.snooze_window_count) IS NULL
                 = (newest.data ->> 'ignoreCount' IS NULL) OR issue.times_seen = {MAX_ID})
            AND (coalesce(issue.snooze_ends_at_users_seen, issue.snooze_window_user_count) IS NULL
                 = (newest.data ->> 'ignoreUserCount' IS NULL) OR issue.users_seen = {MAX_ID})
        END
    """,
)

# Users and teams can be deleted, which leaves issues to nobody.
ASSIGNEES = Invariant(
    "assignees",
    "an issue is assigned to whom its newest activity about that names",
    "issues",
    """
    WITH newest AS (
        SELECT DISTINCT ON (issue_id) issue_id,
               CASE WHEN data ->> 'assigneeType' = 'user' THEN (data ->> 'assignee')::bigint END AS user_id,
               CASE WHEN data ->> 'assigneeType' = 'team' THEN (data ->> 'assignee')::bigint END AS team_id
        FROM issues_activity
        WHERE kind IN ('assigned', 'unassigned')
        ORDER BY issue_id, id DESC
    )
    SELECT issue.id
    FROM newest
    JOIN issues_issue AS issue ON issue.id = newest.issue_id
    LEFT JOIN projects_user AS person ON person.id = newest.user_id
    LEFT JOIN projects_team AS team ON team.id = newest.team_id
    WHERE (issue.assignee_user_id, issue.assignee_team_id) IS DISTINCT FROM (person.id, team.id)
    """,
)

LINKS = Invariant(
    "links",
    "an issue has a public link if its newest activity about that says so",
    "issues",
    """
    WITH newest AS (
        SELECT DISTINCT ON (issue_id) issue_id, kind
        FROM issues_activity
        WHERE kind IN ('set_public', 'set_private')
        ORDER BY issue_id, id DESC
    )
    SELECT issue.id
    FROM newest
    JOIN issues_issue AS issue ON issue.id = newest.issue_id
    WHERE (issue.share_id IS NULL) <> (newest.kind = 'set_private')
    """,
)

MERGES = Invariant(
    "merges",
    "an issue is merged into what the newest merge or unmerge tells",
    "issues",
    """
    WITH told AS (
        SELECT (child #>> '{}')::bigint AS child_id, activity.issue_id AS parent_id, activity.id
        FROM issues_activity AS activity, jsonb_path_query(activity.data, '$.issues[*].id') AS child
        WHERE activity.kind = 'merge'
        UNION ALL
        SELECT issue_id, NULL, id FROM issues_activity WHERE kind = 'unmerge' AND data ? 'parent'
    ),
    newest AS (
        SELECT DISTINCT ON (child_id) child_id, parent_id FROM told ORDER BY child_id, id DESC
    )
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN newest ON newest.child_id = issue.id
    WHERE issue.merged_into_id IS DISTINCT FROM newest.parent_id
    """,
)

# ---------------------------------------------------------------------------------------------------------------------
# People and teams
# ---------------------------------------------------------------------------------------------------------------------

# Who set, did or marked something is no foreign key in the database (models.py); who is deleted is taken out by Django.
PEOPLE = tuple(
    Invariant(
        f"people of {of}",
        f"whoever {does} is there",
        of,
        f"""
        SELECT row.id FROM {table} AS row
        WHERE row.{column} IS NOT NULL
          AND NOT EXISTS (SELECT FROM projects_user AS person WHERE person.id = row.{column})
        """,
    )
    for of, table, column, does in (
        ("issues", "issues_issue", "status_by_id", "gave an issue its status"),
        ("activities", "issues_activity", "user_id", "did what an activity tells"),
        ("mutations", "issues_mutation", "marks_of_id", "has the marks that a mutation set"),
    )
)

TEAMS = Invariant(
    "teams",
    "a team works on projects of its own organization, and issues are assigned to teams of theirs",
    "teams",
    """
    SELECT team.id
    FROM projects_project_teams AS works_on
    JOIN projects_team AS team ON team.id = works_on.team_id
    JOIN projects_project AS project ON project.id = works_on.project_id
    WHERE project.organization_id <> team.organization_id
    UNION
    SELECT team.id
    FROM (SELECT DISTINCT project_id, assignee_team_id FROM issues_issue) AS assigned
    JOIN projects_team AS team ON team.id = assigned.assignee_team_id
    JOIN projects_project AS project ON project.id = assigned.project_id
    WHERE project.organization_id <> team.organization_id
    """,
)

# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------

RELEASES = Invariant(
    "releases",
    "the releases that an issue names are its project's",
    "issues",
    """
    WITH named AS (
        SELECT project_id, release.id
        FROM (
            SELECT DISTINCT project_id, first_release_id, last_release_id, own_first_release_id, own_last_release_id,
                            resolution_release_id
            FROM issues_issue
        ) AS used
        CROSS JOIN unnest(ARRAY[first_release_id, last_release_id, own_first_release_id, own_last_release_id,
                                resolution_release_id]) AS release (id)
    ),
    foreign_release AS MATERIALIZED (
        SELECT DISTINCT project_id, id
        FROM named
        WHERE id IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM projects_release AS release
              WHERE release.id = named.id AND release.project_id = named.project_id
          )
    )
    SELECT DISTINCT issue.id
    FROM foreign_release
    JOIN issues_issue AS issue ON issue.project_id = foreign_release.project_id
     AND foreign_release.id IN (issue.first_release_id, issue.last_release_id, issue.own_first_release_id,
                                issue.own_last_release_id, issue.resolution_release_id)
    """,
)

# One that may have been dated in the future when it came is the next by time alone, and settles nothing before somebody
# changes a release.
WAITING = Invariant(
    "waiting",
    "no issue waits for the next release when that is there",
    "issues",
    f"""
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN projects_release AS base ON base.id = issue.resolution_release_id
    WHERE issue.resolution_kind = 'in_next_release'
      AND EXISTS (
          SELECT FROM projects_release AS newer
          WHERE newer.project_id = issue.project_id AND newer.dated_at <= newer.created_at
            AND (base.id IS NULL OR ({release_order("newer")}) > ({release_order("base")}))
      )
    """,
)

ORDER_OF_RELEASES = Invariant(
    "order of releases",
    "a release of a package is dated by the latest one up to its number",
    "releases",
    """
    WITH dated AS (
        SELECT id, max(ARRAY[(extract(epoch FROM dated_at) * 1000000)::bigint, id])
                       OVER (PARTITION BY project_id, package ORDER BY number) AS pair
        FROM projects_release
        WHERE package <> ''
    )
    SELECT release.id
    FROM projects_release AS release
    JOIN dated ON dated.id = release.id
    JOIN projects_release AS latest ON latest.id = dated.pair[2]
    WHERE (release.ordered_by_id, release.ordered_at) IS DISTINCT FROM (latest.id, latest.dated_at)
    """,
)

# ---------------------------------------------------------------------------------------------------------------------
# What is still to come
# ---------------------------------------------------------------------------------------------------------------------

# A restore that forgets the counters is noticed here, and not by the first request.
NEXT_IDS = Invariant(
    "next ids",
    "the next row of a table gets an id above all that are there",
    "highest ids",
    " UNION ALL ".join(
        f"""
        SELECT max(id) FROM {table}
        HAVING max(id) > coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass), 0)
        """
        for table in (
            model._meta.db_table
            for app in ("projects", "issues")
            for model in apps.get_app_config(app).get_models(include_auto_created=True)
            if model._meta.pk.column == "id"
        )
    ),
)

INVARIANTS = (
    TEXTS,
    HASHES,
    HANGING_ROWS,
    NOTES,
    PARENTS,
    CIRCLES,
    TOTALS,
    HOURS,
    RELEASES_SHOWN,
    MUTATIONS_OF_ACTIVITIES,
    STAMPS,
    BEFORE_STATES,
    BEFORE_AND_AFTER,
    UNDOS,
    ACTIVITIES,
    CHANGED,
    MATCHED,
    NAMED,
    MARKS,
    KEYS,
    STATUSES,
    ASSIGNEES,
    LINKS,
    MERGES,
    *PEOPLE,
    TEAMS,
    RELEASES,
    WAITING,
    ORDER_OF_RELEASES,
    NEXT_IDS,
)
