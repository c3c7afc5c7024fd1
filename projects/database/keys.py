"""Keys with the project in them, for migrations: Django knows neither such a foreign key nor, beside an ``id`` that the
admin and other keys can name, a primary key of several columns (docs/decisions/0049).

Called with a connection in autocommit (a migration with ``atomic = False``). What was interrupted is done to its end by
calling it again.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import transaction


class Unique(NamedTuple):
    """A primary key (``<table>_pkey``), a unique constraint, or with ``where`` a unique index of some of the rows."""

    table: str
    name: str
    without: tuple[str, ...]  # the columns that it has before the project is in it
    where: str = ""

    @property
    def columns(self) -> str:
        """The project stands last: the index serves whoever knows the id alone, as it did before."""
        return ", ".join((*self.without, "project_id"))

    @property
    def kind(self) -> str:
        return "PRIMARY KEY" if self.name == f"{self.table}_pkey" else "UNIQUE"


class Reference(NamedTuple):
    """A foreign key to a row of the same project."""

    table: str
    column: str
    to: str

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column.removesuffix('_id')}_of_its_project"

    @property
    def add(self) -> str:
        return (
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} FOREIGN KEY (project_id, {self.column})"
            f" REFERENCES {self.to} (project_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def put_project_in(connection: Any, uniques: Collection[Unique], references: Collection[Reference]) -> None:
    """Put the project into keys that lack it, and let these columns point at rows of the same project only.

    Indexes are built beside requests, and foreign keys looked through beside them. In between, all tables are locked at
    once, for a moment.

    :raises IntegrityError: a row points at another project's; ``manage.py check_integrity`` names it.
    """
    with connection.cursor() as cursor:
        due = [unique for unique in uniques if not _has_project(cursor, unique)]
        for unique in due:
            # One that is invalid was left by a killed migration.
            cursor.execute(f"DROP INDEX IF EXISTS {unique.name}_new")
            wanted = f"{unique.name}_new ON {unique.table} ({unique.columns}) {unique.where}"
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {wanted}")
        with transaction.atomic(using=connection.alias):
            for reference in references:
                _drop_plain(cursor, reference)
            for unique in due:
                _exchange(cursor, unique)
            for reference in references:
                if _is_valid(cursor, reference) is None:
                    cursor.execute(f"{reference.add} NOT VALID")
        for reference in references:
            if _is_valid(cursor, reference) is False:
                cursor.execute(f"ALTER TABLE {reference.table} VALIDATE CONSTRAINT {reference.name}")


def take_project_out(connection: Any, uniques: Collection[Unique], references: Collection[Reference]) -> None:
    """Make the keys as they were, in one transaction."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for reference in references:
            cursor.execute(f"ALTER TABLE {reference.table} DROP CONSTRAINT IF EXISTS {reference.name}")
        for unique in uniques:
            if _has_project(cursor, unique):
                columns = ", ".join(unique.without)
                if unique.where:
                    cursor.execute(f"DROP INDEX {unique.name}")
                    cursor.execute(f"CREATE UNIQUE INDEX {unique.name} ON {unique.table} ({columns}) {unique.where}")
                else:
                    cursor.execute(
                        f"ALTER TABLE {unique.table} DROP CONSTRAINT {unique.name},"
                        f" ADD CONSTRAINT {unique.name} {unique.kind} ({columns})"
                    )
        for reference in references:
            cursor.execute(
                f"ALTER TABLE {reference.table} ADD FOREIGN KEY ({reference.column})"
                f" REFERENCES {reference.to} (id) DEFERRABLE INITIALLY DEFERRED"
            )


def _exchange(cursor: Any, unique: Unique) -> None:
    if unique.where:
        cursor.execute(f"DROP INDEX {unique.name}; ALTER INDEX {unique.name}_new RENAME TO {unique.name}")
    else:
        cursor.execute(
            f"ALTER TABLE {unique.table} DROP CONSTRAINT {unique.name},"
            f" ADD CONSTRAINT {unique.name} {unique.kind} USING INDEX {unique.name}_new"
        )


def _has_project(cursor: Any, unique: Unique) -> bool:
    cursor.execute(
        """
        SELECT EXISTS (
            SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
            WHERE indexrelid = %s::regclass AND attname = 'project_id'
        )
        """,
        [unique.name],
    )
    return bool(cursor.fetchone()[0])


def _is_valid(cursor: Any, reference: Reference) -> bool | None:
    """Return whether the foreign key has been looked through; None when there is none."""
    cursor.execute(
        "SELECT convalidated FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
        [reference.table, reference.name],
    )
    row = cursor.fetchone()
    return None if row is None else bool(row[0])


def _drop_plain(cursor: Any, reference: Reference) -> None:
    """Drop what Django made for the column, whichever name it gave it."""
    cursor.execute(
        """
        SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
        WHERE contype = 'f' AND conrelid = %s::regclass AND attname = %s
        """,
        [reference.table, reference.column],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {reference.table} DROP CONSTRAINT "{name}"')
