"""The start page: how many issues there are of which status, what is done with them by the day, and by whom last."""

from typing import Any

from django.http import HttpRequest

from issues.admin import figures
from issues.admin.history import with_body
from issues.models import Mutation

MUTATIONS = 12


def with_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the start page shows, less what somebody may not view."""
    if request.user.has_perm("issues.view_issue"):
        counted = figures.kept("by_project", figures.by_project)
        context["statuses"] = counted
        if counted.value is None:
            context["about"] = figures.about_how_many()
        else:
            longest = max([1, *(row.total for row in counted.value.rows)])
            context["rows"] = [(row, figures.shares(_statuses(row), longest)) for row in counted.value.rows]
    if request.user.has_perm("issues.view_activity"):
        days = context["days"] = figures.kept("by_day", figures.by_day)
        if days.value is not None:
            context["top"], context["bars"] = figures.bars(days.value, ["resolved", "ignored", "reopened"])
    if request.user.has_perm("issues.view_mutation"):
        newest = with_body(Mutation.objects.order_by("-pk"), request)
        newest = newest.select_related("project__organization", "user", "api_key")
        context["mutations"] = list(newest[:MUTATIONS])
    return context


def _statuses(row: figures.Row) -> dict[str, int]:
    return {"unresolved": row.unresolved, "ignored": row.ignored, "resolved": row.resolved}
