"""The commands ``undo`` and ``prune_mutations``"""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from issues.models import Activity, Issue, Mutation
from issues.mutation import Assignment, Ignore, Resolve
from issues.services import pruning
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import IssueFactory
from tests.issues.services.calls import ask, delete, undo
from tests.issues.services.occurrences.batches import count, event, known

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


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


# ---------------------------------------------------------------------------------------------------------------------
# undo
# ---------------------------------------------------------------------------------------------------------------------


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


# ---------------------------------------------------------------------------------------------------------------------
# prune_mutations
# ---------------------------------------------------------------------------------------------------------------------


def test_prune_removes_what_is_old_and_keeps_the_activities(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    wishes: dict[str, Any] = {"status": Resolve(), "assignment": Assignment(None), "has_seen": True}
    old = ask(project, issues, by=by_jane, at=days_ago(31), **wishes)
    young = ask(project, issues, by=by_jane, at=days_ago(29), status=Ignore())
    before = snapshot()

    said = run("prune_mutations")

    assert said == "1 mutations removed, and what 6 activities had overwritten."
    assert list(Mutation.objects.values_list("pk", flat=True)) == [young.mutation_id]
    after = snapshot()
    assert {table for table in before if before[table] != after[table]} == {"issues_mutation", "issues_activity"}
    for pk, row in after["issues_activity"].items():
        was = before["issues_activity"][pk]
        forgotten = {name: None for name in row if name.startswith("before_") and was["mutation_id"] == old.mutation_id}
        assert row == {**was, **forgotten}
    assert run("prune_mutations") == "0 mutations removed, and what 0 activities had overwritten."


def test_prune_takes_the_days_from_the_setting_or_the_option(
    project: Project, issues: list[Issue], by_jane: Caller, settings: Any
) -> None:
    for days in (9, 5, 1):
        ask(project, issues, by=by_jane, at=days_ago(days), status=Ignore() if days == 5 else Resolve())

    settings.MUTATIONS_KEPT_DAYS = 7
    assert run("prune_mutations").startswith("1 mutations removed")
    assert run("prune_mutations", days=2).startswith("1 mutations removed")
    assert Mutation.objects.count() == 1
    with pytest.raises(CommandError, match="'0' is no whole number of days from 1 to 36500"):
        run("prune_mutations", "--days=0")
    assert Mutation.objects.count() == 1


def test_prune_goes_set_by_set(
    project: Project, issues: list[Issue], by_jane: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(40, 35, -1):
        ask(project, issues, by=by_jane, at=days_ago(days), status=Ignore() if days % 2 else Resolve())
    monkeypatch.setattr(pruning, "ISSUES", 4)

    sets = list(pruning.prune(days_ago(30), act()))

    assert [(done.mutations, done.activities) for done in sets] == [(2, 6), (2, 6), (1, 3)]
    assert not Activity.objects.exclude(before_status=None).exists()


def test_prune_leaves_no_gap(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    """One that waited for a lock has a later id, and an earlier time, than one that didn't."""
    for days in (40, 29, 31):
        ask(project, issues, by=by_jane, at=days_ago(days), status=Ignore() if days == 29 else Resolve())
    ids = list(Mutation.objects.order_by("pk").values_list("pk", flat=True))

    assert run("prune_mutations").startswith("1 mutations removed")

    assert list(Mutation.objects.order_by("pk").values_list("pk", flat=True)) == ids[1:]


def test_prune_keeps_what_an_event_overwrote_while_an_undo_looks_at_it(project: Project, by_jane: Caller) -> None:
    """Its time is earlier than that of the mutation, which it came after: both waited for the issue."""
    issue = known(project, ignored=True)
    resolved = ask(project, [issue], by=by_jane, at=days_ago(29), status=Resolve())
    count(project, event(at=days_ago(29)), at=days_ago(31))

    assert list(pruning.prune(days_ago(30), act())) == []

    assert Activity.objects.get(kind="set_regression").before_status == "resolved"
    assert undo(project, resolved, by=by_jane, at=timezone.now()).skipped == 1


def test_an_undo_outlives_what_it_took_back(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    """Its own undo needs no older record: it knows what to do to whose marks."""
    changed = ask(project, issues, by=by_jane, at=days_ago(31), has_seen=True, is_bookmarked=True, status=Ignore())
    left = marks()
    undone = undo(project, changed, by=by_jane, at=timezone.now())
    assert marks() != left

    run("prune_mutations")
    undo(project, undone, by=by_jane, at=timezone.now())

    assert marks() == left
    assert Issue.objects.filter(status="ignored").count() == 3


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
