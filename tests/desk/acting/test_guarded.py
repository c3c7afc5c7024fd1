"""What is confirmed is what was shown; what can't be done says so, and changes nothing."""

from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.acting.selection import AT_MOST
from issues.enums import IssueStatus
from issues.models import Issue, Mutation
from issues.mutation import UndoOutcome
from issues.services import bulk
from issues.services import undo as undoing
from projects.database import outages
from projects.models import Project, Team, User
from projects.refusals import TryAgain
from tests.assertions import digest
from tests.desk.acting.steps import (
    ACT,
    OF_THE_BROWSER,
    UNDO,
    carried,
    choose,
    choose_all,
    confirm,
    focus_of,
    ids_of,
    look,
    numbers,
    said,
    undo,
)
from tests.desk.reading import LIST
from tests.factories import IssueFactory, MutationFactory, OrganizationMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


# what was shown


def test_changes_nothing_when_another_number_matches_by_now(as_jane: Client, issues: list[Issue]) -> None:
    page = choose_all(as_jane, "resolve")
    Issue.objects.filter(pk=issues[0].pk).update(status=IssueStatus.RESOLVED, resolved_at=issues[0].last_seen)

    answer = confirm(as_jane, page)

    assert said(answer) == [
        "Another number of issues match now than you were shown. Nothing was changed; look at the new numbers."
    ]
    assert numbers(answer) == (2, 2)
    assert not Mutation.objects.exists()
    assert said(confirm(as_jane, answer)) == ["2 issues resolved."]


def test_changes_nothing_when_the_form_says_something_else_by_now(as_jane: Client, issues: list[Issue]) -> None:
    page = look(as_jane, choose(as_jane, "ignore", issues), ignoreCount="5")

    answer = confirm(as_jane, page, ignoreCount="50")

    assert said(answer) == ["This is not what you were shown. Look at its numbers, and confirm again."]
    assert not Mutation.objects.exists()
    confirm(as_jane, answer, ignoreCount="50")
    assert Mutation.objects.get().body["ignoreCount"] == 50


def test_changes_nothing_when_another_action_is_confirmed_than_was_shown(as_jane: Client, issues: list[Issue]) -> None:
    page = choose(as_jane, "resolve", issues)

    as_jane.post(ACT, carried(page) | {"action": "delete", "confirm": "1"})

    assert Issue.objects.count() == 3


@pytest.mark.parametrize("expected", ["", "0", "-1", "x", "9" * 5000, "\N{SUPERSCRIPT TWO}"])
def test_changes_nothing_without_the_number_that_was_shown(as_jane: Client, issues: list[Issue], expected: str) -> None:
    page = choose(as_jane, "resolve", issues)

    answer = as_jane.post(ACT, carried(page) | {"expected": expected, "confirm": "1"})

    assert answer.status_code == 200
    assert not Mutation.objects.exists()


def test_says_with_which_issues_it_is_not_possible_and_goes_on_without_them(
    as_jane: Client, issues: list[Issue]
) -> None:
    merged = IssueFactory(project=issues[0].project, merged_into=issues[0])

    page = choose(as_jane, "resolve", [*issues, merged])

    assert (page.context["missing"], page.context["may_confirm"], page.context["rest"]) == ([merged.pk], False, 3)
    assert f"1 of the issues is gone, or merged into another: {merged.short_id}. With it," in page.content.decode()
    page = look(as_jane, page)
    assert numbers(page) == (3, 3)
    confirm(as_jane, page)
    assert Mutation.objects.get().ids == sorted(ids_of(issues))


def test_of_one_that_is_gone_there_is_nothing_to_try_again(as_jane: Client, issues: list[Issue]) -> None:
    page = choose(as_jane, "resolve", [], ids=str(issues[-1].pk + 1_000))

    assert "The issue is gone, or merged into another" in page.content.decode()
    assert '<button class="primary"' not in page.content.decode()


def test_names_of_many_that_are_gone_the_first(as_jane: Client, issues: list[Issue]) -> None:
    merged = [IssueFactory(project=issues[0].project, merged_into=issues[0]) for _ in range(20)]
    deleted = str(merged[-1].pk + 1_000)

    page = choose(as_jane, "resolve", [*issues, *merged], ids=deleted)

    names = ", ".join([deleted, *(issue.short_id for issue in merged[:19])])
    assert f"21 of the issues are gone, or merged into another: {names} and more." in page.content.decode()


