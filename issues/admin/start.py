"""The start page: how many issues there are of which status, what is done with them by the day, and by whom last."""

from typing import Any

from django.http import HttpRequest

from issues.admin import figures
from issues.admin.history import looking
from issues.admin.wording import LETTERS
from issues.reading import counts
from issues.reading.history import newest_mutations

MUTATIONS = 12


def with_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the start page shows, less what somebody may not view."""
    if request.user.is_superuser:
        counted = figures.kept("by_project", counts.by_project)
        context["statuses"] = counted
        if counted.value is None:
            context["about"] = counts.about_how_many()
        else:
            longest = max([1, *(row.total for row in counted.value.rows)])
            context["rows"] = [(row, figures.shares(_statuses(row), longest)) for row in counted.value.rows]
    if request.user.is_superuser:
        days = context["days"] = figures.kept("by_day", counts.by_day)
        if days.value is not None:
            context["top"], context["bars"] = figures.bars(days.value, ["resolved", "ignored", "reopened"])
    if request.user.is_superuser:
        context["mutations"] = newest_mutations(MUTATIONS, LETTERS, by=looking(request))
    return context


def _statuses(row: counts.Row) -> dict[str, int]:
    return {"unresolved": row.unresolved, "ignored": row.ignored, "resolved": row.resolved}
