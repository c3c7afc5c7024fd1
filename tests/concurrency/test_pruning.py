"""Pruning ... beside a counter, a change, an undo, a merge, and another that prunes: real sessions. Nobody waits long,
and what somebody holds is left."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from issues.models import Activity, Issue, IssueHour, Mutation
from issues.mutation import AllIssues, IssueMutation, IssueScope, NamedIssues, Resolve, Unresolve
from issues.services import bulk, pruning, undo
from issues.services.pruning import Step
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.concurrency.sessions import ISSUE_LOCK, Foreign, RolledBack, Session, stopped, wait_until_blocked
from tests.factories import NOW, IssueHourFactory
from tests.invariants import breaches
from tests.issues.services.occurrences.batches import count, event, known

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
OLD = NOW - 400 * DAY
BEFORE = NOW - 365 * DAY
COUNT_HOURS = re.compile("INSERT INTO issues_issuehour")
REMOVE_HOURS = re.compile("DELETE FROM issues_issuehour")
REMOVE_ACTIVITIES = re.compile("DELETE FROM issues_activity")
REMOVE_MUTATIONS = re.compile("DELETE FROM issues_mutation")
TOTALS = re.compile("hour_total")
KINDS = (pruning.prune_mutations, pruning.prune_activities, pruning.prune_hours)


@pytest.fixture
def caller(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    """Three that events come to, with hours that are old."""
    made = [known(project, name, own_times_seen=9, own_first_seen=OLD) for name in ("pump", "valve", "seal")]
    for issue in made:
        for hours in range(3):
            IssueHourFactory(issue=issue, hour=OLD + timedelta(hours=hours), own_count=2)
    return made


def prune(before: datetime = BEFORE) -> list[Step]:
    """Prune everything that hangs on issues; return the sums of what each kind removed and left."""
    done = []
    for each in KINDS:
        steps = list(each(before, act(lock_timeout=10)))
        done.append(Step(sum(step.removed for step in steps), sum(step.left for step in steps)))
    return done


def change(project: Project, issues: list[Issue] | None, by: Caller, at: datetime = NOW, **wishes: Any) -> int:
    scope: IssueScope = AllIssues(project.pk)
    if issues is not None:
        scope = NamedIssues(project.pk, ids=frozenset(issue.pk for issue in issues))
    pk = bulk.mutate(scope, IssueMutation(**wishes), act(by, at, lock_timeout=10)).mutation_id
    assert pk is not None
    return pk


def old_hours() -> int:
    return IssueHour.objects.filter(hour__lt=BEFORE).count()


def test_leaves_the_issues_that_a_counter_has(project: Project, issues: list[Issue], session: Session) -> None:
    counting = partial(count, project, event("pump"), event("seal"), check=False)
    with stopped(session, counting, after=COUNT_HOURS):
        _, _, hours = prune()
        assert (hours.removed, hours.left) == (3, 2)

    assert session.current.result()
    assert old_hours() == 6
    assert prune()[2] == Step(6)
    assert breaches() == []


def test_a_counter_waits_for_one_set(
    project: Project, issues: list[Issue], session: Session, other_session: Session
) -> None:
    with stopped(session, prune, after=REMOVE_HOURS):
        counted = other_session.start(partial(count, project, event("seal"), event("pump"), check=False))
        wait_until_blocked(other_session, by=session)

    assert counted.result()
    assert session.current.result()[2] == Step(9)
    assert breaches() == []


@pytest.mark.parametrize("of_all", [False, True])
def test_leaves_the_issues_that_a_change_has(
    project: Project, issues: list[Issue], caller: Caller, session: Session, of_all: bool
) -> None:
    change(project, issues, caller, at=OLD, status=Resolve())
    wanted = None if of_all else issues[:2]
    changing = partial(change, project, wanted, caller, status=Unresolve())
    with stopped(session, changing, after=re.compile('INSERT INTO "issues_mutation"')):
        mutations, activities, hours = prune()

    assert session.current.result()
    left = 3 if of_all else 2
    assert mutations == Step(1)
    assert activities == Step(3 - left, left)
    assert hours == Step(9 - 3 * left, left)
    assert prune()[1:] == [Step(left), Step(3 * left)]
    assert breaches() == []


@pytest.mark.parametrize("prune_first", [True, False])
def test_a_mutation_is_pruned_or_undone(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session, prune_first: bool
) -> None:
    """One that is being undone stays, and all after it."""
    changed = change(project, issues, caller, at=OLD, status=Resolve())
    later = change(project, issues[:1], caller, at=OLD, status=Unresolve())
    take_back = partial(undo.undo, project.pk, changed, act(caller, NOW, lock_timeout=10))

    if prune_first:
        with stopped(session, prune, after=REMOVE_MUTATIONS):
            undoing = other_session.start(take_back)
            wait_until_blocked(other_session, by=session)
        assert isinstance(undoing.exception(), undo.UnknownMutation)
        assert Issue.objects.filter(status="resolved").count() == 2
    else:
        with stopped(session, take_back, after=ISSUE_LOCK) as undoing:
            mutations, activities, _ = prune()
            assert (mutations, activities) == (Step(left=2), Step())
        assert (undoing.result().changed, undoing.result().skipped) == (2, 1)
        assert list(Mutation.objects.order_by("pk").values_list("pk", flat=True))[:2] == [changed, later]
        assert prune()[:2] == [Step(2), Step(4)]
    assert breaches() == []


def test_leaves_a_tree_that_is_merged_just_now(
    project: Project, issues: list[Issue], caller: Caller, session: Session
) -> None:
    """A part of its hours would be another total than that of its issues."""
    merging = partial(change, project, issues[:2], caller, merge=True)
    with stopped(session, merging, after=TOTALS):
        assert prune()[2] == Step(3, 2)

    assert session.current.result()
    assert old_hours() == 6
    assert prune()[2] == Step(6)
    assert breaches() == []


def test_leaves_a_tree_of_which_somebody_has_one(
    project: Project, issues: list[Issue], caller: Caller, foreign: Foreign
) -> None:
    change(project, issues[:2], caller, merge=True)
    (child,) = Issue.objects.filter(merged_into__isnull=False)
    foreign.lock(child.pk)

    assert prune()[2] == Step(3, 1)
    assert breaches() == []


def test_leaves_a_tree_that_grows_before_it_is_locked(
    project: Project, issues: list[Issue], caller: Caller, session: Session
) -> None:
    """What was merged into it meanwhile would be another total than that of its issues."""
    trees = re.compile("SELECT root, array_agg")
    IssueHour.objects.filter(issue=issues[1]).delete()
    with stopped(session, pruned_hours, after=trees):
        change(project, issues[:2], caller, merge=True)

    assert session.current.result() == Step(3, 1)
    assert breaches() == []


def pruned_hours() -> Step:
    return prune()[2]


def test_leaves_what_is_written_of_a_user_who_goes(
    project: Project, issues: list[Issue], caller: Caller, foreign: Foreign
) -> None:
    """That writes activities, and holds none of their issues."""
    change(project, issues, caller, at=OLD, status=Resolve())
    held = Activity.objects.earliest("pk")
    foreign.run("UPDATE issues_activity SET user_id = NULL WHERE id = %s", held.pk)

    assert prune()[1] == Step(2)
    foreign.commit()
    assert prune()[1] == Step(1)


@pytest.mark.parametrize(
    "statement", [REMOVE_MUTATIONS, REMOVE_ACTIVITIES, REMOVE_HOURS], ids=["mutations", "activities", "hours"]
)
def test_two_do_not_hurt_each_other(
    project: Project, issues: list[Issue], caller: Caller, session: Session, statement: re.Pattern[str]
) -> None:
    for status in (Resolve(), Unresolve()):
        change(project, issues, caller, at=OLD, status=status)

    with stopped(session, prune, after=statement):
        here = prune()
    there = session.current.result()

    assert [a.removed + b.removed for a, b in zip(here, there, strict=True)] == [2, 6, 9]
    assert breaches() == []


def test_one_that_dies_loses_nothing(project: Project, issues: list[Issue], caller: Caller, session: Session) -> None:
    change(project, issues, caller, at=OLD, status=Resolve())
    with stopped(session, prune, after=REMOVE_ACTIVITIES, rolled_back=True):
        pass

    assert isinstance(session.current.exception(), RolledBack)
    assert breaches() == []
    assert prune() == [Step(), Step(3), Step(9)]
