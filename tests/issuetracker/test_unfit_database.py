"""A database that stores or compares letters, or shows rows, in another way than is relied on: it is not used."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from django.db import connection
from psycopg2 import connect

from benchmarks.serving import database_url
from tests import prepared
from tests.issuetracker.test_settings import PRODUCTION

ASCII = "ENCODING 'SQL_ASCII' LOCALE 'C'"
LATIN_1 = "ENCODING 'LATIN1' LOCALE 'C'"
C = "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"

# What the database of a Turkish locale says of capitals: the PostgreSQL of the tests has no such locale.
TURKISH = """
CREATE FUNCTION public.upper(word text) RETURNS text LANGUAGE SQL IMMUTABLE
RETURN pg_catalog.upper(replace(word, 'i', 'İ'));
ALTER DATABASE {} SET search_path = public, pg_catalog;
"""

LOST = "The database has the encoding {}, in which not every letter can be stored or counted: events would be lost."
MISSED = "To the database the capital of i is not I, as in Turkish: a search for FILE would not find file"
WITHOUT_CAPITALS = "To PostgreSQL ü and Ü are two letters"


@contextmanager
def database(options: str, sql: str = "") -> Iterator[dict[str, str]]:
    """Make one, for the block: the environment in which a command uses it."""
    name = f"letters_{uuid4().hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
    url = urlunsplit(urlsplit(database_url())._replace(path=f"/{name}"))
    try:
        with closing(connect(url)) as made, made, made.cursor() as cursor:
            cursor.execute(f"SELECT 1; {sql.format(name)}")
        yield os.environ | {"DATABASE_URL": url}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("options", "sql", "sentence"),
    [(ASCII, "", LOST.format("SQL_ASCII")), (LATIN_1, "", LOST.format("LATIN1")), ("", TURKISH, MISSED)],
    ids=["no encoding", "Latin 1", "Turkish"],
)
def test_is_refused(options: str, sql: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text("PGDMP")
    commands = [("migrate",), ("restore", str(tmp_path / "a.dump")), ("count_events",), ("prune",), ("seed_projects",)]
    with database(options, sql) as environment:
        for words in commands:
            done = prepared.run(*words, environment=environment)

            assert done.returncode == 1, words
            assert done.stderr.startswith(f"CommandError: {sentence}"), words
            assert "LOCALE 'C.UTF-8' TEMPLATE template0.\n" in done.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("options", "is_warned"), [(C, True), ("", False)], ids=["C", "as it should be"])
def test_is_warned_of(options: str, is_warned: bool) -> None:
    with database(options) as environment:
        done = prepared.run("check", "--deploy", environment=environment | PRODUCTION)

    assert done.returncode == 0
    assert (WITHOUT_CAPITALS in done.stderr) is is_warned


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_another_isolation_is_refused_until_it_is_set_back(isolation: str) -> None:
    """As the sentence says; a database that was made for it has this one as well, for any role."""
    default = f"SET default_transaction_isolation = '{isolation}'"
    with database("", f"ALTER DATABASE {{}} {default}") as environment:
        for words in (("migrate",), ("count_events",), ("seed_projects",)):
            done = prepared.run(*words, environment=environment)

            assert done.returncode == 1, words
            assert done.stderr.startswith(
                f"CommandError: The database has default_transaction_isolation = {isolation}, and"
            )
        with closing(connect(environment["DATABASE_URL"])) as asked, asked, asked.cursor() as cursor:
            cursor.execute(done.stderr.partition("role: ")[2])
        done = prepared.run("migrate", "--verbosity=0", environment=environment)

    assert (done.returncode, done.stderr) == (0, "")
