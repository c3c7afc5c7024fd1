"""Every route under /api/0/: whatever is sent, the answer is JSON with the documented headers (contract 1.8, 1.9).

Who may call which of them, tests/access says. By pairs: each route is sent some of everything, and so is each of
its methods, in turn; what one route's PUT is not sent, another's is. What is odd is read before any route is reached,
or by what all routes share.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import pytest
from django.db import connection, transaction

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
    methods = {method for route in ROUTES for method in VIEWS[route].actions}
    assert methods - {"head"} == {"get", "post", "put", "delete"}  # which a view has from its first request on


def what_to_send(route: str, methods: tuple[str, ...], oddities: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield a third of the oddities with the first method that the route has; of GET, which most routes have, a fourth.

    With each other that it has a sixth. One with one that it lacks: nothing more is read then.
    """
    number = ROUTES.index(route)
    own = [method for method in methods if method.lower() in VIEWS[route].actions]
    for method in own:
        first = 4 if method == "GET" else 3
        step = first if method == own[0] else 6
        yield from ((method, oddity) for oddity in oddities[number % step :: step])
    lacking = [method for method in methods if method not in own]
    yield from ((method, oddities[number % len(oddities)]) for method in lacking[number % max(1, len(lacking)) :][:1])


@contextmanager
def taken_back() -> Iterator[None]:
    """Let nothing stay of what is written inside."""
    savepoint = transaction.savepoint()  # no atomic block: the service begins the outermost one
    yield
    transaction.savepoint_rollback(savepoint)
    transaction.savepoint_commit(savepoint)  # or PostgreSQL has thousands of them, one in the other


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


def test_answers_odd_words_in_its_path(api: Api, words: dict[str, str]) -> None:
    """All of them as the last part of paths; as the others, which lead to many routes, a few of them."""
    for number, route in enumerate(ROUTES):
        for name in parts_of(route):
            odd = ODD_WORDS if name == parts_of(route)[-1] else ODD_WORDS[number % 5 :: 5]
            for method, word in what_to_send(route, ("GET", "PUT", "POST", "DELETE"), odd):
                with taken_back():
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


def test_answers_odd_bodies(api: Api, words: dict[str, str]) -> None:
    for route in ROUTES:
        path = path_of(route, words)
        for method, (content, content_type) in what_to_send(route, ("PUT", "POST", "DELETE", "GET"), ODD_BODIES):
            with taken_back():
                response = api.request(method, path, content, auth="jane", headers={"Content-Type": content_type})
            is_api_answer(response)


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


def test_answers_odd_queries(api: Api, words: dict[str, str]) -> None:
    for route in ROUTES:
        path = path_of(route, words)
        for method, query in what_to_send(route, ("GET", "PUT", "POST", "DELETE"), ODD_QUERIES):
            with taken_back():
                response = api.request(method, path, {"text": "x"}, auth="jane", raw_query=query)
            is_api_answer(response)


def test_answers_browsers_too_in_json(api: Api, words: dict[str, str]) -> None:
    for route in ROUTES:
        path = path_of(route, words)
        usual = api.get(path, auth="jane").status_code

        for accept, status in {"text/html,*/*;q=0.1": usual, "text/html": 406, "nonsense": 406, "a/b,c": 406}.items():
            response = api.get(path, auth="jane", headers={"Accept": accept})
            is_api_answer(response)
            assert response.status_code == status, (route, accept)


def test_says_that_the_slash_is_missing(api: Api, words: dict[str, str]) -> None:
    before = snapshot()

    for number, route in enumerate(ROUTES):
        for method in () if route == "api/0/" else ("GET", METHODS[number % len(METHODS)]):
            response = api.request(method, path_of(route, words).rstrip("/"), {"text": "x"}, auth="jane")
            is_api_answer(response, of_a_route=False)
            assert response.status_code == 404, (method, route)
            assert method == "HEAD" or "slash" in response.json()["detail"]
    assert snapshot() == before


def test_begins_with_a_look_up(api: Api, words: dict[str, str]) -> None:
    """Which may be sent twice, when the connection turns out to be lost.

    Each method that a route has, and two more; callers take turns.
    """
    callers: list[Who | None] = ["jane", "key", None, "jane"]
    for number, route in enumerate(ROUTES):
        own = {name.upper() for name in VIEWS[route].actions} | {"OPTIONS", METHODS[number % len(METHODS)]}
        for method, auth in zip(sorted(own), cycle(callers[number % 4 :] + callers), strict=False):
            said: list[str] = []

            def hear(execute: Any, sql: str, *others: Any, said: list[str] = said) -> Any:
                said.append(sql)
                return execute(sql, *others)

            with taken_back(), connection.execute_wrapper(hear):
                api.request(method, path_of(route, words), {"text": "x"}, auth=auth)
            assert all(sql.lstrip().startswith("SELECT") for sql in said[:1]), (method, route, said[0])


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
    for auth, method in zip(cycle(who[UNKNOWN.index(path) % 3 :] + who), METHODS, strict=False):
        response = api.request(method, f"/api/0/{path}", {"text": "x"}, auth=auth)
        is_api_answer(response, of_a_route=False)
        assert response.status_code == 404


OTHER_HOSTS = ["elsewhere.example", "a b", "testserver:x", "[", "\u00e4", "testserver@evil", "%00"]


def test_is_not_on_another_host(api: Api, words: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="django.security.DisallowedHost"):
        for route, host in zip(ROUTES, cycle(OTHER_HOSTS)):
            response = api.get(path_of(route, words), auth="jane", headers={"Host": host})
            is_api_answer(response, of_a_route=False)
            assert response.status_code == 400, (route, host)
