"""Numbers that are larger than a column ...: are shown as the most, and are never a 500 (contract 1.6, 1.9)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues import integrity
from issues.models import Issue, IssueHour
from issues.querysets import MOST, MOST_IN_AN_HOUR
from projects.models import Project
from projects.querysets import MAX_ID
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueHashFactory, IssueHourFactory

pytestmark = pytest.mark.django_db

LARGE = [MOST - 5, MOST, MOST + 1, MAX_ID - 1, MAX_ID]


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    """Two with as many events as a column takes, in the same hour of today, but for one; and as many users."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    issues = []
    for number in range(2):
        issue = IssueFactory(
            project=project,
            own_first_seen=NOW - timedelta(days=9 - number),
            own_times_seen=MOST - number,
            own_users_seen=MOST - number,
        )
        IssueHashFactory(issue=issue)
        IssueHourFactory(issue=issue, own_count=MOST_IN_AN_HOUR - number, hour=hour)
        issues.append(issue)
    return issues


def put(api: Api, body: dict[str, Any], *issues: Issue, query: str = "") -> Any:
    response = api.put(api.issues_url, body, ids=[issue.pk for issue in issues], raw_query=query, auth="jane")
    assert response.status_code == 200, response.content
    return response


def undo(api: Api, response: Any) -> Any:
    undone = api.undo(response.headers["Mutation-Id"], auth="jane")
    assert undone.status_code == 200
    return undone


def item(api: Api, issue: Issue, query: str = "query=") -> dict[str, Any]:
    response = api.get(f"{api.issues_url}?{query}")
    assert response.status_code == 200
    found: dict[str, Any] = next(item for item in response.json() if item["id"] == str(issue.pk))
    return found


def numbers(issues: list[Issue]) -> list[tuple[Any, ...]]:
    columns = ("times_seen", "users_seen", "comment_count", "own_times_seen", "own_users_seen", "own_comment_count")
    return list(Issue.objects.filter(pk__in=[issue.pk for issue in issues]).order_by("id").values_list(*columns))


def hours() -> list[tuple[int, int, int]]:
    return list(IssueHour.objects.order_by("issue_id").values_list("issue_id", "own_count", "total_count"))


def breaches() -> list[str]:
    return [str(breach) for breach in map(integrity.find, integrity.INVARIANTS) if breach]


def test_are_added_up_by_a_merge_as_far_as_they_go_and_exact_after_an_unmerge(api: Api, issues: list[Issue]) -> None:
    before, hours_before = numbers(issues), hours()

    put(api, {"merge": True}, *issues)

    shown = item(api, issues[0])
    assert (shown["count"], shown["userCount"]) == (str(MOST), MOST)
    assert max(count for _, count in shown["stats"]["24h"]) == MOST_IN_AN_HOUR
    assert breaches() == []

    put(api, {"merge": False}, issues[0])

    assert numbers(issues) == before
    assert hours() == hours_before
    assert breaches() == []


def test_are_exact_again_after_an_undo_and_its_undo(api: Api, issues: list[Issue]) -> None:
    before, hours_before = numbers(issues), hours()

    merged = put(api, {"merge": True}, *issues)
    undone = undo(api, merged)
    assert (numbers(issues), hours()) == (before, hours_before)
    again = undo(api, undone)
    assert Issue.objects.get(pk=issues[0].pk).times_seen == MOST
    undo(api, again)

    assert (numbers(issues), hours()) == (before, hours_before)
    assert breaches() == []


def test_of_days_are_sums_of_hours(api: Api, issues: list[Issue]) -> None:
    """A day of such hours is more than an hour's column takes."""
    hour = IssueHour.objects.filter(issue=issues[0]).values_list("hour", flat=True).get()
    for ago in range(1, 20):
        IssueHourFactory(issue=issues[0], own_count=MOST_IN_AN_HOUR, hour=hour - timedelta(hours=ago))

    by_day = item(api, issues[0], "query=&statsPeriod=14d")["stats"]["14d"]

    assert sum(count for _, count in by_day) == 20 * MOST_IN_AN_HOUR


