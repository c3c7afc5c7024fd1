"""Acting in the admin: what it refuses, whom, and what can't be done now."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.admin import actions
from issues.models import Issue, Mutation
from issues.services import bulk, undo
from projects.models import Project, Team, User
from projects.refusals import TryAgain
from tests.assertions import digest
from tests.factories import IssueFactory, MutationFactory, OrganizationMemberFactory, UserFactory
from tests.issues.admin.acting import ACT, LIST, carried, choose, confirm, preview, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


# forms


def test_suggests_members_and_teams_of_the_organization(
    operator: Client, issues: list[Issue], jane: User, kit: User, team: Team, other_team: Team
) -> None:
    OrganizationMemberFactory(organization=team.organization, user=UserFactory(username="gone", inactive=True))

    page = choose(operator, "assign", issues)

    assert page.context["suggestions"] == ["jane", "#powerful-abolitionist"]
    assert page.context["outcomes"] is None  # nobody is named yet


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("assign", {"assignedTo": "kit"}, "Unknown actor input"),
        ("assign", {"assignedTo": ""}, "This field is required."),
        ("ignore", {"ignoreCount": "-1"}, "Ensure this value is greater than or equal to 0."),
        ("ignore", {"ignoreCount": "9" * 5000}, "Enter a whole number."),
        ("ignore", {"ignoreUserCount": "9" * 30}, "Ensure this value is less than or equal to 2147483647."),
        ("ignore", {"ignoreDuration": "7"}, "Select a valid choice. 7 is not one of the available choices."),
    ],
)
def test_says_at_the_field_what_is_wrong(
    operator: Client, issues: list[Issue], kit: User, name: str, fields: dict[str, str], sentence: str
) -> None:
    page = preview(operator, choose(operator, name, issues), **fields)

    assert list(page.context["form"].errors.values()) == [[sentence]]
    assert sentence in page.content.decode()
    assert (page.context["outcomes"], page.context["may_confirm"]) == (None, False)


@pytest.mark.parametrize(
    "change",
    [
        {"ids": ""},
        {"ids": "x"},
        {"ids": "1,,2"},
        {"ids": "9" * 30},
        {"ids": "\0"},
        {"action": "delete"},
        {"ids": ",".join(map(str, range(1, actions.AT_MOST + 2)))},
    ],
    ids=lambda change: str(change)[:25],
)
def test_refuses_what_no_page_posts(operator: Client, issues: list[Issue], change: dict[str, str]) -> None:
    page = choose(operator, "resolve", issues)

    answer = operator.post(ACT, carried(page) | {"confirm": "1"} | change)

    assert answer.status_code == 400
    assert not Mutation.objects.exists()


@pytest.mark.parametrize("word", ["x", "-1", "9" * 30, "\0"])
def test_refuses_to_select_what_is_no_id(operator: Client, issues: list[Issue], word: str) -> None:
    answer = operator.post(LIST, {"action": "resolve", "index": "0", "_selected_action": [word]})

    assert answer.status_code == 400


def test_answers_no_get_where_it_acts(operator: Client) -> None:
    assert operator.get(ACT).status_code == 405


# what can't be done now


LOCKED = "Nothing was changed. These issues are being changed by another request. Try again."


def locked(*args: Any, **kwargs: Any) -> Any:
    # As it ends in a transaction of its own, which the test has none of.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no lock' USING ERRCODE = '55P03'; END $$")


def moving(*args: Any, **kwargs: Any) -> Any:
    raise TryAgain("These issues are being merged or unmerged just now.")


def away(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (locked, LOCKED),
        (moving, "Nothing was changed. These issues are being merged or unmerged just now."),
        (away, "Look first whether it was done. The database is not available just now. Try again."),
    ],
)
def test_says_why_it_can_not_be_done_now(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch, fault: Any, sentence: str
) -> None:
    page = choose(operator, "resolve", issues)
    monkeypatch.setattr(bulk, "_mutate_named", fault)

    answer = confirm(operator, page)

    assert answer.status_code == 200
    assert set(said(answer)) == {sentence}
    assert (answer.context["may_confirm"], "Try again" in answer.content.decode()) == (False, True)


def test_says_why_an_undo_can_not_be_done_now(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(operator, choose(operator, "resolve", issues))
    monkeypatch.setattr(undo, "_undo", locked)

    answer = operator.get(reverse("admin:issues_mutation_undo", args=[Mutation.objects.get().pk]))

    assert (answer.status_code, said(answer)) == (200, [LOCKED])


# who may


def test_lets_nobody_act_who_is_no_superuser(client: Client, issues: list[Issue]) -> None:
    """These pages show the issues of every organization."""
    clerk = UserFactory(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)
    mutation = MutationFactory(project=issues[0].project)
    before = digest()

    listed = client.get(LIST)
    acted = client.post(ACT, {"action": "resolve", "ids": str(issues[0].pk), "confirm": "1", "expected": "1"})
    way = reverse("admin:issues_mutation_undo", args=[mutation.pk])
    undone = [client.get(way), client.post(way, {"expected": "1"})]

    assert [answer.status_code for answer in (listed, acted, *undone)] == [403, 403, 403, 403]
    assert digest() == before


def test_still_changes_nothing_by_a_form(operator: Client, issues: list[Issue]) -> None:
    model_admin = admin.site.get_model_admin(Issue)
    page = reverse("admin:issues_issue_change", args=[issues[0].pk])

    assert operator.post(page, {"status": "resolved"}).status_code == 403
    assert "delete_selected" not in model_admin.get_actions(operator.get(LIST).wsgi_request)


# what it costs


def statements(client: Client, name: str, issues: list[Issue]) -> tuple[int, int]:
    """Return how many statements the page takes, and how many the change."""
    with CaptureQueriesContext(
        connection,
    ) as shown:
        page = choose(client, name, issues)
    data = carried(page) | {"confirm": "1"}
    with CaptureQueriesContext(connection) as done:
        assert client.post(ACT, data).status_code == 302
    return len(shown), len(done)


@pytest.mark.parametrize("name", ["resolve", "ignore", "merge"])
def test_asks_as_often_for_a_hundred_as_for_a_few(operator: Client, project: Project, name: str) -> None:
    few = [IssueFactory(project=project) for _ in range(2)]
    many = [IssueFactory(project=project) for _ in range(100)]
    statements(operator, name, [IssueFactory(project=project) for _ in range(2)])  # what is read once per process

    assert statements(operator, name, many) == statements(operator, name, few)


def test_undoes_a_hundred_with_as_many_statements_as_a_few(operator: Client, project: Project) -> None:
    counts = []
    for count in (2, 100):
        confirm(operator, choose(operator, "resolve", [IssueFactory(project=project) for _ in range(count)]))
        way = reverse("admin:issues_mutation_undo", args=[Mutation.objects.latest("pk").pk])
        with CaptureQueriesContext(connection) as captured:
            operator.get(way)
            operator.post(way, {"expected": str(count)})
        counts.append(len(captured))

    assert counts[0] == counts[1]
