"""``assignedTo``: whom a word must not mean (contract 1.4)."""

import pytest

from issues.serializers.assignees import NO_WORD
from projects.models import Organization, Project, Role, Team, User
from tests.api.asking import UNKNOWN, Asking, answer_for
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueFactory,
    OrganizationMemberFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NON_TEAM_MEMBER = "Cannot assign to non-team member"
TEAM_WITHOUT_ACCESS = "Cannot assign to a team without access to the project"
DEACTIVATED = "Cannot assign to a deactivated member"


@pytest.fixture
def asking(api: Api, project: Project) -> Asking:
    return Asking(api, IssueFactory(project=project))


# ---------------------------------------------------------------------------------------------------------------------
# Refused
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        "nobody",
        "nobody@example.com",
        "#nobody",
        "#",
        "##powerful-abolitionist",
        "# powerful-abolitionist",
        "#jane",
        "@jane",
        "jane schmidt",
        "Jane Schmidt",
        "user:jane",
        "user:",
        "user:0",
        "user:-1",
        "user: 1",
        "user:1:2",
        "User:999999999",
        "team:",
        "team:powerful-abolitionist",
        "team:#powerful-abolitionist",
        "me",
        "null",
        "0",
        "-1",
        "1.5",
        str(2**63),
        "9" * 5000,
        f"user:{2**63}",
        "user:" + "9" * 5000,
        f"team:{2**63}",
        "%",
        "jan_",
        "'; DROP TABLE issues_issue; --",
        "\U0001f600",
        "\u0661",
    ],
    ids=lambda word: word[:30].encode("unicode_escape").decode(),
)
def test_refuses_an_unknown_word(asking: Asking, word: str) -> None:
    before = snapshot()

    answer = asking.assign(word)

    assert answer == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


def test_refuses_a_percent_encoded_id(asking: Asking, jane: User, team: Team) -> None:
    encoded = {word: "".join(f"%3{digit}" for digit in str(word)) for word in (jane.pk, team.pk)}
    before = snapshot()

    assert asking.assign(f"user:{encoded[jane.pk]}") == (400, {"assignedTo": [UNKNOWN]})
    assert asking.assign(f"team:{encoded[team.pk]}") == (400, {"assignedTo": [UNKNOWN]})
    assert asking.assign(encoded[jane.pk]) == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


@pytest.mark.parametrize("word", [True, False, [], ["jane"], {}, {"id": 1}], ids=repr)
def test_refuses_what_is_no_word(asking: Asking, word: object) -> None:
    before = snapshot()

    answer = asking.assign(word)

    assert answer == (400, {"assignedTo": [NO_WORD]})
    assert snapshot() == before


@pytest.mark.parametrize("form", ["user:{id}", "{id}", "kit", "kit@example.com"])
def test_tells_no_stranger_from_nobody(asking: Asking, kit: User, form: str) -> None:
    before = snapshot()

    answer = asking.assign(form.format(id=kit.pk))

    assert answer == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


@pytest.mark.parametrize("form", ["team:{id}", "strangers", "#strangers"])
def test_tells_no_strange_team_from_none(asking: Asking, stranger_project: Project, form: str) -> None:
    strangers = TeamFactory(organization=stranger_project.organization, slug="strangers")
    stranger_project.teams.add(strangers)
    before = snapshot()

    answer = asking.assign(form.format(id=strangers.pk))

    assert answer == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


def test_tells_an_inactive_stranger_from_nobody_neither(asking: Asking, kit: User) -> None:
    User.objects.filter(pk=kit.pk).update(is_active=False)

    assert asking.assign("kit") == (400, {"assignedTo": [UNKNOWN]})


def test_refuses_a_superuser_who_is_no_member(asking: Asking) -> None:
    UserFactory(username="root", superuser=True)

    assert asking.assign("root") == (400, {"assignedTo": [UNKNOWN]})


@pytest.mark.parametrize("form", ["user:{id}", "{id}", "sam", "sam@example.com"])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
def test_refuses_a_member_who_does_not_see_the_project(
    asking: Asking, organization: Organization, sam: User, role: str, form: str
) -> None:
    Organization.objects.filter(pk=organization.pk).update(open_membership=False)
    organization.memberships.filter(user=sam).update(role=role)
    before = snapshot()

    answer = asking.assign(form.format(id=sam.pk))

    assert answer == (400, {"assignedTo": [NON_TEAM_MEMBER]})
    assert snapshot() == before


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OWNER])
def test_assigns_to_who_sees_all_projects(asking: Asking, organization: Organization, sam: User, role: str) -> None:
    Organization.objects.filter(pk=organization.pk).update(open_membership=False)
    organization.memberships.filter(user=sam).update(role=role)

    assert asking.assign("sam") == answer_for(sam)


@pytest.mark.parametrize("form", ["team:{id}", "captain-planet", "#captain-planet"])
def test_refuses_a_team_that_is_not_the_projects(asking: Asking, other_team: Team, form: str) -> None:
    before = snapshot()

    answer = asking.assign(form.format(id=other_team.pk))

    assert answer == (400, {"assignedTo": [TEAM_WITHOUT_ACCESS]})
    assert snapshot() == before


@pytest.mark.parametrize("form", ["user:{id}", "{id}", "sam", "sam@example.com"])
def test_refuses_an_inactive_member(asking: Asking, sam: User, form: str) -> None:
    User.objects.filter(pk=sam.pk).update(is_active=False)
    before = snapshot()

    answer = asking.assign(form.format(id=sam.pk))

    assert answer == (400, {"assignedTo": [DEACTIVATED]})
    assert snapshot() == before


def test_refuses_an_email_that_two_members_hold(asking: Asking, organization: Organization) -> None:
    for email in ("shared@example.com", "Shared@Example.com"):
        OrganizationMemberFactory(organization=organization, user=UserFactory(email=email))
    before = snapshot()

    answer = asking.assign("shared@example.com")

    assert answer == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


def test_refuses_a_user_name_that_two_members_hold(asking: Asking, jane: User, organization: Organization) -> None:
    OrganizationMemberFactory(organization=organization, user=UserFactory(username="Jane"))
    before = snapshot()

    answer = asking.assign("jane")

    assert answer == (400, {"assignedTo": [UNKNOWN]})
    assert snapshot() == before


def test_finds_an_email_that_a_stranger_holds_too(asking: Asking, jane: User) -> None:
    UserFactory(email="jane@example.com")

    assert asking.assign("jane@example.com") == answer_for(jane)
