"""What there is: organizations, projects, teams, members and users, as clients list them (contract 5)."""

from typing import Any

import pytest

from projects.models import Organization, Project, Role, Team, User
from tests.answers import links_of
from tests.api.discovery import HERE, NOT_FOUND, Json, member_item, organization_item, project_item, slugs_of, team_item
from tests.api_client import Api, Who
from tests.factories import (
    NOW,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


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
