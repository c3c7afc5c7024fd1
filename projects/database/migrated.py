"""Whether this code and a database fit each other: its letters, its isolation, the migrations that each of them has."""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from projects.refusals import TryAgain

Key = tuple[str, str]  # app and name of a migration, as the table django_migrations has them

SHOWN = 3

# Of pg_advisory_xact_lock, in the order of what the service locks by number: log-ins have 1 (issuetracker/logins.py).
# Who migrates has 0 of it, so that one does at a time; and 1, which who counts shares with others who do.
MIGRATIONS = 2

UTF_8 = "UTF8"
READ_COMMITTED = {"read committed", "read uncommitted"}  # which PostgreSQL takes for the same
MADE_ANEW = "Make it anew: CREATE DATABASE ... ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0."


class Unfit(Exception):
    """This code must not use the database; the message is a sentence that says why, and what to do."""


class OtherLetters(Unfit):
    """Not all that is sent can be stored there, or found: an event would be lost, or a filter leave too little out."""


class OtherIsolation(Unfit):
    """Who has waited for a lock sees what was there before it, and acts on that.

    Two that make the same week of events would both find it missing, and the second drop the first one's, and what was
    stored there meanwhile; and one more password could be guessed for each attempt that waited.
    """


class Migrating(TryAgain):
    """Somebody migrates, or waits to."""

    sentence = "The database is being migrated. Try again."


class Newer(Unfit):
    """A newer version has migrated the database.

    This code would write what that version doesn't expect, and take away what it doesn't know.
    """


def check(applied: Collection[Key]) -> int:
    """Return how many migrations of this code a database lacks, on which those are applied.

    :raises Newer: it has some that this code hasn't, of an app that this code has.
    """
    known = _known()
    apps, replaced = {app for app, _ in known}, {key for keys in known.values() for key in keys}
    unknown = sorted(key for key in applied if key[0] in apps and key not in known and key not in replaced)
    if unknown:
        names = ", ".join(f"{app}.{name}" for app, name in unknown[:SHOWN])
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise Newer(
            f"A newer version has migrated the database: it has {names}{more}, which this version doesn't know. "
            "Run the newer version; or restore a backup of before into an empty database."
        )
    applied = set(applied)
    return sum(key not in applied and not (replaces and replaces <= applied) for key, replaces in known.items())


def check_database(connection: Any) -> int:
    """Return how many migrations of this code the database lacks; all of them, when it is empty.

    :raises OtherLetters: it stores or compares letters in a way that nothing here is made for.
    :raises OtherIsolation: its transactions keep their view of the rows.
    :raises Newer: it has some that this code hasn't.
    """
    check_letters(connection)
    check_isolation(connection)
    return check(MigrationRecorder(connection).applied_migrations())


def check_letters(connection: Any) -> None:
    """Do nothing, if the database stores every letter, and knows those of ASCII in capitals and not.

    :raises OtherLetters: it doesn't.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_encoding'), upper('i') = 'I'")
        encoding, has_capitals = cursor.fetchone()
    if encoding != UTF_8:
        raise OtherLetters(
            f"The database has the encoding {encoding}, in which not every letter can be stored or counted: events "
            f"would be lost. {MADE_ANEW}"
        )
    if not has_capitals:
        raise OtherLetters(
            "To the database the capital of i is not I, as in Turkish: a search for FILE would not find file, nor "
            f"!FILE leave it out. {MADE_ANEW}"
        )


def check_isolation(connection: Any) -> None:
    """Do nothing, if each statement sees what was committed before it.

    :raises OtherIsolation: for the database, its role or the server it is set otherwise.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('default_transaction_isolation'), quote_ident(current_database())")
        isolation, name = cursor.fetchone()
    if isolation not in READ_COMMITTED:
        raise OtherIsolation(
            f"The database has default_transaction_isolation = {isolation}, and locks are made for read committed: who "
            "waits for one would act on what is no longer so. Say, as the service's role: "
            f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET default_transaction_isolation = 'read committed'"
        )


def hold_as_it_is(connection: Any) -> None:
    """Keep who migrates waiting until this transaction ends.

    For who goes on by itself, and can as well do it later. What is written while a migration fills a new table, or
    after it by code that doesn't know that table, is missing there for good.

    :raises Migrating: somebody is at it.
    :raises Newer: a newer version was.
    """
    with connection.cursor() as cursor:
        # The lock first, in a statement of its own: the second one sees what was committed until then.
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s, 1)", [MIGRATIONS])
        if not cursor.fetchone()[0]:
            raise Migrating
        cursor.execute("SELECT app, name FROM django_migrations")
        check(cursor.fetchall())


@cache
def _known() -> dict[Key, set[Key]]:
    """Return the migrations of this code, each with those that it stands for."""
    return {key: set(migration.replaces) for key, migration in MigrationLoader(None).disk_migrations.items()}
