"""Other sessions: threads with a connection of their own, stopped at a chosen statement, and known to wait.

Nothing here sleeps to let others get somewhere. A session is *stopped* when its statement has come, and *blocked* when
PostgreSQL says that it waits for a lock of the other one.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, TypeVar

import psycopg2
from django.db import connection, connections

from tests import citus

PATIENCE = 30  # seconds after which a test that hangs fails instead

# Statements by which a session is stopped or interrupted.
BEGIN = re.compile("SET LOCAL lock_timeout")
HOLD = re.compile(r"FOR KEY SHARE")
ISSUE_LOCK = re.compile(r'FROM "?issues_issue"?.* FOR (NO KEY )?UPDATE', re.DOTALL)
HISTORY = re.compile(r'INSERT INTO "issues_mutation"')  # the last one before the commit

WAITS = "SELECT unnest(pg_blocking_pids(%(pid)s))"
# On a worker, whose sessions are others; Citus knows them by the number of the coordinator's.
WAITS_ON_A_CLUSTER = """
    UNION SELECT (blocking_gpid %% 10000000000)::int FROM citus_lock_waits
    WHERE waiting_gpid %% 10000000000 = %(pid)s
"""
WAITERS = "SELECT pid FROM pg_stat_activity WHERE %(pid)s = ANY(pg_blocking_pids(pid))"
WAITERS_ON_A_CLUSTER = """
    UNION SELECT (waiting_gpid %% 10000000000)::int FROM citus_lock_waits
    WHERE blocking_gpid %% 10000000000 = %(pid)s
"""

Result = TypeVar("Result")


class RolledBack(Exception):
    """Raised inside a session's transaction, to undo it."""


class Interruption:
    """Call ``do`` at each statement that matches, ``times`` times at most; after it, or ``before`` it."""

    def __init__(
        self, statement: re.Pattern[str], do: Callable[[], object], *, before: bool = False, times: int = 1
    ) -> None:
        self.statement, self.do, self.before, self.times = statement, do, before, times

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        matches = self.times > 0 and self.statement.search(sql) is not None
        self.times -= matches
        if matches and self.before:
            self.do()
        result = execute(sql, params, many, context)
        if matches and not self.before:
            self.do()
        return result


@contextmanager
def interrupted(
    statement: re.Pattern[str], do: Callable[[], object], *, before: bool = False, times: int = 1
) -> Iterator[None]:
    """Let somebody else act at a statement of this thread's own session; fail if the statement never comes."""
    interruption = Interruption(statement, do, before=before, times=times)
    with connection.execute_wrapper(interruption):
        yield
    assert interruption.times == 0, f"{statement.pattern!r} came {interruption.times} times too few"


class Counter:
    """Counts the statements that match."""

    def __init__(self, statement: re.Pattern[str]) -> None:
        self.statement, self.count = statement, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += self.statement.search(sql) is not None
        return execute(sql, params, many, context)


class Session:
    """Somebody else: one thread, one connection, one thing at a time."""

    pid: int
    current: "Future[Any]"

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self.do(_dont_wait_for_the_disk)

    def start(self, work: Callable[[], Result], *wrappers: Callable[..., Any]) -> "Future[Result]":
        """Begin ``work``, whose statements go through the wrappers."""
        self.pid = self._thread.submit(backend_pid).result(PATIENCE)
        self.current = future = self._thread.submit(_wrapped, work, wrappers)
        return future

    def do(self, work: Callable[[], Result], *wrappers: Callable[..., Any]) -> Result:
        """Do ``work`` to the end."""
        return self.start(work, *wrappers).result(PATIENCE)

    def close(self) -> None:
        self._thread.submit(connections.close_all).result(PATIENCE)
        self._thread.shutdown()


