"""Fingerprints, and the event that is made from an issue where none is kept (contract 7.10)."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.enums import IssueStatus
from issues.models import Issue
from projects.models import Project
from tests.answers import iso, links_of
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND, Json
from tests.api_client import Api
from tests.factories import NOW, IssueFactory, IssueHashFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


EVENTS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/events/"


def event_id(issue: Issue) -> str:
    return f"{issue.pk:032x}"


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project, short_number=42, text__title="OverflowError: too much")


# ---------------------------------------------------------------------------------------------------------------------
# One event
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(project: Project) -> Issue:
    """An issue of which all is known."""
    return IssueFactory(
        project=project,
        short_number=42,
        level="fatal",
        logger="pump",
        platform="python",
        own_last_release=ReleaseFactory(projects=[project], version="2.0.0"),
        text__title="OverflowError: too much",
        text__culprit="pump.run",
        text__metadata={"type": "OverflowError", "value": "too much"},
    )


def event_of(known: Issue) -> Json:
    release = {"version": "2.0.0", "newGroups": 0}
    return {
        "id": event_id(known),
        "eventID": event_id(known),
        "groupID": str(known.pk),
        "projectID": str(known.project_id),
        "title": "OverflowError: too much",
        "message": "OverflowError: too much",
        "culprit": "pump.run",
        "type": "error",
        "platform": "python",
        "metadata": {"type": "OverflowError", "value": "too much"},
        "location": None,
        "dateCreated": iso(NOW - timedelta(hours=1)),
        "dateReceived": iso(NOW - timedelta(hours=1)),
        "size": 0,
        "release": release,
        "dist": None,
        "user": None,
        "sdk": {},
        "contexts": {},
        "context": {},
        "packages": {},
        "errors": [],
        "tags": [
            {"key": "level", "value": "fatal"},
            {"key": "logger", "value": "pump"},
            {"key": "platform", "value": "python"},
            {"key": "release", "value": "2.0.0"},
        ],
        "fingerprints": [],
        "entries": [],
        "previousEventID": None,
        "nextEventID": None,
        "occurrence": None,
        "_meta": {},
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
    }


def with_little_of_the_release(event: Json) -> Json:
    """Return an event with what tells which release it names, which other tests look at (contract 5)."""
    return event | {"release": {key: event["release"][key] for key in ("version", "newGroups")}}


BY_ID = ["{event}", "{EVENT}", "{dashed}"]
OF_AN_ISSUE = [f"{ISSUES}{{id}}/events/", f"{ISSUES}PUMP-STATION-1A/events/", f"{LEGACY}{{id}}/events/"]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        *((path, word) for path in OF_AN_ISSUE for word in ("latest", "oldest", "recommended", *BY_ID)),
        *((EVENTS, word) for word in BY_ID),
    ],
)
def test_is_answered_whole(api: Api, known: Issue, path: str, word: str) -> None:
    found = event_id(known)
    dashed = "-".join([found[:8], found[8:12], found[12:16], found[16:20], found[20:]])
    word = word.format(event=found, EVENT=found.upper(), dashed=dashed)

    response = api.get(f"{path.format(id=known.pk)}{word}/", raw_query="collapse=adjacentEvents")

    assert response.status_code == 200
    assert with_little_of_the_release(response.json()) == event_of(known)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_of_which_little_is_known_says_so(api: Api, issue: Issue) -> None:
    event = api.get(f"{ISSUES}{issue.pk}/events/latest/").json()

    assert event["tags"] == [{"key": "level", "value": "error"}]
    assert (event["platform"], event["culprit"], event["metadata"]) == (None, "", {})


@pytest.mark.parametrize("name", ["child", "grandchild"])
def test_of_a_merged_issue_is_the_roots_and_its_own_by_its_id(api: Api, tree: dict[str, Issue], name: str) -> None:
    latest = api.get(f"{ISSUES}{tree[name].pk}/events/latest/")
    own = api.get(f"{EVENTS}{event_id(tree[name])}/")

    assert latest.json()["id"] == event_id(tree["root"])
    assert own.json()["id"] == event_id(tree[name])
    assert own.json()["groupID"] == str(tree["root"].pk)


@pytest.mark.parametrize(
    "word",
    [
        "newest",
        "LATEST",
        "0" * 32,
        "f" * 32,
        "{short}",
        "{long}",
        "0x{short}",
        "+{shorter}",
        "{event}0",
        "{event}%00",
        "{event}%0A",
        "%20{short}",
        "0_{short}",
        "{neighbour}",
        "f" * 20_000,
        "9" * 20_000,
        "-",
        "%00",
        "\u0661" * 32,
        "x" * 32,
    ],
)
@pytest.mark.parametrize("route", [f"{ISSUES}{{id}}/events/", EVENTS])
def test_is_not_named_by(api: Api, issue: Issue, other_project: Project, route: str, word: str) -> None:
    neighbour = IssueFactory(project=other_project)
    found = event_id(issue)
    word = word.format(event=found, short=found[1:], shorter=found[1:], long=f"0{found}", neighbour=event_id(neighbour))

    response = api.get(f"{route.format(id=issue.pk)}{word}/")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


def test_of_another_issue_is_not_found_under_this_one(api: Api, issue: Issue, project: Project) -> None:
    neighbour = IssueFactory(project=project, short_number=7)

    assert api.get(f"{ISSUES}{issue.pk}/events/{event_id(neighbour)}/").status_code == 404
    assert api.get(f"{EVENTS}{event_id(neighbour)}/").json()["groupID"] == str(neighbour.pk)


@pytest.mark.parametrize("path", [f"{ISSUES}{{id}}/events/latest/", f"{EVENTS}{{event}}/", f"{LEGACY}{{id}}/hashes/"])
def test_is_not_found_by_strangers(api: Api, issue: Issue, path: str) -> None:
    response = api.get(path.format(id=issue.pk, event=event_id(issue)), auth="kit")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


LISTS = [
    "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/",
    "/api/0/organizations/the-interstellar-jurisdiction/issues/",
]


def listed(api: Api, path: str, word: str) -> list[str]:
    response = api.get(path, raw_query=f"query={word}")
    assert response.status_code == 200
    return [item["id"] for item in response.json()]


@pytest.mark.parametrize("path", LISTS)
def test_leads_to_its_issue_on_the_lists(api: Api, issue: Issue, stranger_project: Project, path: str) -> None:
    resolved = IssueFactory(project=issue.project, short_number=7, status=IssueStatus.RESOLVED, resolved_at=NOW)
    stranger = IssueFactory(project=stranger_project)

    assert listed(api, path, event_id(issue)) == listed(api, path, str(UUID(event_id(issue)))) == [str(issue.pk)]
    assert listed(api, path, event_id(resolved)) == [str(resolved.pk)]
    assert listed(api, path, event_id(stranger)) == listed(api, path, "0" * 32) == listed(api, path, "f" * 32) == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["root", "child", "grandchild"])
def test_of_a_merged_issue_leads_to_its_root(api: Api, tree: dict[str, Issue], path: str, name: str) -> None:
    assert listed(api, path, event_id(tree[name])) == [str(tree["root"].pk)]


# ---------------------------------------------------------------------------------------------------------------------
# Fingerprints
# ---------------------------------------------------------------------------------------------------------------------


def hash_of(issue: Issue, word: str) -> Json:
    return {
        "id": word,
        "issue": {
            "id": str(issue.pk),
            "shortId": issue.short_id,
            "title": issue.text.title,
            "mergedInto": None if issue.merged_into_id is None else str(issue.merged_into_id),
        },
    }


@pytest.mark.parametrize("prefix", [ISSUES, LEGACY])
def test_lists_the_fingerprints_of_an_issue_and_of_what_was_merged_into_it(
    api: Api, tree: dict[str, Issue], project: Project, prefix: str
) -> None:
    owners = [tree["grandchild"], tree["root"], tree["child"], tree["root"]]
    words = [IssueHashFactory(issue=issue).hash for issue in owners]
    IssueHashFactory(issue=IssueFactory(project=project, short_number=7))

    response = api.get(f"{prefix}{tree['root'].pk}/hashes/")

    found = response.json()
    assert response.status_code == 200
    assert [item["latestEvent"]["id"] for item in found] == [event_id(issue) for issue in owners]
    assert {item["latestEvent"]["groupID"] for item in found} == {str(tree["root"].pk)}
    plain = [{key: value for key, value in item.items() if key != "latestEvent"} for item in found]
    assert plain == [hash_of(issue, word) for issue, word in zip(owners, words, strict=True)]
    assert links_of(response)["previous"] == links_of(response)["next"] == "false"
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    # a read of a merged issue shows its root
    assert api.get(f"{prefix}{tree['child'].pk}/hashes/").json() == found


def test_lists_the_event_with_each_fingerprint(api: Api, known: Issue) -> None:
    word = IssueHashFactory(issue=known).hash

    (found,) = api.get(f"{ISSUES}{known.pk}/hashes/").json()

    latest = with_little_of_the_release(found.pop("latestEvent"))
    assert (found, latest) == (hash_of(known, word), event_of(known))


def test_lists_no_fingerprints_where_there_are_none(api: Api, issue: Issue) -> None:
    response = api.get(f"{ISSUES}{issue.pk}/hashes/")

    assert (response.status_code, response.json()) == (200, [])
    assert links_of(response)["previous"] == links_of(response)["next"] == "false"


def test_lists_fingerprints_in_pages(api: Api, tree: dict[str, Issue]) -> None:
    words = [IssueHashFactory(issue=issue).hash for issue in tree.values() for _ in range(3)]

    found, query = [], "per_page=4&cursor="
    while query:
        response = api.get(f"{ISSUES}{tree['root'].pk}/hashes/", raw_query=query)
        found.append([item["id"] for item in response.json()])
        links = links_of(response)
        query = urlsplit(links["next_url"]).query if links["next"] == "true" else ""

    assert found == [words[:4], words[4:8], words[8:]]
    assert (
        api.get(f"{ISSUES}{tree['root'].pk}/hashes/", raw_query=urlsplit(links["previous_url"]).query).json()[0]["id"]
        == (words[4])
    )


def test_costs_the_same_number_of_statements_however_many_fingerprints(api: Api, tree: dict[str, Issue]) -> None:
    path = f"{ISSUES}{tree['root'].pk}/hashes/"
    IssueHashFactory(issue=tree["root"])
    with CaptureQueriesContext(connection) as for_one:
        api.get(path)
    for issue in tree.values():
        IssueHashFactory(issue=issue)

    with CaptureQueriesContext(connection) as for_many:
        api.get(path)

    assert len(for_many) == len(for_one)
