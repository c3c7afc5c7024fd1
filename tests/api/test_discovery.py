"""Who calls and what there is: the routes by which clients find their way (contract 5)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Organization, OrganizationMember, Project, Role, Team, User
from tests.answers import headers_of, links_of
from tests.api_client import Api, Who, bearer
from tests.factories import (
    NOW,
    ApiTokenFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

BASE = "http://testserver"
LONG_AGO_WORD = "2026-01-30T12:00:00Z"
NO_AVATAR = {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}
NOT_FOUND = {"detail": "Not found."}
NOBODY = {
    "detail": "An API key belongs to an organization, not to a user; call this with a user's token "
    "(Authorization: Bearer)."
}


def slugs_of(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [item["slug"] for item in response.json()]


def user(user: User) -> Json:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


def account(who: User, **differences: Any) -> Json:
    return {
        **user(who),
        "isActive": True,
        "isStaff": False,
        "isSuperuser": False,
        "dateJoined": LONG_AGO_WORD,
        "lastLogin": None,
        "avatar": NO_AVATAR,
        **differences,
    }


def place(place: Organization | Project | Team) -> Json:
    return {"id": str(place.pk), "slug": place.slug, "name": place.name}


def organization_item(organization: Organization, **differences: Any) -> Json:
    return {
        **place(organization),
        "status": {"id": "active", "name": "active"},
        "dateCreated": LONG_AGO_WORD,
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "features": [],
        "openMembership": True,
        "orgRole": None,
        "avatar": NO_AVATAR,
        "links": {"organizationUrl": BASE, "regionUrl": BASE},
        **differences,
    }


def project_item(project: Project, teams: Iterable[Team], **differences: Any) -> Json:
    described = [place(team) for team in teams]
    return {
        **place(project),
        "platform": None,
        "dateCreated": LONG_AGO_WORD,
        "status": "active",
        "features": [],
        "isMember": False,
        "hasAccess": True,
        "organization": place(project.organization),
        "team": described[0] if described else None,
        "teams": described,
        **differences,
    }


def team_item(team: Team, **differences: Any) -> Json:
    return {
        **place(team),
        "dateCreated": LONG_AGO_WORD,
        "isMember": False,
        "memberCount": 0,
        "avatar": NO_AVATAR,
        **differences,
    }


def member_item(membership: OrganizationMember, role: str, teams: list[str]) -> Json:
    return {
        "id": str(membership.pk),
        "email": membership.user.email,
        "name": membership.user.name,
        "user": user(membership.user),
        "role": role,
        "orgRole": role,
        "pending": False,
        "expired": False,
        "dateCreated": LONG_AGO_WORD,
        "teams": teams,
    }


# ---------------------------------------------------------------------------------------------------------------------
# Every route
# ---------------------------------------------------------------------------------------------------------------------

HERE = "/api/0/organizations/the-interstellar-jurisdiction"
TEAM = "/api/0/teams/the-interstellar-jurisdiction/powerful-abolitionist/"
ONE = [f"{HERE}/", "/api/0/projects/the-interstellar-jurisdiction/pump-station/", TEAM]
# By what it takes to read them: a number of statements.
STATEMENTS = {
    "/api/0/organizations/": 2,
    "/api/0/projects/": 3,
    f"{HERE}/projects/": 4,
    f"{HERE}/teams/": 3,
    f"{HERE}/members/": 4,
    f"{HERE}/users/": 5,
}
LISTS = list(STATEMENTS)
CALLER = ["/api/0/", "/api/0/auth/", "/api/0/users/me/", "/api/0/users/me/regions/"]
ROUTES = [*CALLER, *LISTS, *ONE]
OF_AN_ORGANIZATION = [*LISTS[2:], *ONE]


@pytest.mark.parametrize("path", ROUTES)
def test_answers_json_with_the_documented_headers(api: Api, path: str) -> None:
    response = api.get(path, auth="jane")

    headers = headers_of(response)
    assert response.status_code == 200
    assert (headers.pop("Link", None) is not None) == (path in LISTS)
    assert headers == {
        "Allow": "GET, HEAD, OPTIONS",
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
        "Content-Language": "en",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
    }


@pytest.mark.parametrize("path", ROUTES)
def test_needs_a_credential(api: Api, path: str) -> None:
    response = api.get(path, auth=None)

    assert (response.status_code, response.json()) == (401, {"detail": "Authentication credentials were not provided."})
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'


@pytest.mark.parametrize("scope", ["event:read", "event:write", "event:admin"])
@pytest.mark.parametrize("path", ROUTES)
def test_any_scope_of_events_is_enough(api: Api, jane: User, path: str, scope: str) -> None:
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=jane, secret=token, scopes=[scope])

    response = api.get(path, headers={"Authorization": bearer(token)})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_is_to_look_at_only(api: Api, path: str, method: str) -> None:
    response = api.request(method, path, {}, auth="jane")

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ROUTES)
def test_tells_that_the_slash_is_missing(api: Api, path: str) -> None:
    response = api.get(path.rstrip("/"), auth="jane")

    assert response.status_code == 404
    assert response.json() == {"detail": "There is nothing at this address: it lacks the slash at its end."}


@pytest.mark.parametrize(
    "path",
    [
        "nothing/",
        "users/",
        "users/1/",
        "teams/",
        "teams/the-interstellar-jurisdiction/",
        f"{HERE[7:]}/nothing/",
        "projects/the-interstellar-j/",
    ],
)
def test_answers_an_unknown_address_as_ever(api: Api, path: str) -> None:
    response = api.get(f"/api/0/{path}", auth="jane")

    assert (response.status_code, response.json()) == (404, {"detail": "There is nothing at this address."})


@pytest.mark.parametrize("path", ROUTES)
def test_ignores_parameters_that_it_does_not_know(api: Api, path: str) -> None:
    plain = api.get(path, auth="jane")

    response = api.get(
        path,
        auth="jane",
        raw_query="collapse=organization&collapse=x&member=1&owner=1&detailed=0&statsPeriod=%00&id[]=1&query=&cursor=",
    )

    assert (response.status_code, response.json()) == (200, plain.json())


@pytest.mark.parametrize("path", OF_AN_ORGANIZATION)
@pytest.mark.parametrize("auth", ["jane", "sam", "kit", "key"])
def test_an_id_is_as_good_as_a_slug(api: Api, project: Project, other_project: Project, path: str, auth: Who) -> None:
    by_id = path.replace(project.organization.slug, str(project.organization_id)).replace(project.slug, str(project.pk))

    assert by_id != path
    assert api.get(by_id, auth=auth).json() == api.get(path, auth=auth).json()


@pytest.mark.parametrize("path", OF_AN_ORGANIZATION)
def test_a_strangers_organization_is_as_unknown_as_none(api: Api, path: str) -> None:
    strangers = api.get(path, auth="kit")
    nobodys = api.get(path.replace("jurisdiction", "jurisdictions"), auth="kit")

    for response in (strangers, nobodys):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert headers_of(strangers) == headers_of(nobodys)


# ---------------------------------------------------------------------------------------------------------------------
# Who calls
# ---------------------------------------------------------------------------------------------------------------------


def test_the_root_tells_a_user_what_the_token_is_good_for(api: Api, jane: User) -> None:
    response = api.get("/api/0/", auth="jane")

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:admin", "event:read", "event:write"]},
        "user": account(jane),
    }


def test_the_root_tells_a_key_the_same_without_a_user(api: Api) -> None:
    response = api.get("/api/0/", auth="key")

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:admin", "event:read", "event:write"]},
        "user": None,
    }


def test_the_root_tells_the_scopes_of_this_credential(api: Api, sam: User) -> None:
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=sam, secret=token, scopes=["event:write", "event:read"])

    response = api.get("/api/0/", headers={"Authorization": bearer(token)})

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:read", "event:write"]},
        "user": account(sam),
    }


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_the_calling_user_is_the_tokens(api: Api, jane: User, sam: User, kit: User, path: str) -> None:
    assert api.get(path, auth="jane").json() == account(jane)
    assert api.get(path, auth="sam").json() == account(sam)
    assert api.get(path, auth="kit").json() == account(kit)


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_a_key_is_nobody_in_particular(api: Api, path: str) -> None:
    response = api.get(path, auth="key")

    assert (response.status_code, response.json()) == (404, NOBODY)


@pytest.mark.parametrize("who", ["jane", "key"])
def test_all_data_is_in_one_region_which_is_here(api: Api, who: Who) -> None:
    response = api.get("/api/0/users/me/regions/", auth=who)

    assert (response.status_code, response.json()) == (200, {"regions": [{"name": "default", "url": BASE}]})


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_the_calling_user_may_be_a_session_without_name_or_address(api: Api, path: str) -> None:
    admin = UserFactory(username="admin", email="", superuser=True)
    api.client.force_login(admin)
    admin.last_login = NOW
    admin.save()

    response = api.get(path, auth=None)

    assert response.json() == account(
        admin, name="admin", email="", isStaff=True, isSuperuser=True, lastLogin="2026-03-01T12:00:00Z"
    )


# ---------------------------------------------------------------------------------------------------------------------
# Organizations
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_organizations_of_the_caller(api: Api, organization: Organization, stranger_project: Project) -> None:
    outer_rim = stranger_project.organization

    assert api.get("/api/0/organizations/", auth="jane").json() == [organization_item(organization, orgRole="owner")]
    assert api.get("/api/0/organizations/", auth="sam").json() == [organization_item(organization, orgRole="member")]
    assert api.get("/api/0/organizations/", auth="kit").json() == [organization_item(outer_rim, orgRole="owner")]
    assert api.get("/api/0/organizations/", auth="key").json() == [organization_item(organization)]


def test_lists_every_organization_to_a_superuser(
    api: Api, organization: Organization, stranger_project: Project
) -> None:
    superuser = UserFactory(superuser=True)
    OrganizationMemberFactory(organization=organization, user=superuser, role=Role.ADMIN)
    api.client.force_login(superuser)

    response = api.get("/api/0/organizations/", auth=None)

    items = {
        organization.pk: organization_item(organization, orgRole="admin"),
        stranger_project.organization_id: organization_item(stranger_project.organization),
    }
    assert response.json() == [items[pk] for pk in sorted(items)]


def test_lists_nothing_to_a_member_of_none(api: Api) -> None:
    api.client.force_login(UserFactory())

    response = api.get("/api/0/organizations/", auth=None)

    assert (response.status_code, response.json()) == (200, [])
    assert (links_of(response)["previous"], links_of(response)["next"]) == ("false", "false")


@pytest.mark.parametrize("auth", ["jane", "sam", "key"])
def test_one_organization_is_told_as_in_the_list(api: Api, auth: Who) -> None:
    (item,) = api.get("/api/0/organizations/", auth=auth).json()

    response = api.get(f"{HERE}/", auth=auth)

    assert (response.status_code, response.json()) == (200, item)


def test_an_organization_with_closed_membership_says_so(api: Api, organization: Organization) -> None:
    organization.open_membership = False
    organization.save()

    response = api.get(f"{HERE}/", auth="sam")

    assert response.json() == organization_item(organization, openMembership=False, orgRole="member")


@pytest.mark.parametrize(
    ("base_url", "host", "links"),
    [
        ("", "127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://issues.example.com", "127.0.0.1", "https://issues.example.com"),
    ],
)
def test_links_lead_to_this_server(api: Api, settings: Any, base_url: str, host: str, links: str) -> None:
    settings.BASE_URL, settings.ALLOWED_HOSTS = base_url, ["127.0.0.1"]

    response = api.get(f"{HERE}/", headers={"Host": host})

    assert response.json()["links"] == {"organizationUrl": links, "regionUrl": links}


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("query=", ["first-moon", "second-moon"]),
        ("query=%20", ["first-moon", "second-moon"]),
        ("query=second", ["second-moon"]),
        ("query=MOON", ["first-moon", "second-moon"]),
        ("query=luna%20i", ["first-moon", "second-moon"]),
        ("query=+luna+ii+", ["second-moon"]),
        ("query=sun", []),
        ("query=%25", []),
        ("query=_", []),
        ("query=%00", []),
        ("query=%FF", []),
    ],
)
def test_a_query_keeps_organizations_by_slug_or_name(api: Api, sam: User, query: str, slugs: list[str]) -> None:
    sam.memberships.all().delete()
    for slug, name in (("first-moon", "Luna I"), ("second-moon", "Luna II")):
        OrganizationMemberFactory(organization=OrganizationFactory(slug=slug, name=name), user=sam)
    OrganizationFactory(slug="third-moon", name="Luna III")

    assert slugs_of(api.get("/api/0/organizations/", auth="sam", raw_query=query)) == slugs


# ---------------------------------------------------------------------------------------------------------------------
# Projects
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_projects_of_an_organization(
    api: Api, project: Project, other_project: Project, team: Team, other_team: Team
) -> None:
    project.teams.add(other_team)
    teams = [other_team, team]  # by slug

    assert api.get(f"{HERE}/projects/", auth="jane").json() == [
        project_item(project, teams, isMember=True),
        project_item(other_project, [team], isMember=True),
    ]
    for auth in ("sam", "key"):
        assert api.get(f"{HERE}/projects/", auth=auth).json() == [
            project_item(project, teams),
            project_item(other_project, [team]),
        ]


def test_lists_a_project_on_no_team_with_its_platform(api: Api, stranger_project: Project) -> None:
    stranger_project.platform = "go"
    stranger_project.save()

    response = api.get("/api/0/organizations/outer-rim/projects/", auth="kit")

    assert response.json() == [project_item(stranger_project, [], platform="go")]


def test_lists_visible_projects_only(
    api: Api, organization: Organization, project: Project, sam: User, stranger_project: Project
) -> None:
    organization.open_membership = False
    organization.save()
    team = TeamFactory(organization=organization, members=[sam])
    ProjectFactory(teams=[team], slug="sams")

    assert slugs_of(api.get(f"{HERE}/projects/", auth="sam")) == ["sams"]
    assert slugs_of(api.get(f"{HERE}/projects/", auth="jane")) == ["pump-station", "sams"]
    assert slugs_of(api.get(f"{HERE}/projects/", auth="key")) == ["pump-station", "sams"]


def test_a_query_keeps_projects_by_slug_or_name(api: Api, project: Project, other_project: Project) -> None:
    other_project.name = "Engine"
    other_project.save()

    assert slugs_of(api.get(f"{HERE}/projects/", raw_query="query=pump")) == ["pump-station"]
    assert slugs_of(api.get(f"{HERE}/projects/", raw_query="query=ENGINE")) == ["prime-mover"]
    assert slugs_of(api.get(f"{HERE}/projects/", raw_query="query=p")) == ["pump-station", "prime-mover"]
    assert slugs_of(api.get(f"{HERE}/projects/", raw_query="query=%00")) == []


def test_tells_one_project_with_its_newest_release(api: Api, project: Project, team: Team) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    ReleaseFactory(projects=[project], version="2.0.0", released_at=NOW)
    ReleaseFactory(projects=[project], version="1.1.0")
    path = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"

    newest = {"latestRelease": {"version": "2.0.0"}}
    assert api.get(path, auth="jane").json() == project_item(project, [team], isMember=True) | newest
    assert api.get(path, auth="sam").json() == project_item(project, [team]) | newest
    assert api.get(path, auth="key").json() == project_item(project, [team]) | newest
    assert (api.get(path, auth="kit").status_code, api.get(path, auth="kit").json()) == (404, NOT_FOUND)


def test_tells_one_project_without_a_release(api: Api, project: Project, other_project: Project, team: Team) -> None:
    ReleaseFactory(projects=[other_project])

    response = api.get("/api/0/projects/the-interstellar-jurisdiction/pump-station/")

    assert response.json() == project_item(project, [team]) | {"latestRelease": None}


def test_a_project_that_a_member_may_not_see_is_not_found(api: Api, organization: Organization) -> None:
    organization.open_membership = False
    organization.save()

    response = api.get("/api/0/projects/the-interstellar-jurisdiction/pump-station/", auth="sam")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


# ---------------------------------------------------------------------------------------------------------------------
# Teams and members
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_teams_of_an_organization(api: Api, team: Team, other_team: Team) -> None:
    TeamFactory(slug="elsewhere")

    assert api.get(f"{HERE}/teams/", auth="jane").json() == [
        team_item(team, isMember=True, memberCount=1),
        team_item(other_team),
    ]
    for auth in ("sam", "key"):
        assert api.get(f"{HERE}/teams/", auth=auth).json() == [team_item(team, memberCount=1), team_item(other_team)]


@pytest.mark.usefixtures("other_team")
def test_a_query_keeps_teams_by_slug_or_name(api: Api, team: Team) -> None:
    team.name = "Levers"
    team.save()

    assert slugs_of(api.get(f"{HERE}/teams/", raw_query="query=lever")) == ["powerful-abolitionist"]
    assert slugs_of(api.get(f"{HERE}/teams/", raw_query="query=planet")) == ["captain-planet"]
    assert slugs_of(api.get(f"{HERE}/teams/", raw_query="query=%00")) == []


@pytest.mark.parametrize("auth", ["jane", "sam", "key"])
def test_lists_the_members_of_an_organization(
    api: Api, organization: Organization, jane: User, sam: User, other_team: Team, auth: Who
) -> None:
    other_team.members.add(jane)
    TeamFactory(slug="elsewhere", members=[jane, sam])

    response = api.get(f"{HERE}/members/", auth=auth)

    assert response.json() == [
        member_item(jane.memberships.get(), "owner", ["captain-planet", "powerful-abolitionist"]),
        member_item(sam.memberships.get(), "member", []),
    ]


def test_a_query_keeps_members_by_name_or_address(api: Api, jane: User, sam: User) -> None:
    sam.email = "okafor@outpost.example"
    sam.save()

    def found(query: str) -> list[str]:
        response = api.get(f"{HERE}/members/", raw_query=f"query={query}")
        return [item["user"]["username"] for item in response.json()]

    assert found("JANE") == ["jane"]
    assert found("schmidt") == ["jane"]
    assert found("outpost") == ["sam"]
    assert found("a") == ["jane", "sam"]
    assert found("nobody") == []
    assert found("%00") == []


# ---------------------------------------------------------------------------------------------------------------------
# All projects, users, one team
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_projects_of_all_organizations(
    api: Api, sam: User, project: Project, other_project: Project, stranger_project: Project
) -> None:
    elsewhere = ProjectFactory(organization=OrganizationMemberFactory(user=sam).organization)
    nobodys = ProjectFactory()
    ours = [project.slug, other_project.slug]

    assert slugs_of(api.get("/api/0/projects/", auth="sam")) == [*ours, elsewhere.slug]
    assert slugs_of(api.get("/api/0/projects/", auth="jane")) == ours
    assert slugs_of(api.get("/api/0/projects/", auth="key")) == ours
    assert slugs_of(api.get("/api/0/projects/", auth="kit")) == [stranger_project.slug]
    assert slugs_of(api.get("/api/0/projects/", auth="sam", raw_query="query=PUMP")) == [project.slug]
    User.objects.filter(pk=sam.pk).update(is_superuser=True)
    assert set(slugs_of(api.get("/api/0/projects/", auth="sam"))) >= {*ours, stranger_project.slug, nobodys.slug}


def test_shows_a_project_there_as_its_organization_does(api: Api, project: Project, stranger_project: Project) -> None:
    callers: list[Who] = ["jane", "sam", "key"]
    for who in callers:
        assert api.get("/api/0/projects/", auth=who).json() == api.get(f"{HERE}/projects/", auth=who).json()


def test_lists_no_project_that_a_member_may_not_see(
    api: Api, organization: Organization, team: Team, project: Project
) -> None:
    Organization.objects.update(open_membership=False)
    hidden = ProjectFactory(organization=organization)

    assert slugs_of(api.get("/api/0/projects/", auth="sam")) == []
    assert slugs_of(api.get("/api/0/projects/", auth="jane")) == [project.slug, hidden.slug]


def test_lists_users_with_the_projects_of_their_teams(
    api: Api, team: Team, project: Project, other_project: Project, jane: User, sam: User
) -> None:
    members = api.get(f"{HERE}/members/", auth="jane").json()

    users = api.get(f"{HERE}/users/", auth="jane").json()

    projects = {"jane": ["prime-mover", "pump-station"], "sam": []}
    assert users == [member | {"projects": projects[member["user"]["username"]]} for member in members]
    assert api.get(f"{HERE}/users/", auth="key").json() == users


def test_users_tell_of_no_project_that_the_caller_may_not_see(
    api: Api, organization: Organization, project: Project, stranger_project: Project, jane: User, sam: User
) -> None:
    Organization.objects.update(open_membership=False)
    sams = TeamFactory(organization=organization, members=[sam, jane])
    both = ProjectFactory(teams=[sams, project.teams.get()])
    TeamFactory(organization=stranger_project.organization, members=[jane]).projects.add(stranger_project)

    def seen_by(auth: Who) -> Json:
        found = api.get(f"{HERE}/users/", auth=auth).json()
        return {item["user"]["username"]: item["projects"] for item in found}

    assert seen_by("sam") == {"jane": [both.slug], "sam": [both.slug]}
    assert seen_by("jane") == {"jane": sorted([both.slug, project.slug]), "sam": [both.slug]}


def test_tells_one_team_as_the_list_does_with_its_organization(api: Api, team: Team, other_team: Team) -> None:
    listed = {item["slug"]: item for item in api.get(f"{HERE}/teams/", auth="jane").json()}

    for each in (team, other_team):
        for name in (each.slug, str(each.pk), f"0{each.pk}"):
            response = api.get(f"/api/0/teams/the-interstellar-jurisdiction/{name}/", auth="jane")
            assert response.json() == listed[each.slug] | {
                "hasAccess": True,
                "isPending": False,
                "organization": api.get(f"{HERE}/", auth="jane").json(),
            }


def test_a_team_of_another_organization_is_as_unknown_as_none(api: Api, stranger_project: Project) -> None:
    theirs = TeamFactory(organization=stranger_project.organization)

    for path in (
        f"/api/0/teams/the-interstellar-jurisdiction/{theirs.slug}/",
        f"/api/0/teams/the-interstellar-jurisdiction/{theirs.pk}/",
        f"/api/0/teams/outer-rim/{theirs.slug}/",
        "/api/0/teams/the-interstellar-jurisdiction/none/",
        "/api/0/teams/the-interstellar-jurisdiction/%00/",
        f"/api/0/teams/the-interstellar-jurisdiction/{'9' * 30}/",
    ):
        response = api.get(path, auth="jane")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert api.get(f"/api/0/teams/outer-rim/{theirs.slug}/", auth="kit").status_code == 200


# ---------------------------------------------------------------------------------------------------------------------
# Lists of any length
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(organization: Organization, team: Team, jane: User) -> None:
    """More of everything than a page holds; jane is in all of it."""
    for _ in range(3):
        OrganizationMemberFactory(user=jane)
        member = OrganizationMemberFactory(organization=organization)
        mine = TeamFactory(organization=organization, members=[jane, member.user])
        ProjectFactory(teams=[team, mine])


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("path", LISTS)
def test_a_walk_over_the_pages_shows_what_one_page_shows(api: Api, path: str) -> None:
    everything = api.get(path, auth="jane").json()

    response = api.get(path, auth="jane", raw_query="per_page=2&query=&cursor=")
    items = response.json()
    while links_of(response)["next"] == "true":
        address = urlsplit(links_of(response)["next_url"])
        assert address.path == path
        response = api.get(path, auth="jane", raw_query=address.query)
        assert 1 <= len(response.json()) <= 2
        items += response.json()

    assert len(everything) in (4, 5)
    assert items == everything
    assert links_of(response)["previous"] == "true"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("per_page=0", {"per_page": ['"0" is no page size; say a whole number from 1 to 100.']}),
        ("per_page=all", {"per_page": ['"all" is no page size; say a whole number from 1 to 100.']}),
        ("cursor=x", {"cursor": ['"x" is no cursor; take one from the Link header of an answer.']}),
    ],
)
def test_refuses_a_wrong_page(api: Api, path: str, query: str, errors: Json) -> None:
    response = api.get(path, auth="jane", raw_query=query)

    assert (response.status_code, response.json()) == (400, errors)


@pytest.mark.parametrize("path", LISTS)
def test_limit_is_no_word_for_the_size_of_these_pages(api: Api, path: str) -> None:
    assert api.get(path, auth="jane", raw_query="limit=0").json() == api.get(path, auth="jane").json()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("auth", ["jane", "key"])
def test_the_number_of_statements_does_not_grow_with_the_list(
    api: Api, request: pytest.FixtureRequest, path: str, auth: Who
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        short = api.get(path, auth=auth).json()
    request.getfixturevalue("many")

    with CaptureQueriesContext(connection) as many:
        long = api.get(path, auth=auth).json()

    assert len(long) > len(short) or (path, auth) == ("/api/0/organizations/", "key")
    assert len(many) == len(few) == STATEMENTS[path]


def test_dates_are_those_of_the_rows(api: Api, organization: Organization, sam: User) -> None:
    """In UTC and with a Z, fractions too; clients refuse +00:00."""
    Organization.objects.update(created_at=NOW.replace(microsecond=120))
    OrganizationMember.objects.update(created_at=NOW)

    (item,) = api.get("/api/0/organizations/", auth="sam").json()
    members = api.get(f"{HERE}/members/", auth="sam").json()

    assert item["dateCreated"] == "2026-03-01T12:00:00.000120Z"
    assert {member["dateCreated"] for member in members} == {"2026-03-01T12:00:00Z"}
