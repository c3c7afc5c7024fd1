"""The published reference, word for word: its example, and each sentence that promises something."""

import pytest

from issues.enums import IssueStatus
from issues.models import Issue, IssueBookmark, IssueSeen
from projects.models import Project, Team, User
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"

BODY = b"""{
  "status": "unresolved",
  "isPublic": false
}"""

PUBLISHED_HEADERS = {
    "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
    "Content-Language": "en",
    "Content-Length": "64",
    "Content-Type": "application/json",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}


def statuses() -> dict[int, str]:
    return dict(Issue.objects.order_by("id").values_list("id", "status"))


# ---------------------------------------------------------------------------------------------------------------------
# The example
# ---------------------------------------------------------------------------------------------------------------------


def test_answers_the_published_example_byte_for_byte(api: Api, project: Project) -> None:
    IssueFactory(project=project, id=1, resolved=True, public=True)
    IssueFactory(project=project, id=2, ignored=True, public=True)

    response = api.put(ISSUES, BODY, raw_query="id=1&id=2")

    assert (response.status_code, response.reason_phrase) == (200, "OK")
    assert response.content == b'{"status": "unresolved", "isPublic": false, "statusDetails": {}}'
    headers = headers_of(response)
    assert headers.pop("Mutation-Id").isdigit()
    assert headers == PUBLISHED_HEADERS | {"Issues-Matched": "2", "Issues-Changed": "2"}
    rows = Issue.objects.order_by("id").values_list("id", "status", "resolved_at", "share_id")
    assert list(rows) == [(1, "unresolved", None, None), (2, "unresolved", None, None)]


def test_answers_the_example_again_though_there_is_nothing_left_to_change(api: Api, project: Project) -> None:
    IssueFactory(project=project, id=1)
    IssueFactory(project=project, id=2)
    before = snapshot()

    response = api.put(ISSUES, BODY, raw_query="id=1&id=2")

    assert response.status_code == 200
    assert response.content == b'{"status": "unresolved", "isPublic": false, "statusDetails": {}}'
    assert headers_of(response) == PUBLISHED_HEADERS | {"Issues-Matched": "2", "Issues-Changed": "0"}
    assert snapshot() == before


def test_leaves_the_neighbours_of_the_example_alone(
    api: Api, project: Project, other_project: Project, stranger_project: Project
) -> None:
    IssueFactory(project=project, id=1, resolved=True, public=True)
    IssueFactory(project=project, id=2, resolved=True, public=True)
    neighbours = [
        IssueFactory(project=where, id=pk, resolved=True, public=True).pk
        for pk, where in [(3, project), (4, other_project), (5, stranger_project)]
    ]
    before = snapshot(neighbours)

    api.put(ISSUES, BODY, raw_query="id=1&id=2")

    assert snapshot(neighbours) == before


# ---------------------------------------------------------------------------------------------------------------------
# Its sentences
# ---------------------------------------------------------------------------------------------------------------------


def test_requires_the_id_parameter_for_non_status_updates(api: Api, project: Project) -> None:
    IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(ISSUES, {"isPublic": False})

    assert response.status_code == 400
    assert response.json() == {"detail": "You must specify a list of IDs for this operation"}
    assert snapshot() == before


def test_may_omit_the_id_parameter_for_status_updates(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project, ignored=True)]

    response = api.put(ISSUES, {"status": "resolved"})

    assert response.status_code == 200
    assert response.json() == {"status": "resolved", "statusDetails": {}}
    assert statuses() == {issue.pk: "resolved" for issue in issues}


def test_restricts_mutations_to_issues_of_the_given_status(api: Api, project: Project) -> None:
    unresolved_issue = IssueFactory(project=project)
    ignored_issue = IssueFactory(project=project, ignored=True)

    response = api.put(ISSUES, {"status": "resolved"}, raw_query="status=unresolved")

    assert response.status_code == 200
    assert statuses() == {unresolved_issue.pk: "resolved", ignored_issue.pk: "ignored"}


