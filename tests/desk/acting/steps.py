"""The steps of an action at the desk: choose, look at what would change, confirm, take back."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from issues.models import Issue
from tests.desk.reading import LIST

ACT, UNDO = reverse("desk:act"), reverse("desk:undo")
OF_THE_BROWSER = {"django_session"}  # where a message waits, and who looks in


def ids_of(issues: list[Issue]) -> list[int]:
    return [issue.pk for issue in issues]


def choose(client: Client, name: str, issues: list[Issue], **fields: Any) -> Any:
    """Tick these issues in the list, and press the button of an action."""
    return client.post(ACT, {"action": name, "id": ids_of(issues), "back": f"{LIST}?query=pump", **fields})


def choose_all(client: Client, name: str, query: str = "is:unresolved", **fields: Any) -> Any:
    """Say that all are meant that match, and press the button of an action."""
    return client.post(ACT, {"action": name, "all": "1", "query": query, "back": LIST, **fields})


def carried(page: Any) -> dict[str, Any]:
    """Return what the form of a page would post, as it stands."""
    assert page.status_code == 200
    found: dict[str, Any] = {}
    for name, value in page.context["carried"]:
        found.setdefault(name, []).append(value)
    return found


def look(client: Client, page: Any, **fields: str) -> Any:
    return client.post(ACT, carried(page) | fields | {"look": "1"})


def confirm(client: Client, page: Any, **fields: str) -> Any:
    """Press the button that says what would be done."""
    assert page.context["may_confirm"]
    return client.post(ACT, carried(page) | fields | {"confirm": "1"}, follow=True)


def said(answer: Any) -> list[str]:
    """Return what the messages of a page say."""
    return [strip_tags(str(message)) for message in answer.context["messages"]]


def undo(client: Client, answer: Any) -> Any:
    """Press the undo of the message of a page."""
    (ids,) = re.findall(r'name="mutations" value="([\d,]+)"', answer.content.decode())
    return client.post(UNDO, {"mutations": ids, "back": LIST}, follow=True)


def focus_of(page: Any) -> list[str]:
    """Return the names of what has the focus when the page is there."""
    tags = re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", page.content.decode())
    return [name for tag in tags if "autofocus" in tag for name in re.findall(r'name="(\w+)"', tag)]


def numbers(page: Any) -> tuple[int, int]:
    trial = page.context["trial"]
    return trial.matched, trial.changed


def changes(page: Any) -> list[tuple[str, str, str]]:
    """Return what the rows say: what of an issue, as it is, as it would be."""
    return [
        (difference.what, *(f"{badge.word} {badge.terms}".strip() for badge in (difference.before, difference.after)))
        for row in page.context["trial"].rows
        for difference in row.differences
    ]


def state_of_issues() -> list[dict[str, Any]]:
    rows = Issue.objects.order_by("pk").values()
    return [{name: value for name, value in row.items() if name != "mutation_id"} for row in rows]
