"""``priority``, from the body to the list, the story, the history, and back (contract 1.4, 1.8, 2 and 6)."""

import pytest

from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db


def test_echoes_and_counts(api: Api, project: Project) -> None:
    ids = [IssueFactory(project=project, priority=word).pk for word in ("low", "high")]

    response = api.put(api.issues_url, {"status": "resolved", "priority": "high"}, ids=ids[:1])
    again = api.put(api.issues_url, {"priority": "high"}, ids=ids)

    assert response.json() == {"status": "resolved", "priority": "high", "statusDetails": {}}
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert again.json() == {"priority": "high"}
    assert (again.headers["Issues-Matched"], again.headers["Issues-Changed"]) == ("2", "0")


def test_goes_after_the_status_and_before_the_assignee(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    api.put(api.issues_url, {"assignedTo": "jane", "priority": "low", "status": "resolved"}, ids=[issue.pk])

    told = api.get(f"/api/0/issues/{issue.pk}/activities/").json()["activity"]
    assert [(entry["type"], entry["data"]) for entry in reversed(told)] == [
        ("set_resolved", {}),
        ("set_priority", {"priority": "low"}),
        ("assigned", {"assignee": told[0]["data"]["assignee"], "assigneeType": "user"}),
    ]


def test_is_shown_in_the_history_and_taken_back(api: Api, project: Project) -> None:
    first, second = (IssueFactory(project=project, priority=word).pk for word in ("low", "medium"))
    mutation = api.put(api.issues_url, {"priority": "high"}, ids=[first, second]).headers["Mutation-Id"]
    api.put(api.issues_url, {"priority": "medium"}, ids=[second])

    history = api.get(f"{api.issues_url.removesuffix('issues/')}mutations/{mutation}/").json()
    undone = api.undo(mutation)

    assert [(one["before"]["priority"], one["after"]["priority"]) for one in history["issues"]] == [
        ("low", "high"),
        ("medium", "high"),
    ]
    assert (undone.json()["restored"], undone.json()["skippedIds"]) == (1, [str(second)])
    assert [(item["id"], item["priority"]) for item in api.get(api.issues_url, raw_query="sort=new").json()] == [
        (str(second), "medium"),
        (str(first), "low"),
    ]


@pytest.mark.parametrize("wrong", ["urgent", "HIGH", "", 1, None, ["high"]])
def test_refuses_what_is_no_priority(api: Api, project: Project, wrong: object) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved", "priority": wrong}, ids=[issue.pk])

    assert (response.status_code, list(response.json())) == (400, ["priority"])
    assert snapshot() == before


def test_needs_ids(api: Api, project: Project) -> None:
    IssueFactory(project=project)
    before = snapshot()

    for body in ({"priority": "high"}, {"status": "resolved", "priority": "high"}):
        response = api.put(api.issues_url, body)
        assert (response.status_code, response.json()) == (
            400,
            {"detail": "You must specify a list of IDs for this operation"},
        )
    assert snapshot() == before
