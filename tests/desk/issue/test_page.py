"""The page of an issue: what it tells, to whom, and what that costs."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from issues.enums import ActivityKind
from issues.models import Issue
from projects.models import Project, User
from tests.desk.issue.events import failing, frame, thrown
from tests.desk.issue.opening import address, came, opened, read
from tests.desk.reading import words_of
from tests.factories import (
    NOW,
    ActivityFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSubscriptionFactory,
    MutationFactory,
    ProjectFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

EVENT = failing(
    thrown("KeyError", frame("load"), value="'gauge'"),
    thrown("PumpError", frame("main"), frame("call", own=False), frame("intake"), value="pump 3 lost suction"),
    environment="production",
    release="1.4.2",
    tags={"shop": "north"},
    user={"id": "7"},
    request={"method": "GET", "url": "https://pumps.example.com/3?flow=1"},
    breadcrumbs=[{"category": "query", "message": "SELECT 1"}],
    contexts={"order": {"lines": 3}},
)


# ---------------------------------------------------------------------------------------------------------------------
# What it tells
# ---------------------------------------------------------------------------------------------------------------------


def test_shows_the_trace_and_all_that_stands_around_it(as_jane: Client, project: Project) -> None:
    issue, event_id = came(project, EVENT)

    page = read(as_jane, issue)

    for words in (
        *("PumpError", "pump 3 lost suction", "intake in pump.run line 42", "b = a / 0"),
        *("Caused by KeyError", "call in pump.run"),
        *("GET https://pumps.example.com/3", "SELECT 1", "shop north", "order lines 3", "user id:7"),
        *(issue.short_id, event_id.hex[:8], "production", "The one kept event", "Events 1 Users 1"),
    ):
        assert words in page


@pytest.mark.parametrize("before", [["a = 1"], ["1;", "", "package Station;"], [None, None, None], ["", "a = 1"], []])
def test_each_line_of_source_stands_beside_its_number(as_jane: Client, project: Project, before: list[Any]) -> None:
    """Sentry's SDKs for Ruby and Perl send lines before the first one of a file, too: they have no number."""
    issue, _ = came(project, failing(thrown("PumpError", frame("intake", lineno=2, pre_context=before))))

    html = opened(as_jane, issue).content.decode()
    # As a browser reads it.
    pres = dict(re.findall(r'<pre class="(numbers|lines)"[^>]*>\n?(.*?)</pre>', html, re.DOTALL))
    numbers, lines = (pres[name].split("\n") for name in ("numbers", "lines"))
    assert len(numbers) == len(lines)
    assert numbers.index("2") == lines.index("<mark>b = a / 0</mark>")


def test_shows_its_numbers_its_releases_and_its_trend(as_jane: Client, project: Project) -> None:
    releases = [ReleaseFactory(projects=[project], version=version) for version in ("1.0", "2.0")]
    now = timezone.now()
    issue = IssueFactory(
        project=project,
        own_times_seen=1234,
        own_users_seen=56,
        own_first_release=releases[0],
        own_last_release=releases[1],
        own_last_seen=now,
    )
    IssueHourFactory(issue=issue, hour=now.replace(minute=0, second=0, microsecond=0), own_count=7)

    answer = opened(as_jane, issue)

    page = read(as_jane, issue)
    assert "Events 1,234 Users 56" in page
    assert "in 1.0" in page
    assert "in 2.0" in page
    assert [answer.context[name].total for name in ("day", "month")] == [7, 7]


def test_says_why_there_is_no_trace(as_jane: Client, project: Project, settings: Any) -> None:
    now = timezone.now()
    seeded = IssueFactory(project=project, own_last_seen=now)
    old = IssueFactory(project=project, own_first_seen=now - timedelta(200), own_last_seen=now - timedelta(100))

    assert "was not made of events that came here" in read(as_jane, seeded)
    assert "Whole events are kept for 90 days" in read(as_jane, old)


