"""A database that is spread over several machines by Citus: each project is on one of them (docs/decisions/0061).

The same statements run there. What differs stands here: which table is where, and which locks can't be had.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, TypeVar

import psycopg2
import psycopg2.extensions
from django.db import OperationalError, transaction
from django.db import connection as default
from django.db.models import QuerySet
from psycopg2.extensions import make_dsn, parse_dsn

from projects.database import shards
from projects.database.arrays import as_array
from projects.database.failures import CONNECTION_FAILURE, is_failed_commit, sqlstate
from projects.database.watching import watched

Row = TypeVar("Row")

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


class MachineAway(psycopg2.OperationalError):  # type: ignore[misc] # psycopg2 has no types here
    """The coordinator has lost another machine."""

    pgcode = CONNECTION_FAILURE


SETTINGS = (
    # Those of a transaction (the time for a lock, and for a statement) hold on the workers, too.
    "citus.propagate_set_commands = 'local'",
    # Who deletes somebody writes all that points at them, on all machines, and then them. Shard after shard: Citus lets
    # nobody write what is whole on each machine who has written several at once. A change of issues has one.
    "citus.multi_shard_modify_mode = 'sequential'",
    # A machine that doesn't answer holds up nobody for longer who asks it first; it is 30 s else.
    "citus.node_connection_timeout = '5s'",
)
# What the coordinator's connections to the machines have, in the words of libpq: one from which nothing comes any more
# is found dead in 5 s while something is sent, and in 11 s else. Linux would try for a quarter of an hour.
LIMITS_OF_CONNECTIONS = {
    "tcp_user_timeout": "5000",  # ms
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
# After so many seconds it is looked whether the machine that has to answer a statement is there.
PATIENCE_SECONDS = 15
STANDS_STILL = "A machine that has to answer is away, and its connection still stands."
# For whom each machine works: Citus gives its sessions there the number of the coordinator's.
WORKED_FOR = r"""
    SELECT NOT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE pid = %(pid)s AND state = 'active' AND wait_event IN ('ClientRead', 'Extension')
    ) OR coalesce(bool_and(success), true) OR coalesce(bool_or(success AND result ~ ('\m' || %(pid)s || '\M')), false)
    FROM run_command_on_workers($$
        SELECT string_agg((substring(application_name FROM 'gpid=(\d+)')::numeric %% 10000000000)::text, ' ')
        FROM pg_stat_activity WHERE state = 'active' AND application_name LIKE 'citus_internal gpid=%%'
    $$)
"""
REFUSED = "violates foreign key constraint"
AMONG_SETTINGS = re.compile(r"((?:\s*SET LOCAL [^;]+;)*)(.*?)((?:\s*SET LOCAL [^;]+;)*)\s*", re.DOTALL)


class SpreadCursor(psycopg2.extensions.cursor):  # type: ignore[misc] # psycopg2 has no types here
    """Sends settings that go along with a statement, before and after it, as Citus takes them; else as one message.

    In a transaction by themselves, so that they reach the workers: the time for a lock counts there. Outside of one,
    where they last for the message alone, to the coordinator alone: it ends what takes too long on the workers, too.
    """

    def execute(self, query: Any, params: Any = None) -> None:
        waits = watched(self.connection, PATIENCE_SECONDS, partial(may_be_answered, self.connection.info.backend_pid))
        try:
            with waits as wait:
                self._execute(query, params)
        except psycopg2.OperationalError as error:
            if not wait.is_cut:
                raise
            raise MachineAway(STANDS_STILL) from error
        except psycopg2.InternalError as error:
            # A connection to a machine was kept, and found dead within a transaction; a new one says what it is.
            if not str(error).startswith("failure on connection marked as essential"):
                raise
            raise MachineAway(str(error)) from error

    def _execute(self, query: Any, params: Any) -> None:
        found = AMONG_SETTINGS.fullmatch(query) if isinstance(query, str) else None
        before, statement, after = ("", "", "") if found is None else found.groups()
        if not (before or after) or not statement.strip():
            super().execute(query, params)
        elif self.connection.autocommit:
            super().execute(f"SET LOCAL citus.propagate_set_commands = 'none'; {query}", params)
        else:
            for sent, values in ((before, None), (statement, params), (after, None)):
                if sent:
                    super().execute(sent, values)


def may_be_answered(pid: int) -> bool:
    """Return whether a session of the coordinator may still get what it waits for: each machine answers, or one that
    does works for it, or it doesn't wait for any. Takes 5 s where a machine is away.

    A machine that stands still, and all that runs on it, acknowledges what comes: to the coordinator its connections
    are well. Nothing else ends a change that waits for it, and Citus itself does not (docs/scale.md).
    """
    try:
        with closing(psycopg2.connect(**default.get_connection_params() | {"cursor_factory": None})) as asking:
            asking.autocommit = True
            with asking.cursor() as cursor:
                cursor.execute(WORKED_FOR, {"pid": pid})
                return bool(cursor.fetchone()[0])
    except psycopg2.Error:  # the coordinator is away: its session ends by itself, or waits as on one PostgreSQL
        return True


def is_spread() -> bool:
    """Return whether the tables of projects are on several machines."""
    default.ensure_connection()
    return bool(getattr(default, "is_spread", False))


def together(project_ids: Iterable[int]) -> list[list[int]]:
    """Return these projects, ascending, in groups of which one statement can ask: all in one, or each alone.

    Where they are spread, a statement that joins tables must say one project, and then one machine answers it. Of no
    project at all there is nothing to ask then.
    """
    ids = sorted(project_ids)
    return [[pk] for pk in ids] if len(ids) != 1 and is_spread() else [ids]


def key_share(*, of: str = "", wait: bool = True) -> str:
    """Return the SQL that locks rows of what belongs to all projects, people or teams, FOR KEY SHARE.

    Nothing, where they are whole on each of several machines: to Citus a lock of one such row is a lock of its table,
    for which each change of an issue would wait for every other one. What that loses: who leaves a team or an
    organization at the same moment can be assigned still. One who is deleted can't: there are foreign keys.
    """
    if is_spread():
        return ""
    return f"FOR KEY SHARE {f'OF {of}' if of else ''} {'' if wait else 'NOWAIT'}"


def ask_each_shard(table: str, sql: str) -> list[str]:
    """Send SQL to each shard of a table, which is ``{table}`` in it; return what those answer that can, as text.

    Each by a connection of its own, with a commit of its own: it takes some tenths of a second.
    """
    with default.cursor() as cursor:
        asked = [table, sql.replace("{table}", "%s")]
        cursor.execute("SELECT result FROM run_command_on_shards(%s, %s) WHERE success AND result <> ''", asked)
        return [answer for (answer,) in cursor.fetchall()]


def is_away(error: OperationalError) -> bool:
    """Return whether the coordinator has answered that another machine doesn't."""
    return sqlstate(error) == CONNECTION_FAILURE and is_spread()


