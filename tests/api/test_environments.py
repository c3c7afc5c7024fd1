"""Issues that were seen in an environment: lists, changes, and which there are (contract 7.10)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.counting import counting
from issues.models import Issue, Mutation
from projects.models import Project
from tests.api.one_issue import Json
from tests.api_client import Api
from tests.assertions import snapshot
from tests.events.reading.telling import counted, keep
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

HERE = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"
OF_ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/"
LISTS = [f"{HERE}issues/", f"{OF_ORGANIZATION}issues/"]


def seen_in(project: Project, name: str, environment: str) -> None:
    """Count an event; what doesn't hold of issues that a test has put into a tree by hand is no matter here."""
    keep(project, name, environment=environment)
    counting.count_next(project.pk, now=timezone.now)


@pytest.fixture
def seen(project: Project) -> dict[str, Issue]:
    """Issues by where they were seen; `parent` itself nowhere, but what was merged into it in testing."""
    for name, environment in (
        ("live", "production"),
        ("both", "production"),
        ("both", "staging"),
        ("early", "staging"),
    ):
        seen_in(project, name, environment)
    seen_in(project, "deep", "testing")
    issues = {name: Issue.objects.get(text__title=f"Error: {name}") for name in ("live", "both", "early", "deep")}
    issues["nowhere"] = IssueFactory(project=project, short_number=101)
    issues["parent"] = IssueFactory(project=project, short_number=102, first_seen=NOW - timedelta(days=9))
    child = IssueFactory(merged_into=issues["parent"], short_number=103)
    Issue.objects.filter(pk=issues["deep"].pk).update(merged_into=child)
    return issues


def listed(api: Api, path: str, query: str, seen: dict[str, Issue]) -> set[str]:
    response = api.get(path, raw_query=query)
    assert response.status_code == 200, response.content
    names = {str(issue.pk): name for name, issue in seen.items()}
    return {names[item["id"]] for item in response.json()}


KEPT = [
    ("environment=production", "live both"),
    ("environment=PRODUCTION", "live both"),
    ("environment=production&environment=staging", "live both early"),
    ("environment=production&environment=", "live both"),
    ("environment=testing", "parent"),
    ("environment=nothing", ""),
    ("environment=%20", ""),
    ("environment=prod*", ""),
    ("environment=a%22b%5C", ""),
    ("query=environment:production", "live both"),
    ("query=environment:prod*", "live both"),
    ('query=environment:"prod*"', ""),
    ("query=environment:[production,staging]", "live both early"),
    ("query=environment:production environment:staging", "both"),
    ("query=!environment:production", "early nowhere parent"),
    ("query=!environment:testing", "live both early nowhere"),
    ("query=environment:nothing", ""),
    ("query=environment:staging&environment=production", "both"),
]


@pytest.mark.parametrize("path", LISTS)
def test_keeps_the_issues_seen_there(api: Api, seen: dict[str, Issue], path: str) -> None:
    found = {query: listed(api, path, query, seen) for query, _ in KEPT}

    assert found == {query: set(names.split()) for query, names in KEPT}


def test_of_another_project_is_none_here(api: Api, seen: dict[str, Issue], other_project: Project) -> None:
    seen_in(other_project, "other", "elsewhere")
    seen["other"] = Issue.objects.get(text__title="Error: other")

    assert listed(api, LISTS[0], "environment=elsewhere", seen) == set()
    assert listed(api, LISTS[1], "environment=elsewhere", seen) == {"other"}


STATUS = {"status": "resolved"}
NOWHERE = [
    "environment=nothing",
    "environment=production&environment=nothing",
    "environment=",
    "environment=production&environment=",
    "query=environment:nothing",
    "query=!environment:nothing",
    'query=!environment:"nothing"',
    "query=environment:no*",
    "query=environment:[production,nothing]",
    "environment=elsewhere",
]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", LISTS)
def test_that_nobody_has_changes_nothing(
    api: Api, seen: dict[str, Issue], stranger_project: Project, method: str, path: str
) -> None:
    """Misread as no filter, it would be about all."""
    seen_in(stranger_project, "theirs", "elsewhere")
    before = snapshot()
    ids = "".join(f"&id={issue.pk}" for name, issue in seen.items() if name != "deep")

    for query in NOWHERE:
        for narrowed in (query, f"{query}{ids}"):
            response = api.request(method, path, STATUS if method == "PUT" else None, raw_query=narrowed)

            assert response.status_code == 400, narrowed
            # An empty one is no name that isn't there: perhaps it was not filled in.
            empty = {"environment": ["Name an environment, or leave this out."]}
            assert (response.json() == empty) is query.endswith("environment="), narrowed
    assert snapshot() == before


