"""One issue: named by its id or its short id, seen, and deleted (contract 5)."""

from functools import partial
from typing import Any

import pytest

from issues.models import Issue, Mutation
from projects.models import Organization, Project, User
from tests.answers import headers_of
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND, SHORT_IDS, path_of
from tests.api_client import Api, Who, bearer
from tests.assertions import ON_API_ANSWERS, snapshot
from tests.factories import (
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
)

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# Named by
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["{id}", "0{id}", "{zeros}{id}", "PUMP-STATION-1A", "pump-station-1a", "Pump-Station-1A", "pump-station-ia"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_named_by_id_or_short_id(api: Api, issue: Issue, neighbour: Issue, method: str, word: str) -> None:
    before = snapshot([neighbour.pk])

    response = api.request(
        method, f"{ISSUES}{word.format(id=issue.pk, zeros='0' * 40)}/", {"isPublic": True} if method == "PUT" else None
    )

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

    assert api.get(path_of(issue)).json()["permalink"].startswith("https://issues.example/admin/desk/issues/")


def test_is_not_marked_by_who_reads_it(api: Api, issue: Issue) -> None:
    before = snapshot()

    for path in (path_of(issue), path_of(issue, LEGACY), f"{SHORT_IDS}PUMP-STATION-1A/"):
        assert api.get(path, auth="jane").status_code == 200

    assert snapshot() == before
