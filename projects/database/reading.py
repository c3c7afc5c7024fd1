"""Which database is asked, and for how long: chosen once for a request, by ``ReadingMiddleware``, and nowhere else.

Whoever asks for rows names neither. The ORM is told by :class:`Router`; SQL by hand goes through :data:`connection`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from projects.database import replica, watching

PRIMARY = DEFAULT_DB_ALIAS  # where everything is written

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@dataclass(slots=True)
class _Where:
    """Which database a block asks. Once it has asked the primary it goes on there."""

    database: str = PRIMARY


@dataclass(frozen=True, slots=True)
class _Asked:
    """What holds for the statements of a block. ``timeout`` is in seconds; None: it is not said."""

    where: _Where
    timeout: float | None = None

    @property
    def limit(self) -> str:
        """What is sent before each statement: SQL, or nothing."""
        return "" if self.timeout is None else f"SET LOCAL statement_timeout = '{self.timeout:g}s'; "


OF_SAVEPOINTS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
NO_LIMIT = _Asked(_Where())
_asked: ContextVar[_Asked] = ContextVar("asked", default=NO_LIMIT)


@contextmanager
def reading(*, timeout: float, database: str | None = None) -> Iterator[None]:
    """Let each statement in here ask this database, and end after ``timeout`` seconds.

    A copy of the primary is asked if it has all that was committed before the block; else the primary is. Where the
    copy fails within the block, and after anything was asked of the primary in it, the rest asks the primary, too.

    :param database: its alias in ``DATABASES``; None is the one that is asked already.
    """
    where = _asked.get().where if database is None else _Where()
    with ExitStack() as wrapped:
        for alias in {PRIMARY, database or where.database}:
            if _limited not in connections[alias].execute_wrappers:
                wrapped.enter_context(connections[alias].execute_wrapper(_limited))
        # Sent along with the statement: what is sent at once is one transaction, to whose end the setting lasts.
        # Opening one for all of them would be three messages more, and let none of them see any less of what others
        # commit. Through PgBouncer, it is the only way that reaches no other client.
        with _asking(_Asked(where, timeout)):
            if database not in {None, PRIMARY} and replica.may_answer(str(database)):
                where.database = str(database)
            yield


@contextmanager
def writing() -> Iterator[None]:
    """Ask the primary in here, within the limits that the transaction has set itself."""
    _asked.get().where.database = PRIMARY  # what is written here the copy has later
    with _asking(NO_LIMIT):
        yield


@contextmanager
def _asking(asked: _Asked) -> Iterator[None]:
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def _limited(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    asked, alias = _asked.get(), context["connection"].alias
    # Not before a savepoint's own words: in a transaction that an error has stopped, PostgreSQL takes nothing but the
    # way back, and a setting before it would end the whole transaction.
    limit = "" if sql.startswith(OF_SAVEPOINTS) else asked.limit
    send = partial(execute, limit + sql, params, many, context)
    if alias == PRIMARY:
        asked.where.database = PRIMARY  # it may have written
        if asked.timeout is None or not getattr(context["connection"], "is_spread", False):
            return send()
        # To end a statement, Citus asks the machine that works on it, and waits for that: if it is frozen, for ever.
        with watching.watched(context["connection"].connection, asked.timeout + watching.GRACE_SECONDS):
            return send()
    if asked.where.database == alias:
        try:
            with watching.watched(context["connection"].connection, (asked.timeout or 0) + watching.GRACE_SECONDS):
                return send()
        except (DatabaseError, InterfaceError) as error:
            if not replica.hands_over(error, alias):
                raise
    # It failed there, or was made for it before the block went on at the primary.
    again = connections[PRIMARY].cursor()
    result = again.executemany(sql, params) if many else again.execute(sql, params)
    context["cursor"].cursor = again.cursor  # the driver's, inside of Django's
    return result


class Router:
    """Tells the ORM which database to ask, as ``DATABASE_ROUTERS`` wants it."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _asked.get().where.database

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return PRIMARY

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Yes: both databases hold the same rows."""
        return True

    def allow_migrate(self, database: str, *args: Any, **hints: Any) -> bool:
        """Only the primary: the others are copies of it."""
        return database == PRIMARY


class _Connection:
    """As Django's own ``connection``, but to the database that is asked where it is used."""

    def __getattr__(self, item: str) -> Any:
        return getattr(connections[_asked.get().where.database], item)


connection: Any = _Connection()
