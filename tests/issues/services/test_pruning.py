"""What is older than it is kept goes ..., and nothing else: set by set, project by project."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from issues.models import Activity, Issue, IssueHour, IssueMinute, Mutation
from issues.mutation import Assignment, Ignore, Resolve, Unresolve
from issues.services import notes, pruning
from issues.services.pruning import Step
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import NOW, IssueHashFactory, IssueHourFactory
from tests.invariants import breaches
from tests.issues.services.calls import ask, undo
from tests.issues.services.occurrences.batches import count, event, known

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OLD, YOUNG = NOW - 31 * DAY, NOW - 29 * DAY
BEFORE = NOW - 30 * DAY

Prune = Callable[[datetime, Act], Iterator[Step]]


def removed(prune: Prune, before: datetime = BEFORE) -> int:
    """Prune until nothing is left, see that all that must hold does, and return how many rows are gone."""
    steps = list(prune(before, act()))
    assert sum(step.left for step in steps) == 0
    assert breaches() == []
    return sum(step.removed for step in steps)


@pytest.fixture
def by_jane(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueHashFactory(issue__project=project, issue__assigned=True).issue for _ in range(3)]


# ---------------------------------------------------------------------------------------------------------------------
# Mutations
# ---------------------------------------------------------------------------------------------------------------------


def test_old_mutations_go_and_nothing_else(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    wishes: dict[str, Any] = {"status": Resolve(), "assignment": Assignment(None), "has_seen": True}
    ask(project, issues, by=by_jane, at=OLD, **wishes)
    young = ask(project, issues, by=by_jane, at=YOUNG, status=Ignore())
    before = snapshot()

    assert removed(pruning.prune_mutations) == 1

    assert list(Mutation.objects.values_list("pk", flat=True)) == [young.mutation_id]
    after = snapshot()
    assert {table for table in before if before[table] != after[table]} == {"issues_mutation"}
    assert removed(pruning.prune_mutations) == 0


def test_each_project_has_a_beginning_of_its_own(
    project: Project, other_project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """Those of a project where something is left don't keep those of another."""
    elsewhere = IssueHashFactory(issue__project=other_project).issue
    for at in (YOUNG, OLD):
        ask(project, issues, by=by_jane, at=at, status=Resolve() if at == OLD else Ignore())
        ask(other_project, [elsewhere], by=by_jane, at=OLD, status=Resolve() if at == OLD else Ignore())

    # Of the first project the beginning is young: one that waited for a lock has a later id, and an earlier time.
    assert removed(pruning.prune_mutations) == 2

    assert list(Mutation.objects.values_list("project_id", flat=True)) == [project.pk] * 2