def test_tells_its_story(as_jane: Client, jane: User, project: Project) -> None:
    issue = IssueFactory(project=project)
    child = IssueFactory(merged_into=issue, text__title="PumpError: pump 4")
    mutation = MutationFactory(project=project, user=jane)
    for kind, data in (
        (ActivityKind.MERGE, {"issues": [{"id": str(child.pk)}]}),
        (ActivityKind.SET_RESOLVED, {}),
    ):
        ActivityFactory(issue=issue, kind=kind, data=data, user=jane, mutation_id=mutation.pk)
    ActivityFactory(issue=issue, kind=ActivityKind.SET_REGRESSION, user=None, mutation_id=None, data={"version": "2.0"})
    said = {"text": "It was the valve."}
    ActivityFactory(issue=child, kind=ActivityKind.NOTE, user=jane, mutation_id=None, data=said)

    page = read(as_jane, issue)
    links = opened(as_jane, issue).content.decode()

    assert f'href="{reverse("desk:mutation", args=[mutation.pk])}"' in links
    steps = [
        f"Jane Schmidt wrote · on {child.short_id}",
        "It was the valve.",
        "An event reopened it: it came again in 2.0",
        "Jane Schmidt resolved it",
        f"Jane Schmidt merged into it {child.short_id}",
        "Seen for the first time",
    ]
    assert [page.index(step) for step in steps] == sorted(page.index(step) for step in steps)
    assert "PumpError: pump 4" in page
    assert page.count(" · on ") == 1  # what happened to the issue itself says so by saying nothing


def test_says_all_that_its_buttons_change(as_jane: Client, jane: User, sam: User, project: Project) -> None:
    plain = IssueFactory(project=project)
    issue = IssueFactory(project=project, priority="high", assignee_user=jane, share_id=uuid4())
    for mark in (IssueBookmarkFactory, IssueSubscriptionFactory):
        mark(issue=plain, user=sam)
        mark(issue=issue, user=jane)

    assert "Unresolved Assigned to nobody · medium priority Resolve" in read(as_jane, plain)
    everything = "Jane Schmidt · high priority · public · bookmarked by you · followed by you Resolve"
    assert f"Assigned to {everything}" in read(as_jane, issue)


def test_says_who_follows_it(as_jane: Client, sam: User, project: Project) -> None:
    issue = IssueFactory(project=project)
    IssueSubscriptionFactory(issue=issue, user=sam)

    assert "Followed by Sam Okafor" in read(as_jane, issue)


# ---------------------------------------------------------------------------------------------------------------------
# One event and another
# ---------------------------------------------------------------------------------------------------------------------


def events_of(project: Project) -> tuple[Issue, list[str]]:
    came_ = [came(project, EVENT | {"message": f"number {n}"}, at=NOW + timedelta(minutes=n)) for n in range(3)]
    return came_[0][0], [event_id.hex for _, event_id in came_]


def ways(answer: Any) -> dict[str, str]:
    return {way.word: way.address.split("/")[-2] if way.address else "" for way in answer.context["event"].ways}


def test_leads_from_event_to_event(as_jane: Client, project: Project) -> None:
    issue, ids = events_of(project)

    newest = opened(as_jane, issue)
    middle, oldest = (as_jane.get(address(issue, word)) for word in (ids[1], "oldest"))

    assert [answer.context["event"].id for answer in (newest, middle, oldest)] == ids[::-1]
    assert ways(newest) == {"Newest": "", "Newer": "", "Older": ids[1], "Oldest": "oldest"}
    assert ways(middle) == {"Newest": "latest", "Newer": ids[2], "Older": ids[0], "Oldest": "oldest"}
    assert ways(oldest) == {"Newest": "latest", "Newer": ids[1], "Older": "", "Oldest": ""}
    assert "number 1" in middle.content.decode()


def test_finds_an_event_with_hyphens_too(as_jane: Client, project: Project) -> None:
    issue, ids = events_of(project)
    dashed = f"{ids[0][:8]}-{ids[0][8:12]}-{ids[0][12:16]}-{ids[0][16:20]}-{ids[0][20:]}"

    assert as_jane.get(address(issue, dashed)).context["event"].id == ids[0]


def test_leads_to_the_newest_when_an_event_is_not_kept(as_jane: Client, project: Project) -> None:
    issue, _ = events_of(project)

    answer = as_jane.get(address(issue, uuid4().hex), follow=True)

    assert answer.redirect_chain == [(address(issue), 302)]
    assert "is not kept any more" in answer.content.decode()


@pytest.mark.parametrize("word", ["newest", "7", "x" * 32, "0" * 31])
def test_knows_no_other_words_for_events(as_jane: Client, project: Project, word: str) -> None:
    issue, _ = events_of(project)

    assert as_jane.get(address(issue, word)).status_code == 404


