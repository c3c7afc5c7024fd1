"""A connection to the database that was lost between two requests, and is only found out by using it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@contextmanager
def first_look_up_tried_again(*, lock_timeout: float | None = None) -> Iterator[None]:
    """Send the first statement in here once more, on a new connection, when the one that there was is lost.

    A connection is kept from one request to the next. Meanwhile PostgreSQL may have been restarted, or something on the
    way may have let go of it. To ask "are you there" before each request finds that out, but costs every request a
    round trip. Here the first statement of the request is the question: for the API it looks up the credential.

    Only that one, and only if it is a SELECT outside of a transaction, which does no harm twice. Nothing after it is
    ever sent again: what came before would be missing from the new connection, and of a COMMIT that got no answer
    nobody knows whether it was done.

    :param lock_timeout: so many seconds each statement waits for a lock; None: as long as others have said.
    """
    is_first = True
    limit = "" if lock_timeout is None else waiting_at_most(lock_timeout)

    def tried_again(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal is_first
        may_repeat = is_first and not connection.in_atomic_block and sql.lstrip().startswith("SELECT")
        is_first = False
        try:
            return execute(limit + sql, params, many, context)
        except (DatabaseError, InterfaceError):
            if not may_repeat or not is_lost():
                raise
        connection.close()
        connection.ensure_connection()  # and not connect(), whose errors are the driver's own
        context["cursor"].cursor = connection.create_cursor()  # the driver's, inside of Django's
        return execute(limit + sql, params, many, context)

    if is_lost():
        connection.close()  # by PgBouncer, while it was set up: Django keeps even such a one
    connection.health_check_done = True  # type: ignore[attr-defined] # else Django asks first; the stubs lack it
    with connection.execute_wrapper(tried_again):
        yield


def waiting_at_most(seconds: float) -> str:
    """Return what to send before a statement that is a transaction by itself: it waits no longer for any lock."""
    return f"SET LOCAL lock_timeout = '{round(seconds * 1000):d}ms'; "


def is_lost() -> bool:
    """Return whether the driver has found out that nobody is at the other end."""
    return connection.connection is None or connection.connection.closed != 0
