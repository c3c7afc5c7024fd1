"""The terms of "ignored", as columns of the issue."""

from typing import Any

from django.db.models import F, Q

from issues.mutation import SnoozeTerms
from issues.services.activity import Expression

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
        columns["snooze_ends_at_times_seen"] = Expression("issues_issue.times_seen + %s", (terms.count,))
    if terms.user_window is not None:
        columns |= {"snooze_window_user_count": terms.user_count, "snooze_window_user_minutes": terms.user_window}
    elif terms.user_count is not None:
        columns["snooze_ends_at_users_seen"] = Expression("issues_issue.users_seen + %s", (terms.user_count,))
    return columns


def differs_from(terms: SnoozeTerms) -> Q:
    """Return the condition "under other terms than these": a count when events came since, a duration at any time."""
    plain_count = None if terms.window is not None else terms.count
    plain_user_count = None if terms.user_window is not None else terms.user_count
    return (
        _is_not("snooze_ends_at", terms.until)
        | _is_not("snooze_ends_at_times_seen", None if plain_count is None else F("times_seen") + plain_count)
        | _is_not("snooze_ends_at_users_seen", None if plain_user_count is None else F("users_seen") + plain_user_count)
        | _is_not("snooze_window_count", terms.count if terms.window is not None else None)
        | _is_not("snooze_window_minutes", terms.window)
        | _is_not("snooze_window_user_count", terms.user_count if terms.user_window is not None else None)
        | _is_not("snooze_window_user_minutes", terms.user_window)
    )


def _is_not(column: str, value: Any) -> Q:
    """Return ``column IS DISTINCT FROM value``."""
    if value is None:
        return Q(**{f"{column}__isnull": False})
    return Q(**{f"{column}__isnull": True}) | ~Q(**{column: value})


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