def test_says_when_one_went_between_the_page_and_the_button(as_jane: Client, issues: list[Issue]) -> None:
    page = choose(as_jane, "resolve", issues)
    Issue.objects.filter(pk=issues[2].pk).update(merged_into=issues[0])

    answer = confirm(as_jane, page)

    assert said(answer) == ["Some of these issues are gone or merged by now. Nothing was changed."]
    assert answer.context["missing"] == [issues[2].pk]
    assert not Mutation.objects.exists()


def test_offers_no_button_when_nothing_would_change(as_jane: Client, project: Project) -> None:
    page = choose(as_jane, "resolve", [IssueFactory(project=project, resolved=True)])

    assert numbers(page) == (1, 0)
    assert not page.context["may_confirm"]
    assert "Nothing would change." in page.content.decode()


# whose issues


def test_acts_on_no_issue_that_somebody_does_not_see(as_kit: Client, issues: list[Issue]) -> None:
    before = digest()

    page = choose(as_kit, "resolve", issues)
    words = {"action": "resolve", "ids": issues[0].pk, "expected": "1", "shown": '{"action": "resolve"}', "back": LIST}
    answers = [as_kit.post(ACT, words | {name: "1"}, follow=True) for name in ("confirm", "now")]

    assert (page.context["missing"], page.context["matched"]) == (ids_of(issues), 0)
    assert all(issues[0].short_id not in answer.content.decode() for answer in (page, *answers))
    assert {table for table, rows in digest().items() if rows != before[table]} <= OF_THE_BROWSER


def test_takes_back_nothing_of_a_project_that_somebody_does_not_see(as_kit: Client, issues: list[Issue]) -> None:
    mutation = MutationFactory(project=issues[0].project)

    words = (mutation.pk, mutation.pk + 1, "x", "")
    answers = [said(as_kit.post(UNDO, {"mutations": word}, follow=True)) for word in words]

    assert answers == [["There is no such mutation, or none any more."]] * 4
    assert Mutation.objects.count() == 1


def test_takes_back_all_that_an_action_did_in_many_projects(
    as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutations = [MutationFactory(project=project).pk for _ in range(101)]
    taken_back: list[int] = []

    def take_back(project_id: int, pk: int, act: Any) -> UndoOutcome:
        taken_back.append(pk)
        return UndoOutcome(matched=1, changed=1)

    monkeypatch.setattr("issues.services.undo.undo", take_back)

    answer = as_jane.post(UNDO, {"mutations": ",".join(map(str, mutations)), "back": LIST}, follow=True)

    assert taken_back == mutations[::-1]
    assert said(answer) == ["Undone: 101 issues put back."]


# what no page posts


@pytest.mark.parametrize(
    "change",
    [
        {"ids": "x"},
        {"ids": "9" * 30},
        {"ids": "\0"},
        {"action": "explode"},
        {"ids": ",".join(map(str, range(1, AT_MOST + 2)))},
        {"all": "1", "query": "level:blue"},
    ],
    ids=lambda change: str(change)[:25],
)
def test_refuses_what_no_page_posts(as_jane: Client, issues: list[Issue], change: dict[str, str]) -> None:
    page = choose(as_jane, "resolve", issues)

    answer = as_jane.post(ACT, carried(page) | {"confirm": "1"} | change)

    assert answer.status_code == 400
    assert not Mutation.objects.exists()


def test_asks_to_select_something(as_jane: Client) -> None:
    answer = as_jane.post(ACT, {"action": "resolve", "back": LIST}, follow=True)

    assert said(answer) == ["Select some issues first."]
    assert as_jane.get(ACT).headers["Location"] == LIST


# forms


def test_suggests_members_and_teams_of_the_organization(
    as_jane: Client, issues: list[Issue], kit: User, team: Team, other_team: Team
) -> None:
    OrganizationMemberFactory(organization=team.organization, user=UserFactory(username="gone", inactive=True))

    page = choose(as_jane, "assign", issues)

    assert page.context["suggestions"] == ["me", "jane", "#powerful-abolitionist"]
    assert page.context["trial"] is None  # nobody is named yet


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("assign", {"assignedTo": "kit"}, "The organization has no member, and no team, of that name."),
        ("assign", {"assignedTo": ""}, "This field is required."),
        ("resolve_in_release", {"inRelease": "7.7"}, "Unable to find a release with the given version."),
        ("ignore", {"ignoreCount": "-1"}, "Ensure this value is greater than or equal to 0."),
        ("ignore", {"ignoreWindow": "60"}, "This goes with “Until N more events”."),
        ("ignore", {"ignoreUntil": "2001-01-01T00:00"}, "This must be in the future."),
        ("ignore", {"ignoreUserCount": "9" * 30}, "Ensure this value is less than or equal to 2147483647."),
        ("ignore", {"ignoreDuration": "7"}, "Select a valid choice. 7 is not one of the available choices."),
        ("note", {"text": "x" * 65_537}, "Ensure this value has at most 65536 characters (it has 65537)."),
        ("priority", {"priority": "huge"}, "Select a valid choice. huge is not one of the available choices."),
    ],
)
def test_says_at_the_field_what_is_wrong(
    as_jane: Client, issues: list[Issue], kit: User, name: str, fields: dict[str, str], sentence: str
) -> None:
    page = look(as_jane, choose(as_jane, name, issues), **fields)

    assert list(page.context["form"].errors.values()) == [[sentence]]
    assert focus_of(page) == list(page.context["form"].errors)
    assert (page.context["trial"], page.context["may_confirm"]) == (None, False)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("merge", {}), ("resolve_in_next_release", {}), ("assign", {"assignedTo": "#powerful-abolitionist"})],
)
def test_says_what_goes_with_one_project_only(
    as_jane: Client, issues: list[Issue], other_project: Project, name: str, fields: dict[str, str]
) -> None:
    page = choose(as_jane, name, [*issues, IssueFactory(project=other_project)])
    if fields:
        page = look(as_jane, page, **fields)

    assert "This goes with issues of one project only." in page.content.decode()
    assert (page.context["trial"], page.context["may_confirm"]) == (None, False)


