"""Whether this code and the tables of a database fit each other: by the migrations that each of them has."""

from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Key = tuple[str, str]  # app and name of a migration, as the table django_migrations has them

SHOWN = 3


class Newer(Exception):
    """A newer version has migrated the database; the message is a sentence that says what to do.

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

    :raises Newer: it has some that this code hasn't.
    """
    return check(MigrationRecorder(connection).applied_migrations())


@cache
def _known() -> dict[Key, set[Key]]:
    """Return the migrations of this code, each with those that it stands for."""
    return {key: set(migration.replaces) for key, migration in MigrationLoader(None).disk_migrations.items()}
