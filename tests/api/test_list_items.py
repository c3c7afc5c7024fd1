"""GET: what a list shows of an issue, key by key (contract 2)."""

from datetime import timedelta
from typing import Any

import pytest

from projects.models import Project, Team, User
from tests.api.one_issue import SHARE_ID
from tests.api_client import Api
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


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
    "priority",
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
            "permalink": f"http://testserver/admin/desk/issues/{issue.pk}/",
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
            "priority": "medium",
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
            "permalink": f"http://testserver/admin/desk/issues/{issue.pk}/",
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
            "priority": "medium",
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

    assert item["permalink"] == f"https://issues.example.com/admin/desk/issues/{issue.pk}/"


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
