"""An issue without its text ...: is a breach that check_integrity names, and no reason to show nothing (contract 2)."""

import pytest

from issues.models import UNTITLED, Issue, IssueText
from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory, IssueHashFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(project: Project) -> Issue:
    issue = IssueFactory(project=project, public=True)
    IssueHashFactory(issue=issue)
    IssueFactory(project=project, text__title="The pump.")
    IssueText.objects.filter(issue=issue).delete()
    return issue


@pytest.mark.parametrize("query", ["", "?query=", "?query=is:unresolved", "?query=!pump", "?query=&sort=freq"])
def test_is_in_lists_with_words_for_the_title(api: Api, issue: Issue, query: str) -> None:
    response = api.get(f"{api.issues_url}{query}")

    assert response.status_code == 200
    titles = {int(item["id"]): (item["title"], item["culprit"], item["metadata"]) for item in response.json()}
    assert titles[issue.pk] == (UNTITLED, "", {})


def test_is_found_by_no_word_of_a_title(api: Api, issue: Issue) -> None:
    response = api.get(f"{api.issues_url}?query=pump")

    assert [item["title"] for item in response.json()] == ["The pump."]


@pytest.mark.parametrize("path", ["", "events/latest/", "events/", "hashes/", "activities/", "notes/", "tags/"])
def test_can_be_looked_at(api: Api, project: Project, issue: Issue, path: str) -> None:
    url = f"/api/0/organizations/{project.organization.slug}/issues/{issue.pk}/{path}"

    assert api.get(url).status_code == 200


def test_is_shown_by_its_link(api: Api, issue: Issue) -> None:
    assert issue.share_id is not None
    response = api.get(f"/api/0/shared/issues/{issue.share_id.hex}/")

    assert response.status_code == 200
    assert response.json()["title"] == UNTITLED


def test_can_be_changed_and_deleted(api: Api, issue: Issue) -> None:
    resolved = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])
    deleted = api.delete(api.issues_url, ids=[issue.pk])

    assert (resolved.status_code, deleted.status_code) == (200, 204)
    assert not Issue.objects.filter(pk=issue.pk).exists()
