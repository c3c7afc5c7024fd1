"""The command ``undo``."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from issues.models import Issue, Mutation
from issues.mutation import Ignore, Resolve
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import snapshot
from tests.factories import IssueFactory
from tests.issues.services.calls import ask, delete

pytestmark = pytest.mark.django_db


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO(), **options)
    return out.getvalue().rstrip("\n")


@pytest.fixture
def by_jane(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project, assigned=True) for _ in range(3)]


def test_undo_says_what_it_put_back(project: Project, issues: list[Issue], sam: User, by_jane: Caller) -> None:
    changed = ask(project, None, by=by_jane, status=Resolve())
    ask(project, issues[:1], by=by_jane, status=Ignore())
    before = snapshot()

    looked = run("undo", changed.mutation_id, user="sam", preview=True)
    assert snapshot() == before
    said = run("undo", changed.mutation_id, user="sam")

    left = f"1 left alone ({issues[0].pk})."
    undo = Mutation.objects.get(kind="undo")
    assert looked == f"3 issues matched, 2 would be put back, {left}"
    assert said == f"3 issues matched, 2 put back, {left} This is mutation {undo.pk}."
    assert (undo.user_id, undo.undoes) == (sam.pk, changed.mutation_id)
    statuses = Issue.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["ignored", "unresolved", "unresolved"]


def test_undo_refuses(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    deleted = delete(project, issues[:1], by=by_jane)
    before = snapshot()

    for pk, user, sentence in (
        (deleted.mutation_id, "jane", "A deletion can't be undone."),
        (deleted.mutation_id, "nobody", "There is no active user nobody."),
        (2**62, "jane", f"There is no mutation {2**62}, or none any more."),
        (2**70, "jane", f"Error: argument mutation: '{2**70}' is no number of a mutation from 1 to {2**63 - 1}."),
    ):
        with pytest.raises(CommandError) as refusal:
            run("undo", pk, user=user)
        assert str(refusal.value) == sentence
    assert snapshot() == before


def test_undo_leaves_marks_to_whose_they_are(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    """Who runs the command names somebody for the history, and is not them."""
    changed = ask(project, issues, by=by_jane, has_seen=True, is_bookmarked=True, status=Ignore())
    left = marks()

    looked = run("undo", changed.mutation_id, user="jane", preview=True)
    said = run("undo", changed.mutation_id, user="jane")

    ids = ", ".join(str(issue.pk) for issue in issues)
    assert looked == f"3 issues matched, 3 would be put back, 3 left alone ({ids})."
    assert said.startswith(f"3 issues matched, 3 put back, 3 left alone ({ids}).")
    assert marks() == left
    assert Issue.objects.filter(status="unresolved").count() == 3


def marks() -> list[Any]:
    tables = snapshot()
    return [
        sorted((row["issue_id"], row["user_id"]) for row in tables[table].values())
        for table in ("issues_issueseen", "issues_issuebookmark")
    ]
