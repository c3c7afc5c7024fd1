"""What must hold between events and issues: what is kept of events against what was counted.

Whole events are trimmed, so that there may be fewer than were counted, and never more. Those that wait are not counted
yet, and those that came before their issue was deleted belong to none.
"""

from issues.integrity import Invariant

# Of each issue: how many counted events are kept whole, and when the first and the last of these were seen.
_KEPT = """
    SELECT known.issue_id, sum(kept.count) AS count,
           min(kept.first_seen) AS first_seen, max(kept.last_seen) AS last_seen
    FROM (
        SELECT event.project_id, event.hash, count(*), min(seen_at) AS first_seen, max(seen_at) AS last_seen
        FROM events_event AS event
        LEFT JOIN issues_forgottenhash AS forgotten USING (project_id, hash)
        WHERE (forgotten.at IS NULL OR event.received_at > forgotten.at)
          AND NOT EXISTS (
              SELECT FROM events_arrival AS waiting
              WHERE waiting.project_id = event.project_id AND waiting.hash = event.hash
                AND waiting.seen_at = event.seen_at AND waiting.event_id = event.event_id
          )
        GROUP BY event.project_id, event.hash
    ) AS kept
    JOIN issues_issuehash AS known ON known.project_id = kept.project_id AND known.hash::uuid = kept.hash
    GROUP BY known.issue_id
"""

EVENTS_KEPT = Invariant(
    "events kept",
    "an issue has as many events of its own as are kept of it, or more",
    "issues",
    f"""
    SELECT issue.id
    FROM ({_KEPT}) AS kept JOIN issues_issue AS issue ON issue.id = kept.issue_id
    WHERE kept.count > issue.own_times_seen
    """,
)
EVENTS_SEEN = Invariant(
    "events seen",
    "what is kept of an issue's events was seen between its own first and last event",
    "issues",
    f"""
    SELECT issue.id
    FROM ({_KEPT}) AS kept JOIN issues_issue AS issue ON issue.id = kept.issue_id
    WHERE kept.first_seen < issue.own_first_seen OR kept.last_seen > issue.own_last_seen
    """,
)

INVARIANTS = (EVENTS_KEPT, EVENTS_SEEN)