def test_succeeds_without_any_data_mutation_if_any_ids_are_out_of_scope(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(ISSUES, {"status": "resolved"}, ids=[issue.pk, issue.pk + 1])

    assert response.status_code == 204
    assert response.content == b""
    assert snapshot() == before


@pytest.mark.parametrize(
    ("asked", "stored", "answered"),
    [
        ("resolved", "resolved", {"status": "resolved", "statusDetails": {}}),
        (
            "resolvedInNextRelease",
            "resolved",
            {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        ),
        ("unresolved", "unresolved", {"status": "unresolved", "statusDetails": {}}),
        ("ignored", "ignored", {"status": "ignored", "statusDetails": {}}),
    ],
)
def test_takes_the_published_status(
    api: Api, project: Project, asked: str, stored: str, answered: dict[str, object]
) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"status": asked}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, answered)
    assert statuses() == {issue.pk: stored}


def test_ignores_for_a_number_of_minutes(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"status": "ignored", "ignoreDuration": 30}, ids=[issue.pk])

    issue.refresh_from_db()
    assert issue.snooze_ends_at is not None
    assert response.status_code == 200
    assert response.json() == {
        "status": "ignored",
        "statusDetails": {
            "ignoreCount": None,
            "ignoreUntil": issue.snooze_ends_at.isoformat().replace("+00:00", "Z"),
            "ignoreUserCount": None,
            "ignoreUserWindow": None,
            "ignoreWindow": None,
        },
    }
    assert issue.status == IssueStatus.IGNORED


def test_sets_the_issue_to_public(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"isPublic": True}, ids=[issue.pk])

    issue.refresh_from_db()
    assert issue.share_id is not None
    assert (response.status_code, response.json()) == (200, {"isPublic": True, "shareId": issue.share_id.hex})


def test_merges_and_unmerges_different_issues(api: Api, project: Project) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)

    merged = api.put(ISSUES, {"merge": True}, ids=[parent.pk, child.pk])

    assert (merged.status_code, merged.json()) == (
        200,
        {"merge": {"parent": str(parent.pk), "children": [str(child.pk)]}},
    )
    child.refresh_from_db()
    assert child.merged_into_id == parent.pk

    unmerged = api.put(ISSUES, {"merge": False}, ids=[parent.pk])

    assert (unmerged.status_code, unmerged.json()) == (200, {"merge": False})
    child.refresh_from_db()
    assert child.merged_into_id is None


def test_assigns_to_a_user_by_name(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"assignedTo": "jane"}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (
        200,
        {"assignedTo": {"type": "user", "id": str(jane.pk), "name": "Jane Schmidt", "email": "jane@example.com"}},
    )
    issue.refresh_from_db()
    assert (issue.assignee_user_id, issue.assignee_team_id) == (jane.pk, None)


def test_assigns_to_a_team_by_actor_id(api: Api, project: Project, team: Team) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"assignedTo": f"team:{team.pk}"}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (
        200,
        {"assignedTo": {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"}},
    )
    issue.refresh_from_db()
    assert (issue.assignee_user_id, issue.assignee_team_id) == (None, team.pk)


def test_flags_as_seen_and_bookmarked_when_invoked_with_a_user_context(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)

    response = api.put(ISSUES, {"hasSeen": True, "isBookmarked": True}, ids=[issue.pk], auth="jane")

    assert (response.status_code, response.json()) == (200, {"hasSeen": True, "isBookmarked": True})
    assert list(IssueSeen.objects.values_list("issue_id", "user_id")) == [(issue.pk, jane.pk)]
    assert list(IssueBookmark.objects.values_list("issue_id", "user_id")) == [(issue.pk, jane.pk)]


def test_flags_nothing_without_a_user_context(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(ISSUES, {"hasSeen": True, "isBookmarked": True}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"hasSeen": True, "isBookmarked": True})
    assert snapshot() == before
