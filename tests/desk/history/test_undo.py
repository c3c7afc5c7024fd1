"""Taking back from the history: what it would do, doing it, and what stands in the way."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from issues.enums import MutationKind
from issues.models import Issue, Mutation
from issues.mutation import Resolve, Unresolve
from projects.models import Project, User
from tests.assertions import digest
from tests.desk.history.asking import HISTORY, change, page_of, undo_of
from tests.desk.reading import LIST, words_of
from tests.factories import IssueFactory, MutationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


@pytest.fixture
def resolved(jane: User, project: Project, issues: list[Issue]) -> int:
    return change(jane, project, issues, {"status": "resolved"}, status=Resolve())


def statuses(issues: list[Issue]) -> list[str]:
    return [Issue.objects.get(pk=issue.pk).status for issue in issues]


def said(answer: object) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]  # type: ignore[attr-defined] # of the client


def test_shows_what_it_would_put_back_and_what_not(
    as_sam: Client, jane: User, project: Project, issues: list[Issue], resolved: int
) -> None:
    change(jane, project, issues[:1], {"status": "unresolved"}, status=Unresolve())
    before = digest()

    page = as_sam.get(undo_of(resolved))

    outcome = page.context["outcome"]
    assert (outcome.matched, outcome.changed, outcome.skipped) == (3, 2, 1)
    assert [issue.id for issue in page.context["skipped"]] == [issues[0].pk]
    words = words_of(page.content.decode())
    assert "Put back 2 issues" in words
    assert "changed since" in words
    assert digest() == before


def test_puts_back_what_was_shown_and_leads_to_the_undo(as_sam: Client, issues: list[Issue], resolved: int) -> None:
    answer = as_sam.post(undo_of(resolved), {"expected": "3"})

    undone = Mutation.objects.get(kind=MutationKind.UNDO)
    assert answer.headers["Location"] == page_of(undone.pk)
    assert statuses(issues) == ["unresolved"] * 3
    assert said(answer) == ["Undone: 3 issues put back."]
    assert undone.user is not None
    assert undone.user.username == "sam"
    page = as_sam.get(page_of(undone.pk)).content.decode()
    assert f'name="mutations" value="{undone.pk}"' in page  # the message takes that back again


def test_leads_back_to_the_row_from_which_it_was_asked(as_sam: Client, issues: list[Issue], resolved: int) -> None:
    row = as_sam.get(HISTORY, {"what": "resolved"}).context["rows"][0]

    answer = as_sam.post(row.undo, {"expected": row.expected, "back": f"{HISTORY}?what=resolved"})

    assert answer.headers["Location"] == f"{HISTORY}?what=resolved"
    assert statuses(issues) == ["unresolved"] * 3


def test_does_nothing_when_it_is_about_another_number_by_now(
    as_sam: Client, issues: list[Issue], resolved: int
) -> None:
    before = digest()

    answer = as_sam.post(undo_of(resolved), {"expected": "2"})

    assert answer.status_code == 200
    assert said(answer)[0].startswith("Another number of issues match now")
    assert answer.context["outcome"].changed == 3
    assert digest() == before


@pytest.mark.parametrize("expected", ["", "x", "-1", "3.0"])
def test_does_nothing_that_was_not_shown(as_sam: Client, issues: list[Issue], resolved: int, expected: str) -> None:
    before = digest()

    assert as_sam.post(undo_of(resolved), {"expected": expected}).status_code == 200
    assert digest() == before


def test_can_be_taken_back_again(as_sam: Client, issues: list[Issue], resolved: int) -> None:
    as_sam.post(undo_of(resolved), {"expected": "3"})
    undone = Mutation.objects.get(kind=MutationKind.UNDO)

    as_sam.post(undo_of(undone.pk), {"expected": "3"})

    assert statuses(issues) == ["resolved"] * 3
    again = as_sam.post(undo_of(resolved), {"expected": "3"})
    assert said(again)[-1].startswith("Undone: 3 issues")


def test_says_that_there_is_nothing_to_put_back(
    as_sam: Client, jane: User, project: Project, issues: list[Issue], resolved: int
) -> None:
    change(jane, project, issues, {"status": "unresolved"}, status=Unresolve())

    assert "There is nothing to put back." in words_of(as_sam.get(undo_of(resolved)).content.decode())
    answer = as_sam.post(undo_of(resolved), {"expected": "3"})
    assert answer.headers["Location"] == page_of(resolved)
    assert said(answer)[0].startswith("There was nothing to put back: nothing was changed. 3 issues left alone")


def test_puts_back_marks_for_whose_they_are_alone(
    as_jane: Client, as_sam: Client, jane: User, project: Project, issues: list[Issue]
) -> None:
    mutation = change(jane, project, issues, {"isBookmarked": True}, is_bookmarked=True)

    assert as_sam.get(undo_of(mutation)).context["outcome"].skipped == 3
    as_sam.post(undo_of(mutation), {"expected": "3"})
    assert issues[0].bookmarks.count() == 1
    as_jane.post(undo_of(mutation), {"expected": "3"})
    assert issues[0].bookmarks.count() == 0


def test_leads_nowhere_else(as_sam: Client, resolved: int) -> None:
    page = as_sam.post(undo_of(resolved), {"expected": "2", "back": "https://elsewhere.example.com/"})

    assert page.context["back"] == LIST
    assert "elsewhere" not in page.content.decode()


def test_has_no_way_back_from_a_deletion(as_sam: Client, project: Project) -> None:
    deletion = MutationFactory(project=project, kind=MutationKind.DELETE).pk

    for answer in (as_sam.get(undo_of(deletion)), as_sam.post(undo_of(deletion), {"expected": "1"})):
        assert answer.headers["Location"] == page_of(deletion)
        assert said(answer)[-1] == "A deletion can't be undone."


def test_is_not_there_for_strangers(as_kit: Client, issues: list[Issue], resolved: int) -> None:
    before = digest()

    for method in ("get", "post"):
        assert getattr(as_kit, method)(undo_of(resolved), {"expected": "3"}).status_code == 404
        assert getattr(as_kit, method)(undo_of(resolved + 1), {"expected": "3"}).status_code == 404
    assert digest() == before


def test_takes_nothing_back_without_the_token_of_a_form(sam: User, resolved: int, issues: list[Issue]) -> None:
    User.objects.filter(pk=sam.pk).update(is_staff=True)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(pk=sam.pk))

    assert browser.post(undo_of(resolved), {"expected": "3"}).status_code == 403
    assert statuses(issues) == ["resolved"] * 3
