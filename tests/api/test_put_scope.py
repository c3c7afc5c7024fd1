"""Which issues a PUT is about: ``status``, and ids that are out of scope (contract 1.3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

MAX_ID = 2**63 - 1
RESOLVE = {"status": "resolved"}


def not_a_status(word: str) -> str:
    return f'"{word}" is not a status; say one of unresolved, resolved, ignored.'


# ---------------------------------------------------------------------------------------------------------------------
# status
# ---------------------------------------------------------------------------------------------------------------------


# query -> which of four issues it leaves
STATUSES = {
    "none": ("", {"unresolved", "resolved", "ignored", "woken"}),
    "unresolved": ("status=unresolved", {"unresolved", "woken"}),
    "resolved": ("status=resolved", {"resolved"}),
    "ignored": ("status=ignored", {"ignored"}),
    "muted": ("status=muted", {"ignored"}),
    "two": ("status=resolved&status=ignored", {"resolved", "ignored"}),
    "all three": (
        "status=resolved&status=ignored&status=unresolved",
        {"unresolved", "resolved", "ignored", "woken"},
    ),
    "repeated": ("status=resolved&status=resolved", {"resolved"}),
    "both names of one": ("status=muted&status=ignored", {"ignored"}),
    "percent-encoded": ("%73tatus=%72esolved", {"resolved"}),
}


@pytest.fixture
def by_status(project: Project) -> dict[str, int]:
    """The ids of one issue in each state; ``woken`` is ignored, but its snooze has run out."""
    return {
        "unresolved": IssueFactory(project=project).pk,
        "resolved": IssueFactory(project=project, resolved_in_release=True).pk,
        "ignored": IssueFactory(project=project, ignored=True).pk,
        "woken": IssueFactory(project=project, ignored=True, snooze_ends_at=timezone.now() - timedelta(hours=1)).pk,
    }


@pytest.mark.parametrize(("query", "left"), STATUSES.values(), ids=STATUSES)
def test_narrows_named_issues_by_status(
    api: Api, project: Project, by_status: dict[str, int], query: str, left: set[str]
) -> None:
    filtered_away = [pk for name, pk in by_status.items() if name not in left]
    before = snapshot(filtered_away)

    response = api.put(api.issues_url, {"isPublic": True, "hasSeen": True}, ids=by_status.values(), raw_query=query)

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == (str(len(left)),) * 2
    public_ids = Issue.objects.filter(share_id__isnull=False).values_list("id", flat=True)
    assert set(public_ids) == {by_status[name] for name in left}
    assert snapshot(filtered_away) == before


@pytest.mark.parametrize(("query", "left"), STATUSES.values(), ids=STATUSES)
def test_narrows_update_all_by_status(
    api: Api, project: Project, by_status: dict[str, int], query: str, left: set[str]
) -> None:
    filtered_away = [pk for name, pk in by_status.items() if name not in left]
    before = snapshot(filtered_away)

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert response.status_code == 200
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == (str(len(left)),) * 2
    plainly_resolved = Issue.objects.filter(status="resolved", resolution_kind=None).values_list("id", flat=True)
    assert set(plainly_resolved) == {by_status[name] for name in left}
    assert snapshot(filtered_away) == before


def test_succeeds_when_the_status_leaves_nothing_of_the_named(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"isPublic": True}, ids=[issue.pk], raw_query="status=ignored")

    assert (response.status_code, response.json()) == (200, {"isPublic": True})
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        pytest.param("status=", [""], id="empty"),
        pytest.param("status", [""], id="no value"),
        pytest.param("status=open", ["open"], id="a word"),
        pytest.param("status=Resolved", ["Resolved"], id="a capital"),
        pytest.param("status=resolved%20", ["resolved "], id="a blank"),
        pytest.param("status=resolved,ignored", ["resolved,ignored"], id="a comma"),
        pytest.param("status=resolvedInNextRelease", ["resolvedInNextRelease"], id="a wish, no status"),
        pytest.param("status=resolved&status=b&status=a", ["a", "b"], id="one right, two wrong"),
        pytest.param("status=%00", ["\0"], id="NUL"),
    ],
)
def test_refuses_what_is_no_status(api: Api, project: Project, query: str, wrong: list[str]) -> None:
    IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, raw_query=query)

    assert (response.status_code, response.json()) == (400, {"status": [not_a_status(word) for word in wrong]})
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Out of scope
# ---------------------------------------------------------------------------------------------------------------------


def deleted_id(project: Project) -> int:
    issue = IssueFactory(project=project, text=None)
    pk: int = issue.pk
    issue.delete()
    return pk


OUT_OF_SCOPE: dict[str, Callable[[Project, Project, Project], int]] = {
    "of another project": lambda project, other, stranger: IssueFactory(project=other).pk,
    "of another organization": lambda project, other, stranger: IssueFactory(project=stranger).pk,
    "of nobody": lambda project, other, stranger: MAX_ID,
    "deleted": lambda project, other, stranger: deleted_id(project),
    "merged into another": lambda project, other, stranger: IssueFactory(merged_into=IssueFactory(project=project)).pk,
}
BODIES = {
    "status": RESOLVE,
    "nothing": {},
    "isPublic": {"isPublic": True},
    "merge": {"merge": True},
    "unmerge and more": {"merge": False, "isPublic": True},
    "everything": {
        "status": "ignored",
        "assignedTo": "jane",
        "isPublic": True,
        "hasSeen": True,
        "isBookmarked": True,
        "isSubscribed": True,
        "merge": True,
    },
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("make", OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_changes_nothing_when_an_id_is(
    api: Api,
    project: Project,
    other_project: Project,
    stranger_project: Project,
    make: Callable[[Project, Project, Project], int],
    body: object,
) -> None:
    issue_ids = [IssueFactory(project=project).pk for _ in range(2)]
    outsider = make(project, other_project, stranger_project)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[*issue_ids, outsider], auth="jane")

    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response.headers
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert response.headers["Issues-Out-Of-Scope"] == str(outsider)
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize("query", ["status=unresolved", "status=resolved"])
def test_changes_nothing_when_an_id_is_out_of_scope_whatever_the_status_leaves(
    api: Api, project: Project, other_project: Project, query: str
) -> None:
    issue = IssueFactory(project=project)
    outsider = IssueFactory(project=other_project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "ignored"}, ids=[issue.pk, outsider.pk], raw_query=query)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Issues-Out-Of-Scope"] == str(outsider.pk)
    assert snapshot() == before


def test_names_the_first_twenty_that_are_out_of_scope(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    outsiders = range(issue.pk + 1, issue.pk + 22)
    before = snapshot()

    response = api.put(api.issues_url, RESOLVE, ids=[*reversed(outsiders), issue.pk])

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Issues-Out-Of-Scope"] == ",".join(str(pk) for pk in outsiders[:20])
    assert snapshot() == before


def test_finds_the_children_gone_when_a_merge_is_sent_twice(api: Api, project: Project) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)

    first = api.put(api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])
    before = snapshot()
    second = api.put(api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])

    assert first.status_code == 200
    assert (second.status_code, second.content) == (204, b"")
    assert second.headers["Issues-Out-Of-Scope"] == str(child.pk)
    assert snapshot() == before


def test_finds_a_hidden_child_when_the_body_only_unmerges(api: Api, project: Project) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=parent)

    response = api.put(api.issues_url, {"merge": False}, ids=[child.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    child.refresh_from_db()
    assert child.merged_into_id is None


def test_finds_a_hidden_child_when_the_body_only_unmerges_beside_unknown_keys(api: Api, project: Project) -> None:
    child = IssueFactory(merged_into=IssueFactory(project=project))

    response = api.put(api.issues_url, {"merge": False, "note": "ongoing"}, ids=[child.pk])

    assert (response.status_code, response.json()) == (200, {"merge": False})
    child.refresh_from_db()
    assert child.merged_into_id is None
