"""Which database is asked, and for how long: chosen once for a request, by ``ReadingMiddleware``, and nowhere else.

Whoever asks for rows names neither. The ORM is told by :class:`Router`; SQL by hand goes through :data:`connection`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

PRIMARY = DEFAULT_DB_ALIAS  # where everything is written

# Whoever was shut out a moment ago must not come in by a copy that does not know yet.
CREDENTIALS = frozenset({"projects.apikey", "projects.apitoken", "projects.user", "sessions.session"})

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What holds for the statements of a block. ``limit`` is sent before each: SQL, or nothing."""

    database: str = PRIMARY
    limit: str = ""


OF_SAVEPOINTS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
NO_LIMIT = _Asked()
_asked: ContextVar[_Asked] = ContextVar("asked", default=NO_LIMIT)


@contextmanager
def reading(*, timeout: int, database: str | None = None) -> Iterator[None]:
    """Let each statement in here ask this database, and end after ``timeout`` seconds.

    :param database: its alias in ``DATABASES``; None is the one that is asked already.
    """
    database = database or _asked.get().database
    with ExitStack() as wrapped:
        for alias in {PRIMARY, database}:
            if _limited not in connections[alias].execute_wrappers:
                wrapped.enter_context(connections[alias].execute_wrapper(_limited))
        # Sent along with the statement: what is sent at once is one transaction, to whose end the setting lasts.
        # Opening one for all of them would be three messages more, and let none of them see any less of what others
        # commit. Through PgBouncer, it is the only way that reaches no other client.
        with _asking(_Asked(database, f"SET LOCAL statement_timeout = '{timeout:d}s'; ")):
            yield


@contextmanager
def writing() -> Iterator[None]:
    """Ask the primary in here, within the limits that the transaction has set itself."""
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
    # Not before a savepoint's own words: in a transaction that an error has stopped, PostgreSQL takes nothing but the
    # way back, and a setting before it would end the whole transaction.
    limit = "" if sql.startswith(OF_SAVEPOINTS) else _asked.get().limit
    return execute(limit + sql, params, many, context)


class Router:
    """Tells the ORM which database to ask, as ``DATABASE_ROUTERS`` wants it."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return PRIMARY if model._meta.label_lower in CREDENTIALS else _asked.get().database

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
        return getattr(connections[_asked.get().database], item)


connection: Any = _Connection()
