"""Every route under /api/0/: whoever calls, whatever the method, the answer is JSON with the documented headers.

The routes are read from the resolver, so that one that is added is walked, too (contract 1.8, 1.9).
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from projects.models import Project, User
from tests.api_client import Api, Who
from tests.assertions import snapshot
from tests.factories import ActivityFactory, IssueFactory, MutationFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "TRACE", "DELETE"]
WRITING = ["PUT", "POST", "PATCH", "DELETE"]
ON_API_ANSWERS = {
    "Content-Language": "en",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Yield the route of every view of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


ROUTES = sorted({route for route in routes() if route.startswith("api/0/")})
WITHOUT_CREDENTIALS = {"api/0/shared/issues/<str:share_id>/"}


@pytest.fixture
def words(project: Project, jane: User) -> dict[str, str]:
    """What stands for each part of a route, all of which exist."""
    issue = IssueFactory(project=project, short_number=42, public=True, own_comment_count=1)
    assert issue.share_id is not None
    return {
        "organization": project.organization.slug,
        "project": project.slug,
        "issue": str(issue.pk),
        "note": str(ActivityFactory(issue=issue, user=jane, note=True).pk),
        "event": f"{issue.pk:032x}",
        "key": "level",
        "mutation": str(MutationFactory(project=project).pk),
        "share_id": issue.share_id.hex,
        "version": ReleaseFactory(projects=[project]).version,
    }


def path_of(route: str, words: dict[str, str], **others: str) -> str:
    found = words | others
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: found.get(part[1], "1"), route)


def check(response: Any, *, of_a_route: bool = True) -> None:
    """Assert what holds for every answer."""
    what = f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']}: {response.status_code}"
    headers = response.headers
    assert response.status_code < 500, what
    assert {name: headers.get(name) for name in ON_API_ANSWERS} == ON_API_ANSWERS, what
    if response.content:
        assert headers["Content-Type"] == "application/json", what
        body = response.json()
        assert response.status_code < 400 or (isinstance(body, dict) and body), what
    elif response.request["REQUEST_METHOD"] != "HEAD":
        assert response.status_code in {202, 204}, what
    assert ("Allow" in headers) == of_a_route, what


def test_there_are_routes_to_walk() -> None:
    assert len(ROUTES) > 30
    assert set(ROUTES) > WITHOUT_CREDENTIALS


@pytest.mark.parametrize("route", ROUTES)
def test_answers_whom_it_does_not_know(api: Api, words: dict[str, str], route: str) -> None:
    before = snapshot()

    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic nonsense"}):
        for method in METHODS:
            response = api.request(method, path_of(route, words), {"text": "x"}, auth=None, headers=headers)
            check(response)
            if route in WITHOUT_CREDENTIALS:
                assert response.status_code == (200 if method in {"GET", "HEAD", "OPTIONS"} else 405)
            else:
                assert response.status_code == 401
                assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES)
def test_answers_strangers(api: Api, words: dict[str, str], route: str) -> None:
    before = snapshot()

    for method in METHODS:
        response = api.request(method, path_of(route, words), {"text": "x"}, auth="kit")
        check(response)
        assert response.status_code == 404 or "<" not in route or route in WITHOUT_CREDENTIALS
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES)
def test_answers_a_page_of_somebody_else_in_the_browser(
    api: Api, words: dict[str, str], jane: User, route: str
) -> None:
    """The cookie goes along with what another site sends; the CSRF token does not."""
    browser = Api(api.issues_url, api.authorization, Client(enforce_csrf_checks=True))
    browser.client.force_login(jane)
    before = snapshot()

    for method in METHODS:
        response = browser.request(method, path_of(route, words), {"text": "x"}, auth=None)
        check(response)
        assert response.status_code == (405 if route in WITHOUT_CREDENTIALS else 403) or method not in WRITING
    assert snapshot() == before


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("auth", ["jane", "key"])
def test_answers_who_may(api: Api, words: dict[str, str], route: str, auth: Who) -> None:
    path = path_of(route, words)

    answers = {method: api.request(method, path, {"text": "x"}, auth=auth) for method in METHODS}

    for response in answers.values():
        check(response)
    allowed = answers["OPTIONS"].headers["Allow"].split(", ")
    refused = {method for method, response in answers.items() if response.status_code == 405}
    assert refused == set(METHODS) - set(allowed)


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
    for name in re.findall(r"<(?:\w+:)?(\w+)>", route):
        for word in ODD_WORDS:
            for method in ("GET", "PUT", "DELETE"):
                path = path_of(route, words, **{name: word})
                response = api.request(method, path, {"text": "x"}, auth="jane")
                # A line break is no part of a version: such a path is none of ours.
                check(response, of_a_route=not (name == "version" and "%0A" in word))
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
    for method in ("GET", "PUT", "POST", "DELETE"):
        for content, content_type in ODD_BODIES:
            check(api.request(method, path, content, auth="jane", headers={"Content-Type": content_type}))


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
    for method in ("GET", "PUT", "POST", "DELETE"):
        for query in ODD_QUERIES:
            check(api.request(method, path, {"text": "x"}, auth="jane", raw_query=query))


@pytest.mark.parametrize("route", ROUTES)
def test_answers_browsers_too_in_json(api: Api, words: dict[str, str], route: str) -> None:
    path = path_of(route, words)
    usual = api.get(path, auth="jane").status_code

    for accept, status in {"text/html,*/*;q=0.1": usual, "text/html": 406, "nonsense": 406, "a/b,c": 406}.items():
        response = api.get(path, auth="jane", headers={"Accept": accept})
        check(response)
        assert response.status_code == status


@pytest.mark.parametrize("route", [route for route in ROUTES if route != "api/0/"])
def test_says_that_the_slash_is_missing(api: Api, words: dict[str, str], route: str) -> None:
    before = snapshot()

    for method in METHODS:
        response = api.request(method, path_of(route, words).rstrip("/"), {"text": "x"}, auth="jane")
        check(response, of_a_route=False)
        assert response.status_code == 404
        assert method == "HEAD" or "slash" in response.json()["detail"]
    assert snapshot() == before


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
            check(response, of_a_route=False)
            assert response.status_code == 404


@pytest.mark.parametrize("host", ["elsewhere.example", "a b", "testserver:x", "[", "\u00e4", "testserver@evil", "%00"])
def test_is_not_on_another_host(api: Api, words: dict[str, str], host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="django.security.DisallowedHost"):
        for route in ROUTES:
            response = api.get(path_of(route, words), auth="jane", headers={"Host": host})
            check(response, of_a_route=False)
            assert response.status_code == 400
