"""GET: the pages of a list, their ``Link`` header, and the walk from one to the next (contract 2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from issues.models import Issue, IssueText
from projects.models import Project
from tests.answers import links_of
from tests.api_client import Api
from tests.factories import (
    NOW,
    IssueFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

ISSUES = "http://testserver/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"


def ids_of(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [int(item["id"]) for item in response.json()]


def micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


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


def test_links_do_not_grow_for_who_sends_parameters_with_them_again(api: Api, project: Project) -> None:
    """As ``requests.get(link, params=params)`` does."""
    issues = [IssueFactory(project=project) for _ in range(4)]
    sent = "query=is%3Aunresolved&status=resolved&limit=1&status=unresolved&status=resolved&limit=1"
    queries, found, query = [], [], sent

    while items := (response := api.get(api.issues_url, raw_query=query)).json():
        found += [int(item["id"]) for item in items]
        link = response.headers["Link"].split("<")[2].split(">")[0]
        queries.append(link.partition("?")[2].partition("&cursor=")[0])
        query = f"{link.partition('?')[2]}&{sent}"

    assert sorted(found) == [issue.pk for issue in issues]
    assert queries == ["query=is%3Aunresolved&status=unresolved&status=resolved&limit=1"] * 4


@pytest.mark.parametrize("name", ["sort", "limit", "cursor", "statsPeriod", "status"])
def test_does_not_repeat_all_of_a_long_word(api: Api, name: str) -> None:
    response = api.get(api.issues_url, raw_query=f"{name}={'x' * 100_000}")

    assert response.status_code == 400
    assert len(response.content) < 300


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


@pytest.mark.parametrize("limit", range(1, 11))
def test_walks_forward_and_back_without_loss(api: Api, listed: list[int], limit: int) -> None:
    query = ("", "query=", "status=unresolved&status=ignored")[limit % 3]  # which find the same
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
