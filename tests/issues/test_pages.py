"""The addresses that clients print for people lead to the desk."""

import pytest
from django.test import Client

from issues.models import Issue
from projects.models import Project
from tests.factories import IssueFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/organizations/the-interstellar-jurisdiction/issues"


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


@pytest.mark.parametrize("slash", ["/", ""])
def test_shows_the_issue_alone(client: Client, issue: Issue, slash: str) -> None:
    client.force_login(UserFactory(superuser=True))
    neighbour = IssueFactory(project=issue.project)

    for word in (issue.short_id, str(issue.pk)):
        response = client.get(f"{PAGE}/{word}{slash}", follow=True)

        assert response.redirect_chain == [(f"/admin/desk/issues/{word}/", 302)]
        assert (issue.short_id in response.text, neighbour.short_id in response.text) == (True, False)


def test_tells_strangers_nothing(client: Client, issue: Issue) -> None:
    there, not_there = (client.get(f"{PAGE}/{word}/") for word in (issue.short_id, "PUMP-STATION-ZZZ"))

    assert (there.status_code, not_there.status_code) == (302, 302)
    assert not_there.headers["Location"] == "/admin/desk/issues/PUMP-STATION-ZZZ/"
    assert client.get(there.headers["Location"]).headers["Location"].startswith("/admin/login/?next=")


def test_keeps_the_word_within_the_address(client: Client) -> None:
    response = client.get(f"{PAGE}/a%26b%23c%0D%0AX: 1/")

    assert response.headers["Location"] == "/admin/desk/issues/a&b%23c%0D%0AX:%201/"


def test_changes_nothing(client: Client, issue: Issue) -> None:
    assert client.post(f"{PAGE}/{issue.pk}/").status_code == 405
