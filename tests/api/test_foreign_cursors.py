"""Cursors that are not of the list that is asked: a 400 on every list, never its end without a word (contract 2)."""

import re
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any
from uuid import UUID

import pytest

from projects.models import Project, Release, User
from tests.api_client import Api
from tests.described import operation_of
from tests.factories import (
    ActivityFactory,
    DeployFactory,
    IssueFactory,
    MutationFactory,
    ProjectFactory,
    ReleaseFactory,
)
from tests.factories.events import keep_event_of
from tests.routes import API, path_of, routes

pytestmark = pytest.mark.django_db

MAX_ID = 2**63 - 1
LISTS = sorted(
    route
    for route, view in routes()
    if route.startswith(API)
    and "get" in view.actions
    and "cursor" in str(operation_of(f"/{route}", "get").get("parameters"))
)
OF_ISSUES = [route for route in LISTS if route.endswith("ssues/")]
OF_EVENTS = [route for route in LISTS if route.endswith("events/")]
BY_TIME = [*OF_EVENTS, *(route for route in LISTS if route.endswith(("releases/", "deploys/", "commits/")))]
BY_ID = [route for route in LISTS if route not in {*OF_ISSUES, *BY_TIME}]
SORTED = [
    *((route, "", "id") for route in BY_ID),
    *((route, "", "time") for route in BY_TIME),
    *((route, f"sort={sort}&", "time") for route in OF_ISSUES for sort in ("date", "new")),
    *((route, f"sort={sort}&", "count") for route in OF_ISSUES for sort in ("freq", "user")),
]


@pytest.fixture
def words(project: Project, jane: User) -> dict[str, str]:
    """What stands for each part of a route; there are three of everything that is listed."""
    issue = IssueFactory(project=project, short_number=42)
    release = ReleaseFactory(projects=[project], version="1.0")
    for number in range(2):
        IssueFactory(project=project, short_number=number + 1)
        ProjectFactory(organization=project.organization)
        ReleaseFactory(projects=[project], version=f"2.{number}")
    for _ in range(3):
        ActivityFactory(issue=issue, user=jane, note=True)
        DeployFactory(release=release)
    for number in range(3):
        keep_event_of(issue, event_id=UUID(int=2**100 + number), tags=[["level", str(number)], [f"k{number}", "x"]])
    mutations = [MutationFactory(project=project, ids=[issue.pk]) for _ in range(3)]
    return {
        "organization": project.organization.slug,
        "project": project.slug,
        "issue": str(issue.pk),
        "mutation": str(mutations[0].pk),
        "version": "1.0",
        "key": "k0",
    }


def cursors_of(response: Any) -> dict[str, str]:
    """Return the cursor of each rel: a list's own, which may say more than others do."""
    found: list[tuple[str, str]] = re.findall(r'rel="(\w+)"; results="\w+"; cursor="([^"]*)"', response.headers["Link"])
    return dict(found)


def size(query: str, route: str) -> str:
    return f"{query}{'limit' if route in OF_ISSUES else 'per_page'}=1"


def test_every_list_is_of_one_kind() -> None:
    assert len(OF_ISSUES) == 2
    assert len(BY_TIME) == 4 + len(OF_EVENTS) == 7
    assert len(BY_ID) > 10


# What is not of a list by this: of another sort, of another service (an offset), or made up.
FOREIGN = {
    "id": ["0:100:0", "100:1:0", "5:6:1", "1772366400000000:5:0", "-5:5:0", f"{MAX_ID}:1:0", f"0:{MAX_ID}:1"],
    "time": ["0:100:0", "100:1:0", "5:5:0", "7:5:1", "-1:5:0", "99999999999999:5:0", f"1:{MAX_ID}:0", "1772366400:5:0"],
    "count": ["1772366400000000:5:0", "-1:5:0", "100000000000000:5:1", f"{MAX_ID}:{MAX_ID}:0", f"-{MAX_ID}:0:1"],
}


def test_are_refused(api: Api, words: dict[str, str]) -> None:
    """Three by each list, others by the next: which are foreign is decided by kind, in one place."""
    for number, (route, query, kind) in enumerate(SORTED):
        for cursor in islice(cycle(FOREIGN[kind]), 3 * number, 3 * number + 3):
            response = api.get(path_of(route, words), auth="jane", raw_query=f"{query}cursor={cursor}")

            assert response.status_code == 400, (route, query, cursor)
            sentence = f'"{cursor}" is no cursor of this list; take one from the Link header of one of its answers.'
            assert response.json() == {"cursor": [sentence]}


