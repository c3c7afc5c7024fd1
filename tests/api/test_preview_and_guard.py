"""Looking before one leaps: ``?preview=true`` and the header ``Issues-Expected`` (contract section 6)."""

from collections.abc import Callable
from typing import Any

import pytest

from issues.models import Issue, Mutation
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
RESOLVE = {"status": "resolved"}
BODY_OF: dict[str, object] = {"PUT": RESOLVE, "DELETE": None}
OF_CHANCE = {"shareId"}
UNKNOWN_ID = 2**62

Json = dict[str, Any]


@pytest.fixture
def issues(project: Project, team: Team, jane: User) -> list[Issue]:
    """Three that every verb finds something to change at; the last one has a child."""
    ReleaseFactory(projects=[project], version="1.0.0")
    plain = IssueFactory(project=project)
    full = IssueFactory(project=project, ignored=True, assignee_team=team, public=True)
    parent = IssueFactory(project=project, resolved=True, times_seen=2)
    IssueFactory(merged_into=parent)
    for make in (IssueSeenFactory, IssueBookmarkFactory, IssueSubscriptionFactory):
        make(issue=full, user=jane)
    return [plain, full, parent]


BODIES: dict[str, Json] = {
    "resolve": RESOLVE,
    "resolve in a release": {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
    "resolve in the next release": {"status": "resolvedInNextRelease"},
    "unresolve": {"status": "unresolved"},
    "ignore": {"status": "ignored", "ignoreCount": 5},
    "assign": {"assignedTo": "jane"},
    "unassign": {"assignedTo": None},
    "publish": {"isPublic": True},
    "withdraw": {"isPublic": False},
    "mark seen": {"hasSeen": True},
    "mark unseen": {"hasSeen": False},
    "add bookmark": {"isBookmarked": True},
    "remove bookmark": {"isBookmarked": False},
    "subscribe": {"isSubscribed": True},
    "unsubscribe": {"isSubscribed": False},
    "merge": {"merge": True},
    "unmerge": {"merge": False},
    "several": {"status": "resolved", "assignedTo": "jane", "isPublic": True, "isBookmarked": True, "merge": True},
}


def answer_of(response: Any) -> tuple[int, Json, dict[str, str]]:
    """Return the status, the body and the headers, without what chance gives."""
    body = response.json() if response.content else {}
    return response.status_code, {key: value for key, value in body.items() if key not in OF_CHANCE}, response.headers


def same_but_for_the_mutation(preview: Any, real: Any) -> None:
    """Assert that a preview answered what the request then did, but for the record, which it has none of."""
    status, body, headers = answer_of(preview)
    assert (status, body) == answer_of(real)[:2]
    assert "Mutation-Id" in real.headers
    of_its_own = {"Mutation-Id", "Content-Length", "X-Request-Id"}
    assert "Mutation-Id" not in headers
    assert [(name, value) for name, value in headers.items() if name not in of_its_own] == [
        (name, value) for name, value in real.headers.items() if name not in of_its_own
    ]


@pytest.mark.parametrize("url", [None, ORGANIZATION_ISSUES], ids=["project", "organization"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_preview_answers_what_a_put_does_and_writes_nothing(
    api: Api, issues: list[Issue], body: Json, url: str | None
) -> None:
    ids = [issue.pk for issue in issues]
    before = snapshot()

    preview = api.put(url or api.issues_url, body, ids=ids, raw_query="preview=true", auth="jane")
    assert snapshot() == before
    real = api.put(url or api.issues_url, body, ids=ids, auth="jane")

    assert preview.status_code == 200
    assert int(preview.headers["Issues-Changed"]) > 0
    same_but_for_the_mutation(preview, real)


@pytest.mark.parametrize("query", ["", "status=ignored&", "query=is:public&"])
def test_a_preview_of_update_all_counts_and_writes_nothing(api: Api, issues: list[Issue], query: str) -> None:
    before = snapshot()

    preview = api.put(api.issues_url, RESOLVE, raw_query=f"{query}preview=true")
    assert snapshot() == before
    real = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert int(preview.headers["Issues-Changed"]) > 0
    same_but_for_the_mutation(preview, real)


@pytest.mark.parametrize("url", [None, ORGANIZATION_ISSUES], ids=["project", "organization"])
def test_a_preview_answers_what_a_delete_does_and_writes_nothing(
    api: Api, issues: list[Issue], url: str | None
) -> None:
    ids = [issues[0].pk, issues[2].pk]
    before = snapshot()

    preview = api.delete(url or api.issues_url, ids=ids, raw_query="preview=true")
    assert snapshot() == before
    real = api.delete(url or api.issues_url, ids=ids)

    assert (preview.status_code, preview.headers["Issues-Matched"], preview.headers["Issues-Changed"]) == (
        204,
        "2",
        "3",
    )
    same_but_for_the_mutation(preview, real)


@pytest.mark.parametrize("route", ["project", "organization"])
def test_a_preview_tells_a_share_link_only_where_it_is_there_already(api: Api, issues: list[Issue], route: str) -> None:
    """One that would be made is another one each time: whoever took it from a preview would pass on a dead link."""
    private, public = issues[:2]
    assert public.share_id is not None
    url = {"project": api.issues_url, "organization": ORGANIZATION_ISSUES}[route]

    answers = [
        api.put(url, {"isPublic": True, "status": "resolved"}, ids=[issue.pk], raw_query="preview=true").json()
        for issue in (private, public)
    ]

    assert answers == [
        {"isPublic": True, "status": "resolved", "statusDetails": {}},
        {"isPublic": True, "status": "resolved", "shareId": public.share_id.hex, "statusDetails": {}},
    ]


def test_preview_false_is_no_preview(api: Api, issues: list[Issue]) -> None:
    response = api.put(api.issues_url, RESOLVE, ids=[issues[0].pk], raw_query="preview=false")

    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert Issue.objects.get(pk=issues[0].pk).status == "resolved"


@pytest.mark.parametrize("query", ["preview=", "preview", "preview=1", "preview=True", "preview=true&preview=true"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_refuses_another_preview(api: Api, issues: list[Issue], method: str, query: str) -> None:
    before = snapshot()

    response = api.request(method, api.issues_url, RESOLVE, ids=[issues[0].pk], raw_query=query)

    assert (response.status_code, response.json()) == (400, {"preview": ["Say preview=true or preview=false, once."]})
    assert snapshot() == before


def test_a_preview_makes_the_checks_of_the_change(api: Api, issues: list[Issue]) -> None:
    out_of_scope = api.put(api.issues_url, RESOLVE, ids=[issues[0].pk, UNKNOWN_ID], raw_query="preview=true")
    no_ids = api.put(api.issues_url, {"isPublic": True}, raw_query="preview=true")
    body = api.put(api.issues_url, {"status": "open"}, ids=[issues[0].pk], raw_query="preview=true")

    assert (out_of_scope.status_code, out_of_scope.headers["Issues-Out-Of-Scope"]) == (204, str(UNKNOWN_ID))
    assert (no_ids.status_code, body.status_code) == (400, 400)


# ---------------------------------------------------------------------------------------------------------------------
# The guard
# ---------------------------------------------------------------------------------------------------------------------


def put_named(api: Api, issues: list[Issue], url: str, expected: str, **how: Any) -> Any:
    ids = [issue.pk for issue in issues]
    return api.put(url, {"isBookmarked": True}, ids=ids, headers={"Issues-Expected": expected}, auth="jane", **how)


def put_all(api: Api, issues: list[Issue], url: str, expected: str, **how: Any) -> Any:
    raw_query = f"project={issues[0].project_id}" if url == ORGANIZATION_ISSUES else ""
    return api.put(url, RESOLVE, headers={"Issues-Expected": expected}, raw_query=raw_query, **how)


def delete(api: Api, issues: list[Issue], url: str, expected: str, **how: Any) -> Any:
    return api.delete(url, ids=[issue.pk for issue in issues], headers={"Issues-Expected": expected}, **how)


@pytest.mark.parametrize("url", [None, ORGANIZATION_ISSUES], ids=["project", "organization"])
@pytest.mark.parametrize("request_", [put_named, put_all, delete])
def test_the_guard_refuses_another_number(
    api: Api, issues: list[Issue], request_: Callable[..., Any], url: str | None
) -> None:
    before = snapshot()

    for expected in ("2", "4", "0"):
        response = request_(api, issues, url or api.issues_url, expected)
        sentence = f"3 issues match, but Issues-Expected says {expected}. Nothing was changed."
        assert (response.status_code, response.json()) == (412, {"detail": sentence})
        assert snapshot() == before

    one = api.put(url or api.issues_url, {"status": "resolved"}, ids=[issues[0].pk], headers={"Issues-Expected": "2"})
    assert one.json() == {"detail": "1 issue matches, but Issues-Expected says 2. Nothing was changed."}

    response = request_(api, issues, url or api.issues_url, "3")
    assert response.headers["Issues-Matched"] == "3"
    assert snapshot() != before


@pytest.mark.parametrize("expected", ["", "x", "-1", "+3", "3.0", "٣", "1" * 20])
def test_the_guard_refuses_what_is_no_number(api: Api, issues: list[Issue], expected: str) -> None:
    before = snapshot()

    response = put_all(api, issues, api.issues_url, expected)

    assert response.status_code == 400
    assert response.json() == {"detail": "Issues-Expected is no number; say how many issues you expect to match."}
    assert snapshot() == before


def test_the_guard_counts_all_projects(api: Api, issues: list[Issue], other_project: Project) -> None:
    ids = [issues[0].pk, IssueFactory(project=other_project).pk]
    before = snapshot()

    refused = api.put(ORGANIZATION_ISSUES, RESOLVE, ids=ids, headers={"Issues-Expected": "1"})
    assert (refused.status_code, snapshot()) == (412, before)
    done = api.put(ORGANIZATION_ISSUES, RESOLVE, ids=ids, headers={"Issues-Expected": "2"})

    assert done.headers["Issues-Changed"] == "2"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_out_of_scope_comes_before_the_guard(api: Api, issues: list[Issue], method: str) -> None:
    ids = [issues[0].pk, UNKNOWN_ID]

    response = api.request(method, api.issues_url, BODY_OF[method], ids=ids, headers={"Issues-Expected": "2"})

    assert (response.status_code, response.headers["Issues-Matched"]) == (204, "0")


def test_the_guard_goes_with_a_preview(api: Api, issues: list[Issue]) -> None:
    how = {"raw_query": "preview=true", "headers": {"Issues-Expected": "4"}}

    response = api.put(api.issues_url, RESOLVE, **how)  # type: ignore[arg-type] # as literals it would be one

    assert response.status_code == 412


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("expected", ["0", "2", "x"])
def test_the_guard_holds_for_a_single_issue(api: Api, issues: list[Issue], method: str, expected: str) -> None:
    path = f"/api/0/issues/{issues[0].pk}/"
    before = snapshot()

    response = api.request(method, path, BODY_OF[method], headers={"Issues-Expected": expected})

    assert response.status_code == (400 if expected == "x" else 412)
    assert snapshot() == before
    assert api.request(method, path, BODY_OF[method], headers={"Issues-Expected": "1"}).status_code in (200, 202)
