"""One issue: what is answered about it (contract 5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Issue
from projects.models import Project, Team, User
from tests.answers import headers_of, iso
from tests.api.one_issue import ISSUES, LEGACY, NO_TERMS, SHARE_ID, SHORT_IDS, path_of, person
from tests.api_client import Api
from tests.assertions import ON_API_ANSWERS, snapshot
from tests.factories import (
    NOW,
    ActivityFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# Read
# ---------------------------------------------------------------------------------------------------------------------


def test_is_answered_whole(api: Api, project: Project, jane: User, sam: User, team: Team) -> None:
    now = timezone.now()
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = ReleaseFactory(projects=[project], version="pump@1.0.0+1", released_at=NOW)
    last = ReleaseFactory(projects=[project], version="2.0.0")
    issue = IssueFactory(
        project=project,
        short_number=42,
        ignored=True,
        snooze_ends_at_times_seen=10,
        status_by=sam,
        assignee_team=team,
        share_id=SHARE_ID,
        logger="pump",
        platform="python",
        level="fatal",
        own_times_seen=3,
        own_users_seen=2,
        own_comment_count=1,
        own_first_release=first,
        own_last_release=last,
        text__title="OverflowError: too much",
        text__culprit="pump.run",
        text__metadata={"type": "OverflowError", "value": "too much"},
    )
    IssueBookmarkFactory(issue=issue, user=jane)
    IssueSeenFactory(issue=issue, user=sam, seen_at=NOW - timedelta(minutes=1))
    IssueSeenFactory(issue=issue, user=jane)
    IssueSubscriptionFactory(issue=issue, user=jane, reason="bookmark")
    IssueSubscriptionFactory(issue=issue, user=sam, ended=True)
    IssueHourFactory(issue=issue, hour=this_hour, own_count=2)
    IssueHourFactory(issue=issue, hour=this_hour - timedelta(days=3), own_count=1)
    ignored = ActivityFactory(issue=issue, user=sam, kind="set_ignored", data={"ignoreCount": 7})
    note = ActivityFactory(issue=issue, user=jane, note=True)
    by_key = ActivityFactory(issue=issue, kind="set_public")

    response = api.get(path_of(issue), auth="jane")

    answer = response.json()
    hours, days = answer["stats"].pop("24h"), answer["stats"].pop("30d")
    assert (response.status_code, answer) == (
        200,
        {
            "id": str(issue.pk),
            "shortId": "PUMP-STATION-1A",
            "title": "OverflowError: too much",
            "culprit": "pump.run",
            "permalink": f"http://testserver/admin/desk/issues/{issue.pk}/",
            "logger": "pump",
            "level": "fatal",
            "status": "ignored",
            "statusDetails": NO_TERMS | {"ignoreCount": 7, "actor": person(sam)},
            "isPublic": True,
            "shareId": SHARE_ID.hex,
            "platform": "python",
            "project": {"id": str(project.pk), "name": "Pump Station", "slug": "pump-station", "platform": None},
            "type": "error",
            "metadata": {"type": "OverflowError", "value": "too much"},
            "numComments": 1,
            "assignedTo": {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"},
            "isBookmarked": True,
            "isSubscribed": True,
            "subscriptionDetails": {"reason": "bookmark"},
            "hasSeen": True,
            "annotations": [],
            "count": "3",
            "userCount": 2,
            "firstSeen": iso(issue.first_seen),
            "lastSeen": iso(issue.last_seen),
            "stats": {},
            "priority": "medium",
            "substatus": "archived_until_condition_met",
            "isUnhandled": False,
            "issueType": "error",
            "issueCategory": "error",
            "lifetime": {
                "count": "3",
                "userCount": 2,
                "firstSeen": iso(issue.first_seen),
                "lastSeen": iso(issue.last_seen),
                "stats": {},
            },
            "activity": [
                {
                    "id": str(by_key.pk),
                    "issueId": str(issue.pk),
                    "type": "set_public",
                    "data": {},
                    "user": None,
                    "dateCreated": iso(NOW),
                },
                {
                    "id": str(note.pk),
                    "issueId": str(issue.pk),
                    "type": "note",
                    "data": {"text": "Looks like the pump."},
                    "user": person(jane),
                    "dateCreated": iso(NOW),
                },
                {
                    "id": str(ignored.pk),
                    "issueId": str(issue.pk),
                    "type": "set_ignored",
                    "data": {"ignoreCount": 7},
                    "user": person(sam),
                    "dateCreated": iso(NOW),
                },
            ],
            "seenBy": [
                person(jane) | {"lastSeen": iso(NOW)},
                person(sam) | {"lastSeen": iso(NOW - timedelta(minutes=1))},
            ],
            "participants": [person(jane) | {"type": "user"}],
            "firstRelease": {
                "id": first.pk,
                "version": "pump@1.0.0+1",
                "shortVersion": "1.0.0+1",
                "dateCreated": iso(first.created_at),
                "dateReleased": iso(NOW),
            },
            "lastRelease": {
                "id": last.pk,
                "version": "2.0.0",
                "shortVersion": "2.0.0",
                "dateCreated": iso(last.created_at),
                "dateReleased": None,
            },
            "tags": [],
            "userReportCount": 0,
            "pluginActions": [],
            "pluginContexts": [],
            "pluginIssues": [],
        },
    )
    assert (len(hours), sum(count for _, count in hours)) == (24, 2)
    assert (len(days), sum(count for _, count in days)) == (30, 3)
    assert int(this_hour.timestamp()) in [moment for moment, _ in hours]
    assert headers_of(response) == ON_API_ANSWERS | {
        "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
    }


def test_of_which_nothing_is_known_is_whole_too(api: Api, issue: Issue) -> None:
    answer = api.get(path_of(issue)).json()

    empty = {key: answer[key] for key in answer if not answer[key]}
    assert empty == {
        "culprit": "",
        "logger": None,
        "statusDetails": {},
        "isPublic": False,
        "shareId": None,
        "platform": None,
        "metadata": {},
        "numComments": 0,
        "assignedTo": None,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "isUnhandled": False,
        "activity": [],
        "seenBy": [],
        "participants": [],
        "firstRelease": None,
        "lastRelease": None,
        "tags": [],
        "userReportCount": 0,
        "pluginActions": [],
        "pluginContexts": [],
        "pluginIssues": [],
    }


def test_is_what_a_list_shows_and_more(api: Api, issue: Issue) -> None:
    (item,) = api.get(api.issues_url, auth="jane").json()

    answer = api.get(path_of(issue), auth="jane").json()

    answer["stats"].pop("30d")
    assert {key: answer[key] for key in item} == item


def test_shows_the_newest_hundred_of_what_is_many(api: Api, issue: Issue) -> None:
    activities = [ActivityFactory(issue=issue) for _ in range(101)]
    marks = [IssueSeenFactory(issue=issue, seen_at=NOW + timedelta(minutes=n)) for n in range(101)]
    followers = [IssueSubscriptionFactory(issue=issue) for _ in range(101)]

    answer = api.get(path_of(issue)).json()

    assert [item["id"] for item in answer["activity"]] == [str(row.pk) for row in activities[:0:-1]]
    assert [item["id"] for item in answer["seenBy"]] == [str(row.user_id) for row in marks[:0:-1]]
    assert [item["id"] for item in answer["participants"]] == [str(row.user_id) for row in followers[:0:-1]]


@pytest.mark.parametrize("prefix", [ISSUES, LEGACY, SHORT_IDS])
def test_costs_the_same_number_of_statements_however_much_there_is(api: Api, issue: Issue, prefix: str) -> None:
    path = f"{prefix}PUMP-STATION-1A/" if prefix == SHORT_IDS else path_of(issue, prefix)
    with CaptureQueriesContext(connection) as for_little:
        api.get(path, auth="jane")
    for number in range(7):
        ActivityFactory(issue=issue, note=True)
        IssueSeenFactory(issue=issue)
        IssueSubscriptionFactory(issue=issue)
        IssueHourFactory(issue=issue, hour=timezone.now() - timedelta(hours=number))

    with CaptureQueriesContext(connection) as for_much:
        api.get(path, auth="jane")

    assert len(for_much) == len(for_little)


def test_ignores_parameters_when_it_is_read(api: Api, issue: Issue) -> None:
    query = f"collapse=stats&collapse=tags&id={issue.pk + 1}&id[]=1&status=x&query=%00&environment=&statsPeriod=1&foo"

    response = api.get(path_of(issue), raw_query=query)

    assert (response.status_code, response.json()) == (200, api.get(path_of(issue)).json())


def test_counts_as_unresolved_once_its_snooze_is_over(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, ignored=True, snooze_ends_at=timezone.now() - timedelta(seconds=1))

    answer = api.get(path_of(issue)).json()

    assert (answer["status"], answer["statusDetails"]) == ("unresolved", {})


@pytest.mark.parametrize("name", ["child", "grandchild"])
@pytest.mark.parametrize("prefix", [ISSUES, LEGACY, SHORT_IDS])
def test_that_is_merged_shows_the_root(api: Api, tree: dict[str, Issue], name: str, prefix: str) -> None:
    word = tree[name].short_id if prefix == SHORT_IDS else str(tree[name].pk)

    answer = api.get(f"{prefix}{word}/").json()

    shown = answer["group"] if prefix == SHORT_IDS else answer
    assert shown == api.get(path_of(tree["root"])).json()


def test_answers_head_and_options(api: Api, issue: Issue) -> None:
    head, options = api.request("HEAD", path_of(issue)), api.options(path_of(issue))

    assert (head.status_code, head.content) == (200, b"")
    assert options.status_code == 200
    assert head.headers["Allow"] == options.headers["Allow"] == "GET, PUT, DELETE, HEAD, OPTIONS"
    assert options.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PATCH", "TRACE"])
def test_has_no_other_methods(api: Api, issue: Issue, method: str) -> None:
    before = snapshot()

    response = api.request(method, path_of(issue), {"isPublic": True})

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert response.headers["Allow"] == "GET, PUT, DELETE, HEAD, OPTIONS"
    assert snapshot() == before
