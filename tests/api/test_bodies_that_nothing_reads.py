"""DELETE and undo read no body: one that says which issues are meant is refused (contract 3, 6)."""

from typing import Any

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

READS_NO_BODY = ["No body is read here; say in the query which issues are meant. Nothing was changed."]


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(2)]


@pytest.fixture(params=["project", "organization", "one issue", "undo"])
def send(request: pytest.FixtureRequest, api: Api, issues: list[Issue]) -> Any:
    """Return what sends a body to each of the routes that read none, about all that it can be about."""
    ids = [issue.pk for issue in issues]
    if request.param == "undo":
        mutation = api.put(api.issues_url, {"status": "resolved"}, ids=ids).headers["Mutation-Id"]
        undo = api.issues_url.replace("issues", f"mutations/{mutation}/undo")
        return lambda body, **how: api.request("POST", undo, body, **how)
    if request.param == "one issue":
        return lambda body, **how: api.delete(f"/api/0/issues/{ids[0]}/", body, **how)
    url = (
        api.issues_url
        if request.param == "project"
        else api.issues_url.replace("/pump-station", "").replace("projects", "organizations")
    )
    return lambda body, **how: api.delete(url, body, ids=ids, **how)


@pytest.mark.parametrize("key", ["id", "issueIds", "query", "level", "preview", "dryRun", "expected"])
def test_is_refused_and_nothing_is_done(send: Any, key: str) -> None:
    before = snapshot()

    response = send({key: None})

    assert (response.status_code, response.json()) == (400, {key: READS_NO_BODY})
    assert snapshot() == before


def test_is_refused_when_it_is_no_json_too(send: Any) -> None:
    before = snapshot()

    form = send("id=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    half = send("{")

    assert (form.status_code, half.status_code) == (415, 400)
    assert snapshot() == before


@pytest.mark.parametrize("body", [None, {}, "", {"status": "resolved", "assignedTo": "me", "why": None}], ids=repr)
def test_one_that_says_nothing_of_that_is_left_out(send: Any, body: object) -> None:
    before = snapshot()

    response = send(body)

    assert response.status_code in {200, 202, 204}
    assert snapshot() != before