def test_of_a_walk_are_taken_there_and_back(api: Api, words: dict[str, str]) -> None:
    """One more than the three that are there, which is before or behind them all."""
    for route, query, _ in SORTED:
        path = path_of(route, words)
        seen = []
        response = api.get(path, auth="jane", raw_query=size(query, route))
        for rel in ("next", "previous"):
            for _ in range(4):
                seen.append(cursors_of(response)[rel])
                response = api.get(path, auth="jane", raw_query=f"{size(query, route)}&cursor={seen[-1]}")
                assert response.status_code == 200, (route, seen, response.content)


def test_by_chance_are_refused_or_could_be_of_the_list(api: Api, words: dict[str, str]) -> None:
    """Five on each of the lists, which are some two hundred; which cursor is whose is decided by kind, in one place."""
    for route, query, kind in SORTED:
        assert_refused_or_own(api, path_of(route, words), route, query, kind)


def assert_refused_or_own(api: Api, path: str, route: str, query: str, kind: str) -> None:
    chance = Random(f"{route}{query}")
    numbers = [0, 1, 5, 99, 10**9, 10**14 - 1, 10**14, 10**15, 1772366400000000, 253402300799999999, 10**18, MAX_ID]

    def number() -> str:
        return f"{chance.choice(['', '', '', '-', '+', '0'])}{chance.choice(numbers) + chance.randint(-1, 1)}"

    def piece() -> str:
        return chance.choice([number(), number(), number(), "", "x", "1.5", "%00", "%D9%A1", "%20", "9" * 30, "1e3"])

    for _ in range(5):
        parts = [piece() for _ in range(chance.choice([1, 2, 3, 3, 3, 3, 3, 3, 4]))]
        if len(parts) == 3 and chance.random() < 0.9:
            parts[2] = chance.choice("01")
        cursor = ":".join(parts)
        response = api.get(path, auth="jane", raw_query=f"{query}cursor={cursor}")

        if response.status_code == 200 and cursor:
            digits = 39 if route in OF_EVENTS else 19
            found = re.fullmatch(rf"(-?[0-9]{{1,19}}):([0-9]{{1,{digits}}}):[01]", cursor)
            assert found is not None, cursor
            value, pk = int(found[1]), int(found[2])
            may_be = {"id": value == pk, "time": abs(value) >= 10**14, "count": 0 <= value < 10**14}
            assert may_be[kind] or (value, pk) == (0, 0), cursor
        elif cursor:
            assert response.status_code == 400
            assert list(response.json()) == ["cursor"], cursor


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def walked(api: Api, path: str, query: str) -> list[str]:
    """Return the pages of one, as a walk finds them."""
    found, cursor = [], ""
    for _ in range(9):
        response = api.get(path, auth="jane", raw_query=f"{query}&cursor={cursor}")
        assert response.status_code == 200, response.content
        found += [item["id"] for item in response.json()]
        cursor = cursors_of(response)["next"]
        if 'rel="next"; results="false"' in response.headers["Link"]:
            break
    return [str(pk) for pk in found]


def test_of_rows_that_old_are_taken(api: Api, project: Project) -> None:
    """A clock that was never set, and a release whose date somebody made up: what is there can be walked."""
    times = [LONG_AGO + timedelta(microseconds=n) for n in (-5, 0, 7)]
    issues = [IssueFactory(project=project, own_first_seen=time, own_last_seen=time) for time in times]
    releases = [ReleaseFactory(projects=[project], version=f"v{n}", released_at=time) for n, time in enumerate(times)]
    path = f"/api/0/projects/{project.organization.slug}/{project.slug}/"

    for sort in ("date", "new"):
        assert walked(api, f"{path}issues/", f"limit=1&sort={sort}") == [str(each.pk) for each in issues[::-1]]
    assert walked(api, f"{path}releases/", "per_page=1") == [
        str(Release.objects.get(version=each.version).pk) for each in releases[::-1]
    ]


def test_of_rows_that_count_so_much_are_taken(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project, own_times_seen=count) for count in (10**14, 10**17, 2**62)]

    assert walked(api, api.issues_url, "limit=1&sort=freq") == [str(each.pk) for each in issues[::-1]]


def test_of_the_first_page_elsewhere_is_the_first_page_here(api: Api, words: dict[str, str]) -> None:
    for route in LISTS:
        path = path_of(route, words)
        first: Any = api.get(path, auth="jane")
        assert api.get(path, auth="jane", raw_query="cursor=0:0:0").json() == first.json()