def is_of_the_commit(error: Exception) -> bool:
    """Return whether a machine has refused the commit: a row points at somebody who was deleted meanwhile.

    That is looked for in the end. The coordinator's error doesn't tell it from a machine that was lost, and may have
    committed: what it warned of before does.
    """
    return is_failed_commit(error) and is_spread() and any(REFUSED in told for told in default.connection.notices)


@contextmanager
def in_a_transaction() -> Iterator[None]:
    """Give up a COMMIT, too, that only a machine that stands still could answer. Let what is warned of in here be all
    that :func:`is_of_the_commit` reads.
    """
    if not is_spread():
        yield
        return
    driver = default.connection
    driver.notices.clear()
    with watched(driver, PATIENCE_SECONDS, partial(may_be_answered, driver.info.backend_pid)) as wait:
        try:
            yield
        except OperationalError:
            if not wait.is_cut:
                raise
            raise OperationalError(STANDS_STILL) from MachineAway(STANDS_STILL)


def note_log_in(sender: Any, user: Any, **kwargs: Any) -> None:
    """Keep when a user logged in last, as Django does; not while a machine is away, since users are on each."""
    from django.contrib.auth.models import update_last_login  # noqa: PLC0415 - it is a model, and there are none yet

    try:
        with transaction.atomic():
            update_last_login(sender, user, **kwargs)
    except OperationalError as error:
        if not is_away(error):
            raise


def ask_all_or_each(
    ask: Callable[[Iterable[int] | QuerySet[Any]], list[Row]],
    project_ids: Iterable[int] | QuerySet[Any],
    *,
    enough: int = 1,
) -> list[Row]:
    """Return what ``ask`` finds in these projects: of all at once, or machine by machine, where one of them is away.

    :param enough: with so many rows, nothing is missing that such a machine may have.
    :raises OperationalError: there are fewer, and one is away.
    """
    try:
        return ask(project_ids)
    except OperationalError as error:
        if not is_away(error):
            raise
        found: list[Row] = []
        ids = project_ids.values_list("pk", flat=True) if isinstance(project_ids, QuerySet) else project_ids
        for of_one in apart(list(ids)):
            try:
                found += ask(of_one)
            except OperationalError as another:
                if not is_away(another):
                    raise
        if len(found) < enough:
            raise
        return found


