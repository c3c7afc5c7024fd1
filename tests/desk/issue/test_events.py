"""The list of an issue's events, and the ways that lead into it from a tag."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk.issue import events
from issues.models import Issue
from projects.models import Project
from tests.desk.issue.opening import came, opened
from tests.desk.reading import words_of
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db


def listed(client: Client, issue: Issue, **query: str) -> Any:
    answer = client.get(reverse("desk:events", args=[issue.pk]), query)
    assert answer.status_code == 200
    return answer


def send(project: Project, number: int, **said: Any) -> Issue:
    said = {"message": f"pump {number} lost suction", "tags": {"plant": ("north", "south")[number % 2]}, **said}
    return came(project, said, at=NOW + timedelta(minutes=number))[0]


def ids(answer: Any) -> list[str]:
    return [row.id.hex for row in answer.context["rows"]]


def test_lists_the_newest_first_and_leads_to_each(as_jane: Client, project: Project) -> None:
    for number in range(3):
        issue = send(project, number, environment="production")

    page = listed(as_jane, issue)

    times = [row.seen_at for row in page.context["rows"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    assert "environment production level error plant north" in words_of(page.content.decode())
    assert as_jane.get(page.context["rows"][0].address).context["event"].id == ids(page)[0]


def test_finds_by_tag_user_and_word(as_jane: Client, project: Project) -> None:
    for number in range(4):
        issue = send(project, number, user={"email": f"{number}@example.com"})

    assert len(ids(listed(as_jane, issue, query="plant:north"))) == 2
    assert len(ids(listed(as_jane, issue, query="user.email:3@example.com"))) == 1
    assert len(ids(listed(as_jane, issue, query="!plant:north pump"))) == 2
    nothing = listed(as_jane, issue, query="plant:west")
    assert "No event found" in words_of(nothing.content.decode())


@pytest.mark.parametrize("value", ["north", 'a "quoted" one', "back\\slash", "50% *", "two words", "[a,b]", "x:y"])
def test_a_tag_leads_to_those_that_have_it(as_jane: Client, project: Project, value: str) -> None:
    send(project, 1, tags={"plant": "other"})
    issue = send(project, 2, tags={"plant": value})

    page = opened(as_jane, issue)

    ways = [unescape(way) for way in re.findall(r'<a class="(?:pair|says)" href="([^"]+)"', page.content.decode())]
    of_the_tag = [way for way in ways if "query=plant" in way]
    assert len(of_the_tag) >= 2  # of the event that is shown, and of the shares
    for way in (of_the_tag[0], page.context["event"].tags[0].address):
        assert as_jane.get(way).status_code == 200
    (found,) = {way for way in of_the_tag if as_jane.get(way).context["rows"][0].id.hex == page.context["event"].id}
    assert len(ids(as_jane.get(found))) == 1


def test_a_tag_that_no_search_can_say_leads_nowhere(as_jane: Client, project: Project) -> None:
    said = {"device:family": "pump", "message": "x", "_build": "7", "1st": "x", "-x": "x", "bytes": "a\ufffdb"}
    issue = send(project, 1, tags=said)

    tags = {tag.key: tag.address for tag in opened(as_jane, issue).context["event"].tags}

    assert {tags[key] for key in said} == {""}


def test_leads_from_page_to_page_and_back(as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "ROWS", 2)
    for number in range(5):
        issue = send(project, number)
    first = listed(as_jane, issue, query="pump", **{"from": "query=is:unresolved"})

    second = as_jane.get(first.context["next"])
    third = as_jane.get(second.context["next"])

    assert [len(ids(each)) for each in (first, second, third)] == [2, 2, 1]
    assert len({*ids(first), *ids(second), *ids(third)}) == 5
    assert ids(as_jane.get(second.context["previous"])) == ids(first)
    assert third.context["origin"].list == "query=is:unresolved"


@pytest.mark.parametrize(
    ("query", "said"),
    [({"query": "plant:"}, "plant"), ({"cursor": "x"}, "This page is not there"), ({"query": "x" * 3_000}, "2000")],
    ids=["empty value", "cursor", "long"],
)
def test_says_what_is_not_understood(as_jane: Client, project: Project, query: dict[str, str], said: str) -> None:
    page = listed(as_jane, send(project, 1), **query)

    assert page.context["rows"] == []
    assert said in page.context["error"].replace(",", "")


def test_is_of_issues_that_somebody_sees(as_kit: Client, as_jane: Client, project: Project) -> None:
    issue = send(project, 1)
    child = IssueFactory(project=project, merged_into=issue, short_number=900)

    answers = [as_kit.get(reverse("desk:events", args=[pk])) for pk in (issue.pk, issue.pk + 1_000)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({words_of(answer.content.decode()) for answer in answers}) == 1
    assert as_jane.get(reverse("desk:events", args=[child.pk]))["Location"] == reverse("desk:issue", args=[child.pk])
