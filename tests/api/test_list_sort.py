"""GET with ``sort`` or ``shortIdLookup``: in which order, and which one (contract 2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.factories import (
    NOW,
    IssueFactory,
)

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# shortIdLookup
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelt", [str, str.lower, lambda word: f" {word} "])
@pytest.mark.parametrize("state", ["plain", "resolved", "ignored"])
def test_finds_an_issue_by_its_short_id_whatever_its_status(
    api: Api, cast: dict[str, Issue], state: str, spelt: Callable[[str], str]
) -> None:
    issue = cast[state]

    response = api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={quote(spelt(issue.short_id))}")

    assert [item["id"] for item in response.json()] == [str(issue.pk)]
    assert response.headers["X-Hits"] == "1"
    assert 'rel="next"; results="false"' in response.headers["Link"]


def test_shows_the_parent_of_a_merged_issue_that_is_looked_up(api: Api, cast: dict[str, Issue]) -> None:
    child = cast["plain"].children.get()

    response = api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={child.short_id}")

    assert [item["id"] for item in response.json()] == [str(cast["plain"].pk)]


@pytest.mark.parametrize(
    "asked", ["shortIdLookup=0&query={short_id}", "query={short_id}", "shortIdLookup=1&query=x-{short_id}"]
)
def test_reads_a_short_id_as_a_word_otherwise(api: Api, cast: dict[str, Issue], asked: str) -> None:
    query = asked.format(short_id=cast["resolved"].short_id)

    assert api.get(api.issues_url, raw_query=query).json() == []


def test_does_not_look_up_a_short_id_of_another_project(
    api: Api, other_project: Project, stranger_project: Project
) -> None:
    for where in (other_project, stranger_project):
        issue = IssueFactory(project=where)

        assert api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={issue.short_id}").json() == []


# ---------------------------------------------------------------------------------------------------------------------
# sort
# ---------------------------------------------------------------------------------------------------------------------


SORTED: dict[str, Callable[[Issue], tuple[Any, int]]] = {
    "date": lambda issue: (issue.last_seen, issue.pk),
    "new": lambda issue: (issue.first_seen, issue.pk),
    "freq": lambda issue: (issue.times_seen, issue.pk),
    "user": lambda issue: (issue.users_seen, issue.pk),
}


# Each query by each sort, of pages of one size; each size with each sort, and with each query.
WALKS = [
    (sort, query, (1, 3, 100)[(turn + number) % 3])
    for turn, sort in enumerate(SORTED)
    for number, query in enumerate(("", "is:unresolved", "pump"))
]


@pytest.mark.parametrize(("sort", "query", "size"), WALKS)
def test_walks_every_sort_there_and_back(
    api: Api, cast: dict[str, Issue], project: Project, sort: str, query: str, size: int
) -> None:
    for _ in range(3):
        IssueFactory(project=project, own_times_seen=50, own_users_seen=9)  # ties
    matching = api.get(api.issues_url, raw_query=f"query={query}").json()
    expected = sorted(
        Issue.objects.filter(pk__in=[int(item["id"]) for item in matching]), key=SORTED[sort], reverse=True
    )

    pages: list[list[int]] = []
    cursors: list[tuple[str, str]] = []
    cursor = ""
    while True:
        response = api.get(api.issues_url, raw_query=f"query={query}&sort={sort}&limit={size}&cursor={cursor}")
        pages.append([int(item["id"]) for item in response.json()])
        previous, following = response.headers["Link"].split(", ")
        cursors.append((previous.split('cursor="')[1].rstrip('"'), following.split('cursor="')[1].rstrip('"')))
        if 'results="true"' not in following:
            break
        cursor = cursors[-1][1]

    assert [pk for page in pages for pk in page] == [issue.pk for issue in expected]
    for number in range(len(pages) - 1, 0, -1):
        back = api.get(api.issues_url, raw_query=f"query={query}&sort={sort}&limit={size}&cursor={cursors[number][0]}")
        assert [int(item["id"]) for item in back.json()] == pages[number - 1]


@pytest.mark.parametrize(
    ("sort", "value"), [("freq", "1000000000000"), ("user", "99999"), ("new", "-62135596800000000")]
)
def test_a_cursor_may_name_a_row_that_is_gone(api: Api, cast: dict[str, Issue], sort: str, value: str) -> None:
    response = api.get(api.issues_url, raw_query=f"query=&sort={sort}&cursor={value}:7:0")

    assert response.status_code == 200
    assert len(response.json()) == (0 if sort == "new" else len(cast))


@pytest.mark.parametrize("sort", ["freq", "user", "new", "date"])
@pytest.mark.parametrize(
    "cursor", ["9223372036854775808:1:0", "1:9223372036854775808:0", "9" * 19 + ":1:0", "x", "1:1"]
)
def test_refuses_a_cursor_that_no_answer_held(api: Api, project: Project, sort: str, cursor: str) -> None:
    response = api.get(api.issues_url, raw_query=f"sort={sort}&cursor={cursor}")

    assert (response.status_code, response.json()) == (
        400,
        {"cursor": [f'"{cursor}" is no cursor; take one from the Link header of an answer.']},
    )


def test_a_walk_by_age_has_each_issue_once_whatever_is_done_meanwhile(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project, own_first_seen=NOW - timedelta(days=3, minutes=n // 3)) for n in range(40)]
    wishes = [
        {"status": "resolved"},
        {"assignedTo": "jane"},
        {"merge": True},
        {"status": "ignored"},
        {"isPublic": True},
    ]
    merged: set[int] = set()

    walked: list[int] = []
    cursor = ""
    while True:
        response = api.get(api.issues_url, raw_query=f"query=&sort=new&limit=3&cursor={cursor}")
        walked += [int(item["id"]) for item in response.json()]
        following = response.headers["Link"].split(", ")[1]
        if 'results="false"' in following:
            break
        cursor = following.split('cursor="')[1].rstrip('"')
        # behind the walker and before it
        wish, ids = wishes[len(walked) % 5], [issues[len(walked) * 7 % 40].pk, issues[len(walked) * 11 % 40].pk]
        if api.put(api.issues_url, wish, ids=ids).status_code == 200 and wish == {"merge": True}:
            merged.update(ids)

    stayed = [issue.pk for issue in sorted(issues, key=lambda issue: (issue.first_seen, issue.pk), reverse=True)]
    assert merged
    assert [pk for pk in walked if pk not in merged] == [pk for pk in stayed if pk not in merged]
    assert len(walked) == len(set(walked))
