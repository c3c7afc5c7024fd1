"""The transaction of a mutation: opened here and nowhere else, and tried again when it was nobody's fault."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from random import random
from time import monotonic, sleep
from typing import Any

from django.db import IntegrityError, InternalError, OperationalError, connection, transaction
from prometheus_client import Counter

from projects.database import citus
from projects.database.failures import (
    DEADLOCK_DETECTED,
    FOREIGN_KEY_VIOLATION,
    LOCK_NOT_AVAILABLE,
    SERIALIZATION_FAILURE,
    sqlstate,
)
from projects.database.reading import Execute, writing
from projects.refusals import TryAgain

ATTEMPTS = 3
LONGEST_PAUSE = 0.1  # seconds between two attempts; the first pause is a hundredth of it

# The last one: somebody whom the rows point at was deleted before the commit, a member or a follower of a child.
NOBODYS_FAULT = {DEADLOCK_DETECTED, SERIALIZATION_FAILURE, FOREIGN_KEY_VIOLATION}


STARTED_OVER = Counter(
    "issuetracker_transactions_started_over_total", "Transactions begun again, by what ended them.", ["reason"]
)


class StartOver(TryAgain):
    """What was read without a lock, to know what to lock, has changed since."""


def attempts(*, lock_timeout: float, keep: bool = True) -> Iterator[AbstractContextManager[None]]:
    """Yield a transaction to do everything in, all of it or nothing; and another one, if that has to be tried again.

    ::

        for attempt in transactions.attempts(lock_timeout=5):
            with attempt:
                result = ...  # nothing that an earlier attempt has left behind

    A lock that can't be had in ``lock_timeout`` seconds ends it. What the database aborts all the same is tried three
    times in all. What has to start over (a tree that moved) is tried until that time is over, and three times at least.

    :param keep: whether to commit; if not, the very same is done, and then rolled back.
    :raises TryAgain: it had to start over each time.
    :raises OperationalError: no lock in time, aborted each time, or no database.
    """
    tries = _Tries(lock_timeout, keep, deadline=monotonic() + lock_timeout)
    while not tries.are_over:
        yield tries.attempt()


@dataclass(slots=True)
class _Tries:
    lock_timeout: float
    keep: bool
    deadline: float
    begun: int = 0
    aborted: int = 0
    are_over: bool = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Do what is within in one transaction. Swallow the error that another try may mend, after a pause."""
        self.begun += 1
        pause = _pause(self.begun)
        try:
            with _transaction(lock_timeout=self.lock_timeout, keep=self.keep):
                yield
            self.are_over = True
        except StartOver as error:
            # Three times at least: one attempt at "all" may take longer than the time for a lock.
            if self.begun >= ATTEMPTS and monotonic() + pause >= self.deadline:
                raise
            _count(error)
            sleep(pause)
        except (OperationalError, IntegrityError, InternalError) as error:
            self.aborted += 1
            is_nobodys = sqlstate(error) in NOBODYS_FAULT or citus.is_of_the_commit(error)
            if not is_nobodys or self.aborted == ATTEMPTS:
                raise
            _count(error)
            sleep(pause)


def _count(error: Exception) -> None:
    """Count a transaction that is begun again."""
    STARTED_OVER.labels(sqlstate(error) or type(error).__name__).inc()


def _pause(attempt: int) -> float:
    """Return for how many seconds to let others go first after this attempt: longer each time, and never the same.

    Without it, those who are in each other's way would meet again at once, and ask the database for nothing else.
    """
    return min(LONGEST_PAUSE, LONGEST_PAUSE / 100 * 2.0 ** min(attempt - 1, 10)) * random()


@contextmanager
def starting_over_if_locked() -> Iterator[None]:
    """Start over where a lock can't be had at once.

    :raises StartOver: somebody else has it.
    """
    try:
        yield
    except OperationalError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        raise StartOver from error


@contextmanager
def settings_put_back() -> Iterator[None]:
    """Read in here, within a transaction; what is set for it (``SET LOCAL``) is as it was before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# Until the end of the transaction, whatever the connection's own settings are. "Update all" takes its time. And rows
# that are about to be written are in memory: at PostgreSQL's default price for a disk that has to move its head, it
# would rather read a whole project than look up 10,000 ids. To compile a statement by JIT can take longer than the
# statement: no later one is the same. SET, not set_config(): where tables are divided among servers, that tells the
# others nothing, and what waits there would wait for ever.
_SETTINGS = """
    SET LOCAL lock_timeout = '{lock_timeout:d}ms';
    SET LOCAL statement_timeout = 0;
    SET LOCAL random_page_cost = 1.1;
    SET LOCAL jit = off;
"""


@contextmanager
def _transaction(*, lock_timeout: float, keep: bool) -> Iterator[None]:
    limits = _SETTINGS.format(lock_timeout=round(lock_timeout * 1000))
    with writing(), citus.in_a_transaction(), transaction.atomic(durable=True), _sent_along(limits):
        yield
        if not keep:
            connection.check_constraints()  # what the commit would have refused
            transaction.set_rollback(True)


@contextmanager
def _sent_along(prelude: str) -> Iterator[None]:
    """Send these words with the first statement in here: alone they would be a round trip more for each mutation."""
    is_first = True

    def along(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal is_first
        sent = prelude + sql if is_first else sql
        is_first = False
        return execute(sent, params, many, context)

    connection.execute_wrappers.insert(0, along)  # the outermost, so that others who listen hear what is sent
    try:
        yield
    finally:
        connection.execute_wrappers.remove(along)
