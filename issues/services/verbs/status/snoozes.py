"""The terms of "ignored", as columns of the issue."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models.expressions import RawSQL

from issues.conditions import condition, snooze_is_over
from issues.mutation import SnoozeTerms
from projects.querysets import MAX_ID

Columns = dict[str, Any]

ESCALATES_AFTER = timedelta(days=7)  # in which it is looked how busy the issue was
MAX_INTEGER = 2**31 - 1
LEAST_CALM = 9  # events within an hour: with one more, even of an issue that was silent, it escalates


def wake() -> Columns:
    """Return the columns of an issue that is under no terms."""
    return {
        "snooze_ends_at": None,
        "snooze_ends_at_times_seen": None,
        "snooze_ends_at_users_seen": None,
        "snooze_window_count": None,
        "snooze_window_minutes": None,
        "snooze_window_user_count": None,
        "snooze_window_user_minutes": None,
        "snooze_escalates_above": None,
        "snooze_started_at": None,
    }


def snooze(project_id: int, terms: SnoozeTerms, *, at: datetime) -> Columns:
    """Return the columns of an issue that is under these terms from now on.

    A plain count ends at an absolute total; a count with a window is kept as it was given.
    """
    columns = wake() | {"snooze_ends_at": terms.until, "snooze_started_at": at}
    if terms.window is not None:
        columns |= {"snooze_window_count": terms.count, "snooze_window_minutes": terms.window}
    elif terms.count is not None:
        columns["snooze_ends_at_times_seen"] = _end("times_seen", terms.count)
    if terms.user_window is not None:
        columns |= {"snooze_window_user_count": terms.user_count, "snooze_window_user_minutes": terms.user_window}
    elif terms.user_count is not None:
        columns["snooze_ends_at_users_seen"] = _end("users_seen", terms.user_count)
    if terms.until_escalating:
        columns["snooze_escalates_above"] = _calm(project_id, at)
    return columns


def _calm(project_id: int, at: datetime) -> RawSQL:
    """Return how many events within an hour don't yet mean that the issue escalates: twice its busiest hour.

    Of each issue by its own hours, those that began within a week before, with what was merged into it. They are
    read as they stood when the statement began, in "update all" before it waited for the issue.
    """
    return RawSQL(
        f"""(
            SELECT least(greatest(2 * max(busy.total_count)::bigint, {LEAST_CALM}), {MAX_INTEGER})::integer
            FROM issues_issuehour AS busy
            WHERE busy.project_id = %s AND busy.issue_id = issues_issue.id
              AND busy.hour > %s AND busy.hour <= %s
        )""",
        (project_id, at - ESCALATES_AFTER, at),
    )


def _end(number: str, count: int | None) -> RawSQL:
    """Return the total at which so many more have come, as far as is counted.

    Of an issue that shows the largest number there is, none: no more are counted, so that they never come.
    """
    if count is None:
        return RawSQL("NULL", ())
    shown = f"issues_issue.{number}"
    return RawSQL(f"CASE WHEN {shown} < {MAX_ID} THEN least({shown}::numeric + %s, {MAX_ID})::bigint END", (count,))


def differs_from(terms: SnoozeTerms, *, at: datetime) -> RawSQL:
    """Return the condition "not ignored under these terms, or no more".

    A count differs when events came since, a duration does at any time; "until escalating" never does while it holds,
    however busy the issue has become.
    """
    is_over = snooze_is_over(at)
    end = _end("times_seen", None if terms.window is not None else terms.count)
    users_end = _end("users_seen", None if terms.user_window is not None else terms.user_count)
    return condition(
        f"""
        issues_issue.status <> 'ignored' OR {is_over.sql}
        OR issues_issue.snooze_ends_at IS DISTINCT FROM %s
        OR issues_issue.snooze_ends_at_times_seen IS DISTINCT FROM {end.sql}
        OR issues_issue.snooze_ends_at_users_seen IS DISTINCT FROM {users_end.sql}
        OR issues_issue.snooze_window_count IS DISTINCT FROM %s
        OR issues_issue.snooze_window_minutes IS DISTINCT FROM %s
        OR issues_issue.snooze_window_user_count IS DISTINCT FROM %s
        OR issues_issue.snooze_window_user_minutes IS DISTINCT FROM %s
        OR (issues_issue.snooze_escalates_above IS NOT NULL) <> %s
        """,
        *is_over.params,
        terms.until,
        *end.params,
        *users_end.params,
        None if terms.window is None else terms.count,
        terms.window,
        None if terms.user_window is None else terms.user_count,
        terms.user_window,
        terms.until_escalating,
    )


def describe(terms: SnoozeTerms) -> dict[str, Any]:
    """Return the terms as activity keeps them, in the API's own words; only what was given."""
    given = {
        "ignoreCount": terms.count,
        "ignoreUntil": None if terms.until is None else terms.until.isoformat().replace("+00:00", "Z"),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window,
        "ignoreWindow": terms.window,
        "ignoreUntilEscalating": terms.until_escalating or None,
    }
    return {key: value for key, value in given.items() if value is not None}
