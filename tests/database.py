"""The database of the tests: a cluster of their own, emptied and filled with as little work as can be.

What is done here changes what a test costs, and nothing of what it finds:

- The cluster stands in a folder of its own beside the data of `manage.py demo`. Nothing in it has to outlive a power
  cut. It doesn't vacuum or analyze by itself either: a plan must not depend on when that happened.
- The migrations are done once, in a database that those of all workers are copies of (template.py).
- After a test that commits, Django empties every table by TRUNCATE and makes its permissions anew, which takes a
  quarter of a second. Here only tables with rows are emptied, by DELETE, and the permissions stay.
- What a test makes of the schema or of the statistics of tables is made in a copy, which is dropped. PostgreSQL takes
  neither back with a transaction, and plans whatever comes later by it: a statement of a second took ten minutes.
- What is rolled back stays in the files. They are made empty before they are large.
- The cast (conftest.py) takes some thirty statements. Tests in a row that name the same of it get it from one
  transaction around them all, each as copies of its own; what a test writes is rolled back to that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import signature
from pickle import dumps, loads
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from issuetracker.postgres import cluster, folder
from tests import citus

FOR_SPEED = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
STAY = {"auth_permission", "django_content_type", "django_migrations"}
LARGE = 1 << 20  # bytes: TRUNCATE takes away what DELETE leaves behind


def use_a_cluster_for_tests() -> None:
    """Must come before the first connection; with DATABASE_URL it changes nothing."""
    settings.DATA_DIR = str(folder.choose() / "tests")
    cluster.SETTINGS |= FOR_SPEED
    setattr(TransactionTestCase, "_fixture_teardown", lambda test_case: empty())  # noqa: B010


def empty() -> None:
    """Take all rows away but those that `migrate` makes."""
    if citus.URL:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(tables())} CASCADE")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', pg_relation_size('{table}') > {LARGE} WHERE EXISTS (SELECT FROM {table})"
                f" OR pg_relation_size('{table}') > {LARGE}"
                for table in tables()
            )
        )
        found: list[tuple[str, bool]] = cursor.fetchall()
        small = [table for table, is_large in found if not is_large]
        large = [table for table, is_large in found if is_large]
        # Foreign keys are looked at in the end, so the order doesn't matter.
        statements = [f"DELETE FROM {table}" for table in small]
        if large:  # first: PostgreSQL truncates nothing that keys of deleted rows are still to be looked for in
            statements.insert(0, f"TRUNCATE {', '.join(large)} CASCADE")
        if statements:
            cursor.execute("; ".join(statements))


def any_is_large() -> bool:
    """Return whether a table is large by what tests have rolled back: nearly each adds to one of these."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(pg_relation_size('issues_issue'), pg_relation_size('issues_activity'),"
            " pg_relation_size('issues_mutation')) > %s",
            [LARGE],
        )
        return bool(cursor.fetchone()[0])


def shrink() -> None:
    """Take away what rows that were rolled back have left, if no table has any other.

    Nobody vacuums here, and whoever reads a table from end to end reads those as well: at the end of a run that took
    ten times as long as at its beginning. A VACUUM would tell PostgreSQL that the tables are empty, and it would plan
    by that; after TRUNCATE it knows as little as in the beginning.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {' OR '.join(f'EXISTS (SELECT FROM {table})' for table in tables())}")
        if not cursor.fetchone()[0]:
            cursor.execute(f"TRUNCATE {', '.join(tables())}")


@cache
def tables() -> list[str]:
    return sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - STAY)


def copy_database(name: str, new: str) -> None:
    """Make a database anew, as a copy of one that nobody is connected to."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{new}"')
        cursor.execute(f'CREATE DATABASE "{new}" TEMPLATE "{name}"')


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Let this process use another database, which is dropped in the end."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


# ---------------------------------------------------------------------------------------------------------------------
# The cast that stands
# ---------------------------------------------------------------------------------------------------------------------


class Standing:
    """Those of the cast whose rows are there before a test begins, in a transaction that stays open."""

    def __init__(self) -> None:
        self.makers: dict[str, Callable[..., Any]] = {}  # all that can stand, by the name of the fixture
        self.needs: dict[str, list[str]] = {}  # by each: which others it is made of
        self.rows: dict[str, Any] = {}
        self.packed = b""  # the rows; to unpack them takes a fifth of what deepcopy takes
        self.copies: dict[str, Any] = {}  # for this test
        self.around: transaction.Atomic | None = None
        self.blocker: DjangoDbBlocker | None = None

    def make_way(self, item: Any) -> None:
        """End what the next test has no use for: what it makes in other sessions would wait for these rows."""
        if self.blocker is not None and self.named_by(item) != list(self.rows):
            with self.blocker.unblock():
                self.end()

    def prepare(self, item: Any, blocker: DjangoDbBlocker) -> None:
        """Let exactly that stand which a test names; to be called before its own transaction begins."""
        self.blocker = blocker
        with blocker.unblock():
            names = self.named_by(item)
            is_large = any_is_large()
            if names != list(self.rows) or connection.closed_in_transaction or is_large:
                self.end()
                if is_large and not connection.in_atomic_block:
                    shrink()
                if names:
                    self.begin(names)
        self.copies = loads(self.packed) if self.rows else {}

    def begin(self, names: list[str]) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        for name in names:
            self.rows[name] = self.makers[name](**{needed: self.rows.get(needed) for needed in self.needs[name]})
        self.packed = dumps(self.rows)

    def end(self) -> None:
        self.rows, self.copies = {}, {}
        if self.around is not None:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
            self.around = None

    def named_by(self, item: Any) -> list[str]:
        """Return the names of the fixtures, in an order in which they can be made.

        None for a test that commits, and where a file has one of them of its own: what is made of that can't be made
        of ours.
        """
        if commits(item):
            return []
        definitions = item._fixtureinfo.name2fixturedefs
        found: dict[str, None] = {}

        def add(name: str) -> None:
            if name in self.makers and name not in found:
                for needed in self.needs[name]:
                    add(needed)
                found[name] = None

        for name in item.fixturenames:
            add(name)
        is_ours = all(name in definitions and definitions[name][-1].baseid == "tests" for name in found)
        return list(found) if is_ours else []


standing = Standing()


def of_the_cast(make: Callable[..., Any]) -> Any:
    """Make a fixture that gives what stands, or else makes it for the test."""
    name = make.__name__
    standing.makers[name] = make
    standing.needs[name] = list(signature(make).parameters)

    @pytest.fixture
    @wraps(make)
    def fixture(**needed: Any) -> Any:
        return standing.copies[name] if name in standing.copies else make(**needed)

    return fixture


def commits(item: Any) -> bool:
    """Return whether what a test writes is committed."""
    marker = item.get_closest_marker("django_db")
    return "transactional_db" in item.fixturenames or (marker is not None and bool(marker.kwargs.get("transaction")))
