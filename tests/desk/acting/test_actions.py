"""Each action of the table: what would change is shown, then done by the one service, then taken back."""

from typing import Any

import pytest
from django.test import Client

from desk.acting.actions import ACTIONS, DELETE, NOTE
from issues.enums import ActivityKind, MutationKind
from issues.models import Activity, Issue, IssueBookmark, IssueSeen, Mutation
from issues.mutation import IssueMutation, NamedIssues
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import digest
from tests.desk.acting.steps import (
    OF_THE_BROWSER,
    changes,
    choose,
    confirm,
    focus_of,
    ids_of,
    look,
    numbers,
    said,
    state_of_issues,
    undo,
)
from tests.factories import NOW, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

# What the form says, what the service is asked, and what a row says of it.
CASES: dict[str, tuple[dict[str, str], dict[str, Any], tuple[str, str, str]]] = {
    "resolve": ({}, {"status": "resolved"}, ("", "Unresolved", "Resolved")),
    "resolve_in_next_release": (
        {},
        {"status": "resolvedInNextRelease"},
        ("", "Unresolved", "Resolved in the release after 1.0.0"),
    ),
    "resolve_in_release": (
        {"inRelease": "1.0.0"},
        {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
        ("", "Unresolved", "Resolved in 1.0.0"),
    ),
    "ignore": (
        {"ignoreCount": "5", "ignoreUserCount": "3", "ignoreUserWindow": "60"},
        {"status": "ignored", "ignoreCount": 5, "ignoreUserCount": 3, "ignoreUserWindow": 60},
        ("", "Unresolved", "Ignored until 5 more events or 3 users within 60 minutes"),
    ),
    "reopen": ({}, {"status": "unresolved"}, ("", "Resolved", "Unresolved")),
    "assign": ({"assignedTo": "jane"}, {"assignedTo": "jane"}, ("assigned to", "nobody", "Jane Schmidt")),
    "take": ({}, {"assignedTo": "me"}, ("assigned to", "nobody", "Jane Schmidt")),
    "unassign": ({}, {"assignedTo": None}, ("assigned to", "Jane Schmidt", "nobody")),
    "priority": ({"priority": "high"}, {"priority": "high"}, ("priority", "medium", "high")),
    "merge": ({}, {"merge": True}, ("", "1 event", "3 events")),
    "unmerge": ({}, {"merge": False}, ("", "merged", "Unresolved")),
    "mark_seen": ({}, {"hasSeen": True}, ("", "not seen", "seen")),
    "mark_unseen": ({}, {"hasSeen": False}, ("", "seen", "not seen")),
    "bookmark": ({}, {"isBookmarked": True}, ("", "no bookmark", "bookmarked")),
    "unbookmark": ({}, {"isBookmarked": False}, ("", "bookmarked", "no bookmark")),
    "subscribe": ({}, {"isSubscribed": True}, ("", "not followed", "followed")),
    "unsubscribe": ({}, {"isSubscribed": False}, ("", "followed", "not followed")),
    "share": ({}, {"isPublic": True}, ("", "private", "public")),
    "unshare": ({}, {"isPublic": False}, ("", "public", "private")),
}
WISHES = {
    "mark_unseen": IssueMutation(has_seen=True),
    "unbookmark": IssueMutation(is_bookmarked=True),
    "unsubscribe": IssueMutation(is_subscribed=True),
    "unshare": IssueMutation(is_public=True),
    "unmerge": IssueMutation(merge=True),
}


@pytest.fixture
def targets(request: pytest.FixtureRequest, project: Project, jane: User) -> list[Issue]:
    """Three issues that the action changes."""
    ReleaseFactory(projects=[project], version="1.0.0")
    name = request.param
    issues = [
        IssueFactory(project=project, resolved=name == "reopen", assignee_user=jane if name == "unassign" else None)
        for _ in range(4 if name == "unmerge" else 3)
    ]
    if wish := WISHES.get(name):
        scope = NamedIssues(project.pk, ids=frozenset(ids_of(issues)))
        outcome = bulk.mutate(scope, wish, Act(by=Caller(user=jane), at=NOW, lock_timeout=5))
        Mutation.objects.all().delete()
        Activity.objects.all().delete()
        if outcome.merged:
            return [issue for issue in issues if issue.pk in outcome.merged.children]
    return issues


def test_every_action_has_a_case() -> None:
    assert set(CASES) | {NOTE, DELETE} == set(ACTIONS)


def test_every_key_presses_one_action() -> None:
    keys = [action.key for action in ACTIONS.values() if action.key]

    assert len(keys) == len(set(keys))
    assert set(keys).isdisjoint({"j", "k", "x", "z", "/", "?"})  # the page's own


@pytest.mark.parametrize(("targets", "name"), [(name, name) for name in CASES], indirect=["targets"], ids=list(CASES))
def test_shows_what_would_change_then_changes_that_by_the_service_and_takes_it_back(
    as_jane: Client, jane: User, targets: list[Issue], name: str
) -> None:
    fields, body, change = CASES[name]
    before, issues_before, marks_before = digest(), state_of_issues(), marks_of(jane)

    page = choose(as_jane, name, targets)
    if fields:
        page = look(as_jane, page, **fields)

    assert {table for table, rows in digest().items() if rows != before[table]} <= OF_THE_BROWSER
    shown = numbers(page)[1]
    assert shown == (4 if name == "unmerge" else 3)  # and the parent
    assert ("both sides of an unmerge" in page.content.decode()) == (name == "unmerge")
    assert change in changes(page)
    answer = confirm(as_jane, page, **fields)

    mutation = Mutation.objects.get()
    assert (mutation.kind, mutation.body, mutation.ids) == (MutationKind.UPDATE, body, sorted(ids_of(targets)))
    assert (mutation.user, mutation.changed) == (jane, shown)
    assert said(answer) == [f"{shown} issues {ACTIONS[name].done}."]

    answer = undo(as_jane, answer)

    assert said(answer) == [f"Undone: {shown} issues put back."]
    assert Mutation.objects.get(kind=MutationKind.UNDO).undoes == mutation.pk
    assert state_of_issues() == issues_before
    assert marks_of(jane) == marks_before


def test_has_the_focus_where_one_goes_on(as_jane: Client, project: Project) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    page = choose(as_jane, "ignore", issues)

    assert focus_of(page) == ["ignoreDuration"]
    assert focus_of(look(as_jane, page, ignoreCount="5")) == ["confirm"]
    assert focus_of(look(as_jane, page, ignoreCount="-5")) == ["ignoreCount"]
    assert focus_of(choose(as_jane, "resolve", issues)) == ["confirm"]
    assert focus_of(choose(as_jane, DELETE, issues)) == []  # nobody deletes by a key that was pressed too long


def marks_of(user: User) -> list[set[int]]:
    """Return which issues somebody has seen, and which they bookmarked."""
    return [
        set(model.objects.filter(user=user).values_list("issue", flat=True)) for model in (IssueSeen, IssueBookmark)
    ]


def test_says_which_becomes_the_parent(as_jane: Client, project: Project) -> None:
    issues = [IssueFactory(project=project) for _ in range(3)]

    page = choose(as_jane, "merge", issues)

    assert page.context["trial"].parent.id == issues[0].pk
    assert f"All would be merged into <b>{issues[0].short_id}</b>" in page.content.decode()
    assert [row.fate for row in page.context["trial"].rows] == ["merged", "merged", ""]
    assert page.context["after"] == [("unresolved", 1), ("merged", 2)]


def test_deletes_for_good_after_a_page_that_says_so(as_jane: Client, project: Project) -> None:
    parent, other = IssueFactory(project=project), IssueFactory(project=project)
    IssueFactory(merged_into=parent)

    page = choose(as_jane, "delete", [parent], now="1")

    assert "can&#x27;t be undone" in page.content.decode() or "can't be undone" in page.content.decode()
    assert page.context["after"] == [("deleted", 2)]
    assert Issue.objects.count() == 3
    answer = confirm(as_jane, page)
    assert said(answer) == ["2 issues deleted, for good."]
    assert 'name="mutations"' not in answer.content.decode()
    assert list(Issue.objects.all()) == [other]


def test_writes_a_note_on_each(as_jane: Client, project: Project, jane: User) -> None:
    issues = [IssueFactory(project=project) for _ in range(2)]

    written = "The pump\r\nwas replaced."  # a browser's line break
    page = look(as_jane, choose(as_jane, "note", issues), text=written)
    answer = confirm(as_jane, page, text=written)

    assert said(answer) == ["2 issues given a note."]
    notes = Activity.objects.filter(kind=ActivityKind.NOTE).order_by("issue")
    assert [(note.issue_id, note.user, note.data) for note in notes] == [
        (pk, jane, {"text": "The pump\nwas replaced."}) for pk in ids_of(issues)
    ]


# at once


def test_does_to_one_issue_what_needs_no_words_at_once(as_jane: Client, project: Project) -> None:
    issue = IssueFactory(project=project)

    answer = as_jane.post(
        "/admin/desk/act/", {"action": "resolve", "ids": issue.pk, "now": "1", "back": "/admin/desk/"}, follow=True
    )

    assert said(answer) == [f"{issue.short_id} resolved."]
    assert said(undo(as_jane, answer)) == [f"Undone: {issue.short_id} put back."]
    issue.refresh_from_db()
    assert issue.status == "unresolved"


@pytest.mark.parametrize("name", sorted(action.name for action in ACTIONS.values() if not action.at_once))
def test_asks_first_where_words_are_needed_or_nothing_takes_it_back(
    as_jane: Client, project: Project, name: str
) -> None:
    issue = IssueFactory(project=project)

    page = choose(as_jane, name, [issue], now="1")

    assert page.status_code == 200
    assert not Mutation.objects.exists()


def test_asks_first_for_several(as_jane: Client, project: Project) -> None:
    page = choose(as_jane, "resolve", [IssueFactory(project=project) for _ in range(2)], now="1")

    assert numbers(page) == (2, 2)
    assert not Mutation.objects.exists()
