"""The parameters of every GET: what a route doesn't know changes nothing, and is named (contract section 2)."""

from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict
from rest_framework.request import Request

from projects.models import Release
from tests.api_client import Api
from tests.assertions import snapshot
from tests.described import operation_of
from tests.routes import API, path_of, routes

pytestmark = pytest.mark.django_db

HEADER = "Ignored-Parameters"
ROUTES = sorted({route for route, view in routes() if route.startswith(API) and "get" in view.actions})
PAGES = {"api/0/docs/"}
LISTS = [route for route in ROUTES if "cursor" in str(operation_of(f"/{route}", "get").get("parameters"))]


def described(route: str) -> set[str]:
    """Return the parameters that the API's document has for a GET."""
    parameters = operation_of(f"/{route}", "get").get("parameters", [])
    return {parameter["name"] for parameter in parameters if parameter.get("in") == "query"}


def names_of(response: Any) -> list[str]:
    return response.headers[HEADER].split(",") if HEADER in response.headers else []


def test_there_are_routes_and_lists_to_walk() -> None:
    assert len(ROUTES) > 40
    assert len(LISTS) > 12


def test_names_what_it_does_not_know(api: Api, words: dict[str, str]) -> None:
    query = "collapse=a&referrer=x&collapse=b&id[]=7&statsperiod=1h&=&&%C3%A4"
    unknown = {"collapse", "referrer", "id[]", "statsperiod", "\u00e4"}
    for route in ROUTES:
        path = path_of(route, words)
        accept = {"Accept": "text/html"} if route in PAGES else {}

        plain = api.get(path, auth="jane", headers=accept)
        odd = api.get(path, auth="jane", raw_query=query, headers=accept)
        headed = api.request("HEAD", path, auth="jane", raw_query=query, headers=accept)

        assert plain.status_code == odd.status_code == headed.status_code == 200, route
        assert HEADER not in plain.headers, route
        assert names_of(odd) == names_of(headed) == ["collapse", "referrer", "id%5B%5D", "statsperiod", "%C3%A4"]
        assert unknown.isdisjoint(described(route))
        assert odd.content == plain.content, route
        assert odd.headers.get("Link") == plain.headers.get("Link"), route


