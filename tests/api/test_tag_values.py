"""The values of an issue's tag, of which there are none (contract 5)."""

import pytest

from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("within", ["", "organizations/the-interstellar-jurisdiction/"])
def test_is_an_empty_list(api: Api, project: Project, within: str) -> None:
    path = f"/api/0/{within}issues/{IssueFactory(project=project).pk}/tags/level/values/"

    response = api.get(path)

    assert (response.status_code, response.json(), "Link" in response.headers) == (200, [], True)
    assert api.get(path, auth="kit").json() == {"detail": "Not found."}
    assert api.get(path, auth=None).status_code == 401
