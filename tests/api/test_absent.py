"""What clients ask for and this service has no such thing: answers that do no harm (issues/views/absent.py)."""

import re
from typing import Any

import pytest

from issues.models import Issue
from issues.views.absent import ABSENT
from tests.api_client import Api
from tests.assertions import snapshot

pytestmark = pytest.mark.django_db

Json = Any

NOT_FOUND = {"detail": "Not found."}

# What each is answered, said once more: a change of the table is a change of what clients get.
ORGANIZATION = "organizations/<str:organization>/"
ISSUES = ("issues/<str:issue>/", f"{ORGANIZATION}issues/<str:issue>/")
ANSWERS: dict[str, Json] = {
    f"{ORGANIZATION}repos/": [],
    f"{ORGANIZATION}monitors/": [],
    f"{ORGANIZATION}replay-count/": {},
    **{
        f"{issue}{rest}": answer
        for issue in ISSUES
        for rest, answer in {
            "autofix/": {"autofix": None},
            "external-issues/": [],
        }.items()
    },
}
ROUTES = list(ANSWERS)

LINK = re.compile(
    r'<(?P<previous>[^<>]+)>; rel="previous"; results="false"; cursor="0:0:1", '
    r'<(?P<next>[^<>]+)>; rel="next"; results="false"; cursor="0:0:0"'
)


def address(route: str, issue: Issue, key: str = "level") -> str:
    words = {
        "organization": "the-interstellar-jurisdiction",
        "project": "pump-station",
        "issue": str(issue.pk),
        "key": key,
    }
    return "/api/0/" + re.sub(r"<str:(\w+)>", lambda found: words[found[1]], route)


def test_is_all_of_the_table() -> None:
    assert ANSWERS == ABSENT


@pytest.mark.parametrize(("route", "answer"), ANSWERS.items())
@pytest.mark.parametrize("auth", ["jane", "sam", "key"])
def test_is_answered(api: Api, issue: Issue, route: str, answer: Json, auth: Any) -> None:
    before = snapshot()

    response = api.get(address(route, issue), auth=auth, raw_query="per_page=x&cursor=&statsPeriod=7d&sort=-timestamp")

    assert (response.status_code, response.json()) == (200, answer)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert ("Link" in response.headers) == isinstance(answer, list)
    assert snapshot() == before


LISTS = [route for route, answer in ANSWERS.items() if isinstance(answer, list)]


@pytest.mark.parametrize("route", LISTS)
@pytest.mark.parametrize("query", ["", "per_page=25&cursor=", "query=a%2Cb%3B&cursor=0:0:0", "a,b;c=<d>&e=\u00e4\"'"])
def test_is_a_list_whose_links_lead_nowhere_and_can_be_split(api: Api, issue: Issue, route: str, query: str) -> None:
    """Clients split the header at commas and semicolons, wherever they stand."""
    response = api.get(address(route, issue), raw_query=query)

    found = LINK.fullmatch(response.headers["Link"])
    assert found is not None, response.headers["Link"]
    for url in found.groups():
        assert url.startswith(f"http://testserver{address(route, issue)}")
        assert not set(url) & set(' ,;<>"')
        assert url.isascii()


@pytest.mark.parametrize("route", ROUTES)
def test_tells_nothing_to_strangers_and_asks_for_credentials(api: Api, issue: Issue, route: str) -> None:
    path = address(route, issue)

    assert (api.get(path, auth="kit").status_code, api.get(path, auth="kit").json()) == (404, NOT_FOUND)
    assert api.get(path, auth=None).status_code == 401
    assert api.get(path.replace(str(issue.pk), "nothing").replace("jurisdiction", "x")).json() == NOT_FOUND


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith(ISSUES[1])])
def test_is_of_an_issue_by_its_short_id_too(api: Api, issue: Issue, route: str) -> None:
    path = address(route, issue)

    assert api.get(path.replace(f"/{issue.pk}/", "/PUMP-STATION-1A/")).json() == api.get(path).json()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_can_not_be_made(api: Api, issue: Issue, route: str, method: str) -> None:
    before = snapshot()

    response = api.request(method, address(route, issue), {"name": "x"})

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert snapshot() == before
