"""What a search for a release finds, lists and changes, by whichever way an index knows it (contract 1.3)."""

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/issues/"


@pytest.fixture
def issues(project: Project, other_project: Project) -> list[Issue]:
    """One of 1.0, one of 1.0 and 2.0, one of 2.0, and one of none; in another project one of its own 1.0."""
    first, second = (ReleaseFactory(projects=[project], version=version) for version in ("1.0", "2.0"))
    elsewhere = ReleaseFactory(projects=[other_project], version="1.0")
    seen_in = [(first, first), (first, second), (second, second), (None, None)]
    made = [IssueFactory(project=project, own_first_release=one, own_last_release=two) for one, two in seen_in]
    return [*made, IssueFactory(project=other_project, own_first_release=elsewhere, own_last_release=elsewhere)]


def test_finds_what_the_tree_shows_whatever_is_merged_and_comes_back(api: Api, issues: list[Issue]) -> None:
    one, both, two, bare, _ = (issue.pk for issue in issues)

    def found(query: str) -> set[int]:
        return {int(item["id"]) for item in api.get(api.issues_url, raw_query=f"query={query}").json()}

    assert found("release:1.0") == {one, both}
    assert found("release:2.0") == {both, two}
    assert found("firstRelease:2.0") == {two}
    assert api.put(api.issues_url, {"merge": True}, ids=[bare, two, one]).status_code == 200
    root = Issue.objects.filter(pk__in=[bare, two, one]).visible().get().pk
    assert found("release:1.0") == found("release:2.0") == {both, root}
    assert found("firstRelease:2.0") == set()
    assert api.put(api.issues_url, {"merge": False}, ids=[root]).status_code == 200
    assert found("release:1.0") == {one, both}
    assert found("release:[1.0,2.0]") == {one, both, two}


def test_changes_what_it_finds_and_nothing_else(api: Api, issues: list[Issue]) -> None:
    one, both, two, bare, elsewhere = (issue.pk for issue in issues)

    def with_status(status: str) -> set[int]:
        return set(Issue.objects.filter(status=status).values_list("pk", flat=True))

    assert api.put(api.issues_url, {"status": "resolved"}, raw_query="query=release:1.0").status_code == 200
    assert with_status("resolved") == {one, both}
    both_projects = f"project={issues[0].project_id}&project={issues[-1].project_id}&query=release:1.0"
    assert api.put(ORGANIZATION, {"status": "ignored"}, raw_query=both_projects).status_code == 200
    assert with_status("ignored") == {one, both, elsewhere}
    assert api.delete(api.issues_url, ids=[one, both], raw_query="query=release:1.0").status_code == 204
    assert set(Issue.objects.values_list("pk", flat=True)) == {two, bare, elsewhere}
