"""PUT merges and unmerges so that, in the list, ... (contract 1.6)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Activity, Issue, Mutation
from projects.models import Project, User
from tests.api_client import Api, Who
from tests.factories import NOW, IssueBookmarkFactory, IssueFactory, IssueHourFactory, IssueSubscriptionFactory

pytestmark = pytest.mark.django_db

Item = dict[str, Any]


@pytest.fixture
def old(project: Project) -> Issue:
    """The one that becomes the parent: it was seen first."""
    return IssueFactory(
        project=project,
        own_first_seen=NOW - timedelta(days=9),
        own_last_seen=NOW - timedelta(days=2),
        own_times_seen=5,
        own_users_seen=3,
        own_comment_count=1,
    )


@pytest.fixture
def young(project: Project) -> Issue:
    return IssueFactory(
        project=project,
        own_first_seen=NOW - timedelta(days=4),
        own_last_seen=NOW - timedelta(days=1),
        own_times_seen=20,
        own_users_seen=7,
        own_comment_count=2,
    )


@pytest.fixture
def youngest(project: Project) -> Issue:
    return IssueFactory(
        project=project, own_first_seen=NOW - timedelta(days=3), own_last_seen=NOW, own_times_seen=100, resolved=True
    )


def merge(api: Api, wish: bool, *issues: Issue) -> None:
    response = api.put(api.issues_url, {"merge": wish}, ids=[issue.pk for issue in issues])
    assert response.status_code == 200


def listed(api: Api, auth: Who = "key") -> dict[int, Item]:
    """Return every issue that the list shows, by id."""
    return {int(item["id"]): item for item in api.get(api.issues_url, raw_query="query=", auth=auth).json()}


def numbers(item: Item) -> tuple[str, int, int]:
    return item["count"], item["userCount"], item["numComments"]


def test_the_parent_shows_the_totals_and_the_children_are_gone(api: Api, old: Issue, young: Issue) -> None:
    before = listed(api)

    merge(api, True, young, old)

    shown = listed(api)
    assert shown == {old.pk: shown[old.pk]}
    assert numbers(shown[old.pk]) == ("25", 10, 3)
    assert shown[old.pk]["firstSeen"] == before[old.pk]["firstSeen"]
    assert shown[old.pk]["lastSeen"] == before[young.pk]["lastSeen"]


def test_the_lowest_id_is_the_parent_of_issues_first_seen_together(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project) for _ in range(3)]

    merge(api, True, *reversed(issues))

    assert [*listed(api)] == [issues[0].pk]


def test_the_parent_shows_the_hourly_counts_of_its_children(api: Api, old: Issue, young: Issue) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    for issue, count in [(old, 2), (young, 3)]:
        IssueHourFactory(issue=issue, hour=hour, own_count=count)

    merge(api, True, young, old)

    assert sum(count for _, count in listed(api)[old.pk]["stats"]["24h"]) == 5


def test_everything_is_as_it_was_after_an_unmerge(api: Api, old: Issue, young: Issue, youngest: Issue) -> None:
    before = listed(api)
    merge(api, True, old, young, youngest)

    merge(api, False, old)

    assert listed(api) == before


def test_a_child_comes_back_with_its_own_tree(api: Api, old: Issue, young: Issue, youngest: Issue) -> None:
    merge(api, True, young, youngest)
    before = listed(api)
    merge(api, True, old, young)
    assert numbers(listed(api)[old.pk]) == ("125", 11, 3)

    merge(api, False, old)

    assert listed(api) == before
    assert numbers(before[young.pk]) == ("120", 8, 2)


def test_a_hidden_issue_that_is_named_leaves_all_above_it(api: Api, old: Issue, young: Issue, youngest: Issue) -> None:
    before = listed(api)
    merge(api, True, young, youngest)
    merge(api, True, old, young)

    merge(api, False, youngest)

    shown = listed(api)
    assert shown == {old.pk: shown[old.pk], youngest.pk: before[youngest.pk]}
    assert numbers(shown[old.pk]) == ("25", 10, 3)


def test_naming_parent_and_child_brings_back_no_more_than_the_parent(api: Api, old: Issue, young: Issue) -> None:
    before = listed(api)
    merge(api, True, old, young)

    response = api.put(api.issues_url, {"merge": False}, ids=[young.pk, old.pk])

    assert response.json() == {"merge": False}
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "2")
    assert listed(api) == before


def test_who_follows_a_child_follows_the_parent_for_good(api: Api, old: Issue, young: Issue, jane: User) -> None:
    IssueSubscriptionFactory(issue=young, user=jane, reason="assigned")
    IssueBookmarkFactory(issue=young, user=jane)

    for wish in (True, False):
        merge(api, wish, old, *([young] if wish else []))

        item = listed(api, auth="jane")[old.pk]
        assert (item["isBookmarked"], item["subscriptionDetails"]) == (True, {"reason": "assigned"})
        assert listed(api, auth="sam")[old.pk]["isBookmarked"] is False


def test_a_snooze_by_count_has_as_much_left_as_before(api: Api, old: Issue, young: Issue) -> None:
    api.put(api.issues_url, {"status": "ignored", "ignoreCount": 10, "ignoreUserCount": 4}, ids=[old.pk])

    for wish in (True, False):
        merge(api, wish, old, *([young] if wish else []))

        details = listed(api)[old.pk]["statusDetails"]
        assert (details["ignoreCount"], details["ignoreUserCount"]) == (10, 4)


def test_a_snooze_that_ended_meanwhile_is_over_when_its_issue_comes_back(
    api: Api, old: Issue, project: Project
) -> None:
    child = IssueFactory(project=project, snoozed=True)  # until half an hour after NOW, which is long ago
    merge(api, True, old, child)

    merge(api, False, child)

    assert listed(api)[child.pk]["status"] == "unresolved"


def test_both_sides_have_it_in_their_history(api: Api, old: Issue, young: Issue) -> None:
    merge(api, True, old, young)
    merge(api, False, old)

    rows = Activity.objects.order_by("mutation_id", "issue_id").values_list("mutation_id", "issue_id", "kind", "data")
    first, second = Mutation.objects.order_by("id").values_list("id", flat=True)
    assert list(rows) == [
        (first, old.pk, "merge", {"issues": [{"id": str(young.pk)}]}),
        (second, old.pk, "unmerge", {"issues": [{"id": str(young.pk)}]}),
        (second, young.pk, "unmerge", {"parent": {"id": str(old.pk)}}),
    ]
