"""What a caller may do, and which projects it sees (contract 1.2)."""

from dataclasses import replace

import pytest
from django.test import Client

from issues.models import Issue
from projects.models import Organization, Project, Role, Scope, Team, User
from tests.answers import headers_of
from tests.api_client import Api, basic, bearer
from tests.assertions import snapshot
from tests.factories import (
    ApiKeyFactory,
    ApiTokenFactory,
    IssueFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "sntryu_" + "0123456789abcdef" * 4

FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NOT_FOUND = {"detail": "Not found."}

# ---------------------------------------------------------------------------------------------------------------------
# Scopes
# ---------------------------------------------------------------------------------------------------------------------

READ, WRITE, ADMIN = Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN
ALLOWED = [
    *(("GET", [scope], 200) for scope in (READ, WRITE, ADMIN)),
    *(("HEAD", [scope], 200) for scope in (READ, WRITE, ADMIN)),
    *(("OPTIONS", [scope], 200) for scope in (READ, WRITE, ADMIN)),
    ("PUT", [WRITE], 200),
    ("PUT", [ADMIN], 200),
    ("PUT", [READ, WRITE], 200),
    ("DELETE", [ADMIN], 204),
    ("DELETE", [READ, ADMIN], 204),
]
REFUSED = [("PUT", [READ]), ("DELETE", [READ]), ("DELETE", [WRITE]), ("DELETE", [READ, WRITE])]


@pytest.fixture(params=["key", "token"])
def credential(request: pytest.FixtureRequest, organization: Organization, jane: User, scopes: list[str]) -> str:
    """An Authorization header that holds these scopes, of a key or of an owner."""
    if request.param == "key":
        ApiKeyFactory(organization=organization, secret=KEY, scopes=scopes)
        return basic(KEY)
    ApiTokenFactory(user=jane, secret=TOKEN, scopes=scopes)
    return bearer(TOKEN)


@pytest.mark.parametrize(("method", "scopes", "status"), ALLOWED)
def test_allows_a_method_with_any_scope_that_is_enough(
    api: Api, project: Project, credential: str, method: str, status: int
) -> None:
    issue = IssueFactory(project=project)

    response = api.request(method, api.issues_url, ids=[issue.pk], headers={"Authorization": credential})

    assert response.status_code == status


@pytest.mark.parametrize(("method", "scopes"), REFUSED)
def test_refuses_a_method_without_such_a_scope(api: Api, project: Project, credential: str, method: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.request(
        method, api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Authorization": credential}
    )

    assert (response.status_code, response.json()) == (403, FORBIDDEN)
    scopes = {"PUT": "event:write event:admin", "DELETE": "event:admin"}[method]
    assert response.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scopes}"'
    assert snapshot() == before


@pytest.mark.parametrize("role", Role.values)
def test_gives_a_session_every_scope_whatever_the_role(api: Api, project: Project, role: str) -> None:
    user = UserFactory()
    OrganizationMemberFactory(organization=project.organization, user=user, role=role)
    browser = replace(api, client=Client())
    browser.client.force_login(user)
    issue = IssueFactory(project=project)

    listed = browser.get(api.issues_url, auth=None)
    changed = browser.put(api.issues_url, {"status": "resolved"}, auth=None, ids=[issue.pk])
    deleted = browser.delete(api.issues_url, auth=None, ids=[issue.pk])

    assert [listed.status_code, changed.status_code, deleted.status_code] == [200, 200, 204]
    assert not Issue.objects.exists()


# ---------------------------------------------------------------------------------------------------------------------
# Visibility
# ---------------------------------------------------------------------------------------------------------------------

# open membership, role (None: no member), on which team -> sees the project
VISIBILITY = {
    "open, member, no team": (True, Role.MEMBER, None, True),
    "open, admin, no team": (True, Role.ADMIN, None, True),
    "open, manager, no team": (True, Role.MANAGER, None, True),
    "open, owner, no team": (True, Role.OWNER, None, True),
    "open, no member": (True, None, None, False),
    "open, no member but on the team": (True, None, "powerful-abolitionist", False),
    "closed, member, no team": (False, Role.MEMBER, None, False),
    "closed, admin, no team": (False, Role.ADMIN, None, False),
    "closed, manager, no team": (False, Role.MANAGER, None, True),
    "closed, owner, no team": (False, Role.OWNER, None, True),
    "closed, member, another team": (False, Role.MEMBER, "captain-planet", False),
    "closed, admin, another team": (False, Role.ADMIN, "captain-planet", False),
    "closed, member, on the team": (False, Role.MEMBER, "powerful-abolitionist", True),
    "closed, admin, on the team": (False, Role.ADMIN, "powerful-abolitionist", True),
    "closed, no member but on the team": (False, None, "powerful-abolitionist", False),
}


@pytest.mark.parametrize(("is_open", "role", "team_slug", "sees"), VISIBILITY.values(), ids=VISIBILITY)
def test_shows_a_project_to_its_people(
    api: Api, project: Project, other_team: Team, is_open: bool, role: str | None, team_slug: str | None, sees: bool
) -> None:
    Organization.objects.filter(pk=project.organization_id).update(open_membership=is_open)
    user = UserFactory()
    if role is not None:
        OrganizationMemberFactory(organization=project.organization, user=user, role=role)
    if team_slug is not None:
        Team.objects.get(slug=team_slug).members.add(user)
    ApiTokenFactory(user=user, secret=TOKEN)
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(
        api.issues_url,
        {"status": "resolved"},
        ids=[issue.pk],
        headers={"Authorization": bearer(TOKEN)},
    )

    if sees:
        assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})
    else:
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
        assert snapshot() == before


