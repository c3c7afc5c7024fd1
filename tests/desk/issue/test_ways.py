"""Where one came from: the list travels along, and has its issues before and after this one."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from issues.models import Issue
from projects.models import Project
from tests.desk.issue.opening import address, opened
from tests.desk.reading import LIST, listed
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    """As the list shows them that is sorted by age."""
    return [IssueFactory(project=project, own_times_seen=times) for times in (5, 1, 3)][::-1]


def neighbours(client: Client, issue: Issue, view: str) -> tuple[int | None, int | None]:
    found = opened(client, issue, **{"from": view}).context["neighbours"]
    return found.previous, found.next


@pytest.mark.parametrize("view", ["", "query=&sort=new", "query=&sort=freq", "query=is%3Aunresolved&sort=user"])
def test_has_those_beside_it_as_the_list_has_them(as_jane: Client, issues: list[Issue], view: str) -> None:
    query = {name: words[0] for name, words in parse_qs(view, keep_blank_values=True).items()}
    ids: list[Any] = [None, *listed(as_jane, **query), None]

    assert len(ids) == 5
    for before, pk, after in zip(ids, ids[1:], ids[2:], strict=False):
        assert neighbours(as_jane, Issue(pk=pk), view) == (before, after)


def test_goes_on_from_where_an_issue_stood_that_is_in_the_list_no_more(as_jane: Client, issues: list[Issue]) -> None:
    Issue.objects.filter(pk=issues[1].pk).update(status="resolved", resolved_at=issues[1].last_seen)

    assert neighbours(as_jane, issues[1], "query=is:unresolved&sort=new") == (issues[0].pk, issues[2].pk)


def test_the_place_in_the_list_does_not_count(as_jane: Client, issues: list[Issue]) -> None:
    view = f"query=&sort=new&cursor=0:{issues[0].pk}:0"

    assert neighbours(as_jane, issues[1], view) == (issues[0].pk, issues[2].pk)


def test_shows_nobody_issues_that_they_do_not_see(
    as_jane: Client, project: Project, stranger_project: Project, issues: list[Issue]
) -> None:
    IssueFactory(project=stranger_project)

    assert neighbours(as_jane, issues[0], f"query=&sort=new&project={stranger_project.pk}") == (None, None)
    assert neighbours(as_jane, issues[0], "query=&sort=new") == (None, issues[1].pk)


@pytest.mark.parametrize("view", ["query=level%3Ablue", "sort=beauty", "project=x", "%00", "a=1&" * 2000])
def test_a_view_that_is_not_understood_has_none(as_jane: Client, issues: list[Issue], view: str) -> None:
    assert neighbours(as_jane, issues[1], view) in [(None, None), (issues[0].pk, issues[2].pk)]


def test_without_a_view_there_are_none(as_jane: Client, issues: list[Issue]) -> None:
    answer = opened(as_jane, issues[1])

    assert answer.context["origin"].address == LIST
    assert 'rel="next"' not in answer.content.decode()


def test_leads_back_to_the_list_as_it_was_and_on_with_it(as_jane: Client, issues: list[Issue]) -> None:
    view = "query=is%3Aunresolved&sort=new"

    answer = opened(as_jane, issues[1], **{"from": view})

    assert answer.context["origin"].address == f"{LIST}?{view}"
    carried = urlsplit(address(issues[1]) + answer.context["kept_from"])
    assert parse_qs(carried.query) == {"from": [view]}


def test_a_view_leads_nowhere_but_to_the_list(as_jane: Client, issues: list[Issue]) -> None:
    answer = opened(as_jane, issues[1], **{"from": '"><script>alert(1)</script>#//elsewhere.example.com'})

    assert "<script>alert" not in answer.content.decode()
    assert answer.context["origin"].address.startswith(f"{LIST}?")
