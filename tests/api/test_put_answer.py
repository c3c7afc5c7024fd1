"""What a PUT answers: the body to the byte (contract 1.7, 1.8)."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from issues.models import (
    Issue,
)
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])


def actor(user: User) -> Json:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


# ---------------------------------------------------------------------------------------------------------------------
# The body
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"{}", b"{}"),
        (b'{"status":"resolved"}', b'{"status": "resolved", "statusDetails": {}}'),
        (b'{"status":"muted"}', b'{"status": "ignored", "statusDetails": {}}'),
        (
            b'{"status":"resolvedInNextRelease"}',
            b'{"status": "resolved", "statusDetails": {"inNextRelease": true}}',
        ),
        (
            b'{"statusDetails":{"inNextRelease":true},"hasSeen":1,"status":"resolved"}',
            b'{"hasSeen": true, "status": "resolved", "statusDetails": {"inNextRelease": true}}',
        ),
        (
            b'{"ignoreCount":"5","status":"ignored","ignoreWindow":null}',
            b'{"status": "ignored", "statusDetails": {"ignoreCount": 5, "ignoreUntil": null, "ignoreUserCount": null, '
            b'"ignoreUserWindow": null, "ignoreWindow": null}}',
        ),
        (b'{"isPublic":"false"}', b'{"isPublic": false}'),
        (b'{"merge":true}', b'{"merge": true}'),
        (b'{"merge":false}', b'{"merge": false}'),
        (b'{"hasSeen":"yes"}', b'{"hasSeen": true}'),
        (b'{"isBookmarked":0}', b'{"isBookmarked": false}'),
        (b'{"isSubscribed":true}', b'{"isSubscribed": true, "subscriptionDetails": {"reason": "unknown"}}'),
        (b'{"isSubscribed":false}', b'{"isSubscribed": false, "subscriptionDetails": {"reason": "unknown"}}'),
        (b'{"assignedTo":null}', b'{"assignedTo": null}'),
        (b'{"assignedTo":""}', b'{"assignedTo": null}'),
        (b'{"note":"x","isPublic":false,"statusDetails":{}}', b'{"isPublic": false}'),
        (
            b'{"isSubscribed":true,"isPublic":false,"status":"unresolved"}',
            b'{"isSubscribed": true, "isPublic": false, "status": "unresolved", '
            b'"subscriptionDetails": {"reason": "unknown"}, "statusDetails": {}}',
        ),
    ],
)
def test_is_to_the_byte(api: Api, project: Project, body: bytes, answer: bytes) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.content) == (200, answer)
    assert response.headers["Content-Length"] == str(len(answer))


@pytest.mark.parametrize("order", list(permutations(["status", "isPublic", "isSubscribed", "hasSeen"])), ids=" ".join)
def test_holds_the_keys_in_the_order_of_the_body(api: Api, project: Project, order: tuple[str, ...]) -> None:
    issue = IssueFactory(project=project)
    body = {"status": "ignored", "isPublic": True, "isSubscribed": True, "hasSeen": True}

    response = api.put(api.issues_url, {key: body[key] for key in order}, ids=[issue.pk])

    assert list(response.json()) == [*order, "shareId", "subscriptionDetails", "statusDetails"]


def test_holds_everything_that_was_asked(api: Api, project: Project, jane: User, team: Team) -> None:
    late = IssueFactory(project=project)
    early = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    body = {
        "merge": True,
        "isSubscribed": True,
        "isBookmarked": True,
        "hasSeen": True,
        "isPublic": True,
        "assignedTo": "#powerful-abolitionist",
        "statusDetails": {"ignoreUserCount": 3, "ignoreUserWindow": 60},
        "status": "ignored",
    }

    response = api.put(api.issues_url, body, ids=[late.pk, early.pk], auth="jane")

    assert response.status_code == 200
    assert response.json() == {
        "merge": {"parent": str(early.pk), "children": [str(late.pk)]},
        "isSubscribed": True,
        "isBookmarked": True,
        "hasSeen": True,
        "isPublic": True,
        "assignedTo": {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"},
        "status": "ignored",
        "subscriptionDetails": {"reason": "unknown"},
        "statusDetails": NO_TERMS | {"ignoreUserCount": 3, "ignoreUserWindow": 60, "actor": actor(jane)},
    }
    assert list(response.json()) == [
        *(key for key in body if key != "statusDetails"),
        "subscriptionDetails",
        "statusDetails",
    ]
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "2")


# ---------------------------------------------------------------------------------------------------------------------
# statusDetails
# ---------------------------------------------------------------------------------------------------------------------


DETAILS: dict[str, tuple[Json, Json]] = {
    "a plain resolve": ({"status": "resolved"}, {}),
    "the next release": ({"status": "resolvedInNextRelease"}, {"inNextRelease": True}),
    "a release": ({"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}, {"inRelease": "1.0.0"}),
    "the latest release": ({"status": "resolved", "statusDetails": {"inRelease": "latest"}}, {"inRelease": "1.0.0"}),
    "unresolved": ({"status": "unresolved"}, {}),
    "ignored for good": ({"status": "ignored"}, {}),
    "a count": ({"status": "ignored", "ignoreCount": 5}, NO_TERMS | {"ignoreCount": 5}),
    "a count in a window": (
        {"status": "ignored", "ignoreCount": 5, "ignoreWindow": 60},
        NO_TERMS | {"ignoreCount": 5, "ignoreWindow": 60},
    ),
    "users": ({"status": "ignored", "ignoreUserCount": 5}, NO_TERMS | {"ignoreUserCount": 5}),
    "everything but a time": (
        {
            "status": "ignored",
            "statusDetails": {"ignoreCount": 1, "ignoreWindow": 2, "ignoreUserCount": 3, "ignoreUserWindow": 4},
        },
        NO_TERMS | {"ignoreCount": 1, "ignoreWindow": 2, "ignoreUserCount": 3, "ignoreUserWindow": 4},
    ),
}


@pytest.mark.parametrize(("body", "details"), DETAILS.values(), ids=DETAILS)
def test_has_details_without_an_actor_for_a_key(api: Api, project: Project, body: Json, details: Json) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert response.status_code == 200
    assert response.json()["statusDetails"] == details
    assert list(response.json()["statusDetails"]) == list(details)


@pytest.mark.parametrize(("body", "details"), DETAILS.values(), ids=DETAILS)
def test_has_details_with_the_actor_for_a_user(
    api: Api, project: Project, jane: User, body: Json, details: Json
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert response.status_code == 200
    assert response.json()["statusDetails"] == (details | {"actor": actor(jane)} if details else {})


# ---------------------------------------------------------------------------------------------------------------------
# shareId
# ---------------------------------------------------------------------------------------------------------------------


def test_has_a_new_share_id_for_exactly_one_issue(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk])

    share_id = Issue.objects.get().share_id
    assert share_id is not None
    assert response.content == b'{"isPublic": true, "shareId": "%s"}' % share_id.hex.encode()
    assert len(share_id.hex) == 32


def test_has_the_share_id_that_exists(api: Api, project: Project) -> None:
    share_id = UUID("6bf5a0f1-3c5b-4f58-8a4f-3f3f1c1d2e4f")
    issue = IssueFactory(project=project, share_id=share_id)
    before = snapshot()

    response = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"isPublic": True, "shareId": share_id.hex})
    assert response.headers["Issues-Changed"] == "0"
    assert snapshot() == before


def test_has_the_share_id_of_the_one_issue_that_the_status_left(api: Api, project: Project) -> None:
    matched, other = IssueFactory(project=project), IssueFactory(project=project, resolved=True)

    response = api.put(api.issues_url, {"isPublic": True}, ids=[matched.pk, other.pk], raw_query="status=unresolved")

    share_id = Issue.objects.get(pk=matched.pk).share_id
    assert share_id is not None
    assert response.json() == {"isPublic": True, "shareId": share_id.hex}


def test_has_no_share_id_for_two_issues(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project) for _ in range(2)]

    response = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk for issue in issues])

    assert (response.status_code, response.json()) == (200, {"isPublic": True})
    assert Issue.objects.filter(share_id__isnull=False).values("share_id").distinct().count() == 2


def test_has_no_share_id_once_the_issue_is_private(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, public=True)

    response = api.put(api.issues_url, {"isPublic": False}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"isPublic": False})
    assert Issue.objects.get().share_id is None


def test_has_another_share_id_after_the_issue_was_private(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    first = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk])
    api.put(api.issues_url, {"isPublic": False}, ids=[issue.pk])
    second = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk])

    assert first.json()["shareId"] != second.json()["shareId"]


# ---------------------------------------------------------------------------------------------------------------------
# merge
# ---------------------------------------------------------------------------------------------------------------------


def test_names_the_parent_and_the_children_ascending(api: Api, project: Project) -> None:
    days = [3, 5, 4, 5]
    ids = [IssueFactory(project=project, own_first_seen=NOW - timedelta(days=n)).pk for n in days]

    response = api.put(api.issues_url, {"merge": True}, ids=reversed(ids))

    assert response.status_code == 200
    assert response.content == b'{"merge": {"parent": "%d", "children": ["%d", "%d", "%d"]}}' % (
        ids[1],
        ids[0],
        ids[2],
        ids[3],
    )
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("4", "4")


def test_echoes_a_merge_of_one(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"merge": True}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"merge": True})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


def test_echoes_a_merge_of_which_the_status_left_one(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project, resolved=True)]
    before = snapshot()

    response = api.put(api.issues_url, {"merge": True}, ids=[issue.pk for issue in issues], raw_query="status=resolved")

    assert (response.status_code, response.json()) == (200, {"merge": True})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


def test_echoes_an_unmerge_of_nothing(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"merge": False}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


def test_counts_the_relatives_of_an_unmerge(api: Api, project: Project) -> None:
    parent = IssueFactory(project=project)
    children = [IssueFactory(merged_into=parent).pk for _ in range(2)]

    response = api.put(api.issues_url, {"merge": False}, ids=[children[0]])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")

    response = api.put(api.issues_url, {"merge": False}, ids=[parent.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")
    assert not Issue.objects.filter(merged_into__isnull=False).exists()