@pytest.mark.parametrize(
    ("query", "names", "told"),
    [
        ("environment=production", "live both", 'environment:["production"]'),
        (
            "query=is:unresolved&environment=staging&environment=testing",
            "both early parent",
            'is:unresolved environment:["staging","testing"]',
        ),
        ("query=!environment:staging", "live nowhere parent", "!environment:staging"),
    ],
)
def test_narrows_a_change_of_all(api: Api, seen: dict[str, Issue], query: str, names: str, told: str) -> None:
    response = api.put(api.issues_url, STATUS, raw_query=query)

    assert response.status_code == 200
    changed = {name for name, issue in seen.items() if Issue.objects.get(pk=issue.pk).status == "resolved"}
    assert changed == set(names.split())
    assert response.headers["Issues-Changed"] == str(len(changed))
    assert Mutation.objects.get().query == told


def test_narrows_a_change_of_some(api: Api, seen: dict[str, Issue]) -> None:
    ids = [seen[name].pk for name in ("live", "early", "nowhere")]

    response = api.put(api.issues_url, STATUS, ids=ids, raw_query="&environment=production")

    assert response.headers["Issues-Changed"] == "1"
    assert Issue.objects.get(status="resolved") == seen["live"]


def test_narrows_a_deletion(api: Api, seen: dict[str, Issue]) -> None:
    ids = [seen[name].pk for name in ("live", "early", "nowhere")]

    assert api.delete(api.issues_url, ids=ids, raw_query="&environment=production").status_code == 204

    assert set(Issue.objects.filter(pk__in=ids)) == {seen["early"], seen["nowhere"]}


# ---------------------------------------------------------------------------------------------------------------------
# Which there are
# ---------------------------------------------------------------------------------------------------------------------


def names_of(response: Any) -> list[str]:
    assert response.status_code == 200
    found: list[Json] = response.json()
    assert all(set(item) - {"isHidden"} == {"id", "name"} and item["id"].isdigit() for item in found)
    # The project's say it, for clients that require it; none of them is hidden.
    of_project = "/projects/" in response.wsgi_request.path
    assert [item.get("isHidden") for item in found] == [False if of_project else None] * len(found)
    return [item["name"] for item in found]


def test_are_listed(api: Api, seen: dict[str, Issue], other_project: Project, stranger_project: Project) -> None:
    seen_in(other_project, "a", "staging")
    seen_in(other_project, "b", "elsewhere")
    seen_in(stranger_project, "c", "theirs")

    assert names_of(api.get(f"{HERE}environments/")) == ["production", "staging", "testing"]
    everywhere = ["production", "staging", "testing", "elsewhere"]
    assert names_of(api.get(f"{OF_ORGANIZATION}environments/")) == everywhere
    assert names_of(api.get(f"{OF_ORGANIZATION}environments/", raw_query="per_page=3")) == everywhere[:3]
    assert [api.get(f"{each}environments/", auth="kit").status_code for each in (HERE, OF_ORGANIZATION)] == [404, 404]


# ---------------------------------------------------------------------------------------------------------------------
# An event's id
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
def test_the_id_of_an_event_finds_its_issue_whatever_its_status(api: Api, project: Project, path: str) -> None:
    event_id = counted(project)
    counted(project, "valve")
    issue = Issue.objects.get(text__title="Error: pump")
    api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])

    for word in (event_id.hex, str(event_id), f"%20{event_id.hex.upper()}%20"):
        response = api.get(path, raw_query=f"query={word}")
        assert [item["id"] for item in response.json()] == [str(issue.pk)]
        assert response.headers["X-Hits"] == "1"


def test_the_id_of_an_event_that_one_does_not_see_is_a_word(
    api: Api, project: Project, stranger_project: Project
) -> None:
    theirs = counted(stranger_project)
    named = IssueFactory(project=project, short_number=101, text__title=f"Event {theirs.hex} was lost")

    for path in LISTS:
        assert [item["id"] for item in api.get(path, raw_query=f"query={theirs.hex}").json()] == [str(named.pk)]
        assert api.get(path, raw_query=f"query={'0' * 31}1").json() == []