def test_shows_the_shares_of_tags(as_jane: Client, project: Project) -> None:
    for number, shop in enumerate(["north", "north", "south"]):
        issue, _ = came(project, EVENT | {"tags": {"shop": shop}}, at=NOW + timedelta(minutes=number))

    tags = {tag.key: tag.shares for tag in opened(as_jane, issue).context["tags"]}

    assert [(share.value, share.percent) for share in tags["shop"]] == [("north", 67), ("south", 33)]


# ---------------------------------------------------------------------------------------------------------------------
# Which issue, and to whom
# ---------------------------------------------------------------------------------------------------------------------


def test_is_found_by_number_and_by_short_id(as_jane: Client, project: Project) -> None:
    issue = IssueFactory(project=project)

    for word in (str(issue.pk), issue.short_id, issue.short_id.lower()):
        assert as_jane.get(reverse("desk:issue", args=[word])).context["issue"].pk == issue.pk


def test_a_stranger_finds_no_more_than_where_nothing_is(as_kit: Client, project: Project) -> None:
    issue, event_id = came(project, EVENT)
    nothing = as_kit.get(reverse("desk:issue", args=[issue.pk + 1_000_000]))

    for word in (str(issue.pk), issue.short_id):
        for answer in (
            as_kit.get(reverse("desk:issue", args=[word])),
            as_kit.get(reverse("desk:event", args=[word, event_id.hex])),
            as_kit.get(reverse("desk:event", args=[word, "latest"])),
        ):
            assert answer.status_code == nothing.status_code == 404
            assert words_of(answer.content.decode()) == words_of(nothing.content.decode())
    assert as_kit.post(reverse("desk:notes", args=[issue.pk]), {"text": "hello"}).status_code == 404


@pytest.mark.parametrize("word", ["0", "99999999999999999999", "x", "-1", "PUMP-STATION-!", "a\x00-1"])
def test_what_names_no_issue_is_not_found(as_jane: Client, project: Project, word: str) -> None:
    assert as_jane.get(reverse("desk:issue", args=[word])).status_code == 404


def test_a_merged_one_leads_to_the_one_that_shows_it(as_jane: Client, project: Project) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=IssueFactory(merged_into=parent))

    answer = as_jane.get(address(child), {"from": "sort=new"}, follow=True)

    assert answer.context["issue"].pk == parent.pk
    assert answer.redirect_chain == [(f"{address(parent)}?from=sort%3Dnew", 302)]
    assert f"{child.short_id} was merged into {parent.short_id}" in answer.content.decode()


def test_asks_which_one_is_meant_where_organizations_have_projects_of_one_name(
    as_superuser: Client, as_jane: Client, project: Project, stranger_project: Project
) -> None:
    twin = ProjectFactory(organization=stranger_project.organization, slug=project.slug)
    issues = [IssueFactory(project=each, short_number=7) for each in (project, twin)]

    answer = as_superuser.get(reverse("desk:issue", args=[issues[0].short_id]))

    assert {issue.pk for issue in answer.context["issues"]} == {issue.pk for issue in issues}
    assert as_jane.get(reverse("desk:issue", args=[issues[0].short_id])).context["issue"].pk == issues[0].pk


# ---------------------------------------------------------------------------------------------------------------------
# What it costs
# ---------------------------------------------------------------------------------------------------------------------


def test_takes_as_many_statements_for_much_as_for_little(
    as_jane: Client, jane: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    issue, _ = came(project, EVENT)
    opened(as_jane, issue)  # which marks it as seen
    with django_assert_max_num_queries(30) as little:
        opened(as_jane, issue, **{"from": "query=is:unresolved"})
    statements = len(little)  # now: the next request empties the log
    for number in range(10):
        came(project, EVENT, at=NOW + timedelta(minutes=number))
    for number in range(1000, 1010):
        IssueFactory(merged_into=issue, short_number=number)
        ActivityFactory(issue=issue, kind=ActivityKind.SET_RESOLVED, user=jane, mutation_id=MutationFactory().pk)
        IssueFactory(project=project, short_number=number + 1000)
    opened(as_jane, issue)

    with django_assert_max_num_queries(statements):
        opened(as_jane, issue, **{"from": "query=is:unresolved"})
