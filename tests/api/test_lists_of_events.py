"""Lists of events: of an issue, of a project, and what is asked of them (contract 7.10)."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue
from projects.models import Project
from tests.answers import iso, links_of
from tests.api.kept import EVENTS, ID, OF_AN_ISSUE, PARTS, WHOLE
from tests.api.one_issue import ISSUES, Json
from tests.api_client import Api
from tests.events.reading.telling import counted, keep, tell
from tests.factories import NOW, IssueFactory, IssueHashFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


LISTS = [*OF_AN_ISSUE, EVENTS]


@pytest.mark.parametrize("route", LISTS)
def test_in_a_list_has_no_parts_unless_they_are_asked_for(api: Api, sent: Issue, route: str) -> None:
    path = route.format(issue=sent.pk, short=sent.short_id)

    (item,) = api.get(path).json()
    (whole,) = api.get(path, raw_query="full=true").json()

    assert {key: value for key, value in item.items() if key in WHOLE} == {
        key: value for key, value in WHOLE.items() if key not in PARTS
    }
    assert (item["event.type"], item["crashFile"], item["groupID"]) == ("error", None, str(sent.pk))
    of_lists = {key: whole.pop(key) for key in ("event.type", "crashFile")}
    assert (whole, of_lists) == (
        api.get(f"{EVENTS}{ID}/").json(),
        {"event.type": "error", "crashFile": None},
    )


@pytest.mark.parametrize("route", LISTS)
def test_come_in_pages_in_both_orders(api: Api, project: Project, route: str) -> None:
    ids = [keep(project, at=NOW - number * timedelta(days=5, seconds=1)).hex for number in range(5)]
    counted(project, "valve", NOW - timedelta(days=400))  # in a week of its own, and in none of this issue's lists
    issue = Issue.objects.get(text__title="Error: pump")
    path = route.format(issue=issue.pk, short=issue.short_id)

    for sort, expected in (("-timestamp", ids), ("timestamp", ids[::-1])):
        found, query = list[str](), f"per_page=2&sort={sort}&end={iso(NOW).replace('Z', '%2B00:00')}&start=2025-12-01"
        while query:
            response = api.get(path, raw_query=query)
            assert response.status_code == 200
            found += [item["id"] for item in response.json()]
            links = links_of(response)
            assert f"sort={sort}" in links["next_url"]
            query = urlsplit(links["next_url"]).query if links["next"] == "true" else ""
        assert found == expected
        back = api.get(path, raw_query=urlsplit(links["previous_url"]).query)
        assert [item["id"] for item in back.json()] == expected[2:4]


@pytest.fixture
def several(project: Project) -> dict[str, str]:
    """Events of one issue, by what they are called here."""
    of: Json = {"fingerprint": ["one"]}
    told: dict[str, Json] = {
        "north": {"tags": {"shop": "North"}, "environment": "production", "release": "1.0.0", "user": {"id": "7"}},
        "south": {"tags": {"shop": "south"}, "environment": "staging", "user": {"email": "ann@example.com"}},
        "plain": {"message": "Pump 3 lost suction"},
        "thrown": {"exception": [{"type": "Overflow", "value": "level: too much"}], "level": "fatal"},
    }
    return {
        name: tell(project, {**of, **event}, NOW - number * timedelta(hours=1)).hex
        for number, (name, event) in enumerate(told.items())
    }


ASKED_FOR = [
    ("", "north south plain thrown"),
    ("query=", "north south plain thrown"),
    ("query=shop:north", "north"),
    ("query=SHOP:NORTH", "north"),
    ("query=!shop:north", "south plain thrown"),
    ("query=shop:[north,south]", "north south"),
    ("query=shop:*o*", "north south"),
    ("query=shop:n*", "north"),
    ('query=shop:"n*"', ""),
    ("query=shop:east", ""),
    ("query=level:fatal", "thrown"),
    ("query=release:1.*", "north"),
    ("query=environment:staging", "south"),
    ("query=user.id:7", "north"),
    ("query=user.email:*@example.com", "south"),
    ("query=user:%22id:7%22", "north"),
    ("query=suction", "plain"),
    ("query=pump+3", "plain"),
    ("query=%22PUMP 3%22", "plain"),
    ("query=3+pump", ""),
    ("query=message:suction", "plain"),
    ("query=too+much", "thrown"),
    ("query=shop:north+level:fatal", ""),
    ("environment=production", "north"),
    ("environment=Production&environment=nowhere", "north"),  # as on the lists of issues
    ("environment=production&environment=staging", "north south"),
    ("environment=", "north south plain thrown"),
    ("environment=nowhere", ""),
    ("environment=staging&query=shop:north", ""),
    (f"start={iso(NOW - timedelta(minutes=90))}", "north south"),
    (f"end={iso(NOW - timedelta(minutes=90))}", "plain thrown"),
    (f"statsPeriod=1s&end={iso(NOW)}", "north south plain thrown"),
    ("statsPeriod=1s", ""),
    ("statsPeriod=999999999w", "north south plain thrown"),
    ("statsPeriod=", "north south plain thrown"),
    ("sample=1&collapse=x", "north south plain thrown"),
]


@pytest.mark.parametrize("route", [f"{ISSUES}{{issue}}/events/", EVENTS])
def test_are_those_that_are_asked_for(api: Api, several: dict[str, str], route: str) -> None:
    path, names = route.format(issue=Issue.objects.get().pk), {pk: name for name, pk in several.items()}
    answers = {query: api.get(path, raw_query=query) for query, _ in ASKED_FOR}

    assert {response.status_code for response in answers.values()} == {200}
    found = {query: " ".join(names[item["id"]] for item in response.json()) for query, response in answers.items()}
    assert found == dict(ASKED_FOR)


REFUSED = [
    ("sort=date", "sort", "say one of -timestamp, timestamp"),
    ("full=perhaps", "full", "full=true"),
    ("statsPeriod=1y", "statsPeriod", "no period"),
    ("statsPeriod=0h", "statsPeriod", "no period"),
    ("start=yesterday", "start", "no time"),
    ("start=2026-02-02&end=2026-02-01", "end", "before the start"),
    ("per_page=0", "per_page", "no page size"),
    ("cursor=x", "cursor", "no cursor"),
    (f"cursor=1772366400000000:{2**128}:0", "cursor", "no cursor"),
    ("cursor=5:5:0", "cursor", "no cursor of this list"),
    ("query=%22open", "detail", "a quote has no end"),
    ("query=shop:", "detail", "nothing follows the colon"),
    ("query=a+OR+b", "detail", "there is no OR"),
    ("query=shop:%3E5", "detail", "words can't be compared"),
    ("query=*", "detail", "stands for everything"),
    (f"query={'x' * 2001}", "detail", "2,000 characters"),
]


@pytest.mark.parametrize("route", [f"{ISSUES}{{issue}}/events/", EVENTS])
def test_are_refused_where_it_means_nothing(api: Api, sent: Issue, route: str) -> None:
    for query, field, words in REFUSED:
        response = api.get(route.format(issue=sent.pk), raw_query=query)

        assert response.status_code == 400, query
        assert words in str(response.json()[field])


def test_of_an_issue_without_kept_events_are_none(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.get(f"{ISSUES}{issue.pk}/events/")

    assert (response.status_code, response.json()) == (200, [])
    assert links_of(response)["next"] == links_of(response)["previous"] == "false"


def test_cost_the_same_number_of_statements_however_many_there_are(api: Api, project: Project) -> None:
    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert api.get(path, raw_query="full=true").status_code == 200
        return len(asked)

    ReleaseFactory(projects=[project], version="1.0.0")
    counted(project, release="1.0.0")
    issue = Issue.objects.get()
    paths = [EVENTS, f"{ISSUES}{issue.pk}/events/", f"{ISSUES}{issue.pk}/hashes/", f"{ISSUES}{issue.pk}/tags/"]
    for_one = [statements(path) for path in paths]
    for number in range(12):
        counted(project, at=NOW - number * timedelta(days=5), release="1.0.0")
        IssueHashFactory(issue=issue)

    assert [statements(path) for path in paths] == for_one


def test_of_each_fingerprint_is_the_latest(api: Api, project: Project, sent: Issue) -> None:
    other = IssueHashFactory(issue=sent)

    found = api.get(f"{ISSUES}{sent.pk}/hashes/").json()

    assert [item["latestEvent"]["id"] for item in found] == [ID, f"{sent.pk:032x}"]
    assert found[0]["latestEvent"]["entries"] == WHOLE["entries"]
    assert found[1]["id"] == other.hash


def test_of_discover_are_not_served(api: Api, sent: Issue) -> None:
    here = "/api/0/organizations/the-interstellar-jurisdiction/"

    assert [api.get(f"{here}{rest}").status_code for rest in ("events/", "tags/", "events-stats/")] == [404] * 3