def _dont_wait_for_the_disk() -> None:
    """Nobody pulls the plug of a test: what is written then is all the same, only sooner."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")


def _wrapped(work: Callable[[], Result], wrappers: Collection[Callable[..., Any]]) -> Result:
    if not wrappers:
        return work()
    first, *others = wrappers
    with connection.execute_wrapper(first):
        return _wrapped(work, others)


class Foreign:
    """A session that knows nothing of this service, as of psql: raw SQL in a transaction of its own."""

    def __init__(self) -> None:
        self._connection = psycopg2.connect(**connection.get_connection_params())
        self.pid: int = self._connection.info.backend_pid
        # Never the one that a deadlock ends: who looks first is the victim.
        self.run("SET deadlock_timeout = '1min'")
        self.commit()

    def run(self, sql: str, *params: Any) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params)

    def lock(self, issue_id: int, strength: str = "NO KEY UPDATE") -> None:
        of_project = f"SELECT id FROM issues_issue WHERE project_id = %s AND id = %s FOR {strength}"
        for pk in self.projects_of([issue_id]):
            self.run(of_project, pk, issue_id)

    def projects_of(self, issue_ids: Collection[int]) -> list[int]:
        """Return the projects of these issues: on a cluster a row is locked by that of its project."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT project_id FROM issues_issue WHERE id = ANY(%s)", [list(issue_ids)])
            return sorted(pk for (pk,) in cursor.fetchall())

    def could_delete(self, issue_ids: Collection[int]) -> list[int]:
        """Return which of these issues nobody holds, or are not there: those that no deletion waits for."""
        rows = "SELECT id FROM issues_issue WHERE project_id = %s AND id = ANY(%s)"
        free, there = set[int](), set[int]()
        with self._connection.cursor() as cursor:
            for pk in self.projects_of(issue_ids):
                cursor.execute(f"{rows} FOR UPDATE SKIP LOCKED", [pk, list(issue_ids)])
                free |= {pk for (pk,) in cursor.fetchall()}
                cursor.execute(rows, [pk, list(issue_ids)])
                there |= {pk for (pk,) in cursor.fetchall()}
        self.roll_back()
        return sorted(free | set(issue_ids) - there)

    def commit(self) -> None:
        self._connection.commit()

    def roll_back(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def stopped(
    session: Session, work: Callable[[], Result], *, after: re.Pattern[str], rolled_back: bool = False
) -> Iterator["Future[Result]"]:
    """Begin ``work`` in another session; inside the block it stands still, right after its first such statement.

    At the end of the block it goes on to its commit; or, ``rolled_back``, it fails with :class:`RolledBack`.
    """
    there, go_on = Event(), Event()

    def stop() -> None:
        there.set()
        assert go_on.wait(PATIENCE), "nobody let this session go on"
        if rolled_back:
            raise RolledBack

    future = session.start(work, Interruption(after, stop))
    _wait_until(there.is_set, future, f"came to {after.pattern!r}")
    try:
        yield future
    finally:
        go_on.set()


def wait_until_blocked(waiter: Session, *, by: Session | Foreign) -> None:
    """Return once PostgreSQL says that one session waits for a lock that the other one has; fail if it doesn't."""
    _wait_until(lambda: by.pid in blockers(waiter.pid), waiter.current, f"waited for {by.pid}")


def blockers(pid: int) -> list[int]:
    """Return whom a session waits for."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS + (WAITS_ON_A_CLUSTER if citus.URL else ""), {"pid": pid})
        return [pk for (pk,) in cursor.fetchall()]


def waiters(pid: int) -> list[int]:
    """Return who waits for a session."""
    with connection.cursor() as cursor:
        cursor.execute(WAITERS + (WAITERS_ON_A_CLUSTER if citus.URL else ""), {"pid": pid})
        return [pk for (pk,) in cursor.fetchall()]


def backend_pid() -> int:
    """Return PostgreSQL's number of this thread's own session."""
    connection.ensure_connection()
    pid: int = connection.connection.info.backend_pid
    return pid


def _wait_until(condition: Callable[[], bool], future: "Future[Any]", what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if future.done():
            if not condition():
                raise AssertionError(f"It never {what}: {future.exception() or future.result()!r}")
            return
        assert time.monotonic() < deadline, f"It has not {what}"
        time.sleep(0.001)
