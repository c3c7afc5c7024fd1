"""``assignedTo``: whom a word means, and who follows then (contract 1.4)."""

from urllib.parse import quote

import pytest

from issues.models import Activity, IssueSubscription
from projects.models import Organization, Project, Team, User
from tests.api.asking import UNKNOWN, Asking, answer_for
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueFactory,
    IssueSubscriptionFactory,
    OrganizationMemberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(api: Api, project: Project) -> Asking:
    return Asking(api, IssueFactory(project=project))


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
