"""A database into a file and back, with PostgreSQL's own pg_dump and pg_restore; they come along with the server."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from psycopg2.extensions import make_dsn

from issuetracker.postgres import binaries
from issuetracker.processes import dies_with_this_process

# pg_restore 17 and later begin with it, whatever server they talk to; one before 17 has no such setting, and refuses.
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
# PostgreSQL 15.20 (Debian's, of November 2026) keeps a number of its own with each column. Its own pg_dump leaves that
# out. The one of version 18, which comes along with the embedded server, takes it for a setting that somebody made; and
# PostgreSQL 18 knows no such setting, and refuses the whole file.
OF_ITS_OWN = re.compile(rb"ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=[0-9]+\);\n")
# All of it stands before the first rows, which may say anything.
ROWS = b"COPY "

# What the driver is told, and they are not: how its rows look, and the encoding, which they choose by the database's.
NOT_FOR_PROGRAMS = {"cursor_factory", "client_encoding"}


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

    :raises DumpFailed: PostgreSQL's program refused, or there is a pooler between; nothing was restored.
    """
    # Without comments: there is one, PostgreSQL's own on its extension, and who doesn't own that may not say it again.
    read = ["--no-owner", "--no-privileges", "--no-comments", str(file)]
    connection.ensure_connection()
    if connection.pg_version >= 170_000 and not _has_what_is_left_out(connection, read):
        _run(connection, "pg_restore", "--single-transaction", *read, "--dbname")
    else:
        _read_by_psql(connection, read)


def _has_what_is_left_out(connection: Any, read: Sequence[str]) -> bool:
    """Return whether the tables of this file have numbers that the server which it comes from keeps for itself."""
    command, environment = _prepare(connection, "pg_restore")
    done = subprocess.run(
        [command[0], "--section=pre-data", *read, "--file=-"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        preexec_fn=dies_with_this_process(),
    )
    _check("pg_restore", done.returncode, done.stderr.decode(errors="replace"))
    return any(OF_ITS_OWN.fullmatch(line) for line in done.stdout.splitlines(keepends=True))


def _read_by_psql(connection: Any, read: Sequence[str]) -> None:
    """Let psql do what pg_restore writes, but for the lines that the server refuses.

    Only what comes to its end is committed: psql would take the end of a half for the end of the whole.
    """
    _prepare(connection, "pg_restore")  # is it there?
    command, environment = _prepare(connection, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname")
    bound: dict[str, Any] = {"env": environment, "preexec_fn": dies_with_this_process()}
    with (
        TemporaryFile("w+") as refusals,  # of both: a pipe that nobody reads would fill
        subprocess.Popen(command, **bound, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=refusals) as psql,
        subprocess.Popen(
            [binaries.find() / "pg_restore", *read, "--file=-"],
            **bound,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=refusals,
        ) as pg_restore,
    ):
        assert psql.stdin
        assert pg_restore.stdout
        try:
            psql.stdin.write(b"BEGIN;\n")
            _copy(pg_restore.stdout, psql.stdin, knows_of_17=connection.pg_version >= 170_000)
            if pg_restore.wait() == 0:
                psql.stdin.write(b"COMMIT;\n")
            psql.stdin.close()
        except BrokenPipeError:  # psql has ended before, and says why
            with suppress(BrokenPipeError):  # of what is still to be sent: else the end of this block would raise it
                psql.stdin.close()
        pg_restore.stdout.close()  # which ends it, if psql did
        ended = psql.wait() or pg_restore.wait()
        refusals.seek(0)
        _check("pg_restore", ended, refusals.read())


def _copy(statements: IO[bytes], psql: IO[bytes], *, knows_of_17: bool) -> None:
    """Copy all of them but what the server doesn't know."""
    for line in statements:
        if not (OF_ITS_OWN.fullmatch(line) or (line == UNKNOWN_BEFORE_17 and not knows_of_17)):
            psql.write(line)
        if line.startswith(ROWS):
            break
    shutil.copyfileobj(statements, psql)


def _run(connection: Any, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database, whose name becomes the last argument."""
    command, environment = _prepare(connection, program, *arguments)
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=dies_with_this_process(),  # at SIGTERM they cancel what the server does for them
    )
    _check(program, done.returncode, done.stderr)


def _prepare(connection: Any, program: str, *arguments: str) -> tuple[list[str | Path], dict[str, str]]:
    """Return the command and the environment that run one of PostgreSQL's programs on the database.

    :raises DumpFailed: there is a pooler between, or no such program.
    """
    path = binaries.find() / program
    if not os.access(path, os.X_OK):
        raise DumpFailed(f"There is no {program} in {path.parent}: set PG_BINDIR to a bin folder that has it.")
    connection.ensure_connection()  # which starts the embedded server
    if is_pooled(connection):
        # They empty the search path of their session, for one; whoever had it next would find no table.
        raise DumpFailed(
            f"DATABASE_URL leads to a pooler, and what {program} sets on its session would be there for others. "
            "Set DATABASE_URL to the address of PostgreSQL itself for this command."
        )
    # All that this process itself connects with: a host or a port behind the ? of a URL names the database as well.
    # Without it another one may be found, at the usual address, and dumped or filled.
    given = connection.get_connection_params()
    password = given.pop("password", None)  # others see a command line
    words = {name: word for name, word in given.items() if name not in NOT_FOR_PROGRAMS}
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    return [path, *arguments, make_dsn(**words)], os.environ | secret | {"LC_ALL": "C"}


def _check(program: str, ended: int, refusals: str) -> None:
    """Do nothing, if the program has done its work.

    :raises DumpFailed: it has ended with a fault; this is what it said.
    """
    if ended != 0:
        said = [line.strip() for line in refusals.splitlines() if "error:" in line.lower()]
        raise DumpFailed(" ".join(said) or refusals.strip() or f"{program} ended with {ended}.")


def is_pooled(connection: Any) -> bool:
    """Return whether somebody stands between, such as PgBouncer: who greeted is another one than who answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (answers,) = cursor.fetchone()
    return bool(answers != connection.connection.get_backend_pid())
