"""PUT writes into an issue's history ... (contract 1.5)."""

import pytest

from issues.models import Activity
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

Json = dict[str, object]

# a body -> the kind of its activity, and what that says; where JANE and TEAM stand for an id
WRITTEN: list[tuple[Json, str, Json]] = [
    ({"status": "resolved"}, "set_resolved", {}),
    ({"status": "resolvedInNextRelease"}, "set_resolved_in_release", {"version": ""}),
    (
        {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
        "set_resolved_in_release",
        {"version": "1.0.0"},
    ),
    ({"status": "ignored"}, "set_ignored", {}),
    (
        {"status": "ignored", "ignoreCount": 10, "ignoreWindow": 60, "ignoreUserCount": 3},
        "set_ignored",
        {"ignoreCount": 10, "ignoreWindow": 60, "ignoreUserCount": 3},
    ),
    ({"assignedTo": "jane"}, "assigned", {"assignee": "JANE", "assigneeType": "user"}),
    ({"assignedTo": "#powerful-abolitionist"}, "assigned", {"assignee": "TEAM", "assigneeType": "team"}),
    ({"isPublic": True}, "set_public", {}),
]
TAKEN_BACK: list[tuple[Json, str]] = [
    ({"status": "unresolved"}, "set_unresolved"),
    ({"assignedTo": None}, "unassigned"),
    ({"isPublic": False}, "set_private"),
]


@pytest.mark.parametrize(("body", "kind", "data"), WRITTEN, ids=[str(body) for body, _, _ in WRITTEN])
def test_what_was_done(
    api: Api, project: Project, jane: User, team: Team, body: Json, kind: str, data: dict[str, object]
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue, neighbour = IssueFactory(project=project), IssueFactory(project=project)
    ids = {"JANE": str(jane.pk), "TEAM": str(team.pk)}

    response = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert response.headers["Issues-Changed"] == "1"
    written = Activity.objects.values_list("issue_id", "kind", "data", "user_id")
    assert list(written) == [
        (issue.pk, kind, {key: ids.get(str(value), value) for key, value in data.items()}, jane.pk)
    ]
    assert not neighbour.activities.exists()


@pytest.mark.parametrize(("body", "kind"), TAKEN_BACK, ids=[kind for _, kind in TAKEN_BACK])
def test_what_was_taken_back(api: Api, project: Project, body: Json, kind: str) -> None:
    issue = IssueFactory(project=project, resolved=True, assigned=True, public=True)

    api.put(api.issues_url, body, ids=[issue.pk])

    written = Activity.objects.get()
    assert (written.issue_id, written.kind, written.data, written.user) == (issue.pk, kind, {}, None)


def test_when_a_snooze_ends_as_the_answer_says_it(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "ignored", "ignoreDuration": 30}, ids=[issue.pk])

    assert Activity.objects.get().data == {"ignoreUntil": response.json()["statusDetails"]["ignoreUntil"]}


@pytest.mark.parametrize("body", [body for body, _, _ in WRITTEN], ids=str)
def test_nothing_when_nothing_changed(api: Api, project: Project, jane: User, team: Team, body: Json) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue = IssueFactory(project=project)
    api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert Activity.objects.count() == 1


@pytest.mark.parametrize("wish", [True, False])
@pytest.mark.parametrize("key", ["hasSeen", "isBookmarked", "isSubscribed"])
def test_nothing_about_marks(api: Api, project: Project, key: str, wish: bool) -> None:
    issue = IssueFactory(project=project)
    api.put(api.issues_url, {key: not wish}, ids=[issue.pk], auth="jane")

    response = api.put(api.issues_url, {key: wish}, ids=[issue.pk], auth="jane")

    assert response.headers["Issues-Changed"] == "1"
    assert not Activity.objects.exists()
