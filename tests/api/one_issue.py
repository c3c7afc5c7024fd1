"""Addresses of one issue and of its notes, and what is answered there."""

from typing import Any
from uuid import UUID

from issues.models import Issue
from projects.models import User
from tests.api_client import Api, Who

Json = dict[str, Any]

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
SHORT_IDS = "/api/0/organizations/the-interstellar-jurisdiction/shortids/"
LEGACY = "/api/0/issues/"
SHARE_ID = UUID("6bf5a0f1-3c5b-4f58-8a4f-3f3f1c1d2e4f")
NOT_FOUND = {"detail": "Not found."}
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])


def path_of(issue: Issue, prefix: str = ISSUES) -> str:
    return f"{prefix}{issue.pk}/"


def person(user: User) -> Json:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


def notes_of(issue: Issue, prefix: str = ISSUES) -> str:
    return f"{prefix}{issue.pk}/notes/"


def comments(issue: Issue) -> tuple[int, int]:
    """Return how many notes the issue has: its own, and the total that is shown."""
    return Issue.objects.values_list("own_comment_count", "comment_count").get(pk=issue.pk)


def write(api: Api, issue: Issue, text: str = "Looks like the pump.", auth: Who = "jane") -> str:
    """Write a note; return its address."""
    response = api.request("POST", notes_of(issue), {"text": text}, auth=auth)
    assert response.status_code == 201, response.content
    return f"{notes_of(issue)}{response.json()['id']}/"
