"""What a caller is told of a search who sees no project: there is nothing, and so no name in it is there."""

import pytest

from issues.models import Issue
from projects.models import Organization, Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
QUERIES = ["platform:ruby", "!logger:ro*", "release:1.0", "!environment:live", "assigned:jane", "pump !level:fatal", ""]


@pytest.mark.parametrize("query", QUERIES)
def test_finds_and_changes_nothing(api: Api, closed: Organization, project: Project, query: str) -> None:
    issue = IssueFactory(project=project, platform="ruby", logger="root")
    before = snapshot()
    asked = f"query={query}"

    listed = api.get(ORGANIZATION_ISSUES, raw_query=asked, auth="sam")
    changed = [
        api.request(method, ORGANIZATION_ISSUES, body, raw_query=f"{asked}{id_}", auth="sam")
        for method, body in (("PUT", {"status": "resolved"}), ("DELETE", None))
        for id_ in ("", f"&id={issue.pk}")
    ]

    assert (listed.status_code, listed.json()) == (200, [])
    assert {answer.status_code for answer in changed} <= {200, 204, 400, 404}, [answer.json() for answer in changed]
    assert snapshot() == before
    assert Issue.objects.get().status == "unresolved"
