"""The database that each worker's is a copy of: the migrations take as long as some hundred tests.

It stays in the cluster of the tests from one run to the next, and its name tells which migrations it was made of. Where
they are others now, it is dropped and made anew.

With PARTITIONS=8 in the environment, the tests run on tables that `manage.py partition` has divided, in a copy of it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from inspect import getsource
from io import StringIO
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from projects.database import dividing, shards
from tests import citus

PREFIX = "tests_made_of_"
LOCK = "SELECT pg_advisory_lock(hashtext(%s))"
PARTITIONS = int(os.environ.get("PARTITIONS") or 0)


@contextmanager
def template(parts: int = PARTITIONS) -> Iterator[str]:
    """Give the name of the database, for the block; nobody is connected to it. One process at a time has it.

    :param parts: into how many its tables are divided; 0 for not at all.
    """
    name = f"{PREFIX}{ingredients()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(LOCK, [PREFIX])  # until this connection ends
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        found = [row[0] for row in cursor.fetchall()]
        if citus.URL:
            yield citus.template(name, found)
            return
        for old in found:
            if not old.startswith(name):
                cursor.execute(f'DROP DATABASE "{old}"')
        if name not in found:
            _make(cursor, name, lambda: call_command("migrate", verbosity=0))
        divided = f"{name}_{parts}" if parts else name
        if divided not in {name, *found}:
            _make(cursor, divided, lambda: call_command("partition", parts=parts, stdout=StringIO()), like=name)
        yield divided


@contextmanager
def template_with(word: str, fill: Callable[[], object]) -> Iterator[str]:
    """Give the name of a copy of it with more in it, made when it is first asked for; nobody is connected to it.

    :param word: tells what it was filled with: "name_version". Those of other versions are dropped.
    """
    with template() as name, connection._nodb_cursor() as cursor:
        of_this_name = f"{name}_{word.rpartition('_')[0]}_"
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [of_this_name])
        found = {row[0] for row in cursor.fetchall()}
        whole = f"{name}_{word}"
        for old in found - {whole}:
            cursor.execute(f'DROP DATABASE "{old}"')
        if whole not in found:
            _make(cursor, whole, fill, like=name)
        yield whole


def _make(cursor: Any, name: str, fill: Callable[[], object], *, like: str = "template1") -> None:
    """Make a database, which has its name only when it is whole."""
    unfinished = f"{PREFIX}unfinished"
    cursor.execute(f'DROP DATABASE IF EXISTS "{unfinished}"')
    cursor.execute(f'CREATE DATABASE "{unfinished}" TEMPLATE "{like}"')
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = unfinished
    try:
        fill()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
    cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


def ingredients() -> str:
    """Return a word for all that the tables are made of; another one when a migration changes."""
    told = sha256(django.get_version().encode())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            told.update(f"\0{app.label}/{file.name}\0".encode() + file.read_bytes())
    for module in (dividing, shards):
        told.update(getsource(module).encode())
    return told.hexdigest()[:16]
