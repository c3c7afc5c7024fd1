"""The transaction of a mutation: opened here and nowhere else, and tried again when it was nobody's fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from issues.errors import TryAgain

Result = TypeVar("Result")

ATTEMPTS = 3

DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"
# Somebody whom the rows written point at was deleted before the commit: a member of the team, a follower of a child.
FOREIGN_KEY_VIOLATION = "23503"
NOBODYS_FAULT = {DEADLOCK_DETECTED, SERIALIZATION_FAILURE, FOREIGN_KEY_VIOLATION}


class StartOver(TryAgain):
    """What was read without a lock, to know what to lock, has changed since."""


class TreeMoved(StartOver):
    """Relatives by merge came or went while their locks were waited for; what was read of the tree is stale."""


def run(work: Callable[[], Result], *, lock_timeout: int, keep: bool = True) -> Result:
    """Return what ``work`` returns, done in one transaction of its own: all of it or nothing.

    A lock that can't be had in ``lock_timeout`` seconds ends it. What the database aborts all the same, and what has to
    start over (a tree that moved), is tried again, three times in all.

    :param keep: whether to commit; if not, the very same is done, and then rolled back.
    :raises TryAgain: it had to start over each time.
    :raises OperationalError: no lock in time, aborted each time, or no database.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _run_once(work, lock_timeout=lock_timeout, keep=keep)
        except StartOver:
            continue
        except (OperationalError, IntegrityError) as error:
            if sqlstate(error) not in NOBODYS_FAULT:
                raise
    return _run_once(work, lock_timeout=lock_timeout, keep=keep)


@contextmanager
def reading(*, timeout: int) -> Iterator[None]:
    """Read in one transaction, whose statements the database ends after ``timeout`` seconds each."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{timeout}s"])
        yield


def sqlstate(error: Exception) -> str | None:
    """Return PostgreSQL's five-letter code of what went wrong; None when it never answered."""
    return getattr(error.__cause__, "pgcode", None)


def _run_once(work: Callable[[], Result], *, lock_timeout: int, keep: bool) -> Result:
    with transaction.atomic(durable=True):
        # Until the end of this transaction, whatever the connection's own settings are. "Update all" takes its time.
        # And rows that are about to be written are in memory: at PostgreSQL's default price for a disk that has to
        # move its head, it would rather read a whole project than look up 10,000 ids.
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT set_config('lock_timeout', %s, true),
                       set_config('statement_timeout', '0', true),
                       set_config('random_page_cost', '1.1', true)
                """,
                [f"{lock_timeout}s"],
            )
        result = work()
        if not keep:
            connection.check_constraints()  # what the commit would have refused
            transaction.set_rollback(True)
        return result
