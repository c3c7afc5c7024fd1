"""The database that each worker's is a copy of: the migrations take as long as some hundred tests.

It stays in the cluster of the tests from one run to the next, and its name tells which migrations it was made of. Where
they are others now, it is dropped and made anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

PREFIX = "tests_made_of_"
LOCK = "SELECT pg_advisory_lock(hashtext(%s))"


@contextmanager
def template() -> Iterator[str]:
    """Give the name of the database, for the block; nobody is connected to it. One process at a time has it."""
    name = f"{PREFIX}{ingredients()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(LOCK, [PREFIX])  # until this connection ends
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        found = [row[0] for row in cursor.fetchall()]
        if name not in found:
            for old in found:
                cursor.execute(f'DROP DATABASE "{old}"')
            unfinished = f"{PREFIX}unfinished"
            cursor.execute(f'CREATE DATABASE "{unfinished}"')
            migrate(unfinished)
            cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
        yield name


def ingredients() -> str:
    """Return a word for all that the tables are made of; another one when a migration changes."""
    told = sha256(django.get_version().encode())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            told.update(f"\0{app.label}/{file.name}\0".encode() + file.read_bytes())
    return told.hexdigest()[:16]


def migrate(database: str) -> None:
    """Make the tables in a database, and end the connection to it."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
