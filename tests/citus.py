"""The tests on a Citus cluster: ``CITUS_URL=postgres://… make test``, with the address of its coordinator.

Each process of the tests has a database of its own on each machine of the cluster, all copies of one that is
distributed once (template.py).

What is not asked there, and what fails there, stands in citus_exceptions.toml with its reason.
"""

import os
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from inspect import getsource
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.creation import DatabaseCreation

from projects.database import citus as spreading

URL = os.environ.get("CITUS_URL", "")
SHARDS = 4  # of each table: a test has few projects, and each shard is a table to empty


def machines() -> list[tuple[str, int]]:
    """Return the addresses of the coordinator, which comes first, and of the workers."""
    with psycopg2.connect(URL) as asking, asking.cursor() as cursor:
        cursor.execute("SELECT nodename, nodeport FROM pg_dist_node ORDER BY groupid, nodeid")
        return list(cursor.fetchall())


def on_each(database: str, *statements: str) -> None:
    """Send these to each machine."""
    for machine in machines():
        send(machine, database, *statements)


def send(machine: tuple[str, int], database: str, *statements: str) -> None:
    """Send these to one machine."""
    host, port = machine
    asking = psycopg2.connect(URL, host=host, port=port, dbname=database)
    asking.autocommit = True
    with asking.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    asking.close()


def create(database: str) -> None:
    """Make an empty database on each machine, and let the coordinator know the workers."""
    on_each("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', f'CREATE DATABASE "{database}"')
    on_each(database, "CREATE EXTENSION citus")
    (host, port), *workers = machines()
    asking = psycopg2.connect(URL, dbname=database)
    asking.autocommit = True
    with asking.cursor() as cursor:
        cursor.execute("SELECT citus_set_coordinator_host(%s, %s)", [host, port])
        for worker in workers:
            cursor.execute("SELECT citus_add_node(%s, %s)", worker)
        cursor.execute(f'ALTER DATABASE "{database}" SET citus.shard_count = {SHARDS}')
    asking.close()


def template(name: str, there: Sequence[str]) -> str:
    """Make the database that those of all processes are copies of, unless it is there; return its name."""
    name, unfinished = (
        f"{name}_{sha256(getsource(spreading).encode()).hexdigest()[:8]}_spread",
        "tests_made_of_unfinished",
    )
    if name not in there:
        for old in there:
            on_each("postgres", f'DROP DATABASE IF EXISTS "{old}"')
        create(unfinished)
        usual = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = unfinished
        try:
            call_command("migrate", verbosity=0)
            call_command("distribute", verbosity=0)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
        close(unfinished, name)
    return name


def close(database: str, name: str) -> None:
    """Give the database its name on each machine, and let nobody connect to it: Citus itself would, all the time."""
    on_each(
        "postgres",
        f'ALTER DATABASE "{database}" WITH ALLOW_CONNECTIONS false',
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
        "SELECT pg_sleep(0.5)",
        f'ALTER DATABASE "{database}" RENAME TO "{name}"',
    )


def make_copies_on_each() -> None:
    """Let Django make and drop the databases of the tests on each machine."""

    def create_database(self: Any, cursor: Any, parameters: dict[str, str], keepdb: bool = False) -> None:
        name = parameters["dbname"].strip('"')
        on_each(
            "postgres",
            f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
            f"CREATE DATABASE {parameters['dbname']} {parameters['suffix']}",
        )
        # What a database is set to its copies are not.
        settings = [f'ALTER DATABASE "{name}" SET {setting}' for setting in spreading.SETTINGS]
        send(machines()[0], "postgres", *settings)  # which sends them on

    def destroy_database(self: Any, name: str, verbosity: int) -> None:
        on_each("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    for name, method in {"_execute_create_test_db": create_database, "_destroy_test_db": destroy_database}.items():
        setattr(DatabaseCreation, name, method)


# ---------------------------------------------------------------------------------------------------------------------
# Exceptions
# ---------------------------------------------------------------------------------------------------------------------

EXCEPTIONS = Path(__file__).with_name("citus_exceptions.toml")


def told() -> dict[str, list[dict[str, Any]]]:
    """Return the list as it is written."""
    return tomllib.loads(EXCEPTIONS.read_text())


@cache
def exceptions() -> dict[str, dict[str, str]]:
    """Return the reasons: of paths that are not asked there, as ``elsewhere``, and of tests that fail, as ``fails``."""
    return {
        kind: {name: entry["reason"] for entry in entries for name in entry["tests"]}
        for kind, entries in told().items()
    }


def except_some(items: list[pytest.Item]) -> list[pytest.Item]:
    """Let those fail that the list says fail, and nothing else of them: one that passes has to leave the list. Take
    out, and return, what is not asked on a cluster.
    """
    elsewhere, fails = exceptions()["elsewhere"], exceptions()["fails"]
    asked, left_out = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        names = list(_names_of(item))
        (left_out if any(name in elsewhere for name in names) else asked).append(item)
        for reason in [fails[name] for name in names if name in fails]:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    items[:] = asked
    return left_out


def _names_of(item: pytest.Item) -> Iterator[str]:
    """Yield what an entry may call a test: itself, all of its cases, its file, or a folder with it."""
    yield item.nodeid
    path, _, _ = item.nodeid.partition("::")
    yield item.nodeid.partition("[")[0]
    yield path
    yield from (f"{folder}/" for folder in Path(path).parents)
