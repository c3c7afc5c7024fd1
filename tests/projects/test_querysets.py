"""What a caller can find, and by which words."""

import pytest

from projects.callers import Caller
from projects.models import Organization, OrganizationMember, Project, Role, Team, User
from tests.factories import (
    ApiKeyFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def seen_by(caller: Caller) -> list[str]:
    """Return what is visible, which is what is found, too."""
    projects = Project.objects.select_related("organization").order_by("slug")
    found = [project for project in projects if Project.objects.find(caller, project.organization.slug, project.slug)]
    assert list(Project.objects.visible_to(caller).order_by("slug")) == found
    assert sorted(Project.objects.first_visible_to(caller, 10), key=lambda project: project.slug) == found
    assert [project in found for project in Project.objects.first_visible_to(caller, 1)] == [True][: len(found)]
    return [project.slug for project in found]


def named(organization: str, project: str) -> list[Project]:
    """Return what is of that name, which is what somebody who sees everything finds."""
    everybody = Caller(user=User(is_superuser=True))
    found = list(Project.objects.named(organization, project))
    assert Project.objects.find(everybody, organization, project) == next(iter(found), None)
    return found


def close(organization: Organization) -> None:
    """Members see their own teams' projects only."""
    organization.open_membership = False
    organization.save()


# ---------------------------------------------------------------------------------------------------------------------
# visible_to
# ---------------------------------------------------------------------------------------------------------------------


def test_a_key_sees_every_project_of_its_organization(
    project: Project, other_project: Project, stranger_project: Project
) -> None:
    close(project.organization)
    key = ApiKeyFactory(organization=project.organization)
    stranger_key = ApiKeyFactory(organization=stranger_project.organization)

    assert seen_by(Caller(api_key=key)) == ["prime-mover", "pump-station"]
    assert seen_by(Caller(api_key=stranger_key)) == ["relay"]


def test_nobody_sees_nothing(project: Project) -> None:
    assert seen_by(Caller()) == []


def test_a_superuser_sees_every_project_of_everybody(project: Project, stranger_project: Project) -> None:
    close(project.organization)
    superuser = UserFactory(superuser=True)

    assert seen_by(Caller(user=superuser)) == ["pump-station", "relay"]


@pytest.mark.usefixtures("project")
def test_a_stranger_sees_only_what_is_theirs(kit: User) -> None:
    assert seen_by(Caller(user=kit)) == ["relay"]


@pytest.mark.usefixtures("project")
def test_a_member_of_no_organization_sees_nothing() -> None:
    nobody = UserFactory()

    assert seen_by(Caller(user=nobody)) == []


@pytest.mark.parametrize(
    ("role", "is_open", "is_on_team", "slugs"),
    [
        # open membership: everybody sees every project
        *((role, True, on_team, ["off-team", "on-team"]) for role in Role for on_team in (True, False)),
        # without it, members and admins see the projects of their teams
        *((role, False, True, ["on-team"]) for role in (Role.MEMBER, Role.ADMIN)),
        *((role, False, False, []) for role in (Role.MEMBER, Role.ADMIN)),
        # and managers and owners still see every project
        *(
            (role, False, on_team, ["off-team", "on-team"])
            for role in (Role.MANAGER, Role.OWNER)
            for on_team in (True, False)
        ),
    ],
)
def test_a_member_sees_projects_by_open_membership_team_or_role(
    role: Role, is_open: bool, is_on_team: bool, slugs: list[str]
) -> None:
    organization = OrganizationFactory(open_membership=is_open)
    user = OrganizationMemberFactory(organization=organization, role=role).user
    team = TeamFactory(organization=organization, members=[user] if is_on_team else [])
    other_team = TeamFactory(organization=organization)
    ProjectFactory(teams=[team, other_team], slug="on-team")
    ProjectFactory(teams=[other_team], slug="off-team")
    ProjectFactory(slug="elsewhere")

    assert seen_by(Caller(user=user)) == slugs


def test_a_project_of_two_of_my_teams_is_found_once() -> None:
    organization = OrganizationFactory(open_membership=False)
    user = OrganizationMemberFactory(organization=organization).user
    teams = TeamFactory.create_batch(2, organization=organization, members=[user])
    ProjectFactory(teams=teams, slug="relay")

    assert seen_by(Caller(user=user)) == ["relay"]


def test_who_left_the_organization_sees_nothing_even_if_still_on_the_team(
    organization: Organization, project: Project, team: Team, jane: User
) -> None:
    organization.memberships.all().delete()

    assert list(team.members.all()) == [jane]
    assert seen_by(Caller(user=jane)) == []


def test_a_role_counts_in_its_own_organization_only(project: Project, sam: User, stranger_project: Project) -> None:
    close(project.organization)
    OrganizationMemberFactory(organization=stranger_project.organization, user=sam, role=Role.OWNER)

    assert seen_by(Caller(user=sam)) == ["relay"]


def test_a_role_is_the_callers_own_and_not_another_members(project: Project, jane: User, sam: User) -> None:
    close(project.organization)

    assert seen_by(Caller(user=jane)) == ["pump-station"]
    assert seen_by(Caller(user=sam)) == []


# ---------------------------------------------------------------------------------------------------------------------
# named
# ---------------------------------------------------------------------------------------------------------------------


def test_a_project_is_named_by_slug_or_id(project: Project, other_project: Project, stranger_project: Project) -> None:
    for organization_word in (project.organization.slug, str(project.organization_id)):
        for word in (project.slug, str(project.pk), f"00{project.pk}"):
            assert named(organization_word, word) == [project]


def test_the_same_slug_names_the_project_of_the_organization_that_is_named(stranger_project: Project) -> None:
    namesake = ProjectFactory(slug=stranger_project.slug)

    assert named("outer-rim", "relay") == [stranger_project]
    assert named(namesake.organization.slug, "relay") == [namesake]


@pytest.mark.usefixtures("project")
def test_an_id_of_another_organization_names_nothing(organization: Organization, stranger_project: Project) -> None:
    for organization_word in (organization.slug, str(organization.pk)):
        assert named(organization_word, str(stranger_project.pk)) == []
        assert named(organization_word, stranger_project.slug) == []


@pytest.mark.parametrize(
    "word",
    [
        "",
        "pump",
        "PUMP-STATION",
        "pump-station ",
        "%",
        "-1",
        "+1",
        "1.0",
        "1_0",
        "\u0661",  # a digit, but no ASCII digit
        "²",
        "0",
        str(2**63 - 1),
        str(2**63),
        str(2**64),
        "9" * 5000,  # more digits than int() takes
        "pump\0station",  # PostgreSQL has no NUL in texts
    ],
    ids=lambda word: repr(word[:20]),
)
def test_another_word_names_nothing(project: Project, word: str) -> None:
    assert named(project.organization.slug, word) == []
    assert named(word, project.slug) == []


# ---------------------------------------------------------------------------------------------------------------------
# Organizations
# ---------------------------------------------------------------------------------------------------------------------


def organizations_seen_by(caller: Caller) -> list[str]:
    return sorted(Organization.objects.visible_to(caller).values_list("slug", flat=True))


def test_a_member_sees_the_organization_whatever_the_role(organization: Organization, jane: User, sam: User) -> None:
    OrganizationFactory()
    close(organization)

    assert organizations_seen_by(Caller(user=jane)) == ["the-interstellar-jurisdiction"]
    assert organizations_seen_by(Caller(user=sam)) == ["the-interstellar-jurisdiction"]
    assert organizations_seen_by(Caller(user=UserFactory())) == []


def test_a_key_sees_its_organization(organization: Organization) -> None:
    OrganizationFactory()

    assert organizations_seen_by(Caller(api_key=ApiKeyFactory(organization=organization))) == [organization.slug]


def test_a_superuser_sees_every_organization_and_nobody_none(organization: Organization) -> None:
    OrganizationFactory(slug="a-star")

    assert organizations_seen_by(Caller(user=UserFactory(superuser=True))) == ["a-star", organization.slug]
    assert organizations_seen_by(Caller()) == []


def test_an_organization_is_named_by_slug_or_id(organization: Organization) -> None:
    OrganizationFactory()

    for word in (organization.slug, str(organization.pk), f"00{organization.pk}"):
        assert list(Organization.objects.named(word)) == [organization]
    for word in ("", "0", "-1", organization.slug.upper(), f"{organization.slug}\0", str(2**63)):
        assert list(Organization.objects.named(word)) == []


def test_the_role_read_along_is_the_callers_own(organization: Organization, jane: User, sam: User) -> None:
    OrganizationMemberFactory(organization=OrganizationFactory(slug="a-star"), user=sam, role=Role.ADMIN)
    OrganizationFactory(slug="b-star")

    def roles(caller: Caller) -> list[tuple[str, str | None]]:
        rows = Organization.objects.with_role_of(caller).order_by("slug")
        return [(row.slug, row.caller_role) for row in rows]

    nobodys = [("a-star", None), ("b-star", None), (organization.slug, None)]
    assert roles(Caller(user=jane)) == [("a-star", None), ("b-star", None), (organization.slug, "owner")]
    assert roles(Caller(user=sam)) == [("a-star", "admin"), ("b-star", None), (organization.slug, "member")]
    assert roles(Caller(user=UserFactory(superuser=True))) == nobodys
    assert roles(Caller(api_key=ApiKeyFactory(organization=organization))) == nobodys


# ---------------------------------------------------------------------------------------------------------------------
# mentioning
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("", ["50-percent", "luna_1"]),
        ("luna", ["luna_1"]),
        ("UNA_", ["luna_1"]),
        ("moon", ["luna_1"]),
        ("50%", ["50-percent"]),
        ("%", ["50-percent"]),
        ("_", ["luna_1"]),
        ("\\", []),
        ("'", []),
        ("a b", []),
        ("\0", []),
        ("ÉTOILE", ["luna_1"]),
    ],
    ids=repr,
)
def test_a_text_keeps_rows_by_a_part_of_a_name(text: str, slugs: list[str]) -> None:
    OrganizationFactory(slug="50-percent", name="50% of the sky")
    OrganizationFactory(slug="luna_1", name="The Moon of an étoile")

    found = Organization.objects.mentioning(text).order_by("slug")

    assert [row.slug for row in found] == slugs


