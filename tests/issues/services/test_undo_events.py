"""Undo, and what events did to a status: they are a change as any other (contract 6, 7.9, 7.11)."""

from typing import Any

import pytest

from issues.enums import ActivityKind
from issues.models import Activity, Issue
from issues.mutation import Assignee, Assignment, Ignore, Resolve, SnoozeTerms, StatusChange
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW
from tests.issues.services.calls import ask, undo
from tests.issues.services.occurrences.batches import MINUTE, count, event, known

pytestmark = pytest.mark.django_db

SOON, LATER, LATER_STILL, AT_LAST = (NOW + minutes * MINUTE for minutes in (1, 2, 3, 4))

everybody = pytest.mark.parametrize("named", [True, False], ids=["by id", "update all"])


def state() -> dict[str, Any]:
    """Return the columns of the one issue, but for its stamp."""
    return {name: value for name, value in Issue.objects.values().get().items() if name != "mutation_id"}


@everybody
@pytest.mark.parametrize("since", [{}, {"is_public": True}], ids=["at once", "after another mutation"])
@pytest.mark.parametrize(
    ("before", "wish", "opened"),
    [
        ({"ignored": True}, Resolve(), "regressed"),
        ({"resolved": True}, Ignore(SnoozeTerms(count=1)), "escalating"),
        ({"resolved": True}, Ignore(SnoozeTerms(count=1, window=60)), "escalating"),
        ({"ignored": True, "snooze_escalates_above": 9}, Resolve(), "regressed"),
    ],
    ids=str,
)
def test_puts_nothing_back_over_it(
    project: Project,
    by_jane: Caller,
    before: dict[str, Any],
    wish: StatusChange,
    opened: str,
    since: dict[str, Any],
    named: bool,
) -> None:
    issue = known(project, **before)
    done = ask(project, [issue] if named else None, by=by_jane, status=wish, body={"status": "…"})
    count(project, event(at=SOON), at=SOON)
    if since:
        ask(project, [issue], by=by_jane, at=LATER, body={"isPublic": True}, **since)
    left = state()

    undone = undo(project, done, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped_ids) == (0, (issue.pk,))
    assert state() == left
    assert (left["status"], left["reopened_as"]) == ("unresolved", opened)


def test_gives_back_the_rest(project: Project, by_jane: Caller, jane: User) -> None:
    issue = known(project)
    to_jane = Assignment(Assignee("user", jane.pk, jane.name))
    done = ask(project, [issue], by=by_jane, status=Resolve(), assignment=to_jane)
    count(project, event(at=SOON), at=SOON)

    undone = undo(project, done, by=by_jane, at=LATER)

    issue.refresh_from_db()
    assert (undone.changed, undone.skipped) == (1, 1)
    assert (issue.status, issue.reopened_as, issue.assignee_user_id) == ("unresolved", "regressed", None)


@everybody
@pytest.mark.parametrize("wish", [Resolve(), Ignore(), Ignore(SnoozeTerms(until_escalating=True))], ids=str)
@pytest.mark.parametrize(
    ("first", "opened"),
    [(Resolve(), "regressed"), (Ignore(SnoozeTerms(count=1)), "escalating")],
    ids=["regressed", "escalating"],
)
def test_brings_back_how_it_was_opened(
    project: Project, by_jane: Caller, first: StatusChange, opened: str, wish: StatusChange, named: bool
) -> None:
    issue = known(project)
    before = ask(project, [issue], by=by_jane, status=first, body={"status": "…"})
    count(project, event(at=SOON), at=SOON)
    as_opened = state()
    assert as_opened["reopened_as"] == opened
    done = ask(project, [issue] if named else None, by=by_jane, at=LATER, status=wish, body={"status": "…"})
    as_done = state()
    assert as_done["reopened_as"] is None

    undone = undo(project, done, by=by_jane, at=LATER_STILL)

    assert (undone.changed, state()) == (1, as_opened)
    told = Activity.objects.get(mutation_id=undone.mutation_id)
    assert (told.kind, told.data) == (ActivityKind.SET_UNRESOLVED, {})
    assert undo(project, before, by=by_jane, at=AT_LAST).changed == 0
    assert undo(project, undone, by=by_jane, at=AT_LAST).changed == 1
    assert state() == as_done


def test_of_terms_that_time_has_ended_is_as_if_no_event_had_come(project: Project, by_jane: Caller) -> None:
    """An event after the end changes nothing: the issue is unresolved since then already."""
    issue = known(project, ignored=True, snooze_started_at=NOW - MINUTE)
    before = {name: value for name, value in state().items() if name.startswith(("status", "snooze", "reopened"))}
    done = ask(project, [issue], by=by_jane, status=Ignore(SnoozeTerms(until=SOON)), body={"status": "…"})
    count(project, event(at=LATER), at=LATER)

    undone = undo(project, done, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped) == (1, 0)
    assert state() | before == state()
