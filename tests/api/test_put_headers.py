"""What a PUT answers: the headers that count, and what several wishes in one body come to (contract 1.7, 1.8)."""

from typing import Any

import pytest

from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueSeen,
    IssueSubscription,
    Mutation,
)
from projects.models import Project, User
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

ALLOW = "GET, PUT, DELETE, HEAD, OPTIONS"


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
