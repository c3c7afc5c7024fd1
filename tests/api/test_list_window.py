"""GET: start and end, all projects, and an environment that is none (contract 2)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

OF_ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


@pytest.fixture(params=["project", "organization"])
def url(request: pytest.FixtureRequest, api: Api) -> str:
    return api.issues_url if request.param == "project" else OF_ORGANIZATION


@pytest.fixture
def cast(project: Project) -> dict[int, str]:
    """Names by id of issues that were seen first and last before noon, around it, and after it, to the microsecond."""
    times = {
        "before": (NOON - 2 * HOUR, NOON - MICROSECOND),
        "until": (NOON - HOUR, NOON),
        "around": (NOON - HOUR, NOON + HOUR),
        "from": (NOON, NOON + 2 * HOUR),
        "after": (NOON + MICROSECOND, NOON + 3 * HOUR),
    }
    return {
        IssueFactory(project=project, own_first_seen=first, own_last_seen=last).pk: name
        for name, (first, last) in times.items()
    }


def names(api: Api, url: str, cast: dict[int, str], query: str) -> list[str]:
    response = api.get(url, raw_query=query)
    assert response.status_code == 200, response.content
    found = [cast[int(item["id"])] for item in response.json()]
    assert response.headers["X-Hits"] == str(len(found))
    return found[::-1]


ALL = ["before", "until", "around", "from", "after"]
NOT_BEFORE = ["until", "around", "from", "after"]
NOT_AFTER = ["before", "until", "around", "from"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("start=2026-03-01T12:00:00Z", NOT_BEFORE),
        ("end=2026-03-01T12:00:00Z", NOT_AFTER),
        ("start=2026-03-01T12:00:00Z&end=2026-03-01T12:00:00Z", ["until", "around", "from"]),
        ("start=2026-03-01T12:00:00.000001Z", ["around", "from", "after"]),
        ("end=2026-03-01T11:59:59.999999", ["before", "until", "around"]),
        ("start=2026-03-01T12:00:00", NOT_BEFORE),
        ("start=2026-03-01%2012:00", NOT_BEFORE),
        ("start=2026-03-01T14:00:00%2B02:00", NOT_BEFORE),
        ("start=2026-03-01T06:30:00.000000-05:30", NOT_BEFORE),
        ("end=2026-03-02T03:59:00%2B15:59", NOT_AFTER),
        ("start=2026-03-01&end=2026-03-02", ALL),
        ("start=2026-03-02", []),
        ("end=2026-03-01", []),
        ("start=&end=", ALL),
        ("start=0001-01-01T00:00:00%2B10:00&end=9999-12-31T23:59:59-10:00", ALL),
        ("start=2026-03-01T12:00:00Z&query=is:unresolved", NOT_BEFORE),
        ("start=2026-03-01T12:00:00Z&status=unresolved", NOT_BEFORE),
        ("start=2026-03-01T12:00:00Z&query=is:resolved", []),
        ("start=2026-03-01T12:00:00Z&status=resolved", []),
    ],
)
def test_holds_what_was_seen_between_start_and_end(
    api: Api, cast: dict[int, str], url: str, query: str, found: list[str]
) -> None:
    assert names(api, url, cast, query) == found


def test_walks_what_is_between_start_and_end(api: Api, cast: dict[int, str], url: str) -> None:
    query = "limit=1&sort=new&start=2026-03-01T12:00:00Z&end=2026-03-01T13:00:00Z"
    found = []
    cursor = ""
    for _ in range(len(NOT_BEFORE)):
        response = api.get(url, raw_query=f"{query}&cursor={cursor}")
        found += [cast[int(item["id"])] for item in response.json()]
        assert f"{query}&cursor=" in response.headers["Link"]
        cursor = response.headers["Link"].rpartition('cursor="')[2].rstrip('"')

    assert found == ["after", "from", "around", "until"]
    assert 'rel="next"; results="false"' in response.headers["Link"]


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize(
    "word",
    [
        "yesterday",
        "-24h",
        "1772366400",
        "2026-13-01",
        "2026-02-30",
        "2026-03-01T25:00:00",
        "2026-03-01T12:00:00+16:00",
        "2026-03-01T12:00:00-16:00",
        "2026-03-01T12:00:00 02:00",
        "2026-03-01T12:00:00Z ",
        " ",
        "\u0662\u0660\u0662\u0666-03-01",
        "2026-03-01\0",
        "9" * 5000,
    ],
    ids=lambda word: repr(word)[:30],
)
def test_refuses_what_is_no_time(api: Api, cast: dict[int, str], url: str, name: str, word: str) -> None:
    response = api.get(url, raw_query=f"{name}={quote(word)}")

    assert response.status_code == 400
    assert list(response.json()) == [name]
    assert response.json()[name][0].startswith(f'"{word[:40]}" is no time; say one in ISO 8601, ')


def test_names_both_at_once(api: Api, url: str) -> None:
    response = api.get(url, raw_query="end=x&start=y")

    assert response.status_code == 400
    assert set(response.json()) == {"start", "end"}


def test_refuses_an_end_before_the_start(api: Api, cast: dict[int, str], url: str) -> None:
    response = api.get(url, raw_query="start=2026-03-01T12:00:00.000001Z&end=2026-03-01T12:00:00Z")

    assert (response.status_code, response.json()) == (400, {"end": ["The end is before the start."]})


@pytest.mark.parametrize("given", ["start", "end"])
def test_wins_over_the_period_in_what_is_kept_but_not_in_the_points(
    api: Api, cast: dict[int, str], url: str, given: str
) -> None:
    query = f"{given}=2026-03-01T12:00:00Z&statsPeriod=1h"

    assert names(api, url, cast, query) == (NOT_BEFORE if given == "start" else NOT_AFTER)
    (stats,) = {tuple(item["stats"]) for item in api.get(url, raw_query=query).json()}
    assert stats == ("1h",)


def test_an_empty_start_leaves_the_period_to_narrow(api: Api, cast: dict[int, str]) -> None:
    assert names(api, OF_ORGANIZATION, cast, "start=&end=&statsPeriod=1h") == []


def test_a_short_id_is_found_whenever_it_was_seen(api: Api, cast: dict[int, str], url: str) -> None:
    pk = next(iter(cast))
    query = f"shortIdLookup=1&query={Issue.objects.get(pk=pk).short_id}&start=2026-03-02"

    assert names(api, url, cast, query) == ["before"]


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user"])
def test_a_walk_shows_the_issue_of_a_short_id_once(api: Api, cast: dict[int, str], url: str, sort: str) -> None:
    query = f"shortIdLookup=1&sort={sort}&query={Issue.objects.get(pk=next(iter(cast))).short_id}"
    response = api.get(url, raw_query=query)

    for rel in ("previous", "next"):
        found = response.headers["Link"].partition(f'rel="{rel}"')[2].split('cursor="')[1].split('"')[0]
        there = api.get(url, raw_query=f"{query}&cursor={found}")
        assert (there.status_code, there.json()) == (200, [])


# ---------------------------------------------------------------------------------------------------------------------
# All projects
# ---------------------------------------------------------------------------------------------------------------------


def test_minus_one_means_all_projects_that_the_caller_sees(
    api: Api, project: Project, other_project: Project, stranger_project: Project
) -> None:
    ours = {IssueFactory(project=project).pk, IssueFactory(project=other_project).pk}
    IssueFactory(project=stranger_project)

    for query in ("", "project=-1", f"project=-1&project={project.pk}", "project=-1&project=-1"):
        response = api.get(OF_ORGANIZATION, raw_query=query)
        assert {int(item["id"]) for item in response.json()} == ours
    refused = api.get(OF_ORGANIZATION, raw_query="project=-1&project=x")
    assert (refused.status_code, list(refused.json())) == (400, ["project"])


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_minus_one_is_no_project_to_change(api: Api, project: Project, method: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    for query in ("project=-1", f"id={issue.pk}&project=-1", f"project=-1&project={project.pk}"):
        response = api.request(method, OF_ORGANIZATION, {"status": "resolved"}, raw_query=query)
        assert (response.status_code, list(response.json())) == (400, ["project"])
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Environments
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["environment=", "environment=&environment="])
def test_an_empty_environment_is_none(api: Api, cast: dict[int, str], url: str, query: str) -> None:
    assert names(api, url, cast, query) == ALL


@pytest.mark.parametrize("name", ["start", "end", "statsPeriod", "sort", "limit", "cursor"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_knows_nothing_of_it(api: Api, project: Project, url: str, method: str, name: str) -> None:
    issue = IssueFactory(project=project, own_last_seen=timezone.now())
    before = snapshot()

    response: Any = api.request(method, url, {"status": "resolved"}, raw_query=f"id={issue.pk}&{name}=")

    assert response.status_code == 400
    assert response.json() == {"detail": f'Unknown query parameter "{name}". Nothing was changed.'}
    assert snapshot() == before
