"""What was counted of events: an issue's numbers against what they are made of.

Issues from before events were counted, and seeds, have numbers without users, minutes and environments: these may be
fewer, and never more.
"""

from issues.integrity.checking import Invariant


def _at_most(name: str, holds: str, table: str, counted: str, number: str) -> Invariant:
    """Return the invariant that what is ``counted`` of an issue in a table is no more than its ``number``."""
    return Invariant(
        name,
        holds,
        "issues",
        f"""
        SELECT issue.id
        FROM (SELECT issue_id, {counted} AS count FROM {table} GROUP BY issue_id) AS counted
        JOIN issues_issue AS issue ON issue.id = counted.issue_id
        WHERE counted.count > issue.{number}
        """,
    )


EVENTS_OF_HOURS = _at_most(
    "events of hours",
    "an issue has as many events of its own as its hours, or more",
    *("issues_issuehour", "sum(own_count)", "own_times_seen"),
)
EVENTS_OF_MINUTES = _at_most(
    "events of minutes",
    "an issue has as many events of its own as its minutes, or more",
    *("issues_issueminute", "sum(own_count)", "own_times_seen"),
)
EVENTS_OF_ENVIRONMENTS = _at_most(
    "events of environments",
    "an issue has as many events of its own as its environments, or more",
    *("issues_issueenvironment", "sum(times_seen)", "own_times_seen"),
)
USERS = _at_most(
    "users",
    "an issue has as many users of its own as are known, or more",
    *("issues_issueuser", "count(*)", "own_users_seen"),
)

SEEN = Invariant(
    "seen",
    "users and environments were seen between the first and the last event of the issue's own",
    "issues",
    """
    SELECT issue.id
    FROM issues_issueuser AS seen
    JOIN issues_issue AS issue ON issue.id = seen.issue_id
    WHERE seen.last_seen NOT BETWEEN issue.own_first_seen AND issue.own_last_seen
    UNION
    SELECT issue.id
    FROM issues_issueenvironment AS seen
    JOIN issues_issue AS issue ON issue.id = seen.issue_id
    WHERE seen.first_seen < issue.own_first_seen OR seen.last_seen > issue.own_last_seen
    """,
)

ENVIRONMENTS = Invariant(
    "environments",
    "the environments that an issue was seen in are its project's",
    "issues",
    """
    SELECT DISTINCT seen.issue_id
    FROM issues_issueenvironment AS seen
    LEFT JOIN issues_environment AS environment ON environment.id = seen.environment_id
    WHERE environment.project_id IS DISTINCT FROM seen.project_id
    """,
)
