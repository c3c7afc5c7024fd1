"""Whatever goes wrong is answered in JSON, with the documented headers (contract 1.9)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import dup
from socket import SHUT_RDWR, socket
from time import monotonic
from typing import Any

import pytest
from django.db import connection

from projects.models import Project
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

ALLOW = "GET, PUT, DELETE, HEAD, OPTIONS"
ON_API_ANSWERS = {
    "Content-Language": "en",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}
NOTHING_HERE = {"detail": "There is nothing at this address."}
NO_SLASH = {"detail": "There is nothing at this address: it lacks the slash at its end."}


# ---------------------------------------------------------------------------------------------------------------------
# Every refusal, with all of its headers
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Refusal:
    """A request, and what it is answered."""

    how: dict[str, Any]
    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    method: str = "PUT"
    path: str = ""  # behind /api/0/; empty for the issues
    content: object = None


REFUSALS = {
    "400 of a query": Refusal(
        {"raw_query": "foo=1"},
        400,
        {"detail": 'Unknown query parameter "foo". Nothing was changed.'},
        {"Allow": ALLOW},
    ),
    "400 of a body": Refusal(
        {"ids": [1]}, 400, {"merge": ["Must be a valid boolean."]}, {"Allow": ALLOW}, content={"merge": 2}
    ),
    "401": Refusal(
        {"auth": None},
        401,
        {"detail": "Authentication credentials were not provided."},
        {"Allow": ALLOW, "WWW-Authenticate": 'Basic realm="api"'},
    ),
    "404 of a project": Refusal({}, 404, {"detail": "Not found."}, {"Allow": ALLOW}, path="projects/a/b/issues/"),
    "404 of an address": Refusal({}, 404, NOTHING_HERE, {}, path="nothing/"),
    "404 of a missing slash": Refusal({}, 404, NO_SLASH, {}, path="projects/a/b/issues"),
    "405": Refusal({}, 405, {"detail": 'Method "POST" not allowed.'}, {"Allow": ALLOW}, method="POST"),
    "406": Refusal(
        {"headers": {"Accept": "text/html"}},
        406,
        {"detail": "Answers are application/json only; accept that."},
        {"Allow": ALLOW},
    ),
    "413": Refusal(
        {"ids": [1]},
        413,
        {"detail": "The body is larger than 1048576 bytes; name fewer issues or say less."},
        {"Allow": ALLOW},
        content=b"{}".ljust(2**20 + 1),
    ),
    "415": Refusal(
        {"ids": [1], "headers": {"Content-Type": "text/plain"}},
        415,
        {"detail": 'Unsupported media type "text/plain" in request. Send application/json.'},
        {"Allow": ALLOW},
        content=b"{}",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_answers_in_json_with_the_documented_headers(api: Api, refusal: Refusal) -> None:
    path = f"/api/0/{refusal.path}" if refusal.path else api.issues_url
    before = snapshot()

    response = api.request(refusal.method, path, refusal.content, **refusal.how)

    assert (response.status_code, response.json()) == (refusal.status, refusal.body)
    assert headers_of(response) == {
        **ON_API_ANSWERS,
        **refusal.headers,
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
    }
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Addresses
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "auth"), [("GET", None), ("PUT", "key")])
@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/nothing",
        "/api/",
        "/api/1/projects/a/b/issues/",
        "/api/0/nothing/",
        "/api/0/projects/a/",
        "/api/0/projects/a/b/issues/1/",
        "/api/0/projects/a/b/issues//",
        "/api/0/projects/a/b/c/issues/",
        "/api/0//projects/a/b/issues/",
        "/API/0/projects/a/b/issues/",
    ],
)
def test_answers_an_unknown_address(api: Api, method: str, auth: Any, path: str) -> None:
    response = api.request(method, path, {"status": "resolved"}, auth=auth)

    assert (response.status_code, response.json()) == (404, NOTHING_HERE)
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_says_that_the_slash_is_missing_instead_of_redirecting(api: Api, project: Project, method: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.request(method, api.issues_url.rstrip("/"), {"status": "resolved"}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (404, NO_SLASH)
    assert snapshot() == before


@pytest.mark.filterwarnings("ignore")
def test_answers_a_host_that_is_not_ours(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="django.security.DisallowedHost"):
        response = api.get(api.issues_url, headers={"Host": "elsewhere.example"})

    assert response.status_code == 400
    assert response.json() == {
        "detail": "Invalid HTTP_HOST header: 'elsewhere.example'. "
        "You may need to add 'elsewhere.example' to ALLOWED_HOSTS."
    }


# ---------------------------------------------------------------------------------------------------------------------
# Methods and media types
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PATCH", "TRACE", "LINK"])
def test_refuses_a_method_that_the_route_does_not_have(api: Api, project: Project, method: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.request(method, api.issues_url, {"status": "resolved"}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert response.headers["Allow"] == ALLOW
    assert snapshot() == before


def test_tells_the_methods_to_options(api: Api) -> None:
    response = api.options(api.issues_url)

    assert response.status_code == 200
    assert response.headers["Allow"] == ALLOW
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/*",
        "application/json; charset=utf-8",
        "application/json;q=0.5",
        "application/json; indent=4",
        "text/html, application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_answers_the_same_to_whoever_accepts_json(api: Api, project: Project, method: str, accept: str) -> None:
    issue = IssueFactory(project=project, ignored=True)

    response = api.request(
        method,
        api.issues_url,
        {"isPublic": False},
        ids=[issue.pk],
        headers={"Accept": accept},
    )

    assert response.status_code == 200
    assert response.content == (b"[]" if method == "GET" else b'{"isPublic": false}')
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "text/*, application/xml", "nonsense"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_refuses_who_does_not_accept_json(api: Api, project: Project, method: str, accept: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.request(method, api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Accept": accept})

    assert response.status_code == 406
    assert response.json() == {"detail": "Answers are application/json only; accept that."}
    assert snapshot() == before


@pytest.mark.parametrize("query", ["format=xml", "format=api"])
def test_ignores_a_format_in_the_query_of_a_list(api: Api, query: str) -> None:
    response = api.get(api.issues_url, raw_query=query)

    assert (response.status_code, response.content) == (200, b"[]")


# ---------------------------------------------------------------------------------------------------------------------
# The server's own fault
# ---------------------------------------------------------------------------------------------------------------------


def test_answers_a_bug(api: Api, project: Project, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A setting that PostgreSQL does not take stands for one: an error that no code foresees."""
    issue = IssueFactory(project=project)
    settings.LOCK_TIMEOUT_SECONDS = "some"
    api.client.raise_request_exception = False
    before = snapshot()

    with caplog.at_level(logging.CRITICAL, logger="django.request"):
        response = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])

    assert response.status_code == 500
    assert response.json() == {"detail": "Internal server error. Nothing was changed."}
    assert headers_of(response) == {
        **ON_API_ANSWERS,
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
    }
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Locked, slow or away: try again
# ---------------------------------------------------------------------------------------------------------------------

