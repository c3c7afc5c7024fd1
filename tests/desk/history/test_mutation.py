"""The page of one mutation: what was asked, what it did, what still is so, and what took it back."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.history.changes import MARKS_SAID, SAID
from issues.enums import IssuePriority, MutationKind
from issues.models import Issue
from issues.mutation import Assignee, Assignment, Ignore, NamedIssues, Resolve, SnoozeTerms, Unresolve
from issues.services import deletion
from issues.services.verbs import MARKS, PARTS
from projects.models import Project, User
from tests.desk.history.asking import act, change, page_of, take_back
from tests.desk.reading import words_of
from tests.factories import IssueFactory, MutationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project, text__title=f"PumpError: pump {number}") for number in range(3)]


def words(client: Client, mutation: int) -> str:
    page = client.get(page_of(mutation))
    assert page.status_code == 200
    return words_of(page.content.decode())


def differences(client: Client, mutation: int) -> dict[int, list[tuple[str, str, bool | None]]]:
    """Return what was before, what after, and whether it still is so, by issue."""
    return {
        issue.id: [
            (
                f"{each.before.word} {each.before.terms}".strip(),
                f"{each.after.word} {each.after.terms}".strip(),
                each.is_left,
            )
            for each in issue.differences
        ]
        for issue in client.get(page_of(mutation)).context["issues"]
    }


def test_has_words_for_every_part_and_every_mark() -> None:
    assert set(SAID) == {part.name for part in PARTS}
    assert set(MARKS_SAID) == {mark.key for mark in MARKS}


def test_says_what_was_asked_in_words(as_sam: Client, jane: User, project: Project, issues: list[Issue]) -> None:
    body = {"status": "ignored", "ignoreUserCount": 10, "priority": "high"}
    wishes: dict[str, Any] = {"status": Ignore(SnoozeTerms(user_count=10)), "priority": IssuePriority.HIGH}
    mutation = change(jane, project, issues, body, **wishes)

    said = words(as_sam, mutation)

    assert "Jane Schmidt ignored 3 issues until 10 more users and set the priority of them to high" in said
    assert "Of 3 issues by their ids: ignored them until 10 more users set the priority of them to high" in said
    assert "&quot;ignoreUserCount&quot;: 10" in said  # in its fold
    assert differences(as_sam, mutation) == {
        issue.pk: [("Unresolved", "Ignored until 10 more users", True), ("medium", "high", True)] for issue in issues
    }
    assert all(f"PumpError: pump {number}" in said for number in range(3))


def test_says_which_still_are_as_it_left_them(
    as_sam: Client, jane: User, project: Project, issues: list[Issue]
) -> None:
    to_jane = Assignment(Assignee("user", jane.pk, jane.name))
    mutation = change(jane, project, issues, {"status": "resolved"}, status=Resolve(), assignment=to_jane)
    change(jane, project, issues[:1], {"status": "unresolved"}, status=Unresolve())
    change(jane, project, issues[1:2], {"assignedTo": None}, assignment=Assignment(None))

    found = differences(as_sam, mutation)

    resolved, assigned = ("Unresolved", "Resolved"), ("nobody", "Jane Schmidt")
    assert found == {
        issues[0].pk: [(*resolved, False), (*assigned, True)],
        issues[1].pk: [(*resolved, True), (*assigned, False)],
        issues[2].pk: [(*resolved, True), (*assigned, True)],
    }
    assert words(as_sam, mutation).count("changed since") == 2


def test_tells_a_merge_of_both_sides(as_sam: Client, jane: User, project: Project, issues: list[Issue]) -> None:
    mutation = change(jane, project, issues, {"merge": True}, merge=True)
    parent, *children = (Issue.objects.get(pk=issue.pk) for issue in issues)
    merged = f"merged into {parent.short_id}"

    assert differences(as_sam, mutation) == {
        parent.pk: [("nothing merged into it", "2 issues merged into it", None)],
        **{child.pk: [("on its own", merged, True)] for child in children},
    }
    apart = change(jane, project, children[:1], {"merge": False}, merge=False)
    assert differences(as_sam, apart)[children[0].pk] == [(merged, "on its own", True)]
    assert differences(as_sam, mutation)[children[0].pk] == [("on its own", merged, False)]


def test_shows_marks_to_whose_they_are(
    as_jane: Client, as_sam: Client, jane: User, project: Project, issues: list[Issue]
) -> None:
    mutation = change(jane, project, issues[:1], {"isBookmarked": True}, is_bookmarked=True)

    assert differences(as_jane, mutation) == {issues[0].pk: [("no bookmark", "bookmarked", None)]}
    assert differences(as_sam, mutation) == {}
    said = words(as_sam, mutation)
    assert "bookmarked" not in said.replace("seen, bookmarked or followed", "")
    assert "The history shows them to that person alone." in said


def test_shows_a_chain_of_undos(as_sam: Client, jane: User, project: Project, issues: list[Issue]) -> None:
    first = change(jane, project, issues, {"status": "resolved"}, status=Resolve())
    second = take_back(jane, project, first).mutation_id or 0
    third = take_back(jane, project, second).mutation_id or 0

    for mutation in (first, second, third):
        assert [row.id for row in as_sam.get(page_of(mutation)).context["chain"]] == [first, second, third]
    said = words(as_sam, third)
    assert f"To undo mutation {second}, where things still were as it had left them." in said
    assert "undid an undo of “resolved 3 issues”" in said
    assert f"Undone by mutation {second}" in words(as_sam, first)


def test_says_that_what_was_undone_is_not_kept(as_sam: Client, project: Project) -> None:
    mutation = MutationFactory(project=project, kind=MutationKind.UNDO, undoes=1, scope_of=1, ids=[])

    assert "mutation 1, which isn't kept any more" in words(as_sam, mutation.pk)


def test_tells_of_issues_that_are_deleted_since(
    as_sam: Client, jane: User, project: Project, issues: list[Issue]
) -> None:
    mutation = change(jane, project, issues[:1], {"status": "resolved"}, status=Resolve())
    deleted = deletion.delete(NamedIssues(project.pk, ids=frozenset({issues[0].pk})), act(jane)).mutation_id or 0

    assert "they are deleted since" in words(as_sam, mutation)
    said = words(as_sam, deleted)
    assert "A deletion can't be undone." in said
    assert "1 issue and all that hung on it are gone for good." in said


def test_tells_an_update_of_all_page_by_page(
    as_sam: Client, jane: User, project: Project, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.history.view.ISSUES", 2)
    mutation = change(jane, project, None, {"status": "resolved"}, status=Resolve())

    first = as_sam.get(page_of(mutation))
    second = as_sam.get(page_of(mutation) + first.context["next"])

    shown = [[issue.id for issue in page.context["issues"]] for page in (first, second)]
    assert shown == [[issues[0].pk, issues[1].pk], [issues[2].pk]]
    assert "Of all issues of the project" in words_of(first.content.decode())
    for cursor in ("x", "1:2:3", "5:9:0"):
        page = as_sam.get(page_of(mutation), {"cursor": cursor})
        assert page.status_code == 200
        assert "This page is not there" in words_of(page.content.decode()) or page.context["issues"]


def test_is_not_there_for_strangers(as_kit: Client, as_jane: Client, project: Project) -> None:
    mutation = MutationFactory(project=project).pk

    assert as_jane.get(page_of(mutation)).status_code == 200
    theirs, none = as_kit.get(page_of(mutation)), as_kit.get(page_of(mutation + 1))
    assert (theirs.status_code, none.status_code) == (404, 404)
    pages = [words_of(answer.content.decode()) for answer in (theirs, none)]
    assert pages[0] == pages[1]
    assert "There is no such mutation" in pages[0]
    assert as_jane.get(page_of(10**30)).status_code == 404


def test_asks_as_much_for_many_issues_as_for_one(as_jane: Client, jane: User, project: Project) -> None:
    def cost(number: int) -> int:
        issues = [IssueFactory(project=project) for _ in range(number)]
        mutation = change(jane, project, issues, {"status": "resolved"}, status=Resolve())
        with CaptureQueriesContext(connection) as queries:
            as_jane.get(page_of(mutation))
        return len(queries)

    assert cost(2) == cost(30) <= 24