def test_knows_what_the_document_says_and_reads_no_other(
    api: Api, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()

    class Watched(QueryDict):
        """Notes the names that are looked up."""

        def get(self, key: Any, *default: Any) -> Any:
            read.add(key)
            return super().get(key, *default)

        def getlist(self, key: Any, *default: Any) -> Any:
            read.add(key)
            return super().getlist(key, *default)

        def __contains__(self, key: Any) -> bool:
            read.add(key)
            return super().__contains__(key)

    monkeypatch.setattr(Request, "query_params", property(lambda request: Watched(request.META["QUERY_STRING"])))
    for route in ROUTES:
        read.clear()
        accept = {"Accept": "text/html"} if route in PAGES else {}

        response = api.get(path_of(route, words), auth="jane", headers=accept)

        assert response.status_code == 200
        assert read == described(route), route


def test_does_not_name_what_it_knows(api: Api, words: dict[str, str]) -> None:
    everywhere = {name for each in ROUTES for name in described(each)}
    query = "&".join(f"{name}=" for name in sorted(everywhere))
    for route in ROUTES:
        accept = {"Accept": "text/html"} if route in PAGES else {}

        response = api.get(path_of(route, words), auth="jane", raw_query=query, headers=accept)

        assert names_of(response) == sorted(everywhere - described(route)), route


@pytest.mark.parametrize("auth", [None, "kit"])
def test_an_error_names_it_too(api: Api, words: dict[str, str], auth: Any) -> None:
    path = path_of(f"{API}projects/<organization>/<project>/issues/", words)

    response = api.get(path, auth=auth, raw_query="environment[]=x&sort=date")
    wrong = api.get(path, auth="jane", raw_query="sort=newest&environment[]=x")

    assert response.status_code == (404 if auth else 401)
    assert wrong.status_code == 400
    assert names_of(response) == names_of(wrong) == ["environment%5B%5D"]


def test_says_nothing_where_nothing_is_read(api: Api, words: dict[str, str]) -> None:
    for method, route, status in [
        ("OPTIONS", "projects/<organization>/<project>/issues/", 200),
        ("GET", "projects/<organization>/<project>/mutations/<mutation>/undo/", 405),
        ("PUT", "projects/<organization>/<project>/issues/", 400),
    ]:
        response = api.request(method, path_of(f"{API}{route}", words), {}, auth="jane", raw_query="ids=1")

        assert response.status_code == status
        assert HEADER not in response.headers


def test_no_change_leaves_out_what_may_be_a_condition(api: Api, words: dict[str, str]) -> None:
    """``?project=`` narrows a list of releases: left out, a DELETE would take the release of every project."""
    releases = list(Release.objects.values())
    before = snapshot()
    changes = [
        (method, route)
        for route, view in routes()
        for method in ("post", "put", "delete")
        if route.startswith(API) and method in getattr(view, "actions", {})
    ]
    assert len(changes) > 25

    for method, route in changes:
        response = api.request(method.upper(), path_of(route, words), {}, auth="jane", raw_query="a=1&preview=true")

        assert response.status_code == 400, (method, route)
        assert response.json() == {"detail": 'Unknown query parameter "a". Nothing was changed.'}, (method, route)
    assert (snapshot(), list(Release.objects.values())) == (before, releases)


def test_names_twenty_of_a_million_bytes(api: Api, words: dict[str, str]) -> None:
    path = path_of(f"{API}projects/<organization>/<project>/", words)
    query = "&".join(f"{n:x}" for n in range(150_000))

    response = api.get(path, auth="jane", raw_query=query)
    long = api.get(path, auth="jane", raw_query=f"{'<' * 900_000}=1")

    assert names_of(response) == [f"{n:x}" for n in range(20)]
    assert long.headers[HEADER] == "%3C" * 333


# ---------------------------------------------------------------------------------------------------------------------
# What the links of a list repeat
# ---------------------------------------------------------------------------------------------------------------------


def test_links_repeat_what_the_list_knows(api: Api, words: dict[str, str]) -> None:
    for route in LISTS:
        path = path_of(route, words)
        known = sorted(described(route) - {"cursor"})
        size = "limit" if "limit" in known else "per_page"

        response = api.get(path, auth="jane", raw_query=f"a={'x' * 100_000}&cursor=&{size}=1&b&%63ursor=&{size}=02")

        assert response.status_code == 200, route
        link = response.headers["Link"]
        address = f"http://testserver{quote(path)}?{size}=1&{size}=02&cursor="
        assert link.count("<http") == link.count(f"<{address}") == 2
        assert len(link) < 1000


def test_links_are_under_the_base_url(api: Api, words: dict[str, str], settings: Any) -> None:
    settings.BASE_URL = "https://issues.example"
    for route in LISTS:
        path = path_of(route, words)

        response = api.get(path, auth="jane")

        assert response.headers["Link"].count(f"<https://issues.example{quote(path)}?cursor=") == 2
        assert "http://" not in response.headers["Link"]


def test_links_have_a_length_that_headers_may_have(api: Api, words: dict[str, str]) -> None:
    for route in LISTS:
        size = "limit" if "limit" in described(route) else "per_page"
        path = path_of(route, words)

        allowed = api.get(path, auth="jane", raw_query=f"{size}={'0' * 30_000}5")
        refused = api.get(path, auth="jane", raw_query=f"{size}={'0' * 33_000}5")

        assert (allowed.status_code, refused.status_code) == (200, 400), route
        assert len(allowed.headers["Link"]) < 61_000
        assert refused.json() == {"detail": "The query has more than 32768 characters; ask for less at once."}


@pytest.mark.parametrize("route", [route for route in LISTS if "query" in described(route)])
def test_a_query_has_two_thousand_characters_at_most(api: Api, words: dict[str, str], route: str) -> None:
    path = path_of(route, words)

    allowed = api.get(path, auth="jane", raw_query="query=" + "%F0%9F%A6%80" * 2000)
    refused = api.get(path, auth="jane", raw_query=f"query={'a' * 2001}")

    assert (allowed.status_code, refused.status_code) == (200, 400)
    assert "2000" in refused.content.decode().replace(",", "")


@pytest.mark.parametrize("route", [route for route in LISTS if "query" in described(route)])
def test_no_list_is_searched_by_the_last_of_two(api: Api, words: dict[str, str], route: str) -> None:
    """What was said before was as if it had not been: an empty one at the end was all."""
    path = path_of(route, words)

    refused = [api.get(path, auth="jane", raw_query=query) for query in ("query=no-such&query=", "query=a&query=b")]
    same = api.get(path, auth="jane", raw_query="query=no-such&per_page=1&query=no%2Dsuch")

    assert [(response.status_code, response.json()) for response in refused] == [
        (400, {"query": ["Say query once; put all terms into it."]})
    ] * 2
    assert (same.status_code, same.json()) == (200, [])
