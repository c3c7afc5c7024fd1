"""Asking for an assignment, and what is answered."""

from dataclasses import dataclass

from issues.models import Issue
from projects.models import Team, User
from tests.api_client import Api

UNKNOWN = "Unknown actor input"


@dataclass
class Asking:
    """Assigns one issue, and says what came of it."""

    api: Api
    issue: Issue

    def assign(self, word: object) -> tuple[int, object]:
        response = self.api.put(self.api.issues_url, {"assignedTo": word}, ids=[self.issue.pk])
        return response.status_code, response.json()

    def assignee(self) -> tuple[int | None, int | None]:
        return Issue.objects.values_list("assignee_user_id", "assignee_team_id").get(pk=self.issue.pk)


def answer_for(assignee: User | Team) -> tuple[int, object]:
    if isinstance(assignee, Team):
        return 200, {"assignedTo": {"type": "team", "id": str(assignee.pk), "name": assignee.slug}}
    return 200, {
        "assignedTo": {
            "type": "user",
            "id": str(assignee.pk),
            "name": assignee.get_full_name(),
            "email": assignee.email,
        }
    }