def test_mutations_go_set_by_set(
    project: Project, issues: list[Issue], by_jane: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ask(
            project,
            issues,
            by=by_jane,
            at=OLD + number * timedelta(minutes=1),
            status=(Resolve(), Ignore())[number % 2],
        )
    monkeypatch.setattr(pruning, "MUTATIONS", 2)

    steps = list(pruning.prune_mutations(BEFORE, act()))

    assert [step.removed for step in steps if step.removed] == [2, 2, 1]


def test_an_undo_outlives_what_it_took_back(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    """Its own undo needs no older record: it knows what to do to whose marks."""
    changed = ask(project, issues, by=by_jane, at=OLD, has_seen=True, is_bookmarked=True, status=Ignore())
    left = marks()
    undone = undo(project, changed, by=by_jane, at=YOUNG)
    assert marks() != left

    assert removed(pruning.prune_mutations) == 1
    assert removed(pruning.prune_activities) == 3
    undo(project, undone, by=by_jane, at=NOW)

    assert marks() == left
    assert Issue.objects.filter(status="ignored").count() == 3


def marks() -> list[Any]:
    tables = snapshot()
    return [
        sorted((row["issue_id"], row["user_id"]) for row in tables[table].values())
        for table in ("issues_issueseen", "issues_issuebookmark")
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Activities
# ---------------------------------------------------------------------------------------------------------------------


def test_old_activities_go_and_notes_stay(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    ask(project, issues, by=by_jane, at=OLD, status=Resolve(), assignment=Assignment(None))
    assert notes.add(issues[0], "The pump was dry.", act(by_jane, OLD))
    ask(project, issues, by=by_jane, at=OLD, status=Ignore())
    ask(project, issues[:1], by=by_jane, at=YOUNG, status=Unresolve())
    pruning_mutations = removed(pruning.prune_mutations)
    before = snapshot()

    assert (pruning_mutations, removed(pruning.prune_activities)) == (2, 9)

    after = snapshot()
    assert {table for table in before if before[table] != after[table]} == {"issues_activity"}
    assert list(Activity.objects.order_by("pk").values_list("issue", "kind")) == [
        (issues[0].pk, "note"),
        (issues[0].pk, "set_unresolved"),
    ]
    assert removed(pruning.prune_activities) == 0


def test_what_a_kept_mutation_did_is_told_and_what_came_after(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """Its undo looks at both, whatever their times: requests wait for locks."""
    issue = known(project, ignored=True)
    ask(project, [issue], by=by_jane, at=OLD - DAY, status=Unresolve())
    resolved = ask(project, [issue, *issues], by=by_jane, at=YOUNG, status=Resolve())
    count(project, event(at=YOUNG), at=OLD)
    assert removed(pruning.prune_mutations) == 1

    assert removed(pruning.prune_activities, NOW) == 1  # all three are older; the first is no kept mutation's

    assert list(issue.activities.order_by("pk").values_list("kind", flat=True)) == ["set_resolved", "set_regression"]
    assert undo(project, resolved, by=by_jane, at=NOW).skipped_ids == (issue.pk,)


def test_activities_go_set_by_set(
    project: Project, other_project: Project, issues: list[Issue], by_jane: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = IssueHashFactory(issue__project=other_project).issue
    for status in (Resolve(), Ignore(), Unresolve()):
        ask(project, issues, by=by_jane, at=OLD, status=status)
    ask(other_project, [elsewhere], by=by_jane, at=OLD, status=Resolve())
    assert removed(pruning.prune_mutations) == 4
    monkeypatch.setattr(pruning, "ACTIVITIES", 4)
    monkeypatch.setattr(pruning, "ISSUES", 2)

    steps = list(pruning.prune_activities(BEFORE, act()))

    assert [step.removed for step in steps if step.removed] == [4, 2, 3, 1]
    assert sum(step.looked_at for step in steps) == Issue.objects.count() == 4
    assert not Activity.objects.exists()


# ---------------------------------------------------------------------------------------------------------------------
# Hours and minutes
# ---------------------------------------------------------------------------------------------------------------------


def test_old_hours_go_of_a_whole_tree_at_once(project: Project, by_jane: Caller) -> None:
    """Also where a child alone had events; numbers of events stay."""
    hours = [BEFORE - DAY, BEFORE - timedelta(hours=1), BEFORE, NOW]
    made = [
        IssueHashFactory(
            issue__project=project, issue__own_first_seen=hours[0] - number * DAY, issue__own_times_seen=9
        ).issue
        for number in range(3)
    ]
    alone, child, parent = made
    for issue, of_it in ((alone, hours), (child, hours[1:]), (parent, hours[2:])):
        for hour in of_it:
            IssueHourFactory(issue=issue, hour=hour, own_count=2)
    ask(project, [child, parent], by=by_jane, merge=True)
    assert IssueHour.objects.filter(issue=parent, hour__lt=BEFORE).exists()
    before = snapshot()

    assert removed(pruning.prune_hours) == 4

    after = snapshot()
    assert {table for table in before if before[table] != after[table]} == {"issues_issuehour"}
    assert not IssueHour.objects.filter(hour__lt=BEFORE).exists()
    assert IssueHour.objects.count() == 6
    ask(project, [parent], by=by_jane, merge=False)
    assert breaches() == []


def test_years_of_hours_go_in_slices(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    issue = IssueHashFactory(issue__project=project, issue__own_times_seen=99).issue
    for days in (0, 1, 40, 200, 400):
        IssueHourFactory(issue=issue, hour=BEFORE - (1 + days) * DAY)

    steps = list(pruning.prune_hours(BEFORE, act()))

    assert [step.removed for step in steps if step.removed] == [1, 1, 1, 2]


def test_old_minutes_go_of_issues_that_no_event_comes_to(project: Project) -> None:
    issue = IssueHashFactory(issue__project=project).issue
    for minute in (BEFORE - DAY, BEFORE):
        IssueMinute.objects.create(issue=issue, project=project, minute=minute, own_count=1)

    assert removed(pruning.prune_minutes) == 1
    assert IssueMinute.objects.get().minute == BEFORE
