"""A database into a file and back, with PostgreSQL's own pg_dump and pg_restore; they come along with the server."""

import os
import subprocess
from pathlib import Path
from typing import Any

from issuetracker.postgres import binaries
from issuetracker.processes import dies_with_this_process


class DumpFailed(Exception):
    """PostgreSQL's program refused, or must not be run; the message is what it said, or why."""


def write_dump(connection: Any, file: Path) -> None:
    """Dump the database as it is at this moment, whoever changes it meanwhile. Nobody but the caller may read the file.

    :raises FileExistsError: the file is there already; it stays as it is.
    :raises OSError: it can't be written.
    :raises DumpFailed: pg_dump refused, or there is a pooler between; there is no file.
    """
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _run(connection, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
    except BaseException:
        file.unlink()
        raise


def read_dump(connection: Any, file: Path) -> None:
    """Fill the database, which is empty, from a dump: all of it or nothing.

    :raises DumpFailed: pg_restore refused, or there is a pooler between; nothing was restored.
    """
    _run(connection, "pg_restore", "--single-transaction", "--no-owner", "--no-privileges", str(file), "--dbname")


def _run(connection: Any, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database, whose name becomes the last argument."""
    connection.ensure_connection()  # which starts the embedded server
    if is_pooled(connection):
        # They empty the search path of their session, for one; whoever had it next would find no table.
        raise DumpFailed(
            f"DATABASE_URL leads to a pooler, and what {program} sets on its session would be there for others. "
            "Set DATABASE_URL to the address of PostgreSQL itself for this command."
        )
    # Written for psql; these programs take the same options, and the password from the same variable.
    command, environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, list(arguments))
    done = subprocess.run(
        [binaries.find() / program, *command[1:]],
        env=os.environ | (environment or {}) | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=dies_with_this_process(),  # at SIGTERM they cancel what the server does for them
    )
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if "error:" in line]
        raise DumpFailed(" ".join(said) or done.stderr.strip() or f"{program} ended with {done.returncode}.")


def is_pooled(connection: Any) -> bool:
    """Return whether somebody stands between, such as PgBouncer: who greeted is another one than who answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (answers,) = cursor.fetchone()
    return bool(answers != connection.connection.get_backend_pid())
