"""What a role allows at the desk is asked of the one table (projects/roles.py), for each organization."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from desk.acting.actions import ACTIONS, DELETE
from issues.enums import ActivityKind
from issues.models import Issue
from projects.models import Project, Role, User
from projects.roles import ALLOWED, May
from tests.assertions import digest
from tests.desk.acting.steps import ACT, OF_THE_BROWSER, UNDO, choose, ids_of, said
from tests.desk.history.asking import undo_of
from tests.desk.reading import LIST
from tests.factories import ActivityFactory, IssueFactory, MutationFactory

pytestmark = pytest.mark.django_db

REFUSED_IN_WORDS = "Your role in the-interstellar-jurisdiction doesn't allow this."
REFUSED = escape(REFUSED_IN_WORDS)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(2)]


def without(monkeypatch: pytest.MonkeyPatch, what: May) -> None:
    """Let no member do this any more."""
    monkeypatch.setattr("projects.roles.ALLOWED", {**ALLOWED, Role.MEMBER: ALLOWED[Role.MEMBER] - {what}})


def kept() -> dict[str, Any]:
    return {table: rows for table, rows in digest().items() if table not in OF_THE_BROWSER}


def test_every_action_needs_something_that_a_role_can_allow() -> None:
    assert {action.needs for action in ACTIONS.values()} == {May.TRIAGE, May.DELETE_ISSUES}
    assert [name for name, action in ACTIONS.items() if action.needs == May.DELETE_ISSUES] == [DELETE]


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_refuses_what_the_role_does_not_allow(
    as_sam: Client, issues: list[Issue], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, ACTIONS[name].needs)
    before = kept()

    pages = [
        choose(as_sam, name, issues),
        as_sam.post(ACT, {"action": name, "ids": ids_of(issues)[:1], "confirm": "1", "expected": "1", "back": LIST}),
        as_sam.post(ACT, {"action": name, "id": ids_of(issues)[:1], "now": "1", "back": LIST}),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert [REFUSED in page.content.decode() for page in pages] == [True, True, True]
    assert kept() == before


def test_takes_nothing_back_where_the_role_does_not_allow_it(
    as_sam: Client, issues: list[Issue], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation = MutationFactory(project=project, ids=ids_of(issues))
    without(monkeypatch, May.TRIAGE)
    before = kept()

    as_sam.post(UNDO, {"mutations": mutation.pk, "back": LIST})
    answer = as_sam.post(undo_of(mutation.pk), {"expected": "2"}, follow=True)

    assert said(answer)[-1] == REFUSED_IN_WORDS
    assert kept() == before


def test_lets_nobody_write_or_change_notes_where_the_role_does_not_allow_it(
    as_sam: Client, sam: User, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = {"text": "mine"}
    note = ActivityFactory(issue=issues[0], kind=ActivityKind.NOTE, user=sam, mutation_id=None, data=text).pk
    without(monkeypatch, May.TRIAGE)
    before = kept()

    answers = [
        as_sam.post(reverse("desk:notes", args=[issues[0].pk]), {"text": "another"}),
        *(
            as_sam.post(reverse("desk:note", args=[issues[0].pk, note]), {"text": "other", "do": do}, follow=True)
            for do in ("edit", "delete")
        ),
    ]

    assert [said(answer) for answer in answers] == [[REFUSED_IN_WORDS]] * 3
    assert kept() | {"issues_issueseen": before["issues_issueseen"]} == before  # the page was looked at


def test_lets_members_do_all_of_it(as_sam: Client, issues: list[Issue]) -> None:
    as_sam.post(ACT, {"action": "resolve", "id": ids_of(issues)[:1], "now": "1", "back": LIST})

    assert Issue.objects.filter(status="resolved").count() == 1
