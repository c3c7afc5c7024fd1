"""``query`` on PUT and DELETE: the same language narrows what is changed (contract 1.3 and 3)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import IssueBookmarkFactory, IssueFactory

pytestmark = pytest.mark.django_db

RESOLVE = {"status": "resolved"}


@pytest.fixture
def pump(project: Project) -> Issue:
    return IssueFactory(project=project, text__title="pump stalled")


@pytest.fixture
def valve(project: Project) -> Issue:
    return IssueFactory(project=project, text__title="valve stuck", own_times_seen=9)


def statuses() -> dict[int, str]:
    return dict(Issue.objects.values_list("id", "status"))


def counted(response: Any) -> tuple[str, str]:
    return response.headers["Issues-Matched"], response.headers["Issues-Changed"]


def test_updates_all_that_match(api: Api, pump: Issue, valve: Issue, other_project: Project) -> None:
    elsewhere = IssueFactory(project=other_project, text__title="pump stalled")
    merged = IssueFactory(merged_into=valve, text__title="pump stalled")

    response = api.put(api.issues_url, RESOLVE, raw_query="query=pump")

    assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})
    assert counted(response) == ("1", "1")
    assert statuses() == {
        pump.pk: "resolved",
        valve.pk: "unresolved",
        elsewhere.pk: "unresolved",
        merged.pk: "unresolved",
    }


@pytest.mark.parametrize(
    "query",
    [
        "pump",
        "!valve",
        "timesSeen:<9",
        "is:unresolved+pump",
        "assigned:none+!timesSeen:9",
        "bookmarks:me",
        "!is:public",
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["named", "all"])
def test_narrows_what_is_changed(api: Api, pump: Issue, valve: Issue, jane: User, query: str, named: bool) -> None:
    IssueBookmarkFactory(issue=pump, user=jane)
    Issue.objects.filter(pk=valve.pk).update(share_id="00000000-0000-0000-0000-000000000001")
    before = snapshot([valve.pk])

    with CaptureQueriesContext(connection) as queries:
        response = api.put(
            api.issues_url, RESOLVE, ids=[pump.pk, valve.pk] if named else [], raw_query=f"query={query}", auth="jane"
        )

    assert (response.status_code, counted(response)) == (200, ("1", "1"))
    assert statuses()[pump.pk] == "resolved"
    assert snapshot([valve.pk]) == before
    locks_before_first_write(queries.captured_queries)


def test_an_id_that_the_query_filters_away_is_not_out_of_scope(api: Api, pump: Issue, valve: Issue) -> None:
    response = api.put(api.issues_url, {"isPublic": True}, ids=[pump.pk, valve.pk], raw_query="query=valve")

    assert response.status_code == 200
    assert counted(response) == ("1", "1")
    assert response.json()["shareId"] == Issue.objects.get(pk=valve.pk).share_id.hex  # type: ignore[union-attr] # it has


def test_an_id_out_of_scope_stops_everything_whatever_the_query(api: Api, pump: Issue, valve: Issue) -> None:
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[pump.pk, valve.pk + 1000], raw_query="query=pump")

    assert response.status_code == 204
    assert response.headers["Issues-Out-Of-Scope"] == str(valve.pk + 1000)
    assert snapshot() == before


def test_the_filter_is_evaluated_before_the_first_write(api: Api, pump: Issue, jane: User) -> None:
    """Every verb works on what matched at the start, though none of it matches after the first one."""
    response = api.put(
        api.issues_url,
        {"status": "resolved", "assignedTo": "jane", "isPublic": True},
        ids=[pump.pk],
        raw_query="query=is:unresolved+is:unassigned+!is:public",
    )

    assert counted(response) == ("1", "1")
    issue = Issue.objects.get(pk=pump.pk)
    assert (issue.status, issue.assignee_user, issue.share_id is None) == ("resolved", jane, False)


@pytest.mark.parametrize("query", ["query=", "query=+"])
def test_an_empty_query_is_no_filter(api: Api, pump: Issue, valve: Issue, query: str) -> None:
    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert counted(response) == ("2", "2")


def test_nothing_that_matches_is_a_success(api: Api, pump: Issue) -> None:
    before = snapshot()

    for ids in ([pump.pk], []):
        response = api.put(api.issues_url, RESOLVE, ids=ids, raw_query="query=zzz")

        assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})
        assert counted(response) == ("0", "0")
        assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize("body", [{"isPublic": True}, {"merge": True}, {"status": "resolved", "hasSeen": True}, {}])
def test_only_a_status_can_be_changed_without_ids(api: Api, pump: Issue, body: object) -> None:
    before = snapshot()

    response = api.put(api.issues_url, body, raw_query="query=pump")

    assert response.status_code == 400
    assert response.json() == {"detail": "You must specify a list of IDs for this operation"}
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        (
            "query=nonsense:1",
            {
                "detail": 'Search term "nonsense:1" at character 1 is not understood: there is no key nonsense. '
                "Keys are age, assigned, bookmarks, environment, firstRelease, firstSeen, id, is, issue.category, "
                "issue.type, "
                "lastSeen, level, logger, message, platform, priority, project, release, timesSeen, title, "
                "userCount; quotes make a colon part of a text."
            },
        ),
        ("query=pump&query=valve", {"query": ["Say query once; put all terms into it."]}),
        ("query=x:y&foo=1", {"detail": 'Unknown query parameter "foo". Nothing was changed.'}),
    ],
)
def test_a_query_that_is_none_changes_nothing(api: Api, pump: Issue, method: str, query: str, errors: object) -> None:
    before = snapshot()

    response = api.request(method, api.issues_url, RESOLVE, ids=[pump.pk], raw_query=query)

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


def test_deletes_those_of_the_named_that_match(api: Api, pump: Issue, valve: Issue) -> None:
    child = IssueFactory(merged_into=pump, text__title="valve")

    response = api.delete(api.issues_url, ids=[pump.pk, valve.pk], raw_query="query=pump")

    assert (response.status_code, counted(response)) == (204, ("1", "2"))
    assert list(Issue.objects.values_list("id", flat=True)) == [valve.pk]
    assert child.pk != valve.pk


def test_deletes_nothing_by_a_query_alone(api: Api, pump: Issue) -> None:
    before = snapshot()

    response = api.delete(api.issues_url, raw_query="query=pump")

    assert response.status_code == 400
    assert response.json() == {"detail": "You must specify a list of IDs for this operation"}
    assert snapshot() == before


def test_a_search_may_name_a_hidden_child_to_unmerge(api: Api, pump: Issue, project: Project) -> None:
    stuck, stalled = (IssueFactory(merged_into=pump, text__title=title) for title in ("stuck", "stalled"))

    response = api.put(api.issues_url, {"merge": False}, ids=[stuck.pk, stalled.pk], raw_query="query=stuck")

    assert (response.status_code, response.json()) == (200, {"merge": False})
    assert dict(Issue.objects.filter(pk__in=[stuck.pk, stalled.pk]).values_list("id", "merged_into")) == {
        stuck.pk: None,
        stalled.pk: pump.pk,
    }


@pytest.mark.parametrize(
    ("asked", "kept"), [("", None), ("query=", ""), ("query=is:unresolved+pump", "is:unresolved pump")]
)
def test_history_keeps_the_query_as_it_was_asked(api: Api, pump: Issue, asked: str, kept: str | None) -> None:
    api.put(api.issues_url, RESOLVE, ids=[pump.pk], raw_query=asked)

    assert Mutation.objects.get().query == kept


def test_takes_as_many_statements_for_many_issues_as_for_two(api: Api, project: Project) -> None:
    def statements(count: int) -> int:
        ids = [IssueFactory(project=project, text__title="pump").pk for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            response = api.put(api.issues_url, RESOLVE, ids=ids, raw_query="query=pump+age:-9999w")
        assert counted(response) == (str(count), str(count))
        return len(queries)

    assert statements(2) == statements(50)


def test_refuses_bytes_that_are_not_utf_8(api: Api, project: Project) -> None:
    """They would be read as one character, which titles have that were cut or mangled elsewhere."""
    IssueFactory(project=project, text__title="ca\ufffd")
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved"}, raw_query="query=%FF")

    assert response.status_code == 400
    assert "it has bytes that are not UTF-8" in response.json()["detail"]
    assert snapshot() == before
