"""``assignedTo``: whom a word means, and whom it must not (contract 1.4)."""

from dataclasses import dataclass
from urllib.parse import quote

import pytest

from issues.models import Activity, Issue, IssueSubscription
from projects.models import Organization, Project, Role, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueFactory,
    IssueSubscriptionFactory,
    OrganizationMemberFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

UNKNOWN = "Unknown actor input"
NON_TEAM_MEMBER = "Cannot assign to non-team member"
TEAM_WITHOUT_ACCESS = "Cannot assign to a team without access to the project"
DEACTIVATED = "Cannot assign to a deactivated member"


@dataclass
class Asking:
    """Assigns one issue, and says what came of it."""

    api: Api
    issue: Issue

    def assign(self, word: object) -> tuple[int, object]:
        response = self.api.put(self.api.issues_url, {"assignedTo": word}, ids=[self.issue.pk])
        return response.status_code, response.json()

    def assignee(self) -> tuple[int | None, int | None]:
        return Issue.objects.values_list("assignee_user_id", "assignee_team_id").get(pk=self.issue.pk)


@pytest.fixture
def asking(api: Api, project: Project) -> Asking:
    return Asking(api, IssueFactory(project=project))


def answer_for(assignee: User | Team) -> tuple[int, object]:
    if isinstance(assignee, Team):
        return 200, {"assignedTo": {"type": "team", "id": str(assignee.pk), "name": assignee.slug}}
    return 200, {
        "assignedTo": {
            "type": "user",
            "id": str(assignee.pk),
            "name": assignee.get_full_name(),
            "email": assignee.email,
        }
    }


# ---------------------------------------------------------------------------------------------------------------------
# All forms
# ---------------------------------------------------------------------------------------------------------------------

# ``{id}`` is jane's
JANE = {
    "user:ID": "user:{id}",
    "user:ID with zeros": "user:00{id}",
    "user:ID in capitals": "USER:{id}",
    "ID": "{id}",
    "ID with zeros": "000{id}",
    "user name": "jane",
    "user name in capitals": "JANE",
    "e-mail": "jane@example.com",
    "e-mail in capitals": "Jane@Example.COM",
    "blanks around": "  jane\n",
    "blanks around an ID": " {id} ",
}
TEAM = {
    "team:ID": "team:{id}",
    "team:ID with zeros": "team:0{id}",
    "slug": "powerful-abolitionist",
    "#slug": "#powerful-abolitionist",
    "team:ID in capitals": "Team:{id}",
    "slug in capitals": "Powerful-Abolitionist",
    "#slug in capitals": "#POWERFUL-abolitionist",
    "blanks around": " #powerful-abolitionist ",
}


@pytest.mark.parametrize("word", JANE.values(), ids=JANE)
def test_assigns_to_a_user_by(asking: Asking, jane: User, word: str) -> None:
    answer = asking.assign(word.format(id=jane.pk))

    assert answer == answer_for(jane)
    assert asking.assignee() == (jane.pk, None)


def test_assigns_to_a_user_by_a_number(asking: Asking, jane: User) -> None:
    answer = asking.assign(jane.pk)

    assert answer == answer_for(jane)
    assert asking.assignee() == (jane.pk, None)


@pytest.mark.parametrize("word", TEAM.values(), ids=TEAM)
def test_assigns_to_a_team_by(asking: Asking, team: Team, word: str) -> None:
    answer = asking.assign(word.format(id=team.pk))

    assert answer == answer_for(team)
    assert asking.assignee() == (None, team.pk)


NOBODY = ["user:", "team:", "user:jane", "team:powerful-abolitionist", "#", "#jane", "user:0", "0", "kit", "9" * 20]


@pytest.mark.parametrize("word", [*JANE.values(), *TEAM.values(), *NOBODY])
def test_a_search_means_the_same_by_a_word(asking: Asking, jane: User, team: Team, word: str) -> None:
    word = word.format(id=team.pk if word.lower().startswith("team:") else jane.pk)
    status, answer = asking.assign(word)

    found = asking.api.put(
        asking.api.issues_url, {}, ids=[asking.issue.pk], raw_query="query=" + quote(f'assigned:"{word.strip()}"')
    )

    assert found.status_code == status, answer
    assert found.headers.get("Issues-Matched") == ("1" if status == 200 else None)


def test_names_a_user_without_a_name_by_the_user_name(asking: Asking, organization: Organization) -> None:
    user = UserFactory(username="nameless", email="")
    OrganizationMemberFactory(organization=organization, user=user)

    answer = asking.assign("nameless")

    assert answer == (
        200,
        {"assignedTo": {"type": "user", "id": str(user.pk), "name": "nameless", "email": ""}},
    )


