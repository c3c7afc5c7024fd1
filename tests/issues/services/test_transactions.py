"""The transaction of a mutation ... (contract 1.1 and 1.9)"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from issues.enums import SubscriptionReason
from issues.models import Issue, IssueSubscription
from issues.services.ground.targets import TreeMoved
from projects.callers import Caller
from projects.database import transactions
from projects.database.failures import sqlstate
from projects.models import Project, User
from tests.assertions import snapshot
from tests.factories import (
    IssueFactory,
)
from tests.issues.services.calls import ask, subscription_row

DEADLOCK, SERIALIZATION, FOREIGN_KEY, DIVISION = "40P01", "40001", "23503", "22012"

real_transactions = pytest.mark.django_db(transaction=True)


def let_the_database_abort(sqlstate: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '{sqlstate}'; END $$")


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def run(work: Callable[[], Any], **how: Any) -> Any:
    """Return what ``work`` returns, done in one transaction by whom no test cares."""
    for attempt in transactions.attempts(lock_timeout=5, **how):
        with attempt:
            result = work()
    return result


class Work:
    """Leaves an issue behind, after so many attempts that fail."""

    def __init__(self, project: Project, failures: int, fail: Callable[[], None]) -> None:
        self.project, self.failures, self.fail = project, failures, fail
        self.attempts = 0

    def __call__(self) -> str:
        self.attempts += 1
        IssueFactory(project=self.project)
        if self.attempts <= self.failures:
            self.fail()
        return f"attempt {self.attempts}"


def move_the_tree() -> None:
    raise TreeMoved


def lose_on_the_database(sqlstate: str) -> Callable[[], None]:
    return lambda: let_the_database_abort(sqlstate)


NOBODYS_FAULT = [
    (lose_on_the_database(DEADLOCK), OperationalError),
    (lose_on_the_database(SERIALIZATION), OperationalError),
    (lose_on_the_database(FOREIGN_KEY), IntegrityError),
]


# ---------------------------------------------------------------------------------------------------------------------
# Trying again
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("failures", [0, 1, 2])
@pytest.mark.parametrize(("fail", "error"), [*NOBODYS_FAULT, (move_the_tree, TreeMoved)])
def test_is_tried_three_times_and_leaves_what_the_last_attempt_did(
    failures: int, fail: Callable[[], None], error: type[Exception], project: Project
) -> None:
    work = Work(project, failures, fail)

    assert run(work) == f"attempt {failures + 1}"

    assert Issue.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("fail", "error"), NOBODYS_FAULT)
def test_is_given_up_after_three_attempts_with_nothing_left_behind(
    fail: Callable[[], None], error: type[Exception], project: Project
) -> None:
    work = Work(project, 3, fail)

    with pytest.raises(error):
        run(work)

    assert work.attempts == 3
    assert not Issue.objects.exists()


class Clock:
    """Goes on by what is slept, and by what each attempt takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, attempt_takes: float = 0) -> None:
        self.now, self.attempt_takes = 1000.0, attempt_takes
        self.pauses: list[float] = []
        monkeypatch.setattr(transactions, "monotonic", lambda: self.now)
        monkeypatch.setattr(transactions, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def move_the_tree(self) -> None:
        self.now += self.attempt_takes
        raise TreeMoved


@pytest.mark.django_db
def test_is_read_anew_as_often_as_the_tree_moves_until_the_time_for_a_lock_is_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    work = Work(project, 1000, clock.move_the_tree)

    with pytest.raises(TreeMoved):
        run(work)

    assert 4.9 <= clock.now - 1000 < 5  # the next pause would have ended too late
    assert work.attempts == len(clock.pauses) + 1 > 50
    assert not Issue.objects.exists()


@pytest.mark.django_db
def test_pauses_longer_and_longer_and_never_long(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "random", lambda: 1.0)
    clock = Clock(monkeypatch)

    run(Work(project, 9, clock.move_the_tree))

    assert clock.pauses == [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.1, 0.1]


@pytest.mark.django_db
def test_is_tried_three_times_at_least_however_long_an_attempt_takes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, attempt_takes=60)
    work = Work(project, 1000, clock.move_the_tree)

    with pytest.raises(TreeMoved):
        run(work)

    assert work.attempts == 3


@pytest.mark.django_db
def test_is_given_up_when_the_database_aborts_it_three_times_between_trees_that_move(project: Project) -> None:
    failures = [move_the_tree, lose_on_the_database(DEADLOCK)] * 3
    work = Work(project, 6, lambda: failures.pop(0)())

    with pytest.raises(OperationalError):
        run(work)

    assert work.attempts == 6


def divide_by_zero() -> None:
    let_the_database_abort(DIVISION)


def run_into_a_bug() -> None:
    raise ZeroDivisionError


def find_no_lock() -> None:
    let_the_database_abort("55P03")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fail", "error"),
    [(divide_by_zero, DataError), (run_into_a_bug, ZeroDivisionError), (find_no_lock, OperationalError)],
)
def test_is_not_tried_again_when_that_would_not_help(
    fail: Callable[[], None], error: type[Exception], project: Project
) -> None:
    work = Work(project, 1, fail)

    with pytest.raises(error):
        run(work)

    assert work.attempts == 1
    assert not Issue.objects.exists()


@real_transactions
def test_is_tried_again_when_the_commit_finds_somebody_gone(project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    attempts = []

    def follow() -> None:
        attempts.append(1)
        row = subscription_row(issue, jane, SubscriptionReason.UNKNOWN)
        IssueSubscription.objects.create(**row | {"user_id": jane.pk if len(attempts) == 3 else 0})

    run(follow)

    assert len(attempts) == 3
    assert [row.user for row in IssueSubscription.objects.all()] == [jane]


# ---------------------------------------------------------------------------------------------------------------------
# Its settings
# ---------------------------------------------------------------------------------------------------------------------


@real_transactions
def test_waits_for_locks_so_long_and_for_statements_for_ever(db: None) -> None:
    names = ["lock_timeout", "statement_timeout"]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '7s'")
    outside = [setting(name) for name in names]

    inside = run(lambda: [setting(name) for name in names])

    assert inside == ["5s", "0"]
    assert outside[1] == "7s"
    assert [setting(name) for name in names] == outside
    connection.close()  # and with it the setting


@real_transactions
def test_is_never_part_of_another_one(project: Project, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    with transaction.atomic(), pytest.raises(RuntimeError):
        ask(project, [issue], by=by_jane, is_public=True)

    assert snapshot() == before


@pytest.mark.django_db
def test_that_failed_tells_the_code_of_postgresql() -> None:
    with pytest.raises(OperationalError) as failure, transaction.atomic():
        let_the_database_abort(DEADLOCK)

    assert sqlstate(failure.value) == DEADLOCK
    assert sqlstate(OperationalError("the server is away")) is None


# ---------------------------------------------------------------------------------------------------------------------
# All or nothing
# ---------------------------------------------------------------------------------------------------------------------


@real_transactions
def test_is_rolled_back_when_it_is_not_to_be_kept(project: Project) -> None:
    before = snapshot()

    assert run(lambda: IssueFactory(project=project).pk, keep=False)

    assert snapshot() == before


@real_transactions
def test_refuses_what_the_commit_would_refuse_when_it_is_not_to_be_kept(project: Project) -> None:
    """A user who is gone: the database looks for them at the end only."""
    issue = IssueFactory(project=project)

    def assign() -> int:
        return Issue.objects.filter(pk=issue.pk).update(assignee_user=2**40)

    for keep in (True, False):
        with pytest.raises(IntegrityError):
            run(assign, keep=keep)