# ---------------------------------------------------------------------------------------------------------------------
# Members, teams, and what is read along with projects
# ---------------------------------------------------------------------------------------------------------------------


def test_the_members_of_an_organization_come_with_their_teams_there(
    organization: Organization, jane: User, sam: User, team: Team, other_team: Team
) -> None:
    other_team.members.add(jane)
    TeamFactory(members=[jane])
    OrganizationMemberFactory(user=jane)
    OrganizationMemberFactory(organization=organization, user=UserFactory(inactive=True))

    found = OrganizationMember.objects.of(organization).order_by("id")

    assert [(row.user, list(row.user.teams.all())) for row in found] == [(jane, [other_team, team]), (sam, [])]


def test_a_team_counts_active_members_of_its_organization(
    organization: Organization, team: Team, other_team: Team, jane: User, sam: User
) -> None:
    OrganizationMemberFactory(user=jane)  # of another one, too
    team.members.add(sam, OrganizationMemberFactory(organization=organization, user__is_active=False).user)
    other_team.members.add(OrganizationMemberFactory().user)  # left, or never was in this one

    def counts(caller: Caller) -> list[tuple[Team, int, bool]]:
        rows = Team.objects.with_members_counted(caller).order_by("id")
        return [(row, row.member_count, row.is_mine) for row in rows]

    assert counts(Caller(user=jane)) == [(team, 2, True), (other_team, 0, False)]
    assert counts(Caller(user=UserFactory())) == [(team, 2, False), (other_team, 0, False)]
    assert counts(Caller(api_key=ApiKeyFactory())) == [(team, 2, False), (other_team, 0, False)]


def test_a_project_is_mine_when_i_am_on_one_of_its_teams(
    project: Project, stranger_project: Project, other_team: Team, jane: User, sam: User
) -> None:
    project.teams.add(other_team)
    other_team.members.add(jane)  # on both of its teams: still one row

    def mine(caller: Caller) -> list[tuple[Project, bool]]:
        return [(row, row.is_mine) for row in Project.objects.with_teams(caller).order_by("slug")]

    assert mine(Caller(user=jane)) == [(project, True), (stranger_project, False)]
    assert mine(Caller(user=sam)) == [(project, False), (stranger_project, False)]
    assert mine(Caller(api_key=ApiKeyFactory())) == [(project, False), (stranger_project, False)]
