"""Update all ...: is about what there is once it has waited, also about what it could not see before."""

import re
from functools import partial
from itertools import count
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from issues.enums import IssueStatus
from issues.models import Activity, Issue
from issues.mutation import (
    AllIssues,
    Ignore,
    IssueMutation,
    IssueScope,
    MutationOutcome,
    NamedIssues,
    Resolve,
    Unresolve,
)
from issues.services import bulk
from issues.services.ground.precautions import UnexpectedNumber
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.api_client import Api
from tests.concurrency.sessions import (
    HISTORY,
    PATIENCE,
    Counter,
    Foreign,
    Interruption,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

ATTEMPT = re.compile("random_page_cost")  # the first statement of each
ALL_LOCK = re.compile(r"WITH target AS MATERIALIZED")
COUNT = re.compile(r"SELECT COUNT\(\*\)")  # what came into scope
WAITS_FOR_NOBODY = re.compile(r"FOR NO KEY UPDATE\b.*\bNOWAIT", re.DOTALL)
CLOSED = frozenset({IssueStatus.RESOLVED, IssueStatus.IGNORED})


def put(scope: IssueScope, mutation: IssueMutation, by: Caller, **how: Any) -> MutationOutcome:
    (outcome,) = bulk.mutate_each([scope], mutation, act(by, lock_timeout=10, **how))
    return outcome


def named(*issues: Issue) -> NamedIssues:
    return NamedIssues(issues[0].project_id, ids=frozenset(issue.pk for issue in issues))


def everything(project: Project, *statuses: IssueStatus) -> AllIssues:
    return AllIssues(project.pk, statuses=frozenset(statuses) or None)


def statuses() -> list[str]:
    return list(Issue.objects.order_by("id").values_list("status", flat=True))


def test_is_about_issues_that_came_into_scope_with_those_it_waited_for(
    project: Project, jane: User, session: Session, other_session: Session
) -> None:
    by = Caller(user=jane)
    opened, snoozed = IssueFactory(project=project), IssueFactory(project=project, ignored=True)
    closed = IssueFactory(project=project, resolved=True)
    resolve = partial(put, named(opened, snoozed), IssueMutation(status=Resolve()), by)
    unresolve = partial(put, everything(project, *CLOSED), IssueMutation(status=Unresolve()), by)

    with stopped(session, resolve, after=HISTORY):
        unresolving = other_session.start(unresolve)
        wait_until_blocked(other_session, by=session)

    outcome = unresolving.result()
    assert (outcome.matched, outcome.changed) == (3, 3)
    assert statuses() == ["unresolved"] * 3
    recorded = Activity.objects.filter(mutation_id=outcome.mutation_id).order_by("issue_id")
    assert list(recorded.values_list("issue_id", flat=True)) == [opened.pk, snoozed.pk, closed.pk]


@pytest.mark.parametrize("expected", [3, 1])
@pytest.mark.parametrize("preview", [False, True])
def test_is_guarded_and_previewed_with_what_came_into_scope(
    project: Project, jane: User, session: Session, other_session: Session, preview: bool, expected: int
) -> None:
    """At first it sees one issue that is closed, and waits for another one."""
    by = Caller(user=jane)
    opened, snoozed = IssueFactory(project=project), IssueFactory(project=project, ignored=True)
    IssueFactory(project=project, resolved=True)
    resolve = partial(put, named(opened, snoozed), IssueMutation(status=Resolve()), by)
    closed, care = everything(project, *CLOSED), {"preview": preview, "expected": expected}
    unresolve = partial(put, closed, IssueMutation(status=Unresolve()), by, **care)

    with stopped(session, resolve, after=HISTORY):
        unresolving = other_session.start(unresolve)
        wait_until_blocked(other_session, by=session)

    if expected == 3:
        outcome = unresolving.result()
        assert (outcome.matched, outcome.changed, outcome.mutation_id is None) == (3, 3, preview)
    else:
        assert isinstance(unresolving.exception(), UnexpectedNumber)
    assert statuses() == ["unresolved" if expected == 3 and not preview else "resolved"] * 3


def test_counts_issues_that_came_into_scope_and_need_no_change(
    project: Project, jane: User, session: Session, other_session: Session
) -> None:
    by = Caller(user=jane)
    opened, snoozed = IssueFactory(project=project), IssueFactory(project=project, ignored=True)
    resolve = partial(put, named(opened, snoozed), IssueMutation(status=Resolve()), by)
    resolve_all = partial(put, everything(project, *CLOSED), IssueMutation(status=Resolve()), by)

    with stopped(session, resolve, after=HISTORY):
        resolving = other_session.start(resolve_all)
        wait_until_blocked(other_session, by=session)

    assert resolving.result() == MutationOutcome(matched=2, changed=0)


def test_is_about_issues_that_were_unmerged_meanwhile(
    project: Project, jane: User, session: Session, other_session: Session
) -> None:
    by = Caller(user=jane)
    issues = [IssueFactory(project=project) for _ in range(2)]
    put(named(*issues), IssueMutation(merge=True), by)
    unmerge = partial(put, named(issues[0]), IssueMutation(merge=False), by)
    resolve = partial(put, everything(project), IssueMutation(status=Resolve()), by)

    with stopped(session, unmerge, after=HISTORY):
        resolving = other_session.start(resolve)
        wait_until_blocked(other_session, by=session)

    outcome = resolving.result()
    assert (outcome.matched, outcome.changed) == (2, 2)
    assert statuses() == ["resolved"] * 2


def test_starts_over_rather_than_wait_out_of_order(
    project: Project, jane: User, session: Session, other_session: Session, foreign: Foreign
) -> None:
    """Somebody has an issue that has come into scope: to wait for it with others in hand could be a deadlock."""
    by = Caller(user=jane)
    opened, snoozed = IssueFactory(project=project), IssueFactory(project=project, ignored=True)
    resolve = partial(put, named(opened, snoozed), IssueMutation(status=Resolve()), by)
    unresolve = partial(put, everything(project, *CLOSED), IssueMutation(status=Unresolve()), by)
    attempts, looks = Counter(ATTEMPT), Counter(WAITS_FOR_NOBODY)

    with stopped(session, resolve, after=HISTORY):
        take = Interruption(COUNT, lambda: foreign.lock(opened.pk), before=True)

        def let_go_of_it() -> None:
            if attempts.count == 2:
                foreign.roll_back()

        let_go = Interruption(ATTEMPT, let_go_of_it, times=2)
        unresolving = other_session.start(unresolve, take, attempts, looks, let_go)
        wait_until_blocked(other_session, by=session)

    assert (unresolving.result().matched, unresolving.result().changed) == (2, 2)
    assert statuses() == ["unresolved"] * 2
    assert attempts.count == 2
    assert looks.count == 1  # and not for a moment: that would close the circle, and end somebody else's statement


# ---------------------------------------------------------------------------------------------------------------------
# New issues
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [ATTEMPT, ALL_LOCK, COUNT],
    ids=["before the transaction", "before the locks", "before the second look"],
)
@pytest.mark.parametrize("preview", [False, True])
def test_leaves_alone_what_came_after_it_began(
    project: Project, jane: User, other_session: Session, moment: re.Pattern[str], preview: bool
) -> None:
    IssueFactory(project=project)
    comes = partial(other_session.do, partial(IssueFactory, project=project))

    with interrupted(moment, comes, before=True):
        outcome = put(
            everything(project), IssueMutation(status=Resolve()), Caller(user=jane), preview=preview, expected=1
        )

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert statuses() == ["unresolved" if preview else "resolved", "unresolved"]


