"""The floor in SQL: what is written of an event, and how a batch of them becomes numbers of issues.

Each is one statement with the same end effect as the service's (tests/benchmarks/test_floor_of_events.py compares the
rows), but for what a user is counted as. What the service does beyond the effect is left out: keys, ids that came
before, trees of merged issues, statuses, what was deleted, names that are missing.
"""

from typing import Any

from psycopg2.extras import Json

from events.meaning import unpack

ACCEPT = """
    WITH known AS (
        INSERT INTO events_eventid (project_id, event_id, day, hash, seen_at)
        VALUES (%(project_id)s, %(event_id)s, %(day)s, %(hash)s, %(seen_at)s)
        ON CONFLICT DO NOTHING
        RETURNING project_id, event_id, hash, seen_at
    ),
    kept AS (
        INSERT INTO events_event (project_id, hash, seen_at, event_id, received_at, data)
        SELECT project_id, hash, seen_at, event_id, %(received_at)s, %(data)s FROM known
    )
    INSERT INTO events_arrival
        (project_id, hash, older_hashes, event_id, seen_at, received_at, level, "user", release, environment)
    SELECT project_id, hash, '{}', event_id, seen_at, %(received_at)s, %(level)s, %(user)s, %(release)s,
           %(environment)s
    FROM known
"""

# ---------------------------------------------------------------------------------------------------------------------
# Counting
# ---------------------------------------------------------------------------------------------------------------------

TAKEN = """
    held AS MATERIALIZED (
        SELECT project_id, next_short_number FROM issues_projectstate WHERE project_id = %(project_id)s
        FOR NO KEY UPDATE
    ),
    taken AS (
        DELETE FROM events_arrival
        WHERE id = ANY(ARRAY(
            SELECT id FROM events_arrival
            WHERE project_id = (SELECT project_id FROM held) AND set_aside_at IS NULL
            ORDER BY project_id, id
            LIMIT %(most)s
        ))
        RETURNING id, hash, seen_at, level, "user", release, environment
    ),
    release AS MATERIALIZED (
        SELECT id, version FROM projects_release
        WHERE project_id = %(project_id)s AND version = ANY(ARRAY(SELECT release FROM taken))
        ORDER BY id
        FOR KEY SHARE
    )"""

# The events, with their issue, stand in `event`.
HANGING = """
    seen AS (
        INSERT INTO issues_issueuser AS old (project_id, issue_id, user_hash, last_seen)
        SELECT %(project_id)s, issue_id, hashtextextended("user", 0), max(seen_at)
        FROM event WHERE "user" <> '' GROUP BY issue_id, "user" ORDER BY issue_id, "user"
        ON CONFLICT (project_id, issue_id, user_hash) DO UPDATE SET last_seen = excluded.last_seen
        WHERE old.last_seen < excluded.last_seen
        RETURNING issue_id, xmax = 0 AS is_new
    ),
    hours AS (
        INSERT INTO issues_issuehour AS old (project_id, issue_id, hour, own_count, total_count)
        SELECT %(project_id)s, issue_id, date_trunc('hour', seen_at), count(*), count(*)
        FROM event GROUP BY 2, 3 ORDER BY 2, 3
        ON CONFLICT (project_id, issue_id, hour) DO UPDATE
        SET own_count = old.own_count + excluded.own_count, total_count = old.total_count + excluded.total_count
    ),
    environments AS (
        INSERT INTO issues_issueenvironment AS old
            (project_id, issue_id, environment_id, first_seen, last_seen, times_seen)
        SELECT %(project_id)s, issue_id, environment.id, min(seen_at), max(seen_at), count(*)
        FROM event
        JOIN issues_environment AS environment
            ON environment.project_id = %(project_id)s AND environment.name = event.environment
        GROUP BY 2, 3 ORDER BY 2, 3
        ON CONFLICT (project_id, issue_id, environment_id) DO UPDATE
        SET first_seen = least(old.first_seen, excluded.first_seen),
            last_seen = greatest(old.last_seen, excluded.last_seen),
            times_seen = old.times_seen + excluded.times_seen
    )"""

COUNT = f"""
    WITH {TAKEN},
    known AS MATERIALIZED (
        SELECT issue_id, hash::uuid FROM issues_issuehash
        WHERE project_id = %(project_id)s
          AND hash = ANY(ARRAY(SELECT DISTINCT replace(hash::text, '-', '') FROM taken))
    ),
    event AS MATERIALIZED (
        SELECT taken.*, known.issue_id, release.id AS release_id
        FROM taken JOIN known USING (hash) LEFT JOIN release ON version = taken.release
    ),
    target AS MATERIALIZED (
        SELECT id FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT issue_id FROM known))
        ORDER BY id
        FOR NO KEY UPDATE
    ),
    {HANGING},
    users AS MATERIALIZED (SELECT issue_id, count(*) AS count FROM seen WHERE is_new GROUP BY issue_id),
    folded AS MATERIALIZED (
        SELECT issue_id, count(*) AS count, min(seen_at) AS first_seen, max(seen_at) AS last_seen,
               (array_agg(level ORDER BY seen_at DESC, id DESC))[1] AS level, min(release_id) AS release_id
        FROM event GROUP BY issue_id
    ),
    changed AS (
        UPDATE issues_issue AS issue
        SET level = folded.level,
            own_times_seen = own_times_seen + folded.count, times_seen = times_seen + folded.count,
            own_users_seen = own_users_seen + coalesce(users.count, 0),
            users_seen = users_seen + coalesce(users.count, 0),
            own_first_seen = least(own_first_seen, folded.first_seen),
            first_seen = least(issue.first_seen, folded.first_seen),
            own_last_seen = greatest(own_last_seen, folded.last_seen),
            last_seen = greatest(issue.last_seen, folded.last_seen),
            own_first_release_id = coalesce(own_first_release_id, release_id),
            first_release_id = coalesce(first_release_id, release_id),
            own_last_release_id = release_id, last_release_id = release_id
        FROM folded LEFT JOIN users USING (issue_id)
        WHERE issue.id = folded.issue_id AND issue.id = ANY(ARRAY(SELECT id FROM target))
    )
    SELECT count(*) FROM event
"""

