"""What a message calls the issue that it is about, where that is one: by its short id, which leads to it."""

import re
from typing import Any

import pytest
from django.test import Client

from issues.models import Issue
from projects.models import Project, User
from tests.desk.acting.steps import choose, choose_all, confirm, look, said, undo
from tests.desk.history.asking import undo_of
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project, text__title="The pump stopped")


def link_of(answer: Any) -> tuple[str, str]:
    """Return the address and the words of the link in the message of a page."""
    messages = answer.content.decode().split('class="messages"')[1].split("<main")[0]
    found: tuple[str, str]
    (found,) = re.findall(r'<p>[^<]*<a href="([^"]*)">([^<]*)</a>', messages)
    return found


def test_names_the_one_that_an_action_changed_and_the_undo(as_jane: Client, issue: Issue) -> None:
    """From the list, to which one comes back from it."""
    way = f"/admin/desk/issues/{issue.pk}/?from=query%3Dpump", issue.short_id

    answer = confirm(as_jane, choose(as_jane, "resolve", [issue]))

    assert said(answer) == [f"{issue.short_id} resolved."]
    assert link_of(answer) == way
    answer = undo(as_jane, answer)
    assert said(answer) == [f"Undone: {issue.short_id} put back."]
    assert link_of(answer)[1] == issue.short_id


def test_leads_from_the_page_of_an_issue_to_the_same(as_jane: Client, issue: Issue) -> None:
    here = f"/admin/desk/issues/{issue.pk}/?from=query%3Dpump"

    answer = as_jane.post(
        "/admin/desk/act/", {"action": "resolve", "ids": issue.pk, "now": "1", "back": here}, follow=True
    )

    assert link_of(answer) == (here, issue.short_id)
    assert as_jane.get(link_of(answer)[0]).context["issue"] == issue


@pytest.mark.parametrize("is_all", [True, False])
@pytest.mark.parametrize("name", ["resolve", "bookmark"])
def test_names_the_one_of_several_that_was_changed(
    as_jane: Client, jane: User, project: Project, issue: Issue, name: str, is_all: bool
) -> None:
    other = IssueFactory(project=project, resolved=True)
    other.bookmarks.create(user=jane, project=project, created_at=NOW)

    page = choose_all(as_jane, name, query="") if is_all else choose(as_jane, name, [issue, other])
    answer = confirm(as_jane, page)

    assert said(answer)[0].startswith(f"{issue.short_id} ")
    assert said(undo(as_jane, answer)) == [f"Undone: {issue.short_id} put back."]


def test_names_the_one_that_was_given_a_note_or_deleted(as_jane: Client, issue: Issue) -> None:
    answer = confirm(as_jane, look(as_jane, choose(as_jane, "note", [issue]), text="Seen."), text="Seen.")
    assert said(answer) == [f"{issue.short_id} given a note."]

    answer = confirm(as_jane, choose(as_jane, "delete", [issue]))

    assert said(answer) == [f"{issue.short_id} deleted, for good."]
    assert "<a " not in str(next(iter(answer.context["messages"])))  # it leads nowhere any more


def test_counts_several(as_jane: Client, project: Project, issue: Issue) -> None:
    answer = confirm(as_jane, choose(as_jane, "resolve", [issue, IssueFactory(project=project)]))

    assert said(answer) == ["2 issues resolved."]
    assert said(undo(as_jane, answer)) == ["Undone: 2 issues put back."]


def test_names_the_one_that_is_undone_in_the_history(as_jane: Client, issue: Issue) -> None:
    answer = confirm(as_jane, choose(as_jane, "resolve", [issue]))
    (pk,) = re.findall(r'name="mutations" value="(\d+)"', answer.content.decode())

    answer = as_jane.post(undo_of(int(pk)), {"expected": "1"}, follow=True)

    assert said(answer) == [f"Undone: {issue.short_id} put back."]
    assert as_jane.get(link_of(answer)[0]).context["issue"] == issue