@pytest.mark.parametrize("nobody", [None, "", "   "], ids=repr)
@pytest.mark.parametrize("trait", ["assigned", "assigned_to_team"])
def test_unassigns(api: Api, project: Project, nobody: str | None, trait: str) -> None:
    issue = IssueFactory(project=project, **{trait: True})

    response = api.put(api.issues_url, {"assignedTo": nobody}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"assignedTo": None})
    assert response.headers["Issues-Changed"] == "1"
    issue.refresh_from_db()
    assert (issue.assignee_user_id, issue.assignee_team_id) == (None, None)
    assert list(Activity.objects.values_list("kind", "data")) == [("unassigned", {})]


def test_replaces_a_user_by_a_team_and_back(asking: Asking, jane: User, team: Team) -> None:
    asking.assign("jane")

    to_team = asking.assign("#powerful-abolitionist")

    assert to_team == answer_for(team)
    assert asking.assignee() == (None, team.pk)

    to_user = asking.assign("jane")

    assert to_user == answer_for(jane)
    assert asking.assignee() == (jane.pk, None)


def test_changes_nothing_when_assigned_again(api: Api, asking: Asking, jane: User) -> None:
    asking.assign("jane")
    before = snapshot()

    response = api.put(api.issues_url, {"assignedTo": f"user:{jane.pk}"}, ids=[asking.issue.pk])

    assert (response.status_code, response.json()) == answer_for(jane)
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Which of two
# ---------------------------------------------------------------------------------------------------------------------


def test_takes_digits_for_an_id_before_a_user_name(asking: Asking, jane: User, organization: Organization) -> None:
    OrganizationMemberFactory(organization=organization, user=UserFactory(username=str(jane.pk)))

    assert asking.assign(str(jane.pk)) == answer_for(jane)


def test_takes_digits_for_an_id_and_never_for_a_user_name(asking: Asking, organization: Organization) -> None:
    OrganizationMemberFactory(organization=organization, user=UserFactory(username="9999999"))

    assert asking.assign("9999999") == (400, {"assignedTo": [UNKNOWN]})


def test_takes_a_word_for_a_user_name_before_an_email(asking: Asking, jane: User, organization: Organization) -> None:
    namesake = UserFactory(username="jane@example.com", email="other@example.com")
    OrganizationMemberFactory(organization=organization, user=namesake)

    assert asking.assign("jane@example.com") == answer_for(namesake)


def test_takes_a_word_for_a_user_before_a_team(asking: Asking, organization: Organization, team: Team) -> None:
    namesake = UserFactory(username=team.slug)
    OrganizationMemberFactory(organization=organization, user=namesake)

    assert asking.assign("powerful-abolitionist") == answer_for(namesake)
    assert asking.assign("#powerful-abolitionist") == answer_for(team)


def test_does_not_let_a_stranger_take_a_teams_word(asking: Asking, team: Team) -> None:
    UserFactory(username=team.slug)

    assert asking.assign("powerful-abolitionist") == answer_for(team)


def test_finds_a_user_name_with_a_colon(asking: Asking, organization: Organization) -> None:
    user = UserFactory(username="robot:7", email="robot@example.com")
    OrganizationMemberFactory(organization=organization, user=user)

    assert asking.assign("robot:7") == answer_for(user)


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
        "User:1",
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

    assert answer == (400, {"assignedTo": ["Not a valid string."]})
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


# ---------------------------------------------------------------------------------------------------------------------
# Who follows then
# ---------------------------------------------------------------------------------------------------------------------


def test_subscribes_the_user(asking: Asking, sam: User) -> None:
    asking.assign("sam")

    subscriptions = IssueSubscription.objects.values_list("issue_id", "user_id", "is_active", "reason")
    assert list(subscriptions) == [(asking.issue.pk, sam.pk, True, "assigned")]


def test_subscribes_the_members_of_a_team(asking: Asking, team: Team, jane: User, sam: User, kit: User) -> None:
    team.members.add(sam)

    asking.assign("#powerful-abolitionist")

    subscriptions = IssueSubscription.objects.order_by("user_id").values_list("user_id", "is_active", "reason")
    assert list(subscriptions) == [(pk, True, "assigned") for pk in sorted([jane.pk, sam.pk])]


def test_keeps_the_reason_of_who_follows_already(asking: Asking, sam: User) -> None:
    IssueSubscriptionFactory(issue=asking.issue, user=sam, reason="bookmark")
    before = IssueSubscription.objects.values().get()

    asking.assign("sam")

    assert IssueSubscription.objects.values().get() == before


def test_never_revives_a_subscription_that_the_user_ended(asking: Asking, sam: User) -> None:
    IssueSubscriptionFactory(issue=asking.issue, user=sam, ended=True)
    before = IssueSubscription.objects.values().get()

    asking.assign("sam")

    assert IssueSubscription.objects.values().get() == before
    assert asking.assignee() == (sam.pk, None)
