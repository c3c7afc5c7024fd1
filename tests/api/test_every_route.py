"""Every route under /api/0/: whatever is sent, the answer is JSON with the documented headers (contract 1.8, 1.9).

Who may call which of them, tests/access says.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.api_client import Api, Who
from tests.assertions import is_api_answer, snapshot
from tests.routes import API, parts_of, path_of, routes

pytestmark = pytest.mark.django_db

METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "TRACE", "DELETE"]
PAGES = {"api/0/docs/"}  # for people, and no JSON: tests/issuetracker/test_openapi.py
VIEWS = {route: view for route, view in routes() if route.startswith(API) and route not in PAGES}
ROUTES = sorted(VIEWS)


def test_there_are_routes_to_walk() -> None:
    assert len(ROUTES) > 30
    assert {method for route in ROUTES for method in VIEWS[route].actions} == {"get", "head", "post", "put", "delete"}


def what_to_send(route: str, methods: tuple[str, ...], oddities: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each method with each oddity; with the first few where a route lacks the method, and reads no more."""
    for method in methods:
        few = len(oddities) if method.lower() in VIEWS[route].actions else 3
        yield from ((method, oddity) for oddity in oddities[:few])


ODD_WORDS = [
    "%00",
    "a%00-1",
    "1%00",
    "%FF%FE",
    "%ED%A0%80",
    "%F0%9F%A6%80",
    "%0D%0AX-Evil:%201",
    "%3Cscript%3E",
    "'",
    "..",
    "%25",
    ";",
    "%3F",
    "9" * 30,
    "9" * 5000,
    "f" * 5000,
    "%D9%A1",
    "-",
    "-1",
]


@pytest.mark.parametrize("route", [route for route in ROUTES if "<" in route])
def test_answers_odd_words_in_its_path(api: Api, words: dict[str, str], route: str) -> None:
    for name in parts_of(route):
        for method, word in what_to_send(route, ("GET", "PUT", "DELETE"), ODD_WORDS):
            response = api.request(method, path_of(route, words | {name: word}), {"text": "x"}, auth="jane")
            # A line break is no part of a version: such a path is none of ours.
            is_api_answer(response, of_a_route=not (name == "version" and "%0A" in word))
            assert "X-Evil" not in response.headers


ODD_BODIES = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b'{"text": "\\u0000"}', "application/json"),
    (b"{}", "text/xml"),
    (b"{}", "nonsense"),
    (b"text=x", "application/x-www-form-urlencoded"),
    (b"--x", "multipart/form-data"),
    (b"--x", "multipart/form-data; boundary=x"),
    (b"{}", "application/json; charset=nonsense"),
]


@pytest.mark.parametrize("route", ROUTES)
def test_answers_odd_bodies(api: Api, words: dict[str, str], route: str) -> None:
    path = path_of(route, words)
    for method, (content, content_type) in what_to_send(route, ("GET", "PUT", "POST", "DELETE"), ODD_BODIES):
        is_api_answer(api.request(method, path, content, auth="jane", headers={"Content-Type": content_type}))


ODD_QUERIES = [
    "%00",
    "cursor=%00",
    "per_page=%00",
    "query=%00",
    "a=1&" * 2000,
    "%FF=\xff",
    "cursor=%D9%A1:1:0",
    "cursor=" + "9" * 5000,
    "[]=;,",
]


@pytest.mark.parametrize("route", ROUTES)
def test_answers_odd_queries(api: Api, words: dict[str, str], route: str) -> None:
    path = path_of(route, words)
    for method, query in what_to_send(route, ("GET", "PUT", "POST", "DELETE"), ODD_QUERIES):
        is_api_answer(api.request(method, path, {"text": "x"}, auth="jane", raw_query=query))


@pytest.mark.parametrize("route", ROUTES)
def test_answers_browsers_too_in_json(api: Api, words: dict[str, str], route: str) -> None:
    path = path_of(route, words)
    usual = api.get(path, auth="jane").status_code

    for accept, status in {"text/html,*/*;q=0.1": usual, "text/html": 406, "nonsense": 406, "a/b,c": 406}.items():
        response = api.get(path, auth="jane", headers={"Accept": accept})
        is_api_answer(response)
        assert response.status_code == status


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "api/0/"])
def test_says_that_the_slash_is_missing(api: Api, words: dict[str, str], route: str) -> None:
    before = snapshot()

    for method in METHODS:
        response = api.request(method, path_of(route, words).rstrip("/"), {"text": "x"}, auth="jane")
        is_api_answer(response, of_a_route=False)
        assert response.status_code == 404
        assert method == "HEAD" or "slash" in response.json()["detail"]
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES)
def test_begins_with_a_look_up(api: Api, words: dict[str, str], route: str) -> None:
    """Which may be sent twice, when the connection turns out to be lost."""
    path = path_of(route, words)
    for auth in ("jane", "key", None):
        for method in METHODS:
            said: list[str] = []

            def hear(execute: Any, sql: str, *others: Any, said: list[str] = said) -> Any:
                said.append(sql)
                return execute(sql, *others)

            with connection.execute_wrapper(hear):
                api.request(method, path, {"text": "x"}, auth=auth)
            assert all(sql.lstrip().startswith("SELECT") for sql in said[:1]), said[0]


UNKNOWN = [
    "nothing/",
    "%00/",
    "%00",
    "%FF/",
    "issues/",
    "issues/1/nothing/",
    "shared/",
    "\u00e4/",
    "a%0D%0Ab/",
    "%2E%2E/admin/",
    "%2F/",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_there_is_none_at_an_unknown_address(api: Api, path: str) -> None:
    who: list[Who | None] = [None, "jane", "kit"]
    for auth in who:
        for method in METHODS:
            response = api.request(method, f"/api/0/{path}", {"text": "x"}, auth=auth)
            is_api_answer(response, of_a_route=False)
            assert response.status_code == 404


@pytest.mark.parametrize("host", ["elsewhere.example", "a b", "testserver:x", "[", "\u00e4", "testserver@evil", "%00"])
def test_is_not_on_another_host(api: Api, words: dict[str, str], host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="django.security.DisallowedHost"):
        for route in ROUTES:
            response = api.get(path_of(route, words), auth="jane", headers={"Host": host})
            is_api_answer(response, of_a_route=False)
            assert response.status_code == 400
