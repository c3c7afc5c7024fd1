"""What a PUT answers: the body to the byte, and the headers that count (contract 1.7, 1.8)."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueSeen,
    IssueSubscription,
    Mutation,
)
from projects.models import Project, Team, User
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

ALLOW = "GET, PUT, DELETE, HEAD, OPTIONS"
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


# ---------------------------------------------------------------------------------------------------------------------
# The headers
# ---------------------------------------------------------------------------------------------------------------------

# body -> how each of the three issues is made, so that it makes a difference to the first two only
COUNTED: dict[str, tuple[Json, Json, Json]] = {
    "resolved": ({"status": "resolved"}, {}, {"resolved": True}),
    "unresolved": ({"status": "unresolved"}, {"ignored": True}, {}),
    "ignored": ({"status": "ignored"}, {"resolved": True}, {"ignored": True}),
    "other terms": (
        {"status": "ignored", "ignoreCount": 5},
        {"ignored": True},
        {"ignored": True, "snooze_ends_at_times_seen": 6},
    ),
    "public": ({"isPublic": True}, {}, {"public": True}),
    "private": ({"isPublic": False}, {"public": True}, {}),
    "unassigned": ({"assignedTo": None}, {"assigned": True}, {}),
}


@pytest.mark.parametrize(("body", "different", "same"), COUNTED.values(), ids=COUNTED)
def test_counts_what_changed(api: Api, project: Project, body: Json, different: Json, same: Json) -> None:
    ids = [IssueFactory(project=project, **columns).pk for columns in (different, different, same)]

    first = api.put(api.issues_url, body, ids=ids)

    assert (first.headers["Issues-Matched"], first.headers["Issues-Changed"]) == ("3", "2")
    assert first.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert (Mutation.objects.get().matched, Mutation.objects.get().changed) == (3, 2)

    before = snapshot()
    second = api.put(api.issues_url, body, ids=ids)

    assert (second.status_code, second.content) == (200, first.content)
    assert (second.headers["Issues-Matched"], second.headers["Issues-Changed"]) == ("3", "0")
    assert "Mutation-Id" not in second.headers
    assert snapshot() == before


def test_counts_assignments(api: Api, project: Project, jane: User, sam: User) -> None:
    ids = [
        IssueFactory(project=project).pk,
        IssueFactory(project=project, assignee_user=sam).pk,
        IssueFactory(project=project, assignee_user=jane).pk,
    ]

    first = api.put(api.issues_url, {"assignedTo": "jane"}, ids=ids)
    before = snapshot()
    second = api.put(api.issues_url, {"assignedTo": "jane"}, ids=ids)

    assert (first.headers["Issues-Matched"], first.headers["Issues-Changed"]) == ("3", "2")
    assert (second.headers["Issues-Matched"], second.headers["Issues-Changed"]) == ("3", "0")
    assert snapshot() == before


MARKS = {
    "hasSeen": IssueSeenFactory,
    "isBookmarked": IssueBookmarkFactory,
    "isSubscribed": IssueSubscriptionFactory,
}


@pytest.mark.parametrize("wish", [True, False])
@pytest.mark.parametrize(("key", "factory"), MARKS.items(), ids=MARKS)
def test_counts_the_callers_own_marks(
    api: Api, project: Project, jane: User, sam: User, key: str, factory: Any, wish: bool
) -> None:
    issues = [IssueFactory(project=project) for _ in range(3)]
    marked = issues[2:] if wish else issues[:2]
    for issue in marked:
        factory(issue=issue, user=jane)
    for issue in issues:
        factory(issue=issue, user=sam)
    ids = [issue.pk for issue in issues]

    first = api.put(api.issues_url, {key: wish}, ids=ids, auth="jane")

    assert first.json()[key] is wish
    assert (first.headers["Issues-Matched"], first.headers["Issues-Changed"]) == ("3", "2")
    assert first.headers["Mutation-Id"] == str(Mutation.objects.get().pk)

    before = snapshot()
    second = api.put(api.issues_url, {key: wish}, ids=ids, auth="jane")

    assert (second.status_code, second.content) == (200, first.content)
    assert (second.headers["Issues-Matched"], second.headers["Issues-Changed"]) == ("3", "0")
    assert "Mutation-Id" not in second.headers
    assert snapshot() == before


@pytest.mark.parametrize("wish", [True, False])
@pytest.mark.parametrize("key", MARKS)
def test_counts_no_marks_without_a_user_context(api: Api, project: Project, sam: User, key: str, wish: bool) -> None:
    issue = IssueFactory(project=project)
    MARKS[key](issue=issue, user=sam)
    before = snapshot()

    response = api.put(api.issues_url, {key: wish}, ids=[issue.pk])

    assert response.status_code == 200
    assert response.json()[key] is wish
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


def test_counts_an_issue_once_however_much_of_it_changed(api: Api, project: Project) -> None:
    ids = [IssueFactory(project=project).pk, IssueFactory(project=project, resolved=True).pk]

    response = api.put(
        api.issues_url, {"status": "resolved", "isPublic": True, "isBookmarked": True}, ids=ids, auth="jane"
    )

    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "2")


def test_does_not_count_a_subscription_whose_reason_changed(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    IssueSubscriptionFactory(issue=issue, user=jane, reason="bookmark")

    response = api.put(api.issues_url, {"isSubscribed": True}, ids=[issue.pk], auth="jane")

    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert list(IssueSubscription.objects.values_list("is_active", "reason")) == [(True, "unknown")]


def test_has_every_header_with_a_change(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])

    assert headers_of(response) == {
        "Allow": ALLOW,
        "Content-Language": "en",
        "Content-Length": "43",
        "Content-Type": "application/json",
        "Issues-Changed": "1",
        "Issues-Matched": "1",
        "Mutation-Id": str(Mutation.objects.get().pk),
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
    }


def test_has_every_header_out_of_scope(api: Api, project: Project) -> None:
    response = api.put(api.issues_url, {"status": "resolved"}, ids=[13])

    assert headers_of(response) == {
        "Allow": ALLOW,
        "Content-Language": "en",
        "Content-Length": "0",
        "Issues-Changed": "0",
        "Issues-Matched": "0",
        "Issues-Out-Of-Scope": "13",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
    }


@pytest.mark.parametrize("language", ["de", "fr-CH, fr;q=0.9, *;q=0.5", "zz"])
def test_is_english_whatever_the_caller_prefers(api: Api, project: Project, language: str) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"isPublic": None}, ids=[issue.pk], headers={"Accept-Language": language})

    assert (response.status_code, response.json()) == (400, {"isPublic": ["This field may not be null."]})
    assert response.headers["Content-Language"] == "en"


# ---------------------------------------------------------------------------------------------------------------------
# Several wishes in one body
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"isSubscribed": False, "isBookmarked": True, "status": "resolved", "assignedTo": "jane"},
        {"assignedTo": "jane", "status": "resolved", "isBookmarked": True, "isSubscribed": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("subscribed", [True, False])
def test_lets_an_explicit_unsubscribe_win(api: Api, project: Project, jane: User, body: Json, subscribed: bool) -> None:
    issue = IssueFactory(project=project)
    if subscribed:
        IssueSubscriptionFactory(issue=issue, user=jane)

    response = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert response.status_code == 200
    assert list(IssueSubscription.objects.values_list("user_id", "is_active")) == [(jane.pk, False)]
    assert IssueBookmark.objects.count() == 1


def test_lets_an_explicit_subscribe_win_over_the_end_of_a_bookmark(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    api.put(api.issues_url, {"isBookmarked": True}, ids=[issue.pk], auth="jane")

    response = api.put(api.issues_url, {"isBookmarked": False, "isSubscribed": True}, ids=[issue.pk], auth="jane")

    assert response.status_code == 200
    assert list(IssueSubscription.objects.values_list("user_id", "is_active", "reason")) == [(jane.pk, True, "unknown")]
    assert not IssueBookmark.objects.exists()


def test_carries_one_time_and_one_mutation_on_every_row(api: Api, project: Project, jane: User) -> None:
    issues = [IssueFactory(project=project) for _ in range(2)]
    body = {
        "status": "resolved",
        "assignedTo": "jane",
        "isPublic": True,
        "hasSeen": True,
        "isBookmarked": True,
        "isSubscribed": True,
        "merge": True,
    }

    response = api.put(api.issues_url, body, ids=[issue.pk for issue in issues], auth="jane")

    mutation = Mutation.objects.get()
    assert response.headers["Mutation-Id"] == str(mutation.pk)
    assert (mutation.user_id, mutation.api_key_id, mutation.body) == (jane.pk, None, body)
    assert mutation.ids == [issue.pk for issue in issues]
    kinds = list(Activity.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == [*["set_resolved"] * 2, *["assigned"] * 2, *["set_public"] * 2, "merge"]
    for model, column in [
        (Activity, "created_at"),
        (IssueBookmark, "created_at"),
        (IssueSubscription, "created_at"),
        (IssueSeen, "seen_at"),
    ]:
        assert set(model._default_manager.values_list(column, flat=True)) == {mutation.created_at}
    assert set(Activity.objects.values_list("mutation_id", "user_id")) == {(mutation.pk, jane.pk)}
    assert set(Issue.objects.values_list("mutation_id", "resolved_at")) == {(mutation.pk, mutation.created_at)}
