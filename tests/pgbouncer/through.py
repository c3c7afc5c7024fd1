"""A plugin for pytest, which lets tests reach their database through PgBouncer: ``pytest -p tests.pgbouncer.through``.

The database of the tests is made without it: PostgreSQL copies and drops only what nobody is connected to, and
PgBouncer keeps its connections. All that comes after, of the tests and of the servers that they start, goes through it;
each transaction, and each statement that is in none, on another connection than the one before. So what one leaves
behind on its session is not there for the next one.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from pytest_django import DjangoDbBlocker

from tests.pgbouncer.bouncer import CannotRun, PgBouncer, running

CONNECTIONS = 4  # of PgBouncer: a test needs up to three at once


@pytest.fixture(scope="session", autouse=True)
def through_pgbouncer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let this process connect to the database of the tests through PgBouncer, and see that it did."""
    with django_db_blocker.unblock():
        server = straight()
        connection.close()
    name = server["dbname"]
    try:
        with (
            running(
                {key: str(server[key]) for key in ("host", "port", "user", "password") if key in server},
                default_pool_size=CONNECTIONS,
                min_pool_size=CONNECTIONS,
                server_round_robin=1,
            ) as bouncer,
            pytest.MonkeyPatch.context() as patch,
        ):
            lead(patch, bouncer, name)
            yield
            with django_db_blocker.unblock():
                connection.close()
            assert bouncer.pool(name)["pool_mode"] == "transaction"
            assert bouncer.transactions(name) > 0
    except CannotRun as error:
        pytest.exit(str(error), returncode=1)


def straight() -> dict[str, Any]:
    """Return what the database of the tests is connected to with, past PgBouncer."""
    connection.ensure_connection()
    parameters: dict[str, Any] = connection.get_connection_params()
    return parameters


def lead(patch: pytest.MonkeyPatch, bouncer: PgBouncer, name: str) -> None:
    """Let connections to this database, and to no other, be connections to PgBouncer."""
    usual = DatabaseWrapper.get_connection_params

    def parameters(wrapper: Any) -> dict[str, Any]:
        found: dict[str, Any] = usual(wrapper)
        return found | bouncer.address if found["dbname"] == name else found

    patch.setattr(DatabaseWrapper, "get_connection_params", parameters)
