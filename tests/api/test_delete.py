"""DELETE: for good, by id only (contract 3)."""

from collections.abc import Callable

import pytest

from issues.models import Activity, Issue, Mutation
from projects.models import Project, User
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    ActivityFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
)

pytestmark = pytest.mark.django_db

IDS_REQUIRED = {"detail": "You must specify a list of IDs for this operation"}
MAX_ID = 2**63 - 1


def hang_everything_on(issue: Issue) -> None:
    for factory in (
        IssueHashFactory,
        IssueHourFactory,
        IssueSeenFactory,
        IssueBookmarkFactory,
        IssueSubscriptionFactory,
        ActivityFactory,
    ):
        factory(issue=issue)


def test_deletes_what_is_named_with_all_that_hangs_on_it(
    api: Api, project: Project, other_project: Project, stranger_project: Project
) -> None:
    doomed = [IssueFactory(project=project, public=True, assigned=True) for _ in range(2)]
    neighbours = [IssueFactory(project=where) for where in (project, other_project, stranger_project)]
    for issue in [*doomed, *neighbours]:
        hang_everything_on(issue)
    before = snapshot([issue.pk for issue in neighbours])

    response = api.delete(api.issues_url, ids=[issue.pk for issue in doomed])

    assert (response.status_code, response.content) == (204, b"")
    assert headers_of(response) == {
        "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
        "Content-Language": "en",
        "Content-Length": "0",
        "Issues-Changed": "2",
        "Issues-Matched": "2",
        "Mutation-Id": str(Mutation.objects.get().pk),
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
    }
    assert snapshot([issue.pk for issue in neighbours]) == before
    after = snapshot()
    del after["issues_mutation"]
    assert after == before


@pytest.mark.parametrize("auth", ["key", "jane"])
def test_keeps_who_deleted_what(api: Api, project: Project, jane: User, auth: str) -> None:
    issue = IssueFactory(project=project)

    response = api.delete(api.issues_url, ids=[issue.pk], auth="key" if auth == "key" else "jane")

    mutation = Mutation.objects.get()
    assert response.headers["Mutation-Id"] == str(mutation.pk)
    assert (mutation.kind, mutation.ids, mutation.matched, mutation.changed) == ("delete", [issue.pk], 1, 1)
    assert mutation.user_id == (jane.pk if auth == "jane" else None)
    assert (mutation.api_key_id is None) is (auth == "jane")


def test_deletes_what_was_merged_into_it(api: Api, project: Project) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=parent)
    grandchild = IssueFactory(merged_into=child)
    neighbour = IssueFactory(project=project)
    for issue in (parent, child, grandchild):
        hang_everything_on(issue)

    response = api.delete(api.issues_url, ids=[parent.pk])

    assert (response.status_code, response.content) == (204, b"")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "3")
    assert list(Issue.objects.values_list("id", flat=True)) == [neighbour.pk]
    assert not Activity.objects.exists()


def test_finds_a_deleted_issue_gone(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    api.delete(api.issues_url, ids=[issue.pk])
    before = snapshot()

    response = api.delete(api.issues_url, ids=[issue.pk])

    assert (response.status_code, response.content) == (204, b"")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert response.headers["Issues-Out-Of-Scope"] == str(issue.pk)
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Without ids
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "status=resolved", "&", "status=resolved&status=unresolved"])
@pytest.mark.parametrize("body", [None, {}, {"status": "resolved"}, {"id": [1]}], ids=str)
def test_requires_ids(api: Api, project: Project, query: str, body: object) -> None:
    IssueFactory(project=project, resolved=True)
    before = snapshot()

    response = api.delete(api.issues_url, body, raw_query=query)

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# The query, as a PUT reads it
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("id=", {"id": ['"" is not an id; ids are whole numbers from 1 to 9223372036854775807.']}),
        ("id", {"id": ['"" is not an id; ids are whole numbers from 1 to 9223372036854775807.']}),
        ("id=1,2", {"id": ['"1,2" is not an id; ids are whole numbers from 1 to 9223372036854775807.']}),
        ("status=open", {"status": ['"open" is not a status; say one of unresolved, resolved, ignored.']}),
        ("ids=1", {"detail": 'Unknown query parameter "ids". Repeat id instead: ?id=1&id=2.'}),
        ("id[]=1", {"detail": 'Unknown query parameter "id[]". Repeat id instead: ?id=1&id=2.'}),
        ("Id=1", {"detail": 'Unknown query parameter "Id". Repeat id instead: ?id=1&id=2.'}),
        ("project=1", {"detail": 'Unknown query parameter "project". Nothing was changed.'}),
        (
            "query=is:open",
            {
                "detail": 'Search term "is:open" at character 1 is not understood: say one of unresolved, resolved, '
                "ignored, archived, muted, archived_forever, archived_until_condition_met, archived_until_escalating, "
                "regressed, escalating, assigned, unassigned, public, bookmarked."
            },
        ),
        ("preview=1", {"preview": ["Say preview=true or preview=false, once."]}),
        ("id=x&status=y&foo=1", {"detail": 'Unknown query parameter "foo". Nothing was changed.'}),
    ],
)
@pytest.mark.parametrize("beside_an_id", [True, False], ids=["beside an id", "alone"])
def test_refuses_a_query(api: Api, project: Project, beside_an_id: bool, query: str, errors: object) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.delete(api.issues_url, ids=[issue.pk] if beside_an_id else [], raw_query=query)

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


def test_deletes_an_id_that_is_named_twice_and_with_zeros(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.delete(api.issues_url, raw_query=f"id={issue.pk}&id=00{issue.pk}&id={issue.pk}")

    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert not Issue.objects.exists()


def test_deletes_only_what_the_status_leaves(api: Api, project: Project) -> None:
    resolved_issue = IssueFactory(project=project, resolved=True)
    open_issue = IssueFactory(project=project)

    response = api.delete(api.issues_url, ids=[resolved_issue.pk, open_issue.pk], raw_query="status=resolved")

    assert (response.status_code, response.content) == (204, b"")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert list(Issue.objects.values_list("id", flat=True)) == [open_issue.pk]


def test_succeeds_when_the_status_leaves_nothing(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.delete(api.issues_url, ids=[issue.pk], raw_query="status=resolved")

    assert (response.status_code, response.content) == (204, b"")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert "Issues-Out-Of-Scope" not in response.headers
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


OUT_OF_SCOPE: dict[str, Callable[[Project, Project, Project], int]] = {
    "of another project": lambda project, other, stranger: IssueFactory(project=other).pk,
    "of another organization": lambda project, other, stranger: IssueFactory(project=stranger).pk,
    "of nobody": lambda project, other, stranger: MAX_ID,
    "merged into another": lambda project, other, stranger: IssueFactory(merged_into=IssueFactory(project=project)).pk,
}


@pytest.mark.parametrize("query", ["", "status=resolved"])
@pytest.mark.parametrize("make", OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_deletes_nothing_when_an_id_is(
    api: Api,
    project: Project,
    other_project: Project,
    stranger_project: Project,
    make: Callable[[Project, Project, Project], int],
    query: str,
) -> None:
    issue = IssueFactory(project=project, resolved=True)
    outsider = make(project, other_project, stranger_project)
    before = snapshot()

    response = api.delete(api.issues_url, ids=[issue.pk, outsider], raw_query=query)

    assert (response.status_code, response.content) == (204, b"")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("0", "0")
    assert response.headers["Issues-Out-Of-Scope"] == str(outsider)
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before
