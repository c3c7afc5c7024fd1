"""GET: the list of a project's issues (contract 2); the search language is in test_list_search.py."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.models import Project
from tests.answers import LINK, headers_of, links_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
PAST, FUTURE = timedelta(hours=-1), timedelta(hours=1)


def ids_of(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [int(item["id"]) for item in response.json()]


# ---------------------------------------------------------------------------------------------------------------------
# Which issues
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_state(project: Project, other_project: Project, stranger_project: Project) -> dict[str, int]:
    """One issue in each state, and others that no list of the project may hold."""
    now = timezone.now()
    states: dict[str, Json] = {
        "unresolved": {},
        "resolved": {"resolved": True},
        "in release": {"resolved_in_release": True},
        "ignored": {"ignored": True},
        "until later": {"ignored": True, "snooze_ends_at": now + FUTURE},
        "until more": {"ignored": True, "snooze_ends_at_times_seen": 2, "snooze_ends_at_users_seen": 2},
        "windows": {
            "ignored": True,
            "snooze_window_count": 1,
            "snooze_window_minutes": 1,
            "snooze_window_user_count": 1,
            "snooze_window_user_minutes": 1,
        },
        "ended by time": {"ignored": True, "snooze_ends_at": now + PAST},
        "ended by events": {"ignored": True, "snooze_ends_at_times_seen": 1},
        "ended by users": {"ignored": True, "snooze_ends_at_users_seen": 1},
        "ended by all": {
            "ignored": True,
            "snooze_ends_at": now + PAST,
            "snooze_ends_at_times_seen": 1,
            "snooze_ends_at_users_seen": 1,
        },
        "ended by events before its time": {
            "ignored": True,
            "snooze_ends_at": now + FUTURE,
            "snooze_ends_at_times_seen": 1,
        },
        "ended by time before its events": {
            "ignored": True,
            "snooze_ends_at": now + PAST,
            "snooze_ends_at_times_seen": 2,
        },
    }
    made = {
        state: IssueFactory(project=project, own_last_seen=NOW - timedelta(minutes=n), **columns)
        for n, (state, columns) in enumerate(states.items())
    }
    for state in ("unresolved", "resolved", "ignored"):
        IssueFactory(merged_into=made[state], **states[state])
        IssueFactory(project=other_project, **states[state])
        IssueFactory(project=stranger_project, **states[state])
    return {state: issue.pk for state, issue in made.items()}


UNRESOLVED = [
    "unresolved",
    "ended by time",
    "ended by events",
    "ended by users",
    "ended by all",
    "ended by events before its time",
    "ended by time before its events",
]
RESOLVED = ["resolved", "in release"]
IGNORED = ["ignored", "until later", "until more", "windows"]

QUERIES = {
    "nothing": ("", UNRESOLVED),
    "an empty query": ("query=", UNRESOLVED + RESOLVED + IGNORED),
    "an empty query without value": ("query", UNRESOLVED + RESOLVED + IGNORED),
    "sentry-cli's first page": ("query=&cursor=", UNRESOLVED + RESOLVED + IGNORED),
    "unresolved": ("status=unresolved", UNRESOLVED),
    "resolved": ("status=resolved", RESOLVED),
    "ignored": ("status=ignored", IGNORED),
    "muted": ("status=muted", IGNORED),
    "two statuses": ("status=resolved&status=ignored", RESOLVED + IGNORED),
    "two statuses, one of which is cut in parts": ("status=unresolved&status=ignored", UNRESOLVED + IGNORED),
    "all statuses": ("status=unresolved&status=resolved&status=ignored", UNRESOLVED + RESOLVED + IGNORED),
    "a status twice": ("status=resolved&status=resolved", RESOLVED),
    "a status and an empty query": ("status=resolved&query=", RESOLVED),
    "unknown parameters": (
        "collapse=stats&collapse=filtered&groupStatsPeriod=auto&referrer=x&id[]=1&ids=1&id=1&foo",
        UNRESOLVED,
    ),
    "parameters of other routes": ("project=1&preview=true&per_page=1&shortIdLookup=1", UNRESOLVED),
    "the default sort": ("sort=date", UNRESOLVED),
}


@pytest.mark.parametrize(("query", "states"), QUERIES.values(), ids=QUERIES)
def test_holds_the_issues_for(api: Api, by_state: dict[str, int], query: str, states: list[str]) -> None:
    before = snapshot()

    response = api.get(api.issues_url, raw_query=query)

    assert ids_of(response) == [pk for state, pk in by_state.items() if state in states]
    assert response.headers["X-Hits"] == str(len(states))
    assert response.headers["X-Max-Hits"] == "1000"
    assert snapshot() == before


def test_shows_each_issue_under_the_status_it_counts_as(api: Api, by_state: dict[str, int]) -> None:
    response = api.get(api.issues_url, raw_query="query=")

    shown = {int(item["id"]): item["status"] for item in response.json()}
    assert shown == {
        by_state[state]: status
        for status, states in [("unresolved", UNRESOLVED), ("resolved", RESOLVED), ("ignored", IGNORED)]
        for state in states
    }


def test_is_empty_for_a_project_without_issues(api: Api) -> None:
    response = api.get(api.issues_url)

    assert (response.status_code, response.content) == (200, b"[]")
    assert response.headers["X-Hits"] == "0"
    assert links_of(response)["previous"] == links_of(response)["next"] == "false"


# ---------------------------------------------------------------------------------------------------------------------
# Refused
# ---------------------------------------------------------------------------------------------------------------------


PERIODS = "is no period; say 24h, 14d or 2w, 90 days at most."

NO_PERIODS = [
    "24",
    "h",
    "0h",
    "0d",
    "0m",
    "0s",
    "-1h",
    "1M",
    "1y",
    "129601m",
    "7776001s",
    "24H",
    "1.5h",
    "2161h",
    "91d",
    "13w",
    "auto",
    "24h,",
    "1h1d",
]
REFUSED: dict[str, tuple[str, Json]] = {
    "an unknown sort": ("sort=priority", {"sort": ['"priority" is not a sort; say one of date, new, freq, user.']}),
    "an empty sort": ("sort=", {"sort": ['"" is not a sort; say one of date, new, freq, user.']}),
    "an unknown status": (
        "status=open",
        {"status": ['"open" is not a status; say one of unresolved, resolved, ignored.']},
    ),
    "an unknown status beside a known one": (
        "status=resolved&status=",
        {"status": ['"" is not a status; say one of unresolved, resolved, ignored.']},
    ),
    **{
        f"limit={word}": (
            f"limit={word}",
            {"limit": [f'"{decoded}" is no page size; say a whole number from 1 to 100.']},
        )
        for word, decoded in [
            ("", ""),
            ("0", "0"),
            ("00", "00"),
            ("-1", "-1"),
            ("+1", " 1"),
            ("%2B1", "+1"),
            ("1.5", "1.5"),
            ("ten", "ten"),
            ("1%20", "1 "),
            ("1%0A", "1\n"),
            ("%D9%A1", "\u0661"),
        ]
    },
    **{f"statsPeriod={word}": (f"statsPeriod={word}", {"statsPeriod": [f'"{word}" {PERIODS}']}) for word in NO_PERIODS},
    **{
        f"cursor={word}": (
            f"cursor={word}",
            {"cursor": [f'"{word}" is no cursor; take one from the Link header of an answer.']},
        )
        for word in ["0", "0:0", "0:0:2", "0:0:-1", "0:-1:0", "a:b:c", "0:0:0:0", "1.5:0:0", ":0:0", "9" * 18 + ":0:0"]
    },
}


@pytest.mark.parametrize(("query", "errors"), REFUSED.values(), ids=REFUSED)
def test_refuses(api: Api, project: Project, query: str, errors: Json) -> None:
    IssueFactory(project=project)

    response = api.get(api.issues_url, raw_query=query)

    assert (response.status_code, response.json()) == (400, errors)


# ---------------------------------------------------------------------------------------------------------------------
# The rest
# ---------------------------------------------------------------------------------------------------------------------


def test_has_every_header(api: Api) -> None:
    response = api.get(api.issues_url)

    headers = headers_of(response)
    assert LINK.fullmatch(headers.pop("Link"))
    assert headers == {
        "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
        "Content-Language": "en",
        "Content-Length": "2",
        "Content-Type": "application/json",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Hits": "0",
        "X-Max-Hits": "1000",
        "X-Xss-Protection": "1; mode=block",
    }


def test_answers_head_as_get_without_the_body(api: Api, project: Project) -> None:
    IssueFactory(project=project)

    got = api.get(api.issues_url, raw_query="limit=1&statsPeriod=")
    headed = api.request("HEAD", api.issues_url, raw_query="limit=1&statsPeriod=")

    assert (headed.status_code, headed.content) == (200, b"")
    assert headers_of(headed) == headers_of(got)


def test_may_come_with_a_content_type_and_tracing_headers(api: Api) -> None:
    response = api.get(
        api.issues_url,
        headers={"Content-Type": "text/plain", "sentry-trace": "x", "baggage": "y", "User-Agent": "sentry-cli/3.8.2"},
    )

    assert (response.status_code, response.content) == (200, b"[]")


def test_takes_as_many_statements_for_many_issues_as_for_one(api: Api, project: Project) -> None:
    IssueFactory(project=project, assigned=True, resolved_in_release=True)
    with CaptureQueriesContext(connection) as for_one:
        api.get(api.issues_url, raw_query="query=", auth="jane")

    for _ in range(20):
        IssueFactory(project=project, assigned_to_team=True, ignored=True)
    with CaptureQueriesContext(connection) as for_many:
        response = api.get(api.issues_url, raw_query="query=", auth="jane")

    assert len(ids_of(response)) == 21
    assert len(for_many) == len(for_one)