def test_shows_every_project_to_a_superuser(api: Api, project: Project, stranger_project: Project) -> None:
    ApiTokenFactory(user=UserFactory(superuser=True), secret=TOKEN)
    Organization.objects.update(open_membership=False)

    for where in (project, stranger_project):
        issue = IssueFactory(project=where)
        url = f"/api/0/projects/{where.organization.slug}/{where.slug}/issues/"

        response = api.put(url, {"status": "resolved"}, ids=[issue.pk], headers={"Authorization": bearer(TOKEN)})

        assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1")


def test_shows_every_project_of_its_organization_to_a_key(
    api: Api, project: Project, organization: Organization
) -> None:
    Organization.objects.update(open_membership=False)
    lonely_project = ProjectFactory(organization=organization)
    issue = IssueFactory(project=lonely_project)

    response = api.put(api.issues_url.replace(project.slug, lonely_project.slug), {}, ids=[issue.pk])

    assert (response.status_code, response.headers["Issues-Matched"]) == (200, "1")


def test_does_not_let_a_role_count_in_another_organization(api: Api, project: Project, kit: User) -> None:
    Organization.objects.update(open_membership=False)
    OrganizationMemberFactory(organization=project.organization, user=kit, role=Role.MEMBER)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved"}, auth="kit")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert snapshot() == before


def test_does_not_let_a_team_count_for_another_project(api: Api, project: Project, sam: User) -> None:
    Organization.objects.update(open_membership=False)
    other_team = TeamFactory(organization=project.organization, members=[sam])
    sams_project = ProjectFactory(teams=[other_team])

    his_own = api.get(api.issues_url.replace(project.slug, sams_project.slug), auth="sam")
    another = api.get(api.issues_url, auth="sam")

    assert (his_own.status_code, his_own.json()) == (200, [])
    assert (another.status_code, another.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_never_tells_whether_a_project_exists(
    api: Api, project: Project, stranger_project: Project, method: str
) -> None:
    issue = IssueFactory(project=stranger_project)
    before = snapshot()

    answers = [
        api.request(method, f"/api/0/projects/{path}/issues/", {"status": "resolved"}, ids=[issue.pk])
        for path in (
            "outer-rim/relay",  # another organization's
            "outer-rim/nothing",
            "nowhere/relay",
            "the-interstellar-jurisdiction/relay",
            "outer-rim/pump-station",
        )
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b'{"detail": "Not found."}')}
    assert len({str(sorted(headers_of(answer).items())) for answer in answers}) == 1
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Slugs or ids in the path
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("project_by", ["slug", "pk"])
@pytest.mark.parametrize("organization_by", ["slug", "pk"])
def test_finds_a_project_by_slug_or_id(api: Api, project: Project, organization_by: str, project_by: str) -> None:
    issue = IssueFactory(project=project)
    path = f"{getattr(project.organization, organization_by)}/{getattr(project, project_by)}"

    response = api.put(f"/api/0/projects/{path}/issues/", {"status": "resolved"}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("PUMP-STATION", id="capitals"),
        pytest.param("pump-station ", id="a blank"),
        pytest.param("pump", id="half a slug"),
        pytest.param("0", id="zero"),
        pytest.param(str(2**63), id="more than 64 bits"),
        pytest.param("9" * 5000, id="thousands of digits"),
        pytest.param("%00", id="NUL"),
        pytest.param("pump-station%00", id="a slug and NUL"),
        pytest.param("%FF", id="no UTF-8"),
        pytest.param("%D9%A1", id="an Arabic digit"),
        pytest.param("-1", id="a sign"),
    ],
)
def test_finds_nothing_under_any_other_word(api: Api, word: str) -> None:
    as_project = api.get(f"/api/0/projects/the-interstellar-jurisdiction/{word}/issues/")
    as_organization = api.get(f"/api/0/projects/{word}/pump-station/issues/")

    assert (as_project.status_code, as_project.json()) == (404, NOT_FOUND)
    assert (as_organization.status_code, as_organization.json()) == (404, NOT_FOUND)


def test_tells_projects_of_one_name_apart_by_their_organization(api: Api, project: Project) -> None:
    namesake = ProjectFactory(organization=OrganizationFactory(), slug=project.slug)
    issue = IssueFactory(project=project)
    neighbour = IssueFactory(project=namesake)
    before = snapshot([neighbour.pk])

    response = api.put(api.issues_url, {"status": "resolved"})

    assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1")
    assert Issue.objects.get(pk=issue.pk).status == "resolved"
    assert snapshot([neighbour.pk]) == before
