"""Undo ...: against whatever changes the same issues at the same time, real sessions both."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from issues.models import Activity, Issue, Mutation
from issues.mutation import (
    AllIssues,
    Ignore,
    IssueMutation,
    MutationOutcome,
    NamedIssues,
    ReleaseChange,
    Resolve,
    UndoOutcome,
    Unresolve,
)
from issues.services import bulk, deletion, releases, undo
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.acts import act
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    ISSUE_LOCK,
    Counter,
    Foreign,
    Session,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=1)
LOCK_TIMEOUT = 10
SETTLE = re.compile("WITH base AS")  # the last that is done when a release comes


@pytest.fixture
def caller(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    """Three, in whose table the first one comes last; each seen earlier than the one before it."""
    made = [
        IssueFactory(project=project, own_times_seen=10**n, own_first_seen=NOW - timedelta(days=n + 1))
        for n in range(3)
    ]
    Issue.objects.filter(pk=made[0].pk).update(level="fatal")
    return made


def put(issues: list[Issue], caller: Caller, *, all_of_them: bool = False, **wishes: Any) -> MutationOutcome:
    project_id, ids = issues[0].project_id, frozenset(issue.pk for issue in issues)
    scope = AllIssues(project_id) if all_of_them else NamedIssues(project_id, ids=ids)
    return bulk.mutate(scope, IssueMutation(**wishes), Act(by=caller, at=NOW, lock_timeout=LOCK_TIMEOUT))


def take_back(changed: MutationOutcome, project: Project, caller: Caller) -> UndoOutcome:
    assert changed.mutation_id is not None
    return undo.undo(project.pk, changed.mutation_id, Act(by=caller, at=LATER, lock_timeout=LOCK_TIMEOUT))


def statuses() -> list[str]:
    return list(Issue.objects.order_by("id").values_list("status", flat=True))


@pytest.mark.parametrize("all_of_them", [True, False])
def test_leaves_alone_what_a_request_changes_that_it_waits_for(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session, all_of_them: bool
) -> None:
    changed = put(issues, caller, all_of_them=all_of_them, status=Resolve())

    with stopped(session, partial(put, issues[1:2], caller, status=Ignore()), after=HISTORY):
        undoing = other_session.start(partial(take_back, changed, project, caller))
        wait_until_blocked(other_session, by=session)

    outcome = undoing.result()
    assert (outcome.matched, outcome.changed, outcome.skipped_ids) == (3, 2, (issues[1].pk,))
    assert statuses() == ["unresolved", "ignored", "unresolved"]


@pytest.mark.parametrize("all_of_them", [True, False])
def test_makes_a_request_wait_and_see_what_it_put_back(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session, all_of_them: bool
) -> None:
    changed = put(issues, caller, all_of_them=all_of_them, status=Resolve())

    with stopped(session, partial(take_back, changed, project, caller), after=ISSUE_LOCK) as undoing:
        resolving = other_session.start(partial(put, issues, caller, status=Resolve()))
        wait_until_blocked(other_session, by=session)

    assert (undoing.result().changed, resolving.result().changed) == (3, 3)
    assert statuses() == ["resolved"] * 3
    last = Activity.objects.filter(mutation_id=resolving.result().mutation_id)
    assert {row.before_status for row in last} == {"unresolved"}


def test_happens_once_when_asked_twice_at_the_same_time(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    changed = put(issues, caller, status=Resolve())

    with stopped(session, partial(take_back, changed, project, caller), after=ISSUE_LOCK) as one:
        other = other_session.start(partial(take_back, changed, project, caller))
        wait_until_blocked(other_session, by=session)

    assert (one.result().changed, other.result().changed, other.result().skipped) == (3, 0, 3)
    assert Mutation.objects.filter(kind="undo").count() == 1


def read_in_the_order_of_the_table() -> None:
    """Let PostgreSQL use no index and no merge, which might give the order of ids by chance."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_mergejoin = off")


@pytest.mark.parametrize(("all_of_them", "in_a_set"), [(False, 1), (True, 1), (True, 10)])
def test_locks_in_the_order_of_ids(
    project: Project,
    issues: list[Issue],
    caller: Caller,
    session: Session,
    foreign: Foreign,
    monkeypatch: pytest.MonkeyPatch,
    all_of_them: bool,
    in_a_set: int,
) -> None:
    monkeypatch.setattr(undo, "IN_A_SET", in_a_set)
    changed = put(issues, caller, all_of_them=all_of_them, status=Resolve())
    Issue.objects.filter(pk=issues[0].pk).update(level="error")  # PostgreSQL writes it anew, behind the others
    session.do(read_in_the_order_of_the_table)
    foreign.lock(issues[0].pk)

    undoing = session.start(partial(take_back, changed, project, caller))
    wait_until_blocked(session, by=foreign)
    for issue in issues[1:]:  # it has none of the others yet
        row = [issue.project_id, issue.pk]
        foreign.run("SELECT FROM issues_issue WHERE project_id = %s AND id = %s FOR UPDATE NOWAIT", *row)
    foreign.roll_back()

    assert undoing.result().changed == 3


def test_of_a_merge_waits_for_who_merges_the_parent_and_starts_over(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    child, parent, root = issues
    changed = put([child, parent], caller, merge=True)

    with stopped(session, partial(put, [parent, root], caller, merge=True), after=HISTORY):
        attempts = Counter(BEGIN)
        undoing = other_session.start(partial(take_back, changed, project, caller), attempts)
        wait_until_blocked(other_session, by=session)

    assert (undoing.result().changed, undoing.result().skipped) == (2, 0)
    assert attempts.count == 2  # the root above the parent was not there when it was read
    tree = Issue.objects.order_by("id").values_list("merged_into", "times_seen")
    assert list(tree) == [(None, 1), (root.pk, 10), (None, 110)]


def test_is_not_about_what_is_deleted_while_it_waits(
    project: Project, issues: list[Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    changed = put(issues, caller, status=Resolve(), has_seen=True)
    scope = NamedIssues(project.pk, ids=frozenset({issues[1].pk}))
    delete = partial(deletion.delete, scope, Act(by=caller, at=NOW, lock_timeout=LOCK_TIMEOUT))

    with stopped(session, delete, after=HISTORY):
        undoing = other_session.start(partial(take_back, changed, project, caller))
        wait_until_blocked(other_session, by=session)

    assert (undoing.result().matched, undoing.result().changed, undoing.result().skipped) == (2, 2, 0)
    assert statuses() == ["unresolved"] * 2


def test_waits_for_a_release_that_comes_and_is_settled_by_it(
    project: Project, caller: Caller, session: Session, other_session: Session
) -> None:
    first = ReleaseFactory(projects=[project], version="1.0.0")
    waiting = IssueFactory(project=project, resolved_in_next_release=True, resolution_release=first)
    changed = put([waiting], caller, status=Unresolve())

    with stopped(session, partial(come, project), after=SETTLE):
        undoing = other_session.start(partial(take_back, changed, project, caller))
        wait_until_blocked(other_session, by=session)

    assert undoing.result().changed == 1
    row = Issue.objects.get(pk=waiting.pk)
    assert (row.resolution_kind, row.resolution_release) == ("in_release", Release.objects.get(version="2.0.0"))


def come(project: Project) -> None:
    releases.save(
        "2.0.0",
        ReleaseChange(project_ids=frozenset({project.pk})),
        act(at=LATER, lock_timeout=LOCK_TIMEOUT),
        seen_in=[project.pk],
    )