def apart(project_ids: Sequence[int], by: str = "groupid") -> list[list[int]]:
    """Return these projects, ascending, in groups that are on one machine each; or, by ``shardid``, in one shard."""
    with default.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT array_agg(asked.project_id ORDER BY asked.project_id)
            FROM (
                SELECT project_id, get_shard_id_for_distribution_column('issues_issue', project_id) AS shardid
                FROM unnest(%s::bigint[]) AS project (project_id)
            ) AS asked
            JOIN pg_dist_placement AS placement ON placement.shardid = asked.shardid
            GROUP BY placement.{by}
            """,
            [list(project_ids)],
        )
        return [ids for (ids,) in cursor.fetchall()]


def each_shard(sql: str) -> Iterator[str]:
    """Yield what is to be sent for a statement that reads tables of projects, and joins them by whatever it likes: the
    same for the projects of each shard. One machine answers that, by its own planner.

    A name of WITH hides the table of that name, but in its own words.
    """
    read = [table for table in shards.of_projects() if re.search(rf"\b{table}\b", sql)]
    with default.cursor() as cursor:
        # What a counter has come to, the coordinator alone knows.
        counters = dict.fromkeys(re.findall(r"pg_sequence_last_value\('(\w+)'\)", sql))
        for counter in counters:
            cursor.execute("SELECT coalesce(pg_sequence_last_value(%s::regclass), 0)", [counter])
            sql = sql.replace(f"pg_sequence_last_value('{counter}')", f"{cursor.fetchone()[0]:d}")
        cursor.execute("SELECT id FROM projects_project")
        project_ids = [pk for (pk,) in cursor.fetchall()]
    for ids in apart(project_ids, by="shardid"):
        rows = f"WHERE project_id = ANY('{as_array(ids)}'::bigint[])"
        names = ", ".join(f"{table} AS NOT MATERIALIZED (SELECT * FROM {table} {rows})" for table in read)
        yield f"WITH {names} {sql}" if names else sql


class NoCitus(Exception):
    """The database can't be spread; the text says why, and what to do."""


def distribute(connection: Any) -> Iterator[tuple[str, str]]:
    """Spread the tables over the machines, in one transaction; yield the name of each and what it became. Where that is
    done already, only the settings are made anew, for connections to come.

    :raises NoCitus: there is no Citus, or it knows no workers; nothing was changed.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        _see_workers(cursor)
        there = _there(cursor)
        tables = shards.of_projects()
        if set(tables) <= there:
            set_for_connections(cursor)
            return
        # Tables that point at one another become distributed one by one: in between, no key could hold.
        keys = _foreign_keys(cursor, tables)
        for table, name, _ in keys:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
        with counters_kept(cursor):
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
        set_for_connections(cursor)


def spread_like_issues(table: str) -> None:
    """Let a table of projects that a migration has just made be where their issues are, if those are spread."""
    if is_spread():
        with default.cursor() as cursor:
            cursor.execute(
                "SELECT create_distributed_table(%s, 'project_id', colocate_with => 'issues_issue')", [table]
            )


def set_for_connections(cursor: Any) -> None:
    """Let each connection to come have these settings."""
    cursor.execute("SELECT current_database()")
    (database,) = cursor.fetchone()
    for setting in SETTINGS:
        cursor.execute(f'ALTER DATABASE "{database}" SET {setting}')


def limit_connections(connection: Any) -> str:
    """Let the coordinator's connections to the machines, of all its databases, have LIMITS_OF_CONNECTIONS; what an
    operator has set of these stays. Return "", or, where this role may not do that, what a superuser should send.

    Not in a transaction: PostgreSQL takes no ALTER SYSTEM in one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT rolsuper AND current_setting('allow_alter_system', true) IS DISTINCT FROM 'off'
            FROM pg_roles WHERE rolname = current_user
            """
        )
        if cursor.fetchone() == (False,):  # most often one who may not see what is set there, either
            return f"ALTER SYSTEM SET citus.node_conninfo = '{limited('sslmode=require')}'; SELECT pg_reload_conf();"
        cursor.execute("SELECT current_setting('citus.node_conninfo')")
        (present,) = cursor.fetchone()
        if (wanted := limited(present)) != present:
            cursor.execute("ALTER SYSTEM SET citus.node_conninfo = %s", [wanted])
            cursor.execute("SELECT pg_reload_conf()")
    return ""


def limited(parameters: str) -> str:
    """Return these parameters of libpq with those of LIMITS_OF_CONNECTIONS that they lack."""
    present = parse_dsn(parameters)
    missing = {name: value for name, value in LIMITS_OF_CONNECTIONS.items() if name not in present}
    return str(make_dsn(parameters, **missing)) if missing else parameters


@contextmanager
def counters_kept(cursor: Any) -> Iterator[None]:
    """Let the counters of ids go on after this where they are: Citus makes tables anew, and begins again at 1."""
    cursor.execute(
        """
        SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences
        WHERE schemaname = current_schema() AND last_value IS NOT NULL  -- not those of Citus itself
        """
    )
    counters = cursor.fetchall()
    yield
    for name, last in counters:
        cursor.execute("SELECT setval(%s, %s)", [name, last])


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
        WHERE contype = 'f' AND conrelid IN (SELECT unnest(%s::text[])::regclass)
        ORDER BY 1, 2
        """,
        [tables],
    )
    return list(cursor.fetchall())
