"""GET: the list of a project's issues (contract 2); the search language is in test_list_search.py."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Issue, IssueText
from projects.models import Project, Team, User
from tests.answers import LINK, headers_of, links_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

ISSUES = "http://testserver/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
SHARE_ID = UUID("6bf5a0f1-3c5b-4f58-8a4f-3f3f1c1d2e4f")
PAST, FUTURE = timedelta(hours=-1), timedelta(hours=1)
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])


def ids_of(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [int(item["id"]) for item in response.json()]


def micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


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
# limit
# ---------------------------------------------------------------------------------------------------------------------


def make_many(project: Project, count: int) -> None:
    """Make so many issues, each seen a minute before the other, with their texts."""
    issues = Issue.objects.bulk_create(
        Issue(
            project=project,
            short_number=n,
            own_first_seen=NOW - timedelta(days=9),
            first_seen=NOW - timedelta(days=9),
            own_last_seen=NOW - timedelta(minutes=n),
            last_seen=NOW - timedelta(minutes=n),
        )
        for n in range(1, count + 1)
    )
    IssueText.objects.bulk_create(IssueText(issue=issue, project=project, title="Error") for issue in issues)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", 100),
        ("limit=1", 1),
        ("limit=007", 7),
        ("limit=99", 99),
        ("limit=100", 100),
        ("limit=101", 100),
        ("limit=1000000", 100),
        ("limit=9223372036854775808", 100),
        pytest.param("limit=" + "9" * 5000, 100, id="limit=999..."),
        ("limit=5&limit=2", 2),
    ],
)
def test_has_pages_of(api: Api, project: Project, query: str, size: int) -> None:
    make_many(project, 102)

    response = api.get(api.issues_url, raw_query=query)

    assert len(ids_of(response)) == size
    assert response.headers["X-Hits"] == "102"
    assert links_of(response)["next"] == "true"


@pytest.mark.parametrize(("count", "hits"), [(999, "999"), (1000, "1000"), (1001, "1000")])
def test_counts_hits_up_to_a_thousand(api: Api, project: Project, count: int, hits: str) -> None:
    make_many(project, count)

    response = api.get(api.issues_url, raw_query="limit=1")

    assert (response.headers["X-Hits"], response.headers["X-Max-Hits"]) == (hits, "1000")


def test_has_no_next_page_when_the_page_is_just_full(api: Api, project: Project) -> None:
    make_many(project, 3)

    response = api.get(api.issues_url, raw_query="limit=3")

    assert len(ids_of(response)) == 3
    assert (links_of(response)["previous"], links_of(response)["next"]) == ("false", "false")


# ---------------------------------------------------------------------------------------------------------------------
# Link
# ---------------------------------------------------------------------------------------------------------------------


def test_has_both_links_to_the_letter(api: Api, project: Project) -> None:
    newest, middle, _ = (IssueFactory(project=project, own_last_seen=NOW - timedelta(microseconds=n)) for n in range(3))
    first, last = f"{micros(NOW)}:{newest.pk}", f"{micros(NOW) - 1}:{middle.pk}"

    response = api.get(api.issues_url, raw_query="query=&cursor=&limit=2&collapse=a&status=ignored&status=%75nresolved")

    kept = "query=&limit=2&status=ignored&status=%75nresolved"
    assert response.headers["Link"] == (
        f'<{ISSUES}?{kept}&cursor={first}:1>; rel="previous"; results="false"; cursor="{first}:1", '
        f'<{ISSUES}?{kept}&cursor={last}:0>; rel="next"; results="true"; cursor="{last}:0"'
    )


def test_has_both_links_on_the_last_page(api: Api, project: Project) -> None:
    newest, oldest = (IssueFactory(project=project, own_last_seen=NOW - timedelta(seconds=n)) for n in range(2))
    cursor = f"{micros(NOW)}:{newest.pk}:0"

    response = api.get(api.issues_url, raw_query=f"cursor={cursor}")

    here = f"{micros(NOW) - 1_000_000}:{oldest.pk}"
    assert ids_of(response) == [oldest.pk]
    assert response.headers["Link"] == (
        f'<{ISSUES}?cursor={here}:1>; rel="previous"; results="true"; cursor="{here}:1", '
        f'<{ISSUES}?cursor={here}:0>; rel="next"; results="false"; cursor="{here}:0"'
    )


def test_has_both_links_on_an_empty_list(api: Api) -> None:
    response = api.get(api.issues_url)

    assert response.headers["Link"] == (
        f'<{ISSUES}?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", '
        f'<{ISSUES}?cursor=0:0:0>; rel="next"; results="false"; cursor="0:0:0"'
    )


def test_names_times_before_1970(api: Api, project: Project) -> None:
    old = datetime.fromisoformat("1969-12-31T23:59:59+00:00")
    issues = [IssueFactory(project=project, own_first_seen=old, own_last_seen=old) for _ in range(2)]

    first = api.get(api.issues_url, raw_query="limit=1")
    second = api.get(api.issues_url, raw_query=f"limit=1&cursor={links_of(first)['next_cursor']}")

    assert links_of(first)["next_cursor"] == f"-1000000:{issues[1].pk}:0"
    assert ids_of(first) + ids_of(second) == [issues[1].pk, issues[0].pk]


# ---------------------------------------------------------------------------------------------------------------------
# Walking
# ---------------------------------------------------------------------------------------------------------------------


def walk(api: Api, rel: str, query: str) -> list[list[int]]:
    """Follow the links as a client does, while they promise results; return the pages."""
    response = api.get(api.issues_url, raw_query=query)
    pages = [ids_of(response)]
    while links_of(response)[rel] == "true":
        target = urlsplit(links_of(response)[f"{rel}_url"])
        assert links_of(response)[f"{rel}_cursor"] in target.query
        response = api.get(target.path, raw_query=target.query)
        pages.append(ids_of(response))
        assert len(pages) < 100
    return pages


@pytest.fixture
def listed(project: Project) -> list[int]:
    """The ids of nine issues in the order of the list: three of each instant, one from each part of the index."""
    parts: list[Json] = [
        {},
        {"ignored": True, "snooze_ends_at": NOW - timedelta(hours=1)},
        {"ignored": True, "snooze_ends_at_times_seen": 1},
    ]
    made = [
        IssueFactory(project=project, own_last_seen=NOW - timedelta(days=1, seconds=n // 3), **columns)
        for n, columns in enumerate(parts * 3)
    ]
    return [issue.pk for issue in sorted(made, key=lambda issue: (issue.last_seen, issue.pk), reverse=True)]


@pytest.mark.parametrize("query", ["", "query=", "status=unresolved&status=ignored"])
@pytest.mark.parametrize("limit", range(1, 11))
def test_walks_forward_and_back_without_loss(api: Api, listed: list[int], limit: int, query: str) -> None:
    sliced = [listed[at : at + limit] for at in range(0, len(listed), limit)]

    pages = walk(api, "next", f"{query}&limit={limit}")

    assert pages == sliced

    # from behind the last one: pages are cut from there
    oldest = Issue.objects.get(pk=listed[-1])
    end = f"{micros(oldest.last_seen)}:{max(oldest.pk - 1, 0)}:1"
    pages = walk(api, "previous", f"{query}&limit={limit}&cursor={end}")

    assert [pk for page in reversed(pages) for pk in page] == listed
    assert {len(page) for page in pages[:-1]} <= {limit}


def test_walks_from_any_page_to_the_one_before(api: Api, listed: list[int]) -> None:
    first = api.get(api.issues_url, raw_query="limit=4")
    second = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(first)['next_cursor']}")

    back = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(second)['previous_cursor']}")

    assert ids_of(back) == ids_of(first) == listed[:4]
    assert (links_of(back)["previous"], links_of(back)["next"]) == ("false", "true")
    assert links_of(back)["next_cursor"] == links_of(first)["next_cursor"]


def test_finds_the_first_issue_again_from_before_it(api: Api, listed: list[int]) -> None:
    first = api.get(api.issues_url, raw_query="limit=4")

    nothing = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(first)['previous_cursor']}")
    again = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(nothing)['next_cursor']}")

    assert ids_of(nothing) == []
    assert (links_of(nothing)["previous"], links_of(nothing)["next"]) == ("false", "true")
    assert ids_of(again) == listed[:4]


def test_finds_the_last_issue_again_from_behind_it(api: Api, listed: list[int]) -> None:
    last = api.get(api.issues_url, raw_query="limit=9")

    nothing = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(last)['next_cursor']}")
    again = api.get(api.issues_url, raw_query=f"limit=4&cursor={links_of(nothing)['previous_cursor']}")

    assert ids_of(nothing) == []
    assert (links_of(nothing)["previous"], links_of(nothing)["next"]) == ("true", "false")
    assert ids_of(again) == listed[-4:]


def test_does_not_repeat_the_last_issue_behind_the_end(api: Api, listed: list[int]) -> None:
    last = api.get(api.issues_url)

    nothing = api.get(api.issues_url, raw_query=f"cursor={links_of(last)['next_cursor']}")
    still_nothing = api.get(api.issues_url, raw_query=f"cursor={links_of(nothing)['next_cursor']}")

    assert ids_of(nothing) == ids_of(still_nothing) == []


MEANWHILE: dict[str, Callable[[Project, list[int]], object]] = {
    "newer ones come": lambda project, seen: IssueFactory(project=project, own_last_seen=NOW),
    "what was seen gets events": lambda project, seen: Issue.objects.filter(pk__in=seen).update(last_seen=NOW),
    "what was seen is resolved": lambda project, seen: Issue.objects.filter(pk__in=seen).update(
        status="resolved", resolved_at=NOW, snooze_ends_at=None, snooze_ends_at_times_seen=None
    ),
    "what was seen is deleted": lambda project, seen: (
        IssueText.objects.filter(issue__in=seen).delete(),
        Issue.objects.filter(pk__in=seen).delete(),
    ),
}


@pytest.mark.parametrize("happens", MEANWHILE.values(), ids=MEANWHILE)
def test_goes_on_where_it_was_though(
    api: Api, project: Project, listed: list[int], happens: Callable[[Project, list[int]], object]
) -> None:
    first = api.get(api.issues_url, raw_query="limit=4")

    happens(project, ids_of(first))
    second = api.get(api.issues_url, raw_query=f"limit=9&cursor={links_of(first)['next_cursor']}")

    assert ids_of(second) == listed[4:]


def test_walks_over_the_largest_ids(api: Api, project: Project) -> None:
    ids = [2**63 - 1, 2**63 - 2, 10**18, 10**18 - 1]
    for pk in ids:
        IssueFactory(project=project, id=pk)

    assert walk(api, "next", "limit=1") == [[pk] for pk in ids]


# ---------------------------------------------------------------------------------------------------------------------
# Items
# ---------------------------------------------------------------------------------------------------------------------

EVERY_KEY = [
    "id",
    "shortId",
    "title",
    "culprit",
    "permalink",
    "logger",
    "level",
    "status",
    "statusDetails",
    "isPublic",
    "shareId",
    "platform",
    "project",
    "type",
    "metadata",
    "numComments",
    "assignedTo",
    "isBookmarked",
    "isSubscribed",
    "subscriptionDetails",
    "hasSeen",
    "annotations",
    "count",
    "userCount",
    "firstSeen",
    "lastSeen",
    "stats",
    "substatus",
    "isUnhandled",
    "issueType",
    "issueCategory",
    "lifetime",
]


def test_shows_every_key_of_an_issue(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(
        project=project,
        short_number=1234,
        type="csp",
        level="fatal",
        logger="auth",
        platform="python",
        own_first_seen=NOW - timedelta(days=2, microseconds=1),
        own_last_seen=NOW,
        own_times_seen=9_007_199_254_740_993,
        own_users_seen=7,
        own_comment_count=3,
        assignee_user=jane,
        share_id=SHARE_ID,
        text__title="ZeroDivisionError: \u2600",
        text__culprit="pump.valves in open",
        text__metadata={"type": "ZeroDivisionError", "value": "\u2600"},
    )
    for factory in (IssueBookmarkFactory, IssueSeenFactory):
        factory(issue=issue, user=jane)
    IssueSubscriptionFactory(issue=issue, user=jane, reason="bookmark")

    response = api.get(api.issues_url, raw_query="statsPeriod=", auth="jane")

    assert response.status_code == 200
    assert [list(item) for item in response.json()] == [EVERY_KEY]
    assert response.json() == [
        {
            "id": str(issue.pk),
            "shortId": "PUMP-STATION-16J",
            "title": "ZeroDivisionError: \u2600",
            "culprit": "pump.valves in open",
            "permalink": f"http://testserver/admin/issues/issue/{issue.pk}/change/",
            "logger": "auth",
            "level": "fatal",
            "status": "unresolved",
            "statusDetails": {},
            "isPublic": True,
            "shareId": SHARE_ID.hex,
            "platform": "python",
            "project": {"id": str(project.pk), "name": "Pump Station", "slug": "pump-station", "platform": None},
            "type": "csp",
            "metadata": {"type": "ZeroDivisionError", "value": "\u2600"},
            "numComments": 3,
            "assignedTo": {
                "type": "user",
                "id": str(jane.pk),
                "name": "Jane Schmidt",
                "email": "jane@example.com",
            },
            "isBookmarked": True,
            "isSubscribed": True,
            "subscriptionDetails": {"reason": "bookmark"},
            "hasSeen": True,
            "annotations": [],
            "count": "9007199254740993",
            "userCount": 7,
            "firstSeen": "2026-02-27T11:59:59.999999Z",
            "lastSeen": "2026-03-01T12:00:00Z",
            "stats": {},
            "substatus": "ongoing",
            "isUnhandled": False,
            "issueType": "error",
            "issueCategory": "error",
            "lifetime": {
                "count": "9007199254740993",
                "userCount": 7,
                "firstSeen": "2026-02-27T11:59:59.999999Z",
                "lastSeen": "2026-03-01T12:00:00Z",
                "stats": {},
            },
        }
    ]


def test_shows_every_key_of_the_barest_issue(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, short_number=1, text__title="E")

    response = api.get(api.issues_url, raw_query="statsPeriod=")

    assert [list(item) for item in response.json()] == [EVERY_KEY]
    assert response.json() == [
        {
            "id": str(issue.pk),
            "shortId": "PUMP-STATION-1",
            "title": "E",
            "culprit": "",
            "permalink": f"http://testserver/admin/issues/issue/{issue.pk}/change/",
            "logger": None,
            "level": "error",
            "status": "unresolved",
            "statusDetails": {},
            "isPublic": False,
            "shareId": None,
            "platform": None,
            "project": {"id": str(project.pk), "name": "Pump Station", "slug": "pump-station", "platform": None},
            "type": "error",
            "metadata": {},
            "numComments": 0,
            "assignedTo": None,
            "isBookmarked": False,
            "isSubscribed": False,
            "subscriptionDetails": None,
            "hasSeen": False,
            "annotations": [],
            "count": "1",
            "userCount": 1,
            "firstSeen": "2026-02-27T12:00:00Z",
            "lastSeen": "2026-03-01T11:00:00Z",
            "stats": {},
            "substatus": "ongoing",
            "isUnhandled": False,
            "issueType": "error",
            "issueCategory": "error",
            "lifetime": {
                "count": "1",
                "userCount": 1,
                "firstSeen": "2026-02-27T12:00:00Z",
                "lastSeen": "2026-03-01T11:00:00Z",
                "stats": {},
            },
        }
    ]


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1"), (9, "9"), (10, "A"), (31, "Z"), (32, "10"), (18 + 32, "1J"), (2**40, "100000000")]
)
def test_spells_short_ids_in_crockfords_base_32(api: Api, project: Project, number: int, word: str) -> None:
    IssueFactory(project=project, short_number=number)

    response = api.get(api.issues_url)

    assert [item["shortId"] for item in response.json()] == [f"PUMP-STATION-{word}"]


def test_shows_the_totals_of_a_parent(api: Api, project: Project) -> None:
    parent = IssueFactory(
        project=project,
        first_seen=NOW - timedelta(days=9),
        last_seen=NOW,
        times_seen=100,
        users_seen=50,
        comment_count=5,
    )

    (item,) = api.get(api.issues_url).json()

    assert item["id"] == str(parent.pk)
    assert (item["count"], item["userCount"], item["numComments"]) == ("100", 50, 5)
    assert (item["firstSeen"], item["lastSeen"]) == ("2026-02-20T12:00:00Z", "2026-03-01T12:00:00Z")


def test_shows_a_team_as_assignee(api: Api, project: Project, team: Team) -> None:
    IssueFactory(project=project, assignee_team=team)

    (item,) = api.get(api.issues_url).json()

    assert item["assignedTo"] == {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"}


def test_shows_a_user_without_a_name_by_the_user_name(api: Api, project: Project) -> None:
    user = UserFactory(username="nameless", email="")
    IssueFactory(project=project, assignee_user=user)

    (item,) = api.get(api.issues_url).json()

    assert item["assignedTo"] == {"type": "user", "id": str(user.pk), "name": "nameless", "email": ""}


def test_links_to_the_admin_under_the_configured_address(api: Api, project: Project, settings: Any) -> None:
    settings.BASE_URL = "https://issues.example.com"
    issue = IssueFactory(project=project)

    (item,) = api.get(api.issues_url).json()

    assert item["permalink"] == f"https://issues.example.com/admin/issues/issue/{issue.pk}/change/"


# ---------------------------------------------------------------------------------------------------------------------
# statusDetails
# ---------------------------------------------------------------------------------------------------------------------

LATER = datetime.fromisoformat("2099-01-01T00:00:00+00:00")
ACTED = {"id": "{id}", "name": "Jane Schmidt", "username": "jane", "email": "jane@example.com"}

DETAILS: dict[str, tuple[Json, Json]] = {
    "unresolved": ({}, {}),
    "resolved": ({"resolved": True}, {}),
    "ignored for good": ({"ignored": True}, {}),
    "in the next release": ({"resolved_in_next_release": True}, {"inNextRelease": True}),
    "until a time": ({"ignored": True, "snooze_ends_at": LATER}, NO_TERMS | {"ignoreUntil": "2099-01-01T00:00:00Z"}),
    "what is left of the events": (
        {"ignored": True, "own_times_seen": 10, "snooze_ends_at_times_seen": 13},
        NO_TERMS | {"ignoreCount": 3},
    ),
    "what is left of the users": (
        {"ignored": True, "own_users_seen": 10, "snooze_ends_at_users_seen": 11},
        NO_TERMS | {"ignoreUserCount": 1},
    ),
    "windows as given": (
        {
            "ignored": True,
            "own_times_seen": 10,
            "snooze_window_count": 5,
            "snooze_window_minutes": 60,
            "snooze_window_user_count": 2,
            "snooze_window_user_minutes": 90,
        },
        NO_TERMS | {"ignoreCount": 5, "ignoreWindow": 60, "ignoreUserCount": 2, "ignoreUserWindow": 90},
    ),
    "all kinds at once": (
        {
            "ignored": True,
            "snooze_ends_at": LATER,
            "own_times_seen": 10,
            "snooze_ends_at_times_seen": 15,
            "snooze_window_user_count": 2,
            "snooze_window_user_minutes": 90,
        },
        {
            "ignoreCount": 5,
            "ignoreUntil": "2099-01-01T00:00:00Z",
            "ignoreUserCount": 2,
            "ignoreUserWindow": 90,
            "ignoreWindow": None,
        },
    ),
    "ended": ({"ignored": True, "snooze_ends_at": NOW, "snooze_ends_at_times_seen": 99}, {}),
}


@pytest.mark.parametrize("by_user", [True, False], ids=["by jane", "by a key"])
@pytest.mark.parametrize(("columns", "details"), DETAILS.values(), ids=DETAILS)
def test_shows_status_details(
    api: Api, project: Project, jane: User, columns: Json, details: Json, by_user: bool
) -> None:
    IssueFactory(project=project, status_by=jane if by_user else None, **columns)

    (item,) = api.get(api.issues_url, raw_query="query=").json()

    actor = {"actor": ACTED | {"id": str(jane.pk)}} if by_user and details else {}
    assert item["statusDetails"] == details | actor
    assert list(item["statusDetails"]) == [*details, *actor]


def test_shows_the_release_that_resolves(api: Api, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0")
    IssueFactory(project=project, resolved_in_release=True, resolution_release=release)

    (item,) = api.get(api.issues_url, raw_query="status=resolved").json()

    assert item["statusDetails"] == {"inRelease": "2.0.0"}


def test_shows_what_a_mutation_left(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    body = {"status": "ignored", "ignoreDuration": 60, "ignoreCount": 5, "isBookmarked": True, "hasSeen": True}

    changed = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")
    (item,) = api.get(api.issues_url, raw_query="status=ignored", auth="jane").json()

    assert item["status"] == "ignored"
    assert item["statusDetails"] == changed.json()["statusDetails"]
    assert (item["isBookmarked"], item["hasSeen"]) == (True, True)
    assert (item["isSubscribed"], item["subscriptionDetails"]) == (True, {"reason": "bookmark"})


# ---------------------------------------------------------------------------------------------------------------------
# Marks: everybody's own
# ---------------------------------------------------------------------------------------------------------------------


def test_shows_everybody_their_own_marks(api: Api, project: Project, jane: User, sam: User) -> None:
    janes, sams = IssueFactory(project=project), IssueFactory(project=project)
    for issue, user in [(janes, jane), (sams, sam)]:
        IssueBookmarkFactory(issue=issue, user=user)
        IssueSeenFactory(issue=issue, user=user)
        IssueSubscriptionFactory(issue=issue, user=user, reason="assigned")

    marks = {
        auth: {
            int(item["id"]): (
                item["isBookmarked"],
                item["hasSeen"],
                item["isSubscribed"],
                item["subscriptionDetails"],
            )
            for item in api.get(api.issues_url, auth=auth).json()
        }
        for auth in ("jane", "sam", "key")
    }

    marked, unmarked = (True, True, True, {"reason": "assigned"}), (False, False, False, None)
    assert marks == {
        "jane": {janes.pk: marked, sams.pk: unmarked},
        "sam": {janes.pk: unmarked, sams.pk: marked},
        "key": {janes.pk: unmarked, sams.pk: unmarked},
    }


def test_shows_no_subscription_that_the_user_ended(api: Api, project: Project, jane: User) -> None:
    IssueSubscriptionFactory(issue=IssueFactory(project=project), user=jane, ended=True)

    (item,) = api.get(api.issues_url, auth="jane").json()

    assert (item["isSubscribed"], item["subscriptionDetails"]) == (False, None)


@pytest.mark.parametrize(
    ("seen_after", "has_seen"),
    [
        pytest.param(timedelta(microseconds=1), True, id="after the last event"),
        pytest.param(timedelta(0), True, id="at the last event"),
        pytest.param(timedelta(microseconds=-1), False, id="before the last event"),
    ],
)
def test_shows_as_seen_what_was_marked(
    api: Api, project: Project, jane: User, seen_after: timedelta, has_seen: bool
) -> None:
    issue = IssueFactory(project=project)
    IssueSeenFactory(issue=issue, user=jane, seen_at=issue.last_seen + seen_after)

    (item,) = api.get(api.issues_url, auth="jane").json()

    assert item["hasSeen"] is has_seen


# ---------------------------------------------------------------------------------------------------------------------
# stats
# ---------------------------------------------------------------------------------------------------------------------

HOUR, DAY = 3600, 86_400

# how the period is written -> so many points, so many seconds apart
STATS = {
    "absent": ("", "24h", 24, HOUR),
    "1s": ("statsPeriod=1s", "1s", 1, HOUR),
    "30m": ("statsPeriod=30m", "30m", 1, HOUR),
    "61m": ("statsPeriod=61m", "61m", 2, HOUR),
    "86400s": ("statsPeriod=86400s", "86400s", 24, HOUR),
    "86401s": ("statsPeriod=86401s", "86401s", 2, DAY),
    "129600m": ("statsPeriod=129600m", "129600m", 90, DAY),
    "1h": ("statsPeriod=1h", "1h", 1, HOUR),
    "12h": ("statsPeriod=12h", "12h", 12, HOUR),
    "24h": ("statsPeriod=24h", "24h", 24, HOUR),
    "024h": ("statsPeriod=024h", "024h", 24, HOUR),
    "25h": ("statsPeriod=25h", "25h", 2, DAY),
    "48h": ("statsPeriod=48h", "48h", 2, DAY),
    "2160h": ("statsPeriod=2160h", "2160h", 90, DAY),
    "1d": ("statsPeriod=1d", "1d", 1, DAY),
    "14d": ("statsPeriod=14d", "14d", 14, DAY),
    "90d": ("statsPeriod=90d", "90d", 90, DAY),
    "1w": ("statsPeriod=1w", "1w", 7, DAY),
    "12w": ("statsPeriod=12w", "12w", 84, DAY),
}


@pytest.mark.parametrize(("query", "word", "points", "step"), STATS.values(), ids=STATS)
def test_shapes_the_stats(api: Api, project: Project, query: str, word: str, points: int, step: int) -> None:
    issue, quiet_issue = IssueFactory(project=project), IssueFactory(project=project)
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts = {this_hour - timedelta(hours=back): back + 1 for back in (0, 1, 3, 22, 24, 47, 300, 2000, 2400)}
    for hour, count in counts.items():
        IssueHourFactory(issue=issue, hour=hour, own_count=1, total_count=count)

    before = int(timezone.now().timestamp())
    response = api.get(api.issues_url, raw_query=query)
    after = int(timezone.now().timestamp())

    stats = {int(item["id"]): item["stats"] for item in response.json()}
    assert [list(stat) for stat in stats.values()] == [[word]] * 2
    last = stats[issue.pk][word][-1][0]
    assert last in {before // step * step, after // step * step}
    moments = [last - step * back for back in reversed(range(points))]
    assert stats[issue.pk][word] == [
        [
            moment,
            sum(count for hour, count in counts.items() if moment <= hour.timestamp() < moment + step),
        ]
        for moment in moments
    ]
    assert stats[quiet_issue.pk][word] == [[moment, 0] for moment in moments]


def test_leaves_the_stats_out_for_an_empty_period(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    IssueHourFactory(issue=issue, hour=timezone.now().replace(minute=0, second=0, microsecond=0))

    (item,) = api.get(api.issues_url, raw_query="statsPeriod=").json()

    assert item["stats"] == {}


def test_does_not_narrow_the_list_by_the_period(api: Api, project: Project) -> None:
    old = NOW - timedelta(days=900)
    issue = IssueFactory(project=project, own_first_seen=old, own_last_seen=old)

    response = api.get(api.issues_url, raw_query="statsPeriod=1h")

    assert ids_of(response) == [issue.pk]


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
