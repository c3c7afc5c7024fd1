"""How much waits to be counted, and for how long: what an operator asks."""

# One row: how many wait, how many of them were set aside, and for how many seconds the oldest of the others has waited.
# That one is the first of its project, or nearly so: they wait in the order in which they came.
WAITING = """
    WITH RECURSIVE projects (project_id, received_at) AS (
        (
            SELECT project_id, received_at FROM events_arrival WHERE set_aside_at IS NULL
            ORDER BY project_id, id LIMIT 1
        )
        UNION ALL
        SELECT next.project_id, next.received_at
        FROM projects
        CROSS JOIN LATERAL (
            SELECT project_id, received_at FROM events_arrival
            WHERE project_id > projects.project_id AND set_aside_at IS NULL
            ORDER BY project_id, id LIMIT 1
        ) AS next
    )
    SELECT (SELECT count(*) FROM events_arrival),
           (SELECT count(*) FROM events_arrival WHERE set_aside_at IS NOT NULL),
           (SELECT coalesce(extract(epoch FROM greatest(now() - min(received_at), '0')), 0)::float8 FROM projects)
"""
