"""One issue: read, changed and deleted by its id or its short id (contract 5)."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Issue, Mutation
from projects.models import Organization, Project, Team, User
from tests.answers import headers_of, iso
from tests.api_client import Api, Who, bearer
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    ActivityFactory,
    ApiTokenFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
SHORT_IDS = "/api/0/organizations/the-interstellar-jurisdiction/shortids/"
LEGACY = "/api/0/issues/"
SHARE_ID = UUID("6bf5a0f1-3c5b-4f58-8a4f-3f3f1c1d2e4f")
NOT_FOUND = {"detail": "Not found."}
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])
ON_API_ANSWERS = {
    "Content-Language": "en",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}


def path_of(issue: Issue, prefix: str = ISSUES) -> str:
    return f"{prefix}{issue.pk}/"


def person(user: User) -> Json:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project, short_number=42)


@pytest.fixture
def neighbour(project: Project) -> Issue:
    """What no request of this file names."""
    return IssueFactory(project=project, short_number=1)


@pytest.fixture
def tree(issue: Issue) -> dict[str, Issue]:
    """The issue as root, a child under it and a grandchild under that."""
    child = IssueFactory(merged_into=issue, short_number=2)
    return {"root": issue, "child": child, "grandchild": IssueFactory(merged_into=child, short_number=3)}


# ---------------------------------------------------------------------------------------------------------------------
# Named by
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["{id}", "0{id}", "{zeros}{id}", "PUMP-STATION-1A", "pump-station-1a", "Pump-Station-1A", "pump-station-ia"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_named_by_id_or_short_id(api: Api, issue: Issue, neighbour: Issue, method: str, word: str) -> None:
    before = snapshot([neighbour.pk])

    response = api.request(method, f"{ISSUES}{word.format(id=issue.pk, zeros='0' * 40)}/", {"isPublic": True})

    assert response.status_code == (202 if method == "DELETE" else 200)
    assert method == "DELETE" or response.json()["id"] == str(issue.pk)
    assert Issue.objects.filter(share_id__isnull=False).count() == (method == "PUT")
    assert Issue.objects.filter(pk=issue.pk).exists() == (method != "DELETE")
    assert snapshot([neighbour.pk]) == before


def test_is_found_in_an_organization_named_by_its_id(api: Api, issue: Issue) -> None:
    path = f"/api/0/organizations/{issue.project.organization_id}/issues/"

    for word in (issue.pk, "PUMP-STATION-1A"):
        assert api.get(f"{path}{word}/").json()["id"] == str(issue.pk)


@pytest.mark.parametrize(
    "word",
    [
        "0",
        "-1",
        "+1",
        "1.0",
        "9223372036854775807",
        "9223372036854775808",
        "1" * 5000,
        "\u0661",
        "%31%00",
        "%00",
        "a%00b-1A",
        "PUMP-STATION-1A%00",
        "PUMP-STATION-1A%0A",
        "PUMP-STATION",
        "PUMP-STATION-",
        "PUMP-STATION-1B",
        "PUMP-STATION-U",
        "PUMP-1A",
        "STATION-1A",
        "PRIME-MOVER-1A",
        "PUMP-STATION-" + "Z" * 13,
        "%FF%FE-1A",
        "%ED%A0%80-1A",
        "latest",
    ],
)
@pytest.mark.parametrize("prefix", [ISSUES, LEGACY, SHORT_IDS])
def test_is_not_named_by(api: Api, issue: Issue, other_project: Project, prefix: str, word: str) -> None:
    response = api.get(f"{prefix}{word}/")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_has_no_short_id_outside_an_organization(api: Api, issue: Issue, method: str) -> None:
    before = snapshot()

    response = api.request(method, f"{LEGACY}PUMP-STATION-1A/", {"isPublic": True}, auth="jane")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert api.get(path_of(issue, LEGACY), auth="jane").json() == api.get(path_of(issue), auth="jane").json()
    assert api.get(f"{LEGACY}00{issue.pk}/", auth="jane").status_code == 200
    assert snapshot() == before


def test_is_another_one_in_another_organization(api: Api, issue: Issue, stranger_project: Project) -> None:
    """Both have a project of that name, and an issue of that number in it."""
    theirs = IssueFactory(
        project=ProjectFactory(organization=stranger_project.organization, slug="pump-station"), short_number=42
    )

    assert api.get(f"{ISSUES}PUMP-STATION-1A/").json()["id"] == str(issue.pk)
    response = api.get("/api/0/organizations/outer-rim/issues/PUMP-STATION-1A/", auth="kit")
    assert response.json()["id"] == str(theirs.pk)


# ---------------------------------------------------------------------------------------------------------------------
# Seen by
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["key", "jane", "sam"])
@pytest.mark.parametrize("prefix", [ISSUES, LEGACY])
def test_is_seen_by_who_sees_its_project(api: Api, issue: Issue, auth: Who, prefix: str) -> None:
    assert api.get(path_of(issue, prefix), auth=auth).json()["id"] == str(issue.pk)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("word", ["{id}", "PUMP-STATION-1A"])
def test_tells_nothing_to_strangers(api: Api, issue: Issue, tree: Any, method: str, word: str) -> None:
    before = snapshot()

    for path in (f"{ISSUES}{word}/", f"{ISSUES}nothing/", "/api/0/organizations/outer-rim/issues/{id}/"):
        response = api.request(method, path.format(id=issue.pk), {"isPublic": True}, auth="kit")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    response = api.request(method, path_of(tree["child"], LEGACY), {"isPublic": True}, auth="kit")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_of_another_organization_is_not_found_in_ones_own(
    api: Api, stranger_project: Project, organization: Organization, kit: User, method: str
) -> None:
    """The path says in which organization, and that holds for who sees both, too."""
    theirs = IssueFactory(project=stranger_project, short_number=42)
    OrganizationMemberFactory(organization=organization, user=kit)
    before = snapshot()

    for word in (theirs.pk, "RELAY-1A"):
        response = api.request(method, f"{ISSUES}{word}/", {"isPublic": True}, auth="kit")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_not_found_by_a_member_who_is_on_no_team_of_a_closed_organization(
    api: Api, issue: Issue, organization: Organization, method: str
) -> None:
    organization.open_membership = False
    organization.save()
    before = snapshot()

    for path in (path_of(issue), f"{ISSUES}PUMP-STATION-1A/", path_of(issue, LEGACY)):
        response = api.request(method, path, {"isPublic": True}, auth="sam")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before
    assert api.get(path_of(issue), auth="jane").status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("word", ["{id}", "nothing"])
def test_asks_for_credentials_before_all(api: Api, issue: Issue, method: str, word: str) -> None:
    response = api.request(method, f"{ISSUES}{word.format(id=issue.pk)}/?foo=1", "no JSON", auth=None)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert method == "HEAD" or response.json() == {"detail": "Authentication credentials were not provided."}


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("event:read", {"GET", "HEAD", "OPTIONS"}),
        ("event:write", {"GET", "HEAD", "OPTIONS", "PUT"}),
        ("event:admin", {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}),
    ],
)
def test_needs_a_scope_for_each_method(api: Api, issue: Issue, jane: User, scope: str, allowed: set[str]) -> None:
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=jane, secret=token, scopes=[scope])

    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        response = api.request(method, path_of(issue), {}, headers={"Authorization": bearer(token)})
        assert response.status_code == (403 if method not in allowed else 202 if method == "DELETE" else 200), method


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
            "permalink": f"http://testserver/admin/issues/issue/{issue.pk}/change/",
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


# ---------------------------------------------------------------------------------------------------------------------
# Short ids
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["PUMP-STATION-1A", "pump-station-1a"])
def test_stands_behind_its_short_id(api: Api, issue: Issue, word: str) -> None:
    response = api.get(f"{SHORT_IDS}{word}/", auth="jane", raw_query="collapse=stats")

    assert (response.status_code, response.json()) == (
        200,
        {
            "organizationSlug": "the-interstellar-jurisdiction",
            "projectSlug": "pump-station",
            "groupId": str(issue.pk),
            "group": api.get(path_of(issue), auth="jane").json(),
            "shortId": "PUMP-STATION-1A",
        },
    )
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_that_is_merged_stands_behind_its_short_id_as_its_root(api: Api, tree: dict[str, Issue]) -> None:
    answer = api.get(f"{SHORT_IDS}{tree['grandchild'].short_id}/").json()

    assert (answer["groupId"], answer["shortId"]) == (str(tree["root"].pk), "PUMP-STATION-1A")


# ---------------------------------------------------------------------------------------------------------------------
# Changed
# ---------------------------------------------------------------------------------------------------------------------

# what is sent -> what is different then in the whole issue
CHANGES: dict[str, tuple[Json, Json]] = {
    "resolved": ({"status": "resolved"}, {"status": "resolved"}),
    "resolved in the next release": (
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ),
    "resolved in the next release, the other way": (
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ),
    "resolved in a release": (
        {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
        {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
    ),
    "ignored": ({"status": "ignored", "substatus": "archived_forever"}, {"status": "ignored"}),
    "muted": ({"status": "muted", "snoozeDuration": None}, {"status": "ignored"}),
    "ignored until more events": (
        {"status": "ignored", "substatus": "archived_until_condition_met", "ignoreCount": 10},
        {"status": "ignored", "statusDetails": NO_TERMS | {"ignoreCount": 10}},
    ),
    "ignored until more users, in a window": (
        {"status": "ignored", "statusDetails": {"ignoreUserCount": 2, "ignoreUserWindow": 60}},
        {"status": "ignored", "statusDetails": NO_TERMS | {"ignoreUserCount": 2, "ignoreUserWindow": 60}},
    ),
}


@pytest.mark.parametrize(("body", "difference"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("auth", ["key", "jane"])
def test_is_answered_whole_with_its_new_status(
    api: Api, issue: Issue, neighbour: Issue, jane: User, auth: Who, body: Json, difference: Json
) -> None:
    ReleaseFactory(projects=[issue.project], version="1.0.0")
    was = api.get(path_of(issue), auth=auth).json()
    before = snapshot([neighbour.pk])

    response = api.put(path_of(issue), body, auth=auth)

    answer = response.json()
    details = dict(difference.get("statusDetails", {}))
    if details and auth == "jane":
        details["actor"] = person(jane)
    follows = auth == "jane" and difference["status"] == "resolved"
    assert response.status_code == 200
    assert len(answer.pop("activity")) == 1
    assert answer.pop("participants") == ([person(jane) | {"type": "user"}] if follows else [])
    was = {key: value for key, value in was.items() if key not in {"activity", "participants"}}
    assert answer == was | difference | {
        "statusDetails": details,
        "isSubscribed": follows,
        "subscriptionDetails": {"reason": "status_change"} if follows else None,
        "substatus": None
        if difference["status"] == "resolved"
        else "archived_until_condition_met"
        if details
        else "archived_forever",
    }
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert snapshot([neighbour.pk]) == before


def test_is_ignored_for_a_while(api: Api, issue: Issue) -> None:
    response = api.put(path_of(issue), {"status": "ignored", "statusDetails": {"ignoreDuration": 60}})

    until = Mutation.objects.get().created_at + timedelta(minutes=60)
    assert response.json()["statusDetails"] == NO_TERMS | {"ignoreUntil": iso(until)}


def test_is_unresolved_again(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, resolved_in_release=True)

    answer = api.put(path_of(issue), {"status": "unresolved"}).json()

    assert (answer["status"], answer["statusDetails"]) == ("unresolved", {})


@pytest.mark.parametrize("word", ["user:{jane}", "{jane}", "jane", "JANE@example.com"])
def test_is_assigned_to_somebody_and_to_nobody(api: Api, issue: Issue, jane: User, word: str) -> None:
    assigned = api.put(path_of(issue), {"assignedTo": word.format(jane=jane.pk)}).json()
    unassigned = api.put(path_of(issue), {"assignedTo": ""}).json()

    assert assigned["assignedTo"] == {
        "type": "user",
        "id": str(jane.pk),
        "name": "Jane Schmidt",
        "email": "jane@example.com",
    }
    assert assigned["participants"] == [person(jane) | {"type": "user"}]
    assert unassigned["assignedTo"] is None
    assert [item["type"] for item in unassigned["activity"]] == ["unassigned", "assigned"]


@pytest.mark.parametrize("word", ["team:{team}", "#powerful-abolitionist", "powerful-abolitionist"])
def test_is_assigned_to_a_team(api: Api, issue: Issue, team: Team, word: str) -> None:
    answer = api.put(path_of(issue), {"assignedTo": word.format(team=team.pk)}).json()

    assert answer["assignedTo"] == {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"}


def test_has_a_share_link_while_it_is_public(api: Api, issue: Issue) -> None:
    public = api.put(path_of(issue), {"isPublic": True}).json()
    still = api.put(path_of(issue), {"isPublic": True})
    private = api.put(path_of(issue), {"isPublic": False}).json()

    assert (public["isPublic"], len(public["shareId"])) == (True, 32)
    assert still.json() == public
    assert still.headers["Issues-Changed"] == "0"
    assert (private["isPublic"], private["shareId"]) == (False, None)


def test_has_the_callers_own_marks(api: Api, issue: Issue, jane: User) -> None:
    marks = {"hasSeen": True, "isBookmarked": True, "isSubscribed": True}

    response = api.put(path_of(issue), marks, auth="jane")

    answer = response.json()
    assert {key: answer[key] for key in [*marks, "subscriptionDetails"]} == marks | {
        "subscriptionDetails": {"reason": "unknown"}
    }
    assert [item["id"] for item in answer["seenBy"]] == [str(jane.pk)]
    assert answer["activity"] == []
    assert response.headers["Issues-Changed"] == "1"
    seen_by_sam = api.get(path_of(issue), auth="sam").json()
    assert not any(seen_by_sam[key] for key in marks)

    answer = api.put(path_of(issue), dict.fromkeys(marks, False), auth="jane").json()

    assert not any(answer[key] for key in marks)
    assert (answer["subscriptionDetails"], answer["seenBy"], answer["participants"]) == (None, [], [])


def test_has_no_marks_of_a_key(api: Api, issue: Issue) -> None:
    before = snapshot()

    response = api.put(path_of(issue), {"hasSeen": True, "isBookmarked": True, "isSubscribed": True})

    assert (response.status_code, response.json()) == (200, api.get(path_of(issue)).json())
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


@pytest.mark.parametrize(
    "body", [{}, None, {"merge": True}, {"merge": False}, {"status": "unresolved"}, {"isPublic": False}, {"foo": 1}]
)
def test_is_answered_as_it_is_when_there_is_nothing_to_change(api: Api, issue: Issue, body: object) -> None:
    before = snapshot()

    response = api.put(path_of(issue), body, auth="jane")

    assert (response.status_code, response.json()) == (200, api.get(path_of(issue), auth="jane").json())
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


def test_takes_everything_at_once(api: Api, issue: Issue, jane: User) -> None:
    body = {
        "isSubscribed": False,
        "merge": True,
        "isBookmarked": True,
        "hasSeen": True,
        "isPublic": True,
        "assignedTo": "me@nowhere.example",
        "status": "resolved",
    }
    before = snapshot()
    assert api.put(path_of(issue), body, auth="jane").json() == {"assignedTo": ["Unknown actor input"]}
    assert snapshot() == before

    answer = api.put(path_of(issue), body | {"assignedTo": "jane"}, auth="jane").json()

    assert [answer[key] for key in ("status", "isPublic", "isBookmarked", "hasSeen", "isSubscribed")] == [
        "resolved",
        True,
        True,
        True,
        False,
    ]
    assert [item["type"] for item in answer["activity"]] == ["set_public", "assigned", "set_resolved"]
    assert Mutation.objects.get().ids == [issue.pk]


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"status": "open"}, 400, {"status": ['"open" is not a valid choice.']}),
        ({"isPublic": None}, 400, {"isPublic": ["This field may not be null."]}),
        ({"ignoreCount": 5}, 400, {"ignoreCount": ['This goes with "status": "ignored".']}),
        (
            {"status": "resolved", "statusDetails": {"inRelease": "9"}},
            400,
            {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
        ),
        ("[]", 400, {"detail": "The body must be a JSON object."}),
        ({"assignedTo": "kit"}, 400, {"assignedTo": ["Unknown actor input"]}),
    ],
    ids=str,
)
def test_refuses_what_the_bulk_route_refuses(api: Api, issue: Issue, body: object, status: int, answer: object) -> None:
    bulk = api.put(api.issues_url, body, ids=[issue.pk])
    before = snapshot()

    response = api.put(path_of(issue), body)

    assert (response.status_code, response.json()) == (bulk.status_code, bulk.json()) == (status, answer)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("id=1", 'Unknown query parameter "id". Nothing was changed.'),
        ("id={id}", 'Unknown query parameter "id". Nothing was changed.'),
        ("status=resolved", 'Unknown query parameter "status". Nothing was changed.'),
        ("query=", 'Unknown query parameter "query". Nothing was changed.'),
        ("preview=true", 'Unknown query parameter "preview". Nothing was changed.'),
        ("ids=1", 'Unknown query parameter "ids". Repeat id instead: ?id=1&id=2.'),
        ("foo", 'Unknown query parameter "foo". Nothing was changed.'),
        ("&&f%6Fo=%00", 'Unknown query parameter "foo". Nothing was changed.'),
        ("%00", 'Unknown query parameter "\0". Nothing was changed.'),
        ("=", 'Unknown query parameter "". Nothing was changed.'),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_refuses_parameters_when_it_is_changed(api: Api, issue: Issue, method: str, query: str, detail: str) -> None:
    before = snapshot()

    response = api.request(method, path_of(issue), {"isPublic": True}, raw_query=query.format(id=issue.pk))

    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert snapshot() == before


def test_takes_a_query_that_says_nothing(api: Api, issue: Issue) -> None:
    for query in ("", "&", "&&"):
        assert api.put(path_of(issue), {}, raw_query=query).status_code == 200


# ---------------------------------------------------------------------------------------------------------------------
# Merged
# ---------------------------------------------------------------------------------------------------------------------


def merged_into(issue: Issue) -> int | None:
    return Issue.objects.get(pk=issue.pk).merged_into_id


@pytest.mark.parametrize("name", ["child", "grandchild"])
@pytest.mark.parametrize("body", [{"merge": False}, {"merge": "false"}, {"merge": False, "note": "x"}], ids=str)
def test_that_is_merged_is_taken_out_and_answered(api: Api, tree: dict[str, Issue], name: str, body: Json) -> None:
    response = api.put(f"{ISSUES}{tree[name].short_id}/", body, auth="jane")

    answer = response.json()
    assert (response.status_code, answer["id"]) == (200, str(tree[name].pk))
    assert answer == api.get(path_of(tree[name]), auth="jane").json()
    assert [item["type"] for item in answer["activity"]] == ["unmerge"]
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert merged_into(tree[name]) is None
    assert merged_into(tree["grandchild"]) == (None if name == "grandchild" else tree["child"].pk)


def test_gives_back_what_was_merged_into_it(api: Api, tree: dict[str, Issue]) -> None:
    response = api.put(path_of(tree["root"]), {"merge": False})

    assert (response.status_code, response.json()["id"]) == (200, str(tree["root"].pk))
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")
    assert (merged_into(tree["child"]), merged_into(tree["grandchild"])) == (None, tree["child"].pk)


@pytest.mark.parametrize("name", ["child", "grandchild"])
@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("DELETE", None),
        ("PUT", {"status": "resolved"}),
        ("PUT", {"merge": True}),
        ("PUT", {"merge": False, "hasSeen": True}),
        ("PUT", {"merge": False, "status": "resolved"}),
        ("PUT", {"isBookmarked": True}),
        ("PUT", {}),
        ("PUT", None),
    ],
)
@pytest.mark.parametrize("prefix", [ISSUES, LEGACY])
def test_that_is_merged_is_not_there_for_anything_else(
    api: Api, tree: dict[str, Issue], name: str, method: str, body: object, prefix: str
) -> None:
    before = snapshot()

    response = api.request(method, path_of(tree[name], prefix), body, auth="jane")

    detail = f"Issue {tree[name].pk} was merged into {tree['root'].pk}."
    assert (response.status_code, response.json()) == (404, {"detail": detail})
    assert snapshot() == before


def test_that_is_merged_still_has_the_body_read_first(api: Api, tree: dict[str, Issue]) -> None:
    response = api.put(path_of(tree["child"]), {"status": "open"})

    assert (response.status_code, response.json()) == (400, {"status": ['"open" is not a valid choice.']})


def test_that_is_merged_and_taken_out_can_be_changed(api: Api, tree: dict[str, Issue]) -> None:
    api.put(path_of(tree["child"]), {"merge": False})

    response = api.put(path_of(tree["child"]), {"status": "resolved"})

    assert (response.status_code, response.json()["status"]) == (200, "resolved")
    assert Issue.objects.get(pk=tree["root"].pk).status == "unresolved"


# ---------------------------------------------------------------------------------------------------------------------
# Deleted
# ---------------------------------------------------------------------------------------------------------------------


def hang_everything_on(issue: Issue) -> None:
    for factory in (
        IssueHashFactory,
        IssueHourFactory,
        IssueSeenFactory,
        IssueBookmarkFactory,
        IssueSubscriptionFactory,
        ActivityFactory,
        partial(ActivityFactory, note=True),
    ):
        factory(issue=issue)


def test_is_deleted_with_what_hangs_on_it_and_was_merged_into_it(
    api: Api, tree: dict[str, Issue], neighbour: Issue
) -> None:
    for issue in (*tree.values(), neighbour):
        hang_everything_on(issue)
    left = snapshot([neighbour.pk])

    response = api.delete(path_of(tree["root"]), auth="jane")

    assert (response.status_code, response.content) == (202, b"")
    assert headers_of(response) == ON_API_ANSWERS | {
        "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
        "Content-Length": "0",
        "Issues-Matched": "1",
        "Issues-Changed": "3",
        "Mutation-Id": str(Mutation.objects.get().pk),
    }
    after = snapshot()
    del after["issues_mutation"]
    assert after == left


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_not_found_once_it_is_deleted(api: Api, issue: Issue, method: str) -> None:
    api.delete(path_of(issue))
    before = snapshot()

    for path in (path_of(issue), f"{ISSUES}PUMP-STATION-1A/", path_of(issue, LEGACY)):
        response = api.request(method, path, {"isPublic": True})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Answered at
# ---------------------------------------------------------------------------------------------------------------------


def test_has_links_under_the_address_that_the_operator_gave(api: Api, issue: Issue, settings: Any) -> None:
    settings.BASE_URL = "https://issues.example"

    assert api.get(path_of(issue)).json()["permalink"].startswith("https://issues.example/admin/issues/issue/")


def test_is_not_marked_by_who_reads_it(api: Api, issue: Issue) -> None:
    before = snapshot()

    for path in (path_of(issue), path_of(issue, LEGACY), f"{SHORT_IDS}PUMP-STATION-1A/"):
        assert api.get(path, auth="jane").status_code == 200

    assert snapshot() == before