def test_leaves_alone_what_came_before_it_started_over(
    project: Project, jane: User, session: Session, other_session: Session, foreign: Foreign
) -> None:
    """It is one request, however often it is tried."""
    by = Caller(user=jane)
    opened, snoozed = IssueFactory(project=project), IssueFactory(project=project, ignored=True)
    resolve = partial(put, named(opened, snoozed), IssueMutation(status=Resolve()), by)
    unresolve = partial(put, everything(project, *CLOSED), IssueMutation(status=Unresolve()), by)
    attempts = Counter(ATTEMPT)

    def let_go_and_make_another() -> None:
        if attempts.count == 2:
            foreign.roll_back()
            IssueFactory(project=project, resolved=True)

    with stopped(session, resolve, after=HISTORY):
        take = Interruption(COUNT, lambda: foreign.lock(opened.pk), before=True)
        unresolving = other_session.start(
            unresolve, take, attempts, Interruption(ATTEMPT, let_go_and_make_another, times=2)
        )
        wait_until_blocked(other_session, by=session)

    assert (unresolving.result().matched, unresolving.result().changed) == (2, 2)
    assert statuses() == ["unresolved", "unresolved", "resolved"]


def test_has_an_end_while_new_issues_come_at_each_look(project: Project, jane: User, other_session: Session) -> None:
    IssueFactory(project=project)
    looks = Counter(COUNT)
    comes = partial(other_session.do, partial(IssueFactory, project=project))

    with (
        connection.execute_wrapper(looks),
        connection.execute_wrapper(Interruption(COUNT, comes, before=True, times=9)),
    ):
        outcome = put(everything(project), IssueMutation(status=Resolve()), Caller(user=jane))

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert looks.count == 1


def test_is_answered_while_somebody_makes_and_changes_new_issues_all_the_time(
    api: Api, project: Project, session: Session
) -> None:
    there = [IssueFactory(project=project) for _ in range(20)]
    enough = Event()

    def make_issues() -> int:
        for made in count():
            if enough.is_set():
                return made
            with transaction.atomic():
                issue = IssueFactory(project=project)
                Issue.objects.filter(pk=issue.pk).update(last_seen=NOW)
        raise AssertionError

    making = session.start(make_issues)
    answers = []
    try:
        for status in ["resolved", "unresolved"] * 10:
            least = Issue.objects.count()
            response = api.put(api.issues_url, {"status": status})
            answers.append((response.status_code, least <= int(response.headers["Issues-Matched"])))
            assert int(response.headers["Issues-Matched"]) <= Issue.objects.count()
    finally:
        enough.set()

    assert answers == [(200, True)] * 20
    assert making.result(PATIENCE) > 0
    assert set(Issue.objects.filter(pk__in=[issue.pk for issue in there]).values_list("status", flat=True)) == {
        "unresolved"
    }


def test_is_about_an_issue_that_was_being_made_when_it_began(
    project: Project, jane: User, session: Session, other_session: Session
) -> None:
    """Its number was given before, and it is there when another one is waited for: then it is one of all."""
    by = Caller(user=jane)
    opened = IssueFactory(project=project, short_number=1)
    resolve = partial(put, named(opened), IssueMutation(status=Ignore()), by)
    unresolve = partial(put, everything(project), IssueMutation(status=Resolve()), by)

    with stopped(session, resolve, after=HISTORY):
        IssueFactory(project=project, short_number=3)
        resolving = other_session.start(unresolve)
        wait_until_blocked(other_session, by=session)
        IssueFactory(project=project, short_number=2)
        IssueFactory(project=project, short_number=4)

    assert (resolving.result().matched, resolving.result().changed) == (3, 3)
    assert list(Issue.objects.order_by("short_number").values_list("status", flat=True)) == [
        *["resolved"] * 3,
        "unresolved",
    ]