DESCRIBE = """
    SELECT waiting.hash::text, event.data
    FROM (
        SELECT DISTINCT ON (hash) hash, seen_at, event_id
        FROM (
            SELECT id, hash, seen_at, event_id FROM events_arrival
            WHERE project_id = %(project_id)s AND set_aside_at IS NULL
            ORDER BY project_id, id
            LIMIT %(most)s
        ) AS next
        ORDER BY hash, id
    ) AS waiting
    JOIN events_event AS event
        ON event.project_id = %(project_id)s AND event.hash = waiting.hash AND event.seen_at = waiting.seen_at
       AND event.event_id = waiting.event_id
"""
# The issues are new, all of them.
MAKE = f"""
    WITH {TAKEN},
    folded AS MATERIALIZED (
        SELECT hash, count(*) AS count, min(seen_at) AS first_seen, max(seen_at) AS last_seen,
               count(DISTINCT "user") FILTER (WHERE "user" <> '') AS users,
               (array_agg(level ORDER BY seen_at DESC, taken.id DESC))[1] AS level, min(release.id) AS release_id,
               row_number() OVER (ORDER BY min(taken.id)) - 1 + (SELECT next_short_number FROM held) AS short_number
        FROM taken LEFT JOIN release ON version = taken.release
        GROUP BY hash
    ),
    numbers AS (
        UPDATE issues_projectstate SET next_short_number = next_short_number + (SELECT count(*) FROM folded)
        WHERE project_id = %(project_id)s
    ),
    described AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(described)s) AS described
            (hash uuid, type text, title text, culprit text, metadata jsonb, platform text, logger text)
    ),
    made AS (
        INSERT INTO issues_issue (
            project_id, short_number, type, level, logger, platform, status,
            own_first_seen, own_last_seen, own_times_seen, own_users_seen, own_comment_count,
            own_first_release_id, own_last_release_id,
            first_seen, last_seen, times_seen, users_seen, comment_count, first_release_id, last_release_id
        )
        SELECT %(project_id)s, short_number, type, level, logger, platform, 'unresolved',
               first_seen, last_seen, count, users, 0, release_id, release_id,
               first_seen, last_seen, count, users, 0, release_id, release_id
        FROM folded JOIN described USING (hash)
        ORDER BY short_number
        RETURNING id, short_number
    ),
    place AS MATERIALIZED (SELECT made.id AS issue_id, hash FROM made JOIN folded USING (short_number)),
    texts AS (
        INSERT INTO issues_issuetext (project_id, issue_id, title, culprit, metadata, platform_lower, logger_lower)
        SELECT %(project_id)s, issue_id, title, culprit, metadata, lower(platform), lower(logger)
        FROM place JOIN described USING (hash) ORDER BY issue_id
    ),
    learnt AS (
        INSERT INTO issues_issuehash (project_id, issue_id, hash)
        SELECT %(project_id)s, issue_id, replace(hash::text, '-', '') FROM place ORDER BY issue_id
    ),
    placed AS (
        INSERT INTO issues_issuerelease (project_id, issue_id, release_id)
        SELECT %(project_id)s, issue_id, release_id
        FROM place JOIN folded USING (hash) WHERE release_id IS NOT NULL ORDER BY issue_id
    ),
    event AS MATERIALIZED (SELECT taken.*, issue_id FROM taken JOIN place USING (hash)),
    {HANGING}
    SELECT count(*) FROM event
"""


def count(cursor: Any, project_id: int, most: int) -> int:
    """Count a batch of events of issues that are there; return how many there were."""
    cursor.execute(COUNT, {"project_id": project_id, "most": most})
    counted: int = cursor.fetchone()[0]
    return counted


def count_new(cursor: Any, project_id: int, most: int) -> int:
    """Count a batch of events of issues that are to be made; return how many there were."""
    params = {"project_id": project_id, "most": most}
    cursor.execute(DESCRIBE, params)
    keys = ("type", "title", "culprit", "metadata", "platform", "logger")
    described = [
        {"hash": fingerprint, **{key: data.get(key, "") for key in keys}}
        for fingerprint, packed in cursor.fetchall()
        for data in [unpack(bytes(packed))]
    ]
    cursor.execute(MAKE, params | {"described": Json(described)})
    counted: int = cursor.fetchone()[0]
    return counted
