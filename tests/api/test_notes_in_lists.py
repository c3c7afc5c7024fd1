"""Notes: their lists, and what becomes of them with the issue (contract 5)."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Activity, Issue
from projects.models import Project, User
from tests.answers import iso, links_of
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND, Json, comments, notes_of, person, write
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, ActivityFactory, IssueFactory

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# Lists
# ---------------------------------------------------------------------------------------------------------------------


def pages(api: Api, path: str) -> list[list[str]]:
    """Return the ids on each page, walked to the end."""
    found, query = [], "per_page=2&cursor="
    while True:
        response = api.get(path, raw_query=query)
        assert response.status_code == 200, response.content
        body = response.json()
        found.append([item["id"] for item in (body["activity"] if isinstance(body, dict) else body)])
        links = links_of(response)
        if links["next"] == "false":
            return found
        query = urlsplit(links["next_url"]).query


def test_are_listed_newest_first_and_in_pages(api: Api, issue: Issue, project: Project, jane: User) -> None:
    ids = []
    for number in range(5):
        ids.append(write(api, issue, f"Number {number}.").split("/")[-2])
        ActivityFactory(issue=issue)
    write(api, IssueFactory(project=project, short_number=7))

    whole = api.get(notes_of(issue))

    newest = Activity.objects.get(pk=ids[-1])
    assert whole.status_code == 200
    assert [note["id"] for note in whole.json()] == ids[::-1]
    assert whole.json()[0] == {
        "id": ids[-1],
        "issueId": str(issue.pk),
        "type": "note",
        "data": {"text": "Number 4."},
        "user": person(jane),
        "dateCreated": iso(newest.created_at),
    }
    assert links_of(whole)["previous"] == links_of(whole)["next"] == "false"
    assert pages(api, notes_of(issue)) == [ids[:2:-1], ids[2:0:-1], ids[:1]]


@pytest.mark.parametrize("route", ["notes", "activities"])
def test_are_listed_in_pages_of_a_megabyte_and_never_of_none(api: Api, issue: Issue, route: str) -> None:
    """A page ends where the next one would make it too large; one that is larger by itself has its own page."""
    large = {"text": "x" * 400_000}
    sizes = [large, large, large, {"text": "x" * 2_000_000}, {"text": "x"}]
    ids = [str(ActivityFactory(issue=issue, note=True, data=data).pk) for data in sizes]
    newest = ids[::-1]

    found = []
    url, query = f"{ISSUES}{issue.pk}/{route}/", ""
    for _ in range(4):
        response = api.get(url, raw_query=query)
        body = response.json()
        found.append([item["id"] for item in (body["activity"] if isinstance(body, dict) else body)])
        query = f"cursor={links_of(response)['next_cursor']}"
    back = api.get(url, raw_query=f"cursor={links_of(response)['previous_cursor']}").json()

    assert found == [newest[:1], newest[1:2], newest[2:4], newest[4:]]
    assert links_of(response)["next"] == "false"
    assert [item["id"] for item in (back["activity"] if isinstance(back, dict) else back)] == newest[2:4]


def test_are_a_megabyte_on_the_issue_itself_and_never_none(api: Api, issue: Issue) -> None:
    """An issue that was merged with ten thousand others, again and again, is still to be read."""
    large = {"text": "x" * 400_000}
    ids = [str(ActivityFactory(issue=issue, note=True, data=large).pk) for _ in range(4)]

    def told() -> list[str]:
        return [item["id"] for item in api.get(f"{ISSUES}{issue.pk}/").json()["activity"]]

    assert told() == ids[:1:-1]
    larger = ActivityFactory(issue=issue, note=True, data={"text": "x" * 2_000_000})
    assert told() == [str(larger.pk)]


@pytest.mark.parametrize("route", ["notes", "activities"])
def test_are_none_at_first(api: Api, issue: Issue, route: str) -> None:
    response = api.get(f"{ISSUES}{issue.pk}/{route}/", raw_query="cursor=&foo=1")

    assert (response.status_code, response.json()) == (200, [] if route == "notes" else {"activity": []})
    assert links_of(response)["previous"] == links_of(response)["next"] == "false"


@pytest.mark.parametrize("route", ["notes", "activities", "hashes"])
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("per_page=0", {"per_page": ['"0" is no page size; say a whole number from 1 to 100.']}),
        ("per_page=x", {"per_page": ['"x" is no page size; say a whole number from 1 to 100.']}),
        ("cursor=x", {"cursor": ['"x" is no cursor; take one from the Link header of an answer.']}),
        ("cursor=%00", {"cursor": ['"\0" is no cursor; take one from the Link header of an answer.']}),
    ],
)
def test_have_no_such_page(api: Api, issue: Issue, route: str, query: str, answer: Json) -> None:
    response = api.get(f"{ISSUES}{issue.pk}/{route}/", raw_query=query)

    assert (response.status_code, response.json()) == (400, answer)


@pytest.mark.parametrize("prefix", [ISSUES, LEGACY])
def test_stand_in_the_history_between_what_was_done(api: Api, issue: Issue, jane: User, prefix: str) -> None:
    path = f"{prefix}{issue.pk}/activities/"
    write(api, issue, "First.")
    api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])
    write(api, issue, "Second.", auth="sam")
    api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk], auth="jane")

    response = api.get(path)

    ids = [str(pk) for pk in Activity.objects.order_by("-pk").values_list("pk", flat=True)]
    assert list(response.json()) == ["activity"]
    found = response.json()["activity"]
    assert [item["id"] for item in found] == ids
    assert [(item["type"], item["user"] and item["user"]["username"]) for item in found] == [
        ("set_public", "jane"),
        ("note", "sam"),
        ("set_resolved", None),
        ("note", "jane"),
    ]
    assert found == api.get(f"{ISSUES}{issue.pk}/").json()["activity"]
    assert pages(api, path) == [ids[:2], ids[2:]]
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("route", ["notes", "activities"])
def test_cost_the_same_number_of_statements_however_many(api: Api, issue: Issue, route: str) -> None:
    path = f"{ISSUES}{issue.pk}/{route}/"
    ActivityFactory(issue=issue, note=True)
    with CaptureQueriesContext(connection) as for_one:
        api.get(path)
    for _ in range(7):
        ActivityFactory(issue=issue, note=True)

    with CaptureQueriesContext(connection) as for_many:
        api.get(path)

    assert len(for_many) == len(for_one)


# ---------------------------------------------------------------------------------------------------------------------
# Merge, unmerge, delete
# ---------------------------------------------------------------------------------------------------------------------


def test_count_for_the_issue_and_for_what_it_is_merged_into(api: Api, project: Project) -> None:
    parent = IssueFactory(project=project, short_number=1, own_first_seen=NOW.replace(year=2025))
    child = IssueFactory(project=project, short_number=2)
    ids = [parent.pk, child.pk]
    write(api, parent)
    path = write(api, child)
    write(api, child)
    assert (comments(parent), comments(child)) == ((1, 1), (2, 2))

    api.put(api.issues_url, {"merge": True}, ids=ids)

    assert (comments(parent), comments(child)) == ((1, 3), (2, 2))
    assert api.get(f"{ISSUES}{child.pk}/").json()["numComments"] == 3
    write(api, parent)
    assert comments(parent) == (2, 4)
    assert [note["issueId"] for note in api.get(notes_of(parent)).json()] == [
        str(pk) for pk in (parent.pk, child.pk, child.pk, parent.pk)
    ]

    api.put(f"{ISSUES}{child.pk}/", {"merge": False})

    assert (comments(parent), comments(child)) == ((2, 2), (2, 2))
    assert len(api.get(notes_of(child)).json()) == 2
    assert api.delete(path, auth="jane").status_code == 204
    assert comments(child) == (1, 1)


@pytest.mark.parametrize("name", ["child", "grandchild"])
def test_of_a_merged_issue_can_only_be_read_as_the_roots(api: Api, tree: dict[str, Issue], name: str) -> None:
    on_root = write(api, tree["root"])
    on_child = ActivityFactory(issue=tree[name], note=True)
    before = snapshot()

    assert [(item["id"], item["issueId"]) for item in api.get(notes_of(tree[name])).json()] == [
        (str(on_child.pk), str(tree[name].pk)),
        (on_root.split("/")[-2], str(tree["root"].pk)),
    ]
    detail = f"Issue {tree[name].pk} was merged into {tree['root'].pk}."
    for method, path in (
        ("POST", notes_of(tree[name])),
        ("PUT", f"{notes_of(tree[name])}{on_child.pk}/"),
        ("DELETE", f"{notes_of(tree[name])}{on_child.pk}/"),
        ("DELETE", f"{notes_of(tree[name])}{on_root.split('/')[-2]}/"),
        ("PUT", f"{notes_of(tree[name])}9/"),
    ):
        response = api.request(method, path, {"text": "x"}, auth="jane")
        assert (response.status_code, response.json()) == (404, {"detail": detail}), (method, path)
    assert snapshot() == before


def test_of_a_child_are_not_reached_through_its_parent(api: Api, tree: dict[str, Issue], jane: User) -> None:
    on_child = ActivityFactory(issue=tree["child"], user=jane, note=True)
    before = snapshot()

    for method in ("PUT", "DELETE"):
        response = api.request(method, f"{notes_of(tree['root'])}{on_child.pk}/", {"text": "x"}, auth="jane")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("how", ["single", "bulk"])
def test_go_with_the_issue(api: Api, issue: Issue, project: Project, how: str) -> None:
    left = write(api, IssueFactory(project=project, short_number=7)).split("/")[-2]
    path = write(api, issue)

    if how == "single":
        assert api.delete(f"{ISSUES}{issue.pk}/").status_code == 202
    else:
        assert api.delete(api.issues_url, ids=[issue.pk]).status_code == 204

    assert [str(pk) for pk in Activity.objects.values_list("pk", flat=True)] == [left]
    for method, where in (("POST", notes_of(issue)), ("PUT", path), ("DELETE", path), ("GET", notes_of(issue))):
        response = api.request(method, where, {"text": "x"}, auth="jane")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_stay_when_who_wrote_them_goes(api: Api, issue: Issue, sam: User) -> None:
    write(api, issue, auth="sam")

    sam.delete()

    (note,) = api.get(notes_of(issue)).json()
    assert (note["data"], note["user"]) == ({"text": "Looks like the pump."}, None)