def test_assigns_within_one_organization_only(
    as_superuser: Client, issues: list[Issue], stranger_project: Project, jane: User
) -> None:
    page = choose(as_superuser, "assign", [*issues, IssueFactory(project=stranger_project)])

    page = look(as_superuser, page, assignedTo="jane")

    assert "These issues are of several organizations" in page.content.decode()
    assert page.context["trial"] is None


# what can't be done now

LOCKED = "Nothing was changed. These issues are being changed by another request. Try again."


def locked(*args: Any, **kwargs: Any) -> Any:
    # As it ends in a transaction of its own, which the test has none of.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no lock' USING ERRCODE = '55P03'; END $$")


def moving(*args: Any, **kwargs: Any) -> Any:
    raise TryAgain("These issues are being merged or unmerged just now.")


def full(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("could not extend file")


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
    as_jane: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch, fault: Any, sentence: str
) -> None:
    page = choose(as_jane, "resolve", issues)
    monkeypatch.setattr(bulk, "_mutate_named", fault)

    answer = confirm(as_jane, page)

    assert answer.status_code == 200
    assert set(said(answer)) == {sentence}
    assert (answer.context["may_confirm"], "Try again" in answer.content.decode()) == (False, True)


def test_what_the_database_said_is_in_the_log(
    as_jane: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page has no words for it that would help an operator."""
    page = choose(as_jane, "resolve", issues)
    monkeypatch.setattr(bulk, "_mutate_named", full)

    confirm(as_jane, page)
    monkeypatch.setattr(bulk, "_mutate_named", locked)
    confirm(as_jane, page)

    logged = [record.getMessage() for record in caplog.records if record.name == outages.__name__]
    assert set(logged) == {"The database failed (none): could not extend file"}


def test_says_why_an_undo_can_not_be_done_now(
    as_jane: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = confirm(as_jane, choose(as_jane, "resolve", issues))
    monkeypatch.setattr(undoing, "_undo", locked)

    assert said(undo(as_jane, answer)) == [LOCKED]


# what it costs


def statements(client: Client, name: str, issues: list[Issue]) -> tuple[int, int]:
    """Return how many statements the page takes, and how many the change."""
    with CaptureQueriesContext(connection) as shown:
        page = choose(client, name, issues)
    data = carried(page) | {"confirm": "1"}
    with CaptureQueriesContext(connection) as done:
        assert client.post(ACT, data).status_code == 302
    return len(shown), len(done)


@pytest.mark.parametrize("name", ["resolve", "ignore", "merge", "bookmark", "delete"])
def test_asks_as_often_for_a_hundred_as_for_a_few(as_jane: Client, project: Project, name: str) -> None:
    few = [IssueFactory(project=project) for _ in range(2)]
    many = [IssueFactory(project=project) for _ in range(100)]
    statements(as_jane, name, [IssueFactory(project=project) for _ in range(2)])  # what is read once per process

    assert statements(as_jane, name, many) == statements(as_jane, name, few)
