"""What goes away in the background, and what stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError

from events.counting import Counting, Kept, forgetting, tidying, trimming
from events.counting.tidying import Tidying
from events.models import Arrival, Event, EventId
from issues.models import ForgottenHash, Issue
from issues.mutation import NamedIssues
from issues.services import deletion
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.events.counting.arriving import arrive, count, fingerprint, issue_of
from tests.factories import NOW, IssueFactory, IssueHashFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def tidy(*projects: Project, per_issue: int = 3, at: datetime = NOW, sweeps: bool = False) -> Tidying:
    """Count what waits in these projects, and do a whole round."""
    tidying = Tidying(per_issue=per_issue, now=lambda: at)
    if not sweeps:
        tidying._swept = None
    for project in projects:
        tidying.note(project.pk, {arrival.hash for arrival in Arrival.objects.filter(project_id=project.pk)})
        count(project)
    while tidying.step():
        pass
    return tidying


def kept(project: Project, name: str = "pump") -> list[datetime]:
    return sorted(Event.objects.filter(project_id=project.pk, hash=fingerprint(name)).values_list("seen_at", flat=True))


# ---------------------------------------------------------------------------------------------------------------------
# More than an issue keeps
# ---------------------------------------------------------------------------------------------------------------------


def test_the_first_and_the_newest_stay(project: Project) -> None:
    for number in range(8):
        arrive(project, at=NOW + number * MINUTE)

    tidy(project)

    assert kept(project) == [NOW, NOW + 5 * MINUTE, NOW + 6 * MINUTE, NOW + 7 * MINUTE]
    assert issue_of(project).times_seen == 8
    assert EventId.objects.count() == 8  # each is still recognised


@pytest.mark.parametrize("number", [1, 3, 4])
def test_all_stay_that_an_issue_keeps(project: Project, number: int) -> None:
    for each in range(number):
        arrive(project, at=NOW + each * MINUTE)

    tidy(project)

    assert len(kept(project)) == number


def test_as_many_as_are_too_many_go_step_by_step(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "EVENTS", 2)
    for number in range(11):
        arrive(project, at=NOW + number * MINUTE)

    tidy(project)

    assert kept(project) == [NOW, NOW + 8 * MINUTE, NOW + 9 * MINUTE, NOW + 10 * MINUTE]


def test_events_of_the_same_time_are_told_apart(project: Project) -> None:
    for number in range(8):
        arrive(project, event_id=UUID(int=number + 1))

    tidy(project)

    assert sorted(event.event_id.int for event in Event.objects.all()) == [1, 6, 7, 8]


def test_it_is_so_many_over_all_fingerprints_of_an_issue_in_any_week(project: Project) -> None:
    issue = IssueFactory(project=project)
    for name in ("pump", "valve"):
        IssueHashFactory(issue=issue, hash=fingerprint(name).hex)
    for number in range(5):
        arrive(project, "pump", at=NOW + 2 * number * DAY)
        arrive(project, "valve", at=NOW + (2 * number + 1) * DAY)

    tidy(project)

    assert kept(project, "pump") == [NOW, NOW + 8 * DAY]
    assert kept(project, "valve") == [NOW + 7 * DAY, NOW + 9 * DAY]


def test_a_child_keeps_its_own(project: Project) -> None:
    parent, child = IssueFactory(project=project), IssueFactory(project=project)
    IssueHashFactory(issue=parent, hash=fingerprint("pump").hex)
    IssueHashFactory(issue=child, hash=fingerprint("valve").hex)
    for number in range(4):
        arrive(project, "pump", at=NOW + number * MINUTE)
        arrive(project, "valve", at=NOW + number * MINUTE)
    count(project)
    Issue.objects.filter(pk=child.pk).update(merged_into=parent)

    Tidying(per_issue=3, now=lambda: NOW)
    for issue in (parent, child):
        trimming.trim((project.pk, issue.pk), 3)

    assert (len(kept(project, "pump")), len(kept(project, "valve"))) == (4, 4)


def test_others_events_stay(project: Project, other_project: Project) -> None:
    for number in range(8):
        for place in (project, other_project):
            arrive(place, at=NOW + number * MINUTE)
        arrive(project, "valve", at=NOW + number * MINUTE)
    count(project)
    count(other_project)

    trimming.trim((project.pk, issue_of(project).pk), 3)

    assert [len(kept(project)), len(kept(other_project)), len(kept(project, "valve"))] == [4, 8, 8]


def test_a_counter_that_starts_looks_at_all_issues(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "ISSUES", 2)
    names = ["pump", "valve", "gauge", "hose", "seal"]
    for name in names:
        for number in range(6):
            arrive(project, name, at=NOW + number * MINUTE)
    count(project)

    tidy(sweeps=True)

    assert [len(kept(project, name)) for name in names] == [4] * 5


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OperationalError("deadlock detected"), id="another counter took the same away"),
        pytest.param(InterfaceError("connection already closed"), id="the database was away"),
    ],
)
def test_what_a_round_left_is_looked_at_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for number in range(8):
        arrive(project, at=NOW + number * MINUTE)

    def fail(*_: object) -> int:
        raise error

    tidying = Tidying(per_issue=3, now=lambda: NOW)
    tidying._swept = None
    tidying.note(project.pk, {fingerprint("pump")})
    count(project)
    with monkeypatch.context() as ended:
        ended.setattr(trimming, "trim", fail)
        assert tidying.step()
        assert tidying.step()
        with pytest.raises(type(error)):
            tidying.step()
    assert len(kept(project)) == 8

    tidying._next_round = 0
    while tidying.step():
        pass

    assert len(kept(project)) == 4


# ---------------------------------------------------------------------------------------------------------------------
# Of deleted issues
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def delete(jane: User) -> Callable[[Issue, datetime], None]:
    def delete(issue: Issue, at: datetime) -> None:
        scope = NamedIssues(issue.project_id, ids=frozenset([issue.pk]))
        deletion.delete(scope, act(Caller(user=jane), at=at, lock_timeout=5))

    return delete


def test_events_go_with_their_issue_and_later_ones_stay(
    project: Project, delete: Callable[[Issue, datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "EVENTS", 2)
    for number in range(5):
        arrive(project, at=NOW + number * MINUTE)
        arrive(project, "valve", at=NOW + number * MINUTE)
    count(project)
    delete(issue_of(project), NOW + 10 * MINUTE)
    later = NOW + 11 * MINUTE
    arrive(project, at=later)

    tidy(project, per_issue=100, at=later)

    assert kept(project) == [later]
    assert issue_of(project).times_seen == 1
    assert len(kept(project, "valve")) == 5


def test_a_deletion_is_remembered_as_long_as_something_older_may_come(
    project: Project, other_project: Project, delete: Callable[[Issue, datetime], None]
) -> None:
    for place in (project, other_project):
        arrive(place)
        count(place)
    deleted_at = NOW + MINUTE
    delete(issue_of(project), deleted_at)
    arrive(project, "odd", received_at=deleted_at)
    Arrival.objects.update(set_aside_at=NOW)  # it still waits
    arrive(other_project, received_at=NOW)

    for minutes in (9, 20):
        tidy(at=deleted_at + minutes * MINUTE)
        assert ForgottenHash.objects.count() == 1
    Arrival.objects.filter(project_id=project.pk).delete()
    tidy(at=deleted_at + 9 * MINUTE)
    assert ForgottenHash.objects.count() == 1
    tidy(at=deleted_at + 11 * MINUTE)

    assert ForgottenHash.objects.count() == 0


def test_a_deletion_while_the_clock_was_ahead_takes_nothing_that_comes_since(
    project: Project, delete: Callable[[Issue, datetime], None]
) -> None:
    arrive(project, at=NOW - 60 * MINUTE)
    count(project, now=lambda: NOW)
    delete(issue_of(project), NOW + 60 * MINUTE)
    arrive(project, at=NOW)
    tidy(at=NOW)  # before it is counted

    count(project, now=lambda: NOW)
    tidy(at=NOW)

    assert kept(project) == [NOW]
    assert issue_of(project).times_seen == 1


def test_all_deletions_are_looked_at(project: Project, other_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "FINGERPRINTS", 2)
    for place in (project, other_project):
        for number in range(5):
            ForgottenHash.objects.create(project=place, hash=UUID(int=number + 1), at=NOW)

    tidy(at=NOW + DAY)

    assert ForgottenHash.objects.count() == 0


# ---------------------------------------------------------------------------------------------------------------------
# When
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counter = Counting(keep=Kept(per_issue=3, days=90), now=lambda: NOW)
    monkeypatch.setattr(counter.keeping, "look", lambda: None)
    monkeypatch.setattr(counter.keeping, "keep", lambda: None)
    return counter


def test_one_that_counts_once_tidies_up_at_its_end(counter: Counting, project: Project) -> None:
    for number in range(8):
        arrive(project, at=NOW + number * MINUTE)

    counter.run_once()

    assert len(kept(project)) == 4


def test_no_step_while_a_batch_waits(counter: Counting, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it looks again at once; and a step is done when it would only wait."""
    done: list[str] = []
    answers = iter([True, True, False, True])

    def look_at(waiting: list[int]) -> bool:
        done.append("batch")
        if (is_more := next(answers, None)) is None:
            counter.stop()
        return bool(is_more)

    def step() -> bool:
        done.append("step")
        return False

    monkeypatch.setattr(counter, "look_at", look_at)
    monkeypatch.setattr(counter.tidying, "step", step)

    counter.run()

    assert done == ["batch", "batch", "batch", "step", "batch", "batch"]


def test_a_round_begins_some_time_after_the_last_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "ROUND_SECONDS", 1000)
    tidied = tidy(project)
    for number in range(8):
        arrive(project, at=NOW + number * MINUTE)
    tidied.note(project.pk, {fingerprint("pump")})
    count(project)

    assert not tidied.step()
    assert len(kept(project)) == 8
    tidied._next_round = 0
    while tidied.step():
        pass

    assert len(kept(project)) == 4