@pytest.mark.parametrize("own", LARGE)
@pytest.mark.parametrize("count", [1, 10, 2**31 - 1])
@pytest.mark.parametrize("named", [True, False], ids=["named", "all"])
def test_end_no_snooze_by_count_early(api: Api, project: Project, own: int, count: int, named: bool) -> None:
    issue = IssueFactory(project=project, own_times_seen=own, own_users_seen=own)
    IssueHashFactory(issue=issue)
    body = {"status": "ignored", "ignoreCount": count, "ignoreUserCount": count}

    first = put(api, body, *[issue] * named)
    again = put(api, body, *[issue] * named)

    assert (first.headers["Issues-Changed"], again.headers["Issues-Changed"]) == ("1", "0")
    shown = item(api, issue)
    assert shown["status"] == "ignored"
    # As much as is left to be counted; where nothing is, it ends never.
    left = min(count, MAX_ID - own)
    assert shown["statusDetails"].get("ignoreCount") == (left or None)
    assert shown["statusDetails"].get("ignoreUserCount") == (left or None)
    assert breaches() == []

    undo(api, first)
    assert item(api, issue)["status"] == "unresolved"


@pytest.mark.parametrize("own", LARGE)
def test_leave_as_much_of_a_snooze_as_there_was(api: Api, issues: list[Issue], project: Project, own: int) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=30), own_times_seen=3)
    child = IssueFactory(project=project, own_times_seen=own)
    put(api, {"status": "ignored", "ignoreCount": 2**31 - 1}, parent)

    put(api, {"merge": True}, parent, child, *issues)

    assert item(api, parent)["status"] == "ignored"
    assert item(api, parent)["statusDetails"]["ignoreCount"] == 2**31 - 1

    put(api, {"merge": False}, parent)

    assert item(api, parent)["statusDetails"]["ignoreCount"] == 2**31 - 1
    assert Issue.objects.get(pk=parent.pk).times_seen == 3
    assert Issue.objects.get(pk=child.pk).times_seen == own


def test_are_no_500_in_a_preview_and_write_nothing(api: Api, issues: list[Issue]) -> None:
    before = snapshot()

    put(api, {"merge": True}, *issues, query="preview=true")
    put(api, {"status": "ignored", "ignoreCount": 2**31 - 1}, query="preview=true")

    assert snapshot() == before


@pytest.mark.parametrize("sort", ["freq", "user", "date", "new"])
def test_are_walked_through(api: Api, issues: list[Issue], project: Project, sort: str) -> None:
    largest = IssueFactory(project=project, own_times_seen=MAX_ID, own_users_seen=MAX_ID)
    found, url = [], f"{api.issues_url}?query=&sort={sort}&limit=1"
    for _ in range(3):
        response = api.get(url)
        assert response.status_code == 200
        found += [int(item["id"]) for item in response.json()]
        url = response.headers["Link"].split(",")[-1].split(">")[0].strip(" <").partition("http://testserver")[2]

    assert sorted(found) == sorted([*(issue.pk for issue in issues), largest.pk])


def test_of_comments_go_as_far_as_they_go(api: Api, project: Project) -> None:
    """More than there are notes: what is counted of them is nothing that a note may fail by."""
    issue = IssueFactory(project=project, own_comment_count=MAX_ID)
    other = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), own_comment_count=MOST)
    notes = f"/api/0/organizations/{project.organization.slug}/issues/{issue.pk}/notes/"

    made = api.request("POST", notes, {"text": "The pump."}, auth="jane")

    assert made.status_code == 201
    assert item(api, issue)["numComments"] == MAX_ID
    put(api, {"merge": True}, issue, other)
    assert item(api, other)["numComments"] == MOST


@pytest.mark.parametrize("key", ["timesSeen", "userCount"])
@pytest.mark.parametrize("comparison", ["", ">", ">=", "<", "<="])
@pytest.mark.parametrize(("number", "status"), [("9" * 18, 200), (str(MAX_ID), 400), ("9" * 19, 400), ("9" * 400, 400)])
@pytest.mark.parametrize("negated", ["", "!"])
def test_are_searched_for_or_refused(
    api: Api, issues: list[Issue], key: str, comparison: str, number: str, status: int, negated: str
) -> None:
    query = f"query={negated}{key}:{comparison}{number}"

    assert api.get(f"{api.issues_url}?{query}").status_code == status
    response = api.put(api.issues_url, {"status": "resolved"}, raw_query=query)
    assert response.status_code == status
    if status == 200:
        is_true = comparison.startswith(">")  # of both issues
        assert response.headers["Issues-Matched"] == ("2" if is_true is not bool(negated) else "0")
