"""The steps of an action in the admin: choose, look at the numbers, confirm."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from issues.models import Issue

LIST = reverse("admin:issues_issue_changelist")
ACT = reverse("admin:issues_issue_act")
OPERATORS_OWN = {"django_session"}  # where a message waits, and who looks in


def ids_of(issues: list[Issue]) -> list[int]:
    return [issue.pk for issue in issues]


def choose(client: Client, name: str, issues: list[Issue], query: str = "", **fields: str) -> Any:
    """Tick these issues in the list, choose an action, and run it."""
    data = {"action": name, "index": "0", "select_across": "0", "_selected_action": ids_of(issues), **fields}
    return client.post(LIST + query, data)


def carried(page: Any) -> dict[str, str]:
    """Return what the form of a page would post, as it stands."""
    assert page.status_code == 200
    return {name: str(value) for name, value in page.context["carried"].items()}


def preview(client: Client, page: Any, **fields: str) -> Any:
    return client.post(ACT, carried(page) | fields | {"preview": "1"})


def confirm(client: Client, page: Any, **fields: str) -> Any:
    """Press the button that says what would be done."""
    assert page.context["may_confirm"]
    return client.post(ACT, carried(page) | fields | {"confirm": "1"}, follow=True)


def said(answer: Any) -> list[str]:
    """Return what the messages of a page say to people."""
    return [re.sub("<[^>]*>", "", str(message)) for message in answer.context["messages"]]


def numbers(page: Any) -> tuple[int, int, int]:
    return page.context["selected"], page.context["matched"], page.context["changed"]


def state_of_issues() -> list[dict[str, Any]]:
    ignored = {"mutation_id"}
    rows = Issue.objects.order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in ignored} for row in rows]
