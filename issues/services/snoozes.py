"""The terms of "ignored", as columns of the issue."""

from datetime import datetime
from typing import Any

from django.db.models.expressions import RawSQL

from issues.mutation import SnoozeTerms
from issues.querysets import condition, snooze_is_over

Columns = dict[str, Any]


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
    }


def snooze(terms: SnoozeTerms) -> Columns:
    """Return the columns of an issue that is under these terms from now on.

    A plain count ends at an absolute total; a count with a window is kept as it was given.
    """
    columns = wake() | {"snooze_ends_at": terms.until}
    if terms.window is not None:
        columns |= {"snooze_window_count": terms.count, "snooze_window_minutes": terms.window}
    elif terms.count is not None:
        columns["snooze_ends_at_times_seen"] = RawSQL("issues_issue.times_seen + %s", (terms.count,))
    if terms.user_window is not None:
        columns |= {"snooze_window_user_count": terms.user_count, "snooze_window_user_minutes": terms.user_window}
    elif terms.user_count is not None:
        columns["snooze_ends_at_users_seen"] = RawSQL("issues_issue.users_seen + %s", (terms.user_count,))
    return columns


def differs_from(terms: SnoozeTerms, *, at: datetime) -> RawSQL:
    """Return the condition "not ignored under these terms, or no more".

    A count differs when events came since, a duration does at any time.
    """
    is_over = snooze_is_over(at)
    return condition(
        f"""
        issues_issue.status <> 'ignored' OR {is_over.sql}
        OR issues_issue.snooze_ends_at IS DISTINCT FROM %s
        OR issues_issue.snooze_ends_at_times_seen IS DISTINCT FROM issues_issue.times_seen + %s
        OR issues_issue.snooze_ends_at_users_seen IS DISTINCT FROM issues_issue.users_seen + %s
        OR issues_issue.snooze_window_count IS DISTINCT FROM %s
        OR issues_issue.snooze_window_minutes IS DISTINCT FROM %s
        OR issues_issue.snooze_window_user_count IS DISTINCT FROM %s
        OR issues_issue.snooze_window_user_minutes IS DISTINCT FROM %s
        """,
        *is_over.params,
        terms.until,
        None if terms.window is not None else terms.count,
        None if terms.user_window is not None else terms.user_count,
        None if terms.window is None else terms.count,
        terms.window,
        None if terms.user_window is None else terms.user_count,
        terms.user_window,
    )


def describe(terms: SnoozeTerms) -> dict[str, Any]:
    """Return the terms as activity keeps them, in the API's own words; only what was given."""
    given = {
        "ignoreCount": terms.count,
        "ignoreUntil": None if terms.until is None else terms.until.isoformat().replace("+00:00", "Z"),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window,
        "ignoreWindow": terms.window,
    }
    return {key: value for key, value in given.items() if value is not None}
