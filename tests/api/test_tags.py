"""The tags of an issue's events, and their values (contract 7.10)."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from issues.models import Issue
from projects.models import Project
from tests.answers import iso, links_of
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND
from tests.api_client import Api
from tests.events.reading.telling import counted
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

TIMES = [NOW - timedelta(minutes=number) for number in range(5)]
SHOPS = ["north", "south", "north", "east", "west"]


@pytest.fixture
def tagged(project: Project) -> Issue:
    for at, shop in zip(TIMES, SHOPS, strict=True):
        counted(project, at=at, tags=[["shop", shop]], level="error")
    return Issue.objects.get()


PREFIXES = [f"{ISSUES}{{issue}}/", f"{ISSUES}{{short}}/", f"{LEGACY}{{issue}}/"]
NORTH = {
    **{"key": "shop", "name": "north", "value": "north", "count": 2},
    **{"firstSeen": iso(TIMES[2]), "lastSeen": iso(TIMES[0])},
}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_are_listed_by_key_with_their_top_values(api: Api, tagged: Issue, prefix: str) -> None:
    path = f"{prefix.format(issue=tagged.pk, short=tagged.short_id)}tags/"

    response = api.get(path)
    level, shop = response.json()

    assert response.status_code == 200
    assert (level["key"], level["totalValues"], level["uniqueValues"]) == ("level", 5, 1)
    assert (shop["key"], shop["name"], shop["totalValues"], shop["uniqueValues"]) == ("shop", "shop", 5, 4)
    assert shop["topValues"][0] == NORTH
    assert links_of(response)["next"] == "false"
    assert api.get(f"{path}shop/").json() == shop
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("count", "north east south west"),
        ("-count", "north east south west"),
        ("date", "north south east west"),
        ("age", "south north east west"),
        ("id", "south north east west"),
        ("", "south north east west"),
    ],
)
def test_have_values_in_the_order_that_is_asked_for(api: Api, tagged: Issue, sort: str, values: str) -> None:
    response = api.get(f"{ISSUES}{tagged.pk}/tags/shop/values/", raw_query=f"sort={sort}")

    assert response.status_code == 200
    assert [value["value"] for value in response.json()] == values.split()
    assert NORTH in response.json()


@pytest.mark.parametrize("rest", ["tags/shop/values/", "tags/"])
def test_come_in_pages_there_and_back(api: Api, tagged: Issue, rest: str) -> None:
    key = "value" if "values" in rest else "key"
    path = f"{ISSUES}{tagged.pk}/{rest}"
    everything = [item[key] for item in api.get(path).json()]

    found, query = list[str](), "per_page=1"
    while query:
        response = api.get(path, raw_query=query)
        found += [item[key] for item in response.json()]
        links = links_of(response)
        query = urlsplit(links["next_url"]).query if links["next"] == "true" else ""

    assert found == everything
    back = api.get(path, raw_query=urlsplit(links["previous_url"]).query)
    assert [item[key] for item in back.json()] == everything[-2:-1]


@pytest.mark.parametrize(
    ("rest", "query", "field"),
    [
        ("tags/shop/values/", "sort=new", "sort"),
        ("tags/shop/values/", "cursor=x", "cursor"),
        ("tags/shop/values/", "cursor=1772366400000000:5:0", "cursor"),
        ("tags/", "per_page=x", "per_page"),
    ],
)
def test_are_refused_where_it_means_nothing(api: Api, tagged: Issue, rest: str, query: str, field: str) -> None:
    response = api.get(f"{ISSUES}{tagged.pk}/{rest}", raw_query=query)

    assert (response.status_code, list(response.json())) == (400, [field])


@pytest.mark.parametrize("rest", ["", "values/"])
def test_of_an_unknown_key_are_not_found(api: Api, tagged: Issue, rest: str) -> None:
    for key in ("Shop", "nothing", "%00", "%FF", "a%20b%22%3E"):
        response = api.get(f"{ISSUES}{tagged.pk}/tags/{key}/{rest}")

        assert (response.status_code, response.json()) == (404, NOT_FOUND), key


def test_of_an_issue_without_kept_events_are_none(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    assert api.get(f"{ISSUES}{issue.pk}/tags/").json() == []
    assert api.get(f"{ISSUES}{issue.pk}/tags/level/").status_code == 404
