"""A database that is spread over several machines by Citus: each project is on one of them (docs/decisions/0061).

The same statements run there. What differs stands here: which table is where, and which locks can't be had.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg2.extensions
from django.db import connection as default
from django.db import transaction

from projects.database import shards

# What rows of projects point at, or are joined to: whole on each machine. What else there is (credentials of the API,
# log-ins, sessions) stays on the coordinator alone, so that writing it asks no other machine.
ON_EACH = (
    "projects_user",
    "projects_organization",
    "projects_organizationmember",
    "projects_team",
    "projects_team_members",
    "projects_project",
    "projects_project_teams",
    "projects_clientkey",
)


_known: dict[Any, bool] = {}  # by database; it is spread while nobody is connected


def look(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Find out whether this database is spread, once for each; to be called when a connection is made."""
    database = tuple(connection.settings_dict[key] for key in ("HOST", "PORT", "NAME"))
    if connection.vendor == "postgresql" and database not in _known:
        with connection.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_dist_partition WHERE partmethod = 'h')")
                _known[database] = cursor.fetchone()[0]
            else:
                _known[database] = False
    connection.is_spread = _known.get(database, False)
    if connection.is_spread:
        connection.connection.cursor_factory = SpreadCursor


SETTINGS_BEFORE = re.compile(r"(?:\s*SET LOCAL [^;]+;)+")


class SpreadCursor(psycopg2.extensions.cursor):  # type: ignore[misc] # psycopg2 has no types here
    """Sends settings that go along with a statement as Citus takes them; else they are one message.

    In a transaction by themselves, so that they reach the workers: the time for a lock counts there. Outside of one,
    where they last for the message alone, to the coordinator alone: it ends what takes too long on the workers, too.
    """

    def execute(self, query: Any, params: Any = None) -> None:
        found = SETTINGS_BEFORE.match(query) if isinstance(query, str) else None
        if found is None or not query[found.end() :].strip():
            super().execute(query, params)
        elif self.connection.autocommit:
            super().execute(f"SET LOCAL citus.propagate_set_commands = 'none'; {query}", params)
        else:
            super().execute(found[0])
            super().execute(query[found.end() :], params)


def is_spread() -> bool:
    """Return whether the tables of projects are on several machines."""
    default.ensure_connection()
    return bool(getattr(default, "is_spread", False))


def together(project_ids: Iterable[int]) -> list[list[int]]:
    """Return these projects, ascending, in groups of which one statement can ask: all in one, or each alone.

    Where they are spread, a statement that joins tables must say one project, and then one machine answers it.
    """
    ids = sorted(project_ids)
    return [[pk] for pk in ids] if len(ids) > 1 and is_spread() else [ids]


def key_share(*, of: str = "", wait: bool = True) -> str:
    """Return the SQL that locks rows of what belongs to all projects, people or teams, FOR KEY SHARE.

    Nothing, where they are whole on each of several machines: to Citus a lock of one such row is a lock of its table,
    for which each change of an issue would wait for every other one. What that loses: who leaves a team or an
    organization at the same moment can be assigned still. One who is deleted can't: there are foreign keys.
    """
    if is_spread():
        return ""
    return f"FOR KEY SHARE {f'OF {of}' if of else ''} {'' if wait else 'NOWAIT'}"


class NoCitus(Exception):
    """The database can't be spread; the text says why, and what to do."""


def distribute(connection: Any) -> Iterator[tuple[str, str]]:
    """Spread the tables over the machines, in one transaction; yield the name of each and what it became.

    :raises NoCitus: there is no Citus, or it knows no workers; nothing was changed.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        _see_workers(cursor)
        there = _there(cursor)
        tables = shards.of_projects()
        if set(tables) <= there:
            return
        # Tables that point at one another become distributed one by one: in between, no key could hold.
        keys = _foreign_keys(cursor, tables)
        for table, name, _ in keys:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
        for table in ON_EACH:
            cursor.execute("SELECT create_reference_table(%s)", [table])
            yield table, "whole on each machine"
        first, *others = sorted(tables, key=lambda table: table != "issues_issue")
        cursor.execute("SELECT create_distributed_table(%s, 'project_id', colocate_with => 'none')", [first])
        yield first, "by project"
        for table in others:
            cursor.execute("SELECT create_distributed_table(%s, 'project_id', colocate_with => %s)", [table, first])
            yield table, "by project"
        for table, name, definition in keys:
            if "REFERENCES projects_apikey" not in definition:
                cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        # Settings of a transaction (the time for a lock, and for a statement) hold on the workers, too.
        cursor.execute("SELECT current_database()")
        cursor.execute(f"""ALTER DATABASE "{cursor.fetchone()[0]}" SET citus.propagate_set_commands = 'local'""")


def _see_workers(cursor: Any) -> None:
    cursor.execute("SELECT to_regclass('pg_dist_node')")
    if cursor.fetchone() == (None,):
        raise NoCitus("This database has no Citus: CREATE EXTENSION citus, and add its workers by citus_add_node().")
    cursor.execute("SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards")
    if cursor.fetchone() == (0,):
        raise NoCitus("Citus knows no workers: add them by citus_add_node().")


def _there(cursor: Any) -> set[str]:
    cursor.execute("SELECT table_name::text FROM citus_tables WHERE citus_table_type = 'distributed'")
    return {name for (name,) in cursor.fetchall()}


def _foreign_keys(cursor: Any, tables: list[str]) -> list[tuple[str, str, str]]:
    """Return the foreign keys of these tables, each as its table, its name and its definition."""
    cursor.execute(
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
        ORDER BY 1, 2
        """,
        [tables],
    )
    return list(cursor.fetchall())
