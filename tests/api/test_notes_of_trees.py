"""Notes and activities of an issue that others were merged into: those of its tree, newest first (contract 1.6)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Activity, Issue
from projects.models import Project, User
from tests.answers import links_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import ActivityFactory, IssueFactory

pytestmark = pytest.mark.django_db

PREFIXES = ["/api/0/organizations/the-interstellar-jurisdiction/issues/", "/api/0/issues/"]


@pytest.fixture
def tree(project: Project) -> dict[str, Issue]:
    """A root, two children under it, a grandchild under one; and a neighbour with a child of its own."""
    root, neighbour = IssueFactory(project=project), IssueFactory(project=project)
    child = IssueFactory(merged_into=root)
    return {
        "root": root,
        "child": child,
        "other child": IssueFactory(merged_into=root),
        "grandchild": IssueFactory(merged_into=child, own_comment_count=3),
        "neighbour": neighbour,
        "neighbour's child": IssueFactory(merged_into=neighbour),
    }


OF_ROOT = ["root", "child", "other child", "grandchild"]


@pytest.fixture
def entries(tree: dict[str, Issue], jane: User) -> list[Activity]:
    """Three notes of each issue, in turn, and other activities between them; those of the root's tree, newest first."""
    made = [ActivityFactory(issue=issue, user=jane, note=note) for note in (True, False) * 3 for issue in tree.values()]
    ours = {tree[name].pk for name in OF_ROOT}
    return [entry for entry in made if entry.issue_id in ours][::-1]


def told(entry: Activity) -> tuple[str, str]:
    return str(entry.pk), str(entry.issue_id)


def items_of(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 200, response.content
    found = response.json()
    return [(item["id"], item["issueId"]) for item in (found["activity"] if isinstance(found, dict) else found)]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", OF_ROOT)
def test_are_those_of_the_tree_whichever_issue_is_named(
    api: Api, tree: dict[str, Issue], entries: list[Activity], prefix: str, name: str
) -> None:
    path = f"{prefix}{tree[name].pk}/"

    assert items_of(api.get(f"{path}notes/")) == [told(entry) for entry in entries if entry.kind == "note"]
    assert items_of(api.get(f"{path}activities/")) == [told(entry) for entry in entries]
    assert items_of(api.get(path)) == [told(entry) for entry in entries]


@pytest.mark.parametrize("route", ["notes/", "activities/"])
@pytest.mark.parametrize("size", [1, 2, 5, 12, 100])
def test_are_walked_there_and_back(
    api: Api, tree: dict[str, Issue], entries: list[Activity], route: str, size: int
) -> None:
    expected = [told(entry) for entry in entries if route == "activities/" or entry.kind == "note"]
    path = f"{PREFIXES[0]}{tree['root'].pk}/{route}"

    response = api.get(path, raw_query=f"per_page={size}")
    pages = [items_of(response)]
    while links_of(response)["next"] == "true":
        response = api.get(path, raw_query=f"per_page={size}&cursor={links_of(response)['next_cursor']}")
        pages.append(items_of(response))
    back: list[list[tuple[str, str]]] = []
    while links_of(response)["previous"] == "true":
        response = api.get(path, raw_query=f"per_page={size}&cursor={links_of(response)['previous_cursor']}")
        back.append(items_of(response))

    assert [item for page in pages for item in page] == expected
    assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert [item for page in back[::-1] for item in page] == expected[: len(expected) - len(pages[-1])]


def test_count_what_is_shown(api: Api, project: Project) -> None:
    """As many notes are listed as the parent says it has."""
    issues = [IssueFactory(project=project) for _ in range(3)]
    for issue in issues:
        for text in ("a", "b"):
            api.request("POST", f"/api/0/issues/{issue.pk}/notes/", {"text": text}, auth="jane")

    api.put(api.issues_url, {"merge": True}, ids=[issue.pk for issue in issues])
    (parent,) = api.get(api.issues_url).json()
    listed = items_of(api.get(f"/api/0/issues/{parent['id']}/notes/"))

    assert parent["numComments"] == len(listed) == 6
    api.put(api.issues_url, {"merge": False}, ids=[int(parent["id"])])
    for issue in issues:
        assert {pk for _, pk in items_of(api.get(f"/api/0/issues/{issue.pk}/notes/"))} == {str(issue.pk)}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_a_child_are_changed_on_it_alone(
    api: Api, tree: dict[str, Issue], entries: list[Activity], method: str
) -> None:
    note = next(entry for entry in entries if entry.kind == "note" and entry.issue_id == tree["grandchild"].pk)
    before = snapshot()

    for name in tree:
        path = f"{PREFIXES[0]}{tree[name].pk}/notes/{note.pk}/"
        assert api.request(method, path, {"text": "x"}, auth="jane").status_code == 404
    assert snapshot() == before

    api.put(api.issues_url, {"merge": False}, ids=[tree["grandchild"].pk])
    path = f"{PREFIXES[0]}{tree['grandchild'].pk}/notes/{note.pk}/"
    assert api.request(method, path, {"text": "x"}, auth="jane").status_code == (200 if method == "PUT" else 204)


@pytest.mark.parametrize("route", ["notes/", "activities/", ""])
def test_are_read_by_as_many_statements_of_a_large_tree_as_of_a_small(
    api: Api, project: Project, jane: User, route: str
) -> None:
    alone, root = IssueFactory(project=project), IssueFactory(project=project)
    ActivityFactory(issue=alone, user=jane, note=True)
    for _ in range(5):
        ActivityFactory(issue=IssueFactory(merged_into=root), user=jane, note=True)

    with CaptureQueriesContext(connection) as of_one:
        api.get(f"/api/0/issues/{alone.pk}/{route}", auth="jane")
    with CaptureQueriesContext(connection) as of_many:
        api.get(f"/api/0/issues/{root.pk}/{route}", auth="jane")

    assert len(of_many) == len(of_one)
