"""What must hold between the status of an issue and its activities."""

from issues.enums import ActivityKind
from issues.services.ground.parts import Checked
from projects.querysets import MAX_ID

# Nothing is counted beyond the largest number: a count that would end there ends never (snoozes.py).
_AS_IGNORED = f"""
    issue.status = 'ignored'
    AND issue.snooze_ends_at IS NOT DISTINCT FROM (newest.data ->> 'ignoreUntil')::timestamptz
    AND (issue.snooze_escalates_above IS NULL) = (newest.data ->> 'ignoreUntilEscalating' IS NULL)
    AND issue.snooze_window_minutes IS NOT DISTINCT FROM (newest.data ->> 'ignoreWindow')::int
    AND issue.snooze_window_user_minutes IS NOT DISTINCT FROM (newest.data ->> 'ignoreUserWindow')::int
    AND (coalesce(issue.snooze_ends_at_times_seen, issue.snooze_window_count) IS NULL
         = (newest.data ->> 'ignoreCount' IS NULL) OR issue.times_seen = {MAX_ID})
    AND (coalesce(issue.snooze_ends_at_users_seen, issue.snooze_window_user_count) IS NULL
         = (newest.data ->> 'ignoreUserCount' IS NULL) OR issue.users_seen = {MAX_ID})
"""


def _opened_by_event(state: str, reopened_as: str) -> str:
    return f"{state}status = 'unresolved' AND coalesce({state}reopened_as = '{reopened_as}', false)"


# A request opens it, or puts back how an event had.
_AS_OPENED = f"""
    CASE WHEN newest.mutation_id IS NULL THEN {_opened_by_event("issue.", "escalating")}
    ELSE issue.status = 'unresolved' END
"""
_OPENED_BEFORE = f"""
    CASE WHEN mutation_before IS NULL THEN {_opened_by_event("before_", "escalating")}
    ELSE before_status = 'unresolved' END
"""
_AS_RESOLVED_IN_RELEASE = """
    issue.status = 'resolved' AND CASE newest.data ->> 'version'
        WHEN '' THEN coalesce(issue.resolution_kind = 'in_next_release', false)
        ELSE coalesce(issue.resolution_kind = 'in_release' AND release.version = newest.data ->> 'version', false)
        END
"""

CHECKED = Checked(
    name="statuses",
    holds="an issue's status, resolution and terms are those of its newest activity about them",
    left={
        ActivityKind.SET_RESOLVED: "issue.status = 'resolved' AND issue.resolution_kind IS NULL",
        ActivityKind.SET_RESOLVED_IN_RELEASE: _AS_RESOLVED_IN_RELEASE,
        ActivityKind.SET_UNRESOLVED: _AS_OPENED,
        ActivityKind.SET_REGRESSION: _opened_by_event("issue.", "regressed"),
        ActivityKind.SET_IGNORED: _AS_IGNORED,
    },
    tables="LEFT JOIN projects_release AS release ON release.id = issue.resolution_release_id",
    overwrote={
        ActivityKind.SET_RESOLVED: "before_status = 'resolved' AND before_resolution_kind IS NULL",
        ActivityKind.SET_RESOLVED_IN_RELEASE: "before_status = 'resolved' AND before_resolution_kind IS NOT NULL",
        ActivityKind.SET_UNRESOLVED: _OPENED_BEFORE,
        ActivityKind.SET_REGRESSION: _opened_by_event("before_", "regressed"),
        ActivityKind.SET_IGNORED: "before_status = 'ignored'",
    },
    lacks="before_status IS NULL",
)
