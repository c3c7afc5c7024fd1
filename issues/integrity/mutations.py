"""What the history says of requests."""

from issues.integrity.checking import Invariant


def first_kept(row: str) -> str:
    """Return SQL for the first mutation that is kept of the project of a row.

    What is too old to be undone is removed, always from the beginning of a project's (services/pruning.py): below this,
    none is missed.
    """
    # Worked out once for all projects: by a look-up for each row, PostgreSQL would walk the mutations of others, for a
    # project with a million issues a million times.
    return f"""
        coalesce(
            (
                SELECT jsonb_object_agg(first.project_id, first.id)
                FROM (SELECT project_id, min(id) AS id FROM issues_mutation GROUP BY project_id) AS first
            ) ->> {row}.project_id::text,
            '9223372036854775807'
        )::bigint
    """


# What an event did, without any request and by nobody: the constraint of activities allows no other but notes.
BY_EVENT = "(mutation_id IS NULL AND kind <> 'note')"

MUTATIONS_OF_ACTIVITIES = Invariant(
    "mutations of activities",
    "every activity but a note was written by an event, which is nobody, or by a mutation of its project, at its time, "
    "unless that was pruned",
    "activities",
    f"""
    SELECT activity.id
    FROM issues_activity AS activity
    LEFT JOIN issues_mutation AS mutation
        ON mutation.id = activity.mutation_id AND mutation.project_id = activity.project_id
       AND mutation.created_at = activity.created_at AND mutation.kind <> 'delete'
    WHERE activity.kind <> 'note' AND mutation.id IS NULL
      AND NOT coalesce(activity.mutation_id < {first_kept("activity")}, activity.user_id IS NULL)
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
    WHERE issue.mutation_id >= {first_kept("issue")} AND mutation.id IS NULL
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
    WHERE undo.undoes >= {first_kept("undo")} AND undone.id IS NULL
    """,
)

# An event that changes an issue takes its stamp, and tells that itself: then nothing that a mutation told came after.
#
# A merge is told by the parent alone, and a parent that leaves also changes what stands above it. Mutations that merge
# are looked for once: issue by issue, PostgreSQL may read a million activities of one mutation for each of a million.
#
# What a mutation told that is pruned may be gone, too: it goes by an age of its own.
ACTIVITIES = Invariant(
    "activities",
    "every change of an issue is told by an activity, as long as the mutation is kept",
    "issues",
    f"""
    WITH of_trees AS MATERIALIZED (
        SELECT DISTINCT mutation_id AS id FROM issues_activity WHERE kind IN ('merge', 'unmerge')
    )
    SELECT issue.id
    FROM issues_issue AS issue
    WHERE issue.mutation_id >= {first_kept("issue")}
      AND NOT EXISTS (
          SELECT FROM issues_activity AS own
          WHERE own.issue_id = issue.id AND own.mutation_id = issue.mutation_id
      )
      AND NOT EXISTS (SELECT FROM of_trees WHERE of_trees.id = issue.mutation_id)
    UNION ALL
    SELECT issue.id
    FROM issues_issue AS issue
    WHERE issue.mutation_id IS NULL
      AND (
          SELECT own.mutation_id FROM issues_activity AS own
          WHERE own.issue_id = issue.id AND own.kind <> 'note'
          ORDER BY own.id DESC
          LIMIT 1
      ) >= {first_kept("issue")}
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
