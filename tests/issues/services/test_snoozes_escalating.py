"""Ignored until it escalates: above how many events within an hour, of each issue by its own hours (contract 1.4)."""

from datetime import timedelta
from typing import Any

import pytest

from issues.enums import ActivityKind
from issues.models import Activity, Issue
from issues.mutation import Ignore, Merged, MutationOutcome, Resolve, SnoozeTerms, StatusChange, Unresolve
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueHourFactory
from tests.issues.services.calls import ask
from tests.issues.services.undoing import LATER, LATER_STILL, undo

pytestmark = pytest.mark.django_db

UNTIL_ESCALATING = Ignore(SnoozeTerms(until_escalating=True))
HOUR, WEEK, INSTANT = timedelta(hours=1), timedelta(days=7), timedelta(microseconds=1)

everybody = pytest.mark.parametrize("named", [True, False], ids=["by id", "update all"])


def ends_above(issue: Issue) -> int | None:
    issue.refresh_from_db()
    return issue.snooze_escalates_above


@everybody
def test_is_twice_the_busiest_hour_of_the_week_before_and_ten_at_least(
    project: Project, by_key: Caller, named: bool
) -> None:
    hours = {
        "none": ([], 9),
        "a calm one": ([(NOW - HOUR, 4)], 9),
        "one that is just above": ([(NOW - HOUR, 5)], 10),
        "the busiest of some": ([(NOW - 3 * HOUR, 7), (NOW - 2 * HOUR, 50), (NOW - HOUR, 20)], 100),
        "the first of the week": ([(NOW - WEEK + INSTANT, 50)], 100),
        "one that is too long ago": ([(NOW - WEEK, 50), (NOW - HOUR, 6)], 12),
        "the one that goes on": ([(NOW, 50)], 100),
        "one that is to come": ([(NOW + INSTANT, 50)], 9),
        "the largest there is": ([(NOW - HOUR, 2**31 - 1)], 2**31 - 1),
    }
    issues = {name: IssueFactory(project=project) for name in hours}
    for name, (counts, _) in hours.items():
        for hour, count in counts:
            IssueHourFactory(issue=issues[name], hour=hour, own_count=count)

    outcome = ask(project, list(issues.values()) if named else None, by=by_key, status=UNTIL_ESCALATING)

    assert (outcome.matched, outcome.changed) == (len(hours), len(hours))
    assert {name: ends_above(issue) for name, issue in issues.items()} == {name: n for name, (_, n) in hours.items()}
    assert {issue.snooze_started_at for issue in issues.values()} == {NOW}
    told = Activity.objects.filter(mutation_id=outcome.mutation_id)
    assert {(a.kind, repr(a.data)) for a in told} == {(ActivityKind.SET_IGNORED, "{'ignoreUntilEscalating': True}")}


def test_counts_what_was_merged_into_it_too(project: Project, by_key: Caller) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)
    for issue in (parent, child):
        IssueHourFactory(issue=issue, hour=NOW - HOUR, own_count=20)
    merged = ask(project, [parent, child], by=by_key, merge=True)
    assert merged.merged == Merged(parent.pk, (child.pk,))

    ask(project, [parent], by=by_key, status=UNTIL_ESCALATING)

    assert (ends_above(parent), ends_above(child)) == (80, None)


@everybody
def test_stays_as_it_was_fixed_while_it_holds(project: Project, by_key: Caller, named: bool) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_key, status=UNTIL_ESCALATING)
    IssueHourFactory(issue=issue, hour=NOW, own_count=500)
    before = snapshot()

    again = ask(project, [issue] if named else None, by=by_key, at=LATER, status=UNTIL_ESCALATING)

    assert again == MutationOutcome(matched=1, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize(
    "terms",
    [
        SnoozeTerms(),
        SnoozeTerms(until=NOW + HOUR),
        SnoozeTerms(count=5),
        SnoozeTerms(count=5, window=60, user_count=5, user_window=60),
    ],
)
def test_is_another_term_than_all_others(terms: SnoozeTerms, project: Project, by_key: Caller) -> None:
    issue = IssueFactory(project=project)
    stored = [name for name in vars(issue) if name.startswith("snooze_")]

    def columns() -> Any:
        return Issue.objects.values(*stored).get()

    ask(project, [issue], by=by_key, status=Ignore(terms))
    under_terms = columns()
    assert ask(project, [issue], by=by_key, status=UNTIL_ESCALATING).changed == 1
    assert columns() == dict.fromkeys(stored) | {"snooze_escalates_above": 9, "snooze_started_at": NOW}
    assert ask(project, [issue], by=by_key, status=Ignore(terms)).changed == 1
    assert columns() == under_terms


@pytest.mark.parametrize("wish", [Resolve(), Unresolve()])
def test_ends_with_the_status(wish: StatusChange, project: Project, by_key: Caller) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_key, status=UNTIL_ESCALATING)

    outcome = ask(project, [issue], by=by_key, at=LATER, status=wish)

    assert outcome.changed == 1
    assert (ends_above(issue), issue.snooze_started_at) == (None, None)


@everybody
def test_comes_back_by_an_undo_as_it_was_fixed(project: Project, by_key: Caller, named: bool) -> None:
    issue = IssueFactory(project=project)
    IssueHourFactory(issue=issue, hour=NOW - HOUR, own_count=20)
    ask(project, [issue], by=by_key, status=UNTIL_ESCALATING)
    before = Issue.objects.values().get()
    resolved = ask(project, [issue] if named else None, by=by_key, at=LATER, status=Resolve())
    IssueHourFactory(issue=issue, hour=NOW, own_count=500)

    undone = undo(project, resolved, by=by_key, at=LATER_STILL)

    assert (undone.changed, undone.skipped) == (1, 0)
    assert Issue.objects.values().get() == before | {"mutation_id": undone.mutation_id}
    told = Activity.objects.get(mutation_id=undone.mutation_id)
    assert (told.kind, told.data) == (ActivityKind.SET_IGNORED, {"ignoreUntilEscalating": True})


def test_is_the_same_to_an_undo_wherever_it_was_fixed(project: Project, by_key: Caller) -> None:
    """Nobody is told above how many events: what the first mutation left is there again, by another one."""
    issue = IssueFactory(project=project)
    first = ask(project, [issue], by=by_key, status=UNTIL_ESCALATING)
    ask(project, [issue], by=by_key, at=LATER, status=Resolve())
    IssueHourFactory(issue=issue, hour=NOW, own_count=500)
    ask(project, [issue], by=by_key, at=LATER, status=UNTIL_ESCALATING)
    assert ends_above(issue) == 1000

    undone = undo(project, first, by=by_key, at=LATER_STILL)

    assert (undone.changed, undone.skipped) == (1, 0)
    assert ends_above(issue) is None
    assert issue.status == "unresolved"
