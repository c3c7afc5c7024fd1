"""One project, and what is done with its issues and taken back."""

from typing import Any

from issues.models import Issue
from tests.api_client import Api

MUTATIONS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/mutations/"
RELEASES = MUTATIONS.replace("mutations", "releases")


class Desk:
    """Changes issues and takes changes back, as one caller, and reads what comes of it."""

    def __init__(self, api: Api, auth: Any = "key") -> None:
        self.api, self.auth = api, auth

    def change(self, body: dict[str, Any], *issues: Issue) -> str:
        """Return the id of the mutation."""
        response = self.api.put(self.api.issues_url, body, ids=[issue.pk for issue in issues], auth=self.auth)
        assert response.status_code == 200, response.content
        return response.headers["Mutation-Id"]

    def undo(self, mutation: str, **how: Any) -> dict[str, Any]:
        response = self.api.undo(mutation, auth=self.auth, **how)
        assert response.status_code == 200, response.content
        assert response.headers["Issues-Changed"] == str(response.json()["restored"])
        assert ("Mutation-Id" in response.headers) is (response.json()["restored"] > 0 and not how)
        return {**response.json(), "Mutation-Id": response.headers.get("Mutation-Id", "")}

    def read(self, issue: Issue) -> dict[str, Any]:
        whole: dict[str, Any] = self.api.get(f"/api/0/issues/{issue.pk}/", auth=self.auth).json()
        return whole

    def shown(self, issue: Issue) -> tuple[str, Any]:
        """Return the status of an issue, and of its terms the number of events that are left."""
        whole = self.read(issue)
        return whole["status"], whole["statusDetails"].get("ignoreCount")

    def release(self, version: str) -> None:
        """Let a release come, which settles what waits for it."""
        made = self.api.request("POST", RELEASES, {"version": version}, auth=self.auth)
        assert made.status_code == 201, made.content

    def told(self, mutation: str) -> list[dict[str, Any]]:
        """Return what the history tells of the issues of a mutation."""
        issues: list[dict[str, Any]] = self.api.get(f"{MUTATIONS}{mutation}/", auth=self.auth).json()["issues"]
        return issues