BUSY = {"detail": "These issues are being changed by another request. Try again."}
TOO_LONG = {"detail": "This took too long and was ended. Ask for less, or try again."}
AWAY = {"detail": "The database is not available just now. Try again."}

HELD = "SELECT id FROM issues_issue WHERE project_id = %s AND id = %s FOR UPDATE"


@contextmanager
def another_transaction(sql: str, params: list[Any] | None = None) -> Iterator[None]:
    """Hold what the statement locks, in a connection of its own."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(sql, params)
        yield
        other.rollback()
    finally:
        other.close()


def unavailable(body: dict[str, Any], response: Any) -> None:
    assert (response.status_code, response.json()) == (503, body)
    assert headers_of(response) == {
        **ON_API_ANSWERS,
        "Allow": ALLOW,
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
        "Retry-After": "5",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "body", "named"),
    [
        pytest.param("PUT", {"status": "resolved"}, True, id="by id"),
        pytest.param("PUT", {"isPublic": True, "merge": True}, True, id="more than a status"),
        pytest.param("PUT", {"status": "resolved"}, False, id="update all"),
        pytest.param("DELETE", None, True, id="delete"),
    ],
)
def test_is_unavailable_while_another_request_holds_the_lock(
    api: Api, project: Project, settings: Any, method: str, body: object, named: bool
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.3
    free, held = IssueFactory(project=project), IssueFactory(project=project)
    before = snapshot()

    with another_transaction(HELD, [project.pk, held.pk]):
        began = monotonic()
        response = api.request(method, api.issues_url, body, ids=[free.pk, held.pk] if named else [])
        waited = monotonic() - began

    unavailable(BUSY, response)
    assert waited >= 0.3
    assert snapshot() == before

    again = api.request(method, api.issues_url, body, ids=[free.pk, held.pk] if named else [])

    assert again.status_code == (204 if method == "DELETE" else 200)
    assert again.headers["Issues-Changed"] == "2"


@pytest.mark.django_db(transaction=True)
def test_is_available_to_who_needs_another_row_or_only_reads(api: Api, project: Project, settings: Any) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 1
    free, held = IssueFactory(project=project), IssueFactory(project=project)

    with another_transaction(HELD, [project.pk, held.pk]):
        changed = api.put(api.issues_url, {"isPublic": True}, ids=[free.pk])
        listed = api.get(api.issues_url)

    assert (changed.status_code, changed.headers["Issues-Changed"]) == (200, "1")
    assert (listed.status_code, len(listed.json())) == (200, 2)


@pytest.mark.django_db(transaction=True)
def test_is_unavailable_when_a_read_takes_too_long(api: Api, settings: Any) -> None:
    settings.READ_TIMEOUT_SECONDS = 0.3

    with another_transaction("LOCK TABLE issues_issue IN ACCESS EXCLUSIVE MODE"):
        response = api.get(api.issues_url)

    unavailable(TOO_LONG, response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_is_unavailable_when_a_look_for_what_a_search_names_takes_too_long(
    api: Api, project: Project, settings: Any, method: str
) -> None:
    settings.READ_TIMEOUT_SECONDS = 0.3
    issue = IssueFactory(project=project)

    with another_transaction("LOCK TABLE issues_issuetext IN ACCESS EXCLUSIVE MODE"):
        response = api.request(method, api.issues_url, {}, ids=[issue.pk], raw_query="query=!logger:root")

    unavailable(TOO_LONG, response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_unavailable_when_the_database_is_away(
    api: Api, project: Project, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    def go_away_after_the_first(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        # The first look-up would be tried again on a new connection; nothing after it is. Cut here, and not ended by
        # PostgreSQL: behind a pooler nobody knows which session the next statement would have.
        result = execute(sql, params, many, context)
        if not gone:
            gone.append(True)
            with socket(fileno=dup(connection.connection.fileno())) as wire:
                wire.shutdown(SHUT_RDWR)
        return result

    gone: list[bool] = []
    with connection.execute_wrapper(go_away_after_the_first):
        response = api.request(method, api.issues_url, {"status": "resolved"}, ids=[issue.pk] * (method != "GET"))
    connection.close()  # as the server does between two requests

    unavailable(AWAY, response)
    assert [record.name for record in caplog.records] == ["projects.database.outages"]

    again = api.get(api.issues_url)

    assert (again.status_code, len(again.json())) == (200, 1)
    assert snapshot() == before
