"""The page of an issue in the admin: what it tells, and what that costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from issues.admin import finding, story
from issues.enums import ActivityKind
from issues.models import Issue
from issues.reading.story import DAYS, MARKS, events_by_day
from projects.models import User
from tests.factories import (
    NOW,
    ActivityFactory,
    ApiKeyFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    MutationFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def page_of(operator: Client, issue: Issue) -> str:
    answer = operator.get(f"/admin/issues/issue/{issue.pk}/change/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# what happened


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (ActivityKind.SET_RESOLVED, {}, "resolved it"),
        (ActivityKind.SET_RESOLVED_IN_RELEASE, {"version": "1.0.0"}, "resolved it in 1.0.0"),
        (ActivityKind.SET_RESOLVED_IN_RELEASE, {"version": ""}, "resolved it in the next release"),
        (ActivityKind.SET_UNRESOLVED, {}, "reopened it"),
        (
            ActivityKind.SET_IGNORED,
            dict.fromkeys(["ignoreUntil", "ignoreCount", "ignoreWindow"]),
            "ignored it for good",
        ),
        (
            ActivityKind.SET_IGNORED,
            {"ignoreUntil": "2026-03-01T12:30:00Z", "ignoreUserCount": 3},
            "ignored it until 2026-03-01 12:30 UTC or 3 more users",
        ),
        (
            ActivityKind.SET_IGNORED,
            {"ignoreCount": 7, "ignoreWindow": 60},
            "ignored it until 7 more events within 60 minutes",
        ),
        (ActivityKind.ASSIGNED, {"assigneeType": "user", "assignee": "4"}, "assigned it to Jane"),
        (ActivityKind.ASSIGNED, {"assigneeType": "team", "assignee": "4"}, "assigned it to team 4"),  # gone since
        (ActivityKind.UNASSIGNED, {}, "unassigned it"),
        (ActivityKind.SET_PUBLIC, {}, "made its share link"),
        (ActivityKind.SET_PRIVATE, {}, "withdrew its share link"),
        (ActivityKind.MERGE, {"issues": [{"id": "2"}, {"id": "3"}]}, "merged into it: 2, 3"),
        (ActivityKind.UNMERGE, {"issues": [{"id": "2"}]}, "took out of it: 2"),
        (ActivityKind.UNMERGE, {"parent": {"id": "1"}}, "took it out of 1"),
        (ActivityKind.NOTE, {"text": "Looks like the pump."}, "wrote"),
    ],
)
def test_tells_what_happened(kind: ActivityKind, data: dict[str, Any], words: str) -> None:
    assert strip_tags(story.TOLD[kind].sentence(data, {("user", "4"): "Jane"})) == words


def test_has_words_and_a_sign_for_every_kind() -> None:
    assert set(story.TOLD) == set(ActivityKind)
    assert [kind for kind, told in story.TOLD.items() if not told.icon or not told.sentence({"issues": []}, {})] == []


def test_tells_who_did_it(operator: Client) -> None:
    issue = IssueFactory()
    jane, team = UserFactory(name="Jane Schmidt"), TeamFactory(slug="crew", organization=issue.project.organization)
    key = ApiKeyFactory(organization=issue.project.organization)
    by_key = MutationFactory(project=issue.project, api_key=key)
    assigned = {"kind": ActivityKind.ASSIGNED, "issue": issue}
    ActivityFactory(**assigned, user=jane, data={"assigneeType": "user", "assignee": str(jane.pk)})
    ActivityFactory(**assigned, mutation_id=by_key.pk, data={"assigneeType": "team", "assignee": str(team.pk)})
    ActivityFactory(issue=issue, mutation_id=by_key.pk + 1)
    ActivityFactory(issue=issue, note=True, user=jane, data={"text": "<i>Looks</i> like the pump."})

    page = page_of(operator, issue)

    assert f"<b>{jane}</b> assigned it to Jane Schmidt" in page
    assert f"<b>{key}</b> assigned it to #crew" in page
    assert "<b>Somebody who is gone</b> resolved it" in page
    assert "<blockquote>&lt;i&gt;Looks&lt;/i&gt; like the pump.</blockquote>" in page


# what was merged


def test_shows_the_tree_around_an_issue(operator: Client) -> None:
    root = IssueFactory()
    parent = IssueFactory(merged_into=root)
    issue = IssueFactory(merged_into=parent)
    child = IssueFactory(merged_into=issue)
    IssueFactory(merged_into=child)

    told = operator.get(f"/admin/issues/issue/{issue.pk}/change/").context["story"]

    assert told["above"] == [root, parent]
    assert (told["below"].rows, told["below"].has_more) == ([child], False)


# how often


def test_adds_up_the_events_of_each_of_the_last_days() -> None:
    issue = IssueFactory(own_last_seen=NOW)
    for ago in (timedelta(0), timedelta(hours=2), timedelta(days=1), timedelta(days=DAYS)):
        IssueHourFactory(issue=issue, hour=NOW - ago, own_count=2, total_count=3)

    days = events_by_day(issue)

    assert [day.events for day in days] == [0] * (DAYS - 2) + [3, 6]


# what it costs


def hang_on(issue: Issue, count: int) -> None:
    for number in range(count):
        user: User = UserFactory()
        mark = {"issue": issue, "user": user}
        IssueSeenFactory(**mark)
        IssueBookmarkFactory(**mark)
        IssueSubscriptionFactory(**mark)
        IssueHashFactory(issue=issue)
        IssueHourFactory(issue=issue, hour=issue.last_seen - timedelta(hours=number))
        IssueFactory(merged_into=issue)
        key = ApiKeyFactory(organization=issue.project.organization)
        ActivityFactory(issue=issue, mutation_id=MutationFactory(project=issue.project, api_key=key).pk)
        assigned = {"assigneeType": "user", "assignee": str(user.pk)}
        ActivityFactory(issue=issue, user=user, kind=ActivityKind.ASSIGNED, data=assigned)


def test_asks_as_often_for_much_as_for_little_and_shows_no_more_than_it_may(operator: Client) -> None:
    issue, other = IssueFactory(merged_into=IssueFactory()), IssueFactory(merged_into=IssueFactory())
    hang_on(issue, 1)
    hang_on(other, MARKS + 2)
    page_of(operator, issue)

    with CaptureQueriesContext(connection) as little:
        page_of(operator, issue)
    with CaptureQueriesContext(connection) as much:
        told = operator.get(f"/admin/issues/issue/{other.pk}/change/").context["story"]

    assert len(much) == len(little) < 30
    marks = [told[name] for name in ("seen", "bookmarked", "followed", "hashes")]
    assert [(len(first.rows), first.has_more) for first in marks] == [(MARKS, True)] * 4


# how it is found


def test_is_found_by_the_search_of_the_sidebar(operator: Client) -> None:
    issue = IssueFactory(text__title="<b>Pump")

    page = operator.get("/admin/search/", {"extended": "1", "s": issue.short_id.lower()}).content.decode()

    assert f"/admin/issues/issue/{issue.pk}/change/" in page
    assert f"{issue.short_id} &lt;b&gt;Pump" in page


@pytest.mark.parametrize("word", ["%00", "\0", "9" * 30, "pump", "-"])
def test_answers_whatever_is_searched_for(operator: Client, word: str) -> None:
    assert operator.get("/admin/search/", {"extended": "1", "s": word}).status_code == 200


@pytest.mark.parametrize("page", ["0", "2", "x", "9" * 30])
def test_refuses_a_page_that_its_search_has_not(operator: Client, page: str) -> None:
    assert operator.get("/admin/search/", {"s": "issue", "page": page}).status_code == 400


def test_is_found_only_by_who_may_view_issues(rf: Any) -> None:
    issue = IssueFactory()
    request = rf.get("/admin/search/")
    request.user = UserFactory(is_staff=True)

    assert finding.issues_called(request, str(issue.pk)) == []
