"""A PUT without ids is about all issues of the project, and about their status only (contract 1.3)."""

from itertools import combinations

import pytest

from issues.models import Activity, Issue, IssueSubscription, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

IDS_REQUIRED = {"detail": "You must specify a list of IDs for this operation"}

# ---------------------------------------------------------------------------------------------------------------------
# Bodies that may
# ---------------------------------------------------------------------------------------------------------------------

ALLOWED = {
    "resolved": {"status": "resolved"},
    "unresolved": {"status": "unresolved"},
    "ignored": {"status": "ignored"},
    "muted": {"status": "muted"},
    "resolvedInNextRelease": {"status": "resolvedInNextRelease"},
    "empty statusDetails": {"status": "unresolved", "statusDetails": {}},
    "inNextRelease": {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    "inRelease": {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
    "details of a snooze": {"status": "ignored", "statusDetails": {"ignoreCount": 5, "ignoreWindow": 60}},
    "ignoreDuration": {"status": "ignored", "ignoreDuration": 30},
    "ignoreCount": {"status": "ignored", "ignoreCount": 5, "ignoreWindow": 60},
    "ignoreUserCount": {"status": "ignored", "ignoreUserCount": 5, "ignoreUserWindow": 60},
    "snoozeDuration": {"status": "ignored", "snoozeDuration": 30},
    "as sentry-cli sends it": {"status": "resolved", "snoozeDuration": None},
    "null terms": {"status": "unresolved", "ignoreDuration": None, "ignoreCount": None},
    "unknown keys": {"status": "resolved", "inbox": False, "foo": {"isPublic": True}},
    "a misspelt key": {"status": "resolved", "isPublik": True},
}
ANSWERED = {"muted": "ignored", "resolvedInNextRelease": "resolved"}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED)
def test_takes_a_body_that_changes_status_only(api: Api, project: Project, body: dict[str, str]) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    status = ANSWERED.get(body["status"], body["status"])
    ids = [
        IssueFactory(project=project, ignored=True).pk if status == "unresolved" else IssueFactory(project=project).pk
        for _ in range(3)
    ]

    response = api.put(api.issues_url, body)

    assert response.status_code == 200
    assert list(response.json()) == ["status", "statusDetails"]
    assert response.json()["status"] == status
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("3", "3")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert dict(Issue.objects.values_list("id", "status")) == dict.fromkeys(ids, status)


# ---------------------------------------------------------------------------------------------------------------------
# Bodies that may not
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["id", "ids", "id[]", "ids[]", "ids[0]"])
@pytest.mark.parametrize("ids", [[1], [], None, 1, "1,2"], ids=str)
def test_never_means_all_when_the_body_has_ids(api: Api, project: Project, key: str, ids: object) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    alone = api.put(api.issues_url, {"status": "resolved", key: ids})

    assert (alone.status_code, alone.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before
    named = api.put(api.issues_url, {"status": "resolved", key: ids}, ids=[issue.pk])
    assert (named.status_code, named.json()) == (200, {"status": "resolved", "statusDetails": {}})


OTHER_KEYS: dict[str, list[object]] = {
    "assignedTo": ["jane", "", None],
    "isPublic": [True, False],
    "merge": [True, False],
    "hasSeen": [True, False],
    "isBookmarked": [True, False],
    "isSubscribed": [True, False],
}
REFUSED: list[dict[str, object]] = [
    {},
    {"foo": 1},
    {"statusDetails": {}},
    {"snoozeDuration": None},
    *({key: value} for key, values in OTHER_KEYS.items() for value in values),
    *({"status": "resolved", key: value} for key, values in OTHER_KEYS.items() for value in values),
    *({"status": "ignored", "ignoreDuration": 5, key: values[0]} for key, values in OTHER_KEYS.items()),
    *({one: OTHER_KEYS[one][0], two: OTHER_KEYS[two][0]} for one, two in combinations(OTHER_KEYS, 2)),
    {"status": "resolved"} | {key: values[0] for key, values in OTHER_KEYS.items()},
]


@pytest.mark.parametrize("body", REFUSED, ids=str)
def test_refuses_a_body_that_changes_anything_else(api: Api, project: Project, body: dict[str, object]) -> None:
    for _ in range(2):
        IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, body, auth="jane")

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
def test_refuses_an_empty_body(api: Api, project: Project, media_type: str) -> None:
    IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, b"", headers={"Content-Type": media_type})

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


def test_refuses_another_body_though_a_status_narrows_it(api: Api, project: Project) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"isPublic": True}, raw_query="status=unresolved")

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# What it is about
# ---------------------------------------------------------------------------------------------------------------------


def test_changes_issues_of_every_status_when_none_is_given(api: Api, project: Project) -> None:
    ids = [
        IssueFactory(project=project).pk,
        IssueFactory(project=project, resolved=True).pk,
        IssueFactory(project=project, ignored=True).pk,
    ]

    response = api.put(api.issues_url, {"status": "ignored", "ignoreCount": 10})

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("3", "3")
    assert dict(Issue.objects.values_list("id", "snooze_ends_at_times_seen")) == dict.fromkeys(ids, 11)


def test_leaves_children_and_neighbours_alone(
    api: Api, project: Project, other_project: Project, stranger_project: Project
) -> None:
    parent = IssueFactory(project=project)
    others = [
        IssueFactory(merged_into=parent).pk,
        IssueFactory(project=other_project).pk,
        IssueFactory(project=stranger_project).pk,
    ]
    before = snapshot(others)

    response = api.put(api.issues_url, {"status": "resolved"})

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert Issue.objects.get(pk=parent.pk).status == "resolved"
    assert snapshot(others) == before


def test_has_no_cap(api: Api, project: Project) -> None:
    Issue.objects.bulk_create(
        Issue(project=project, short_number=n, own_first_seen=NOW, own_last_seen=NOW, first_seen=NOW, last_seen=NOW)
        for n in range(1, 2_002)
    )

    response = api.put(api.issues_url, {"status": "resolved"})

    assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2001", "2001")
    assert Issue.objects.filter(status="resolved").count() == 2001
    assert Activity.objects.filter(kind="set_resolved").count() == 2001


def test_counts_all_but_changes_only_those_that_differ(api: Api, project: Project) -> None:
    IssueFactory(project=project)
    already = IssueFactory(project=project, resolved=True)
    before = snapshot([already.pk])

    response = api.put(api.issues_url, {"status": "resolved"})

    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "1")
    assert snapshot([already.pk]) == before


def test_succeeds_when_nothing_is_left_to_change(api: Api, project: Project) -> None:
    IssueFactory(project=project, resolved=True)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved"})

    assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


def test_succeeds_in_a_project_without_issues(api: Api) -> None:
    response = api.put(api.issues_url, {"status": "ignored"})

    assert (response.status_code, response.json()) == (200, {"status": "ignored", "statusDetails": {}})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert "Mutation-Id" not in response.headers


def test_subscribes_nobody(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)

    all_of_them = api.put(api.issues_url, {"status": "resolved"}, auth="jane")

    assert (all_of_them.status_code, all_of_them.headers["Issues-Changed"]) == (200, "1")
    assert not IssueSubscription.objects.exists()

    api.put(api.issues_url, {"status": "unresolved"}, auth="jane")
    named = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], auth="jane")

    assert (named.status_code, named.headers["Issues-Changed"]) == (200, "1")
    subscriptions = IssueSubscription.objects.values_list("issue_id", "user_id", "is_active", "reason")
    assert list(subscriptions) == [(issue.pk, jane.pk, True, "status_change")]
