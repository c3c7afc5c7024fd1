"""A PgBouncer of the tests' own, with the settings that are shipped (pgbouncer.ini)."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "pgbouncer.ini"
PORT = 6432  # of a socket in a folder of its own: there is no TCP port
PATIENCE = 30  # seconds


class CannotRun(Exception):
    """There is no PgBouncer here; the message says what to do."""


def find() -> str:
    """Return the program.

    :raises CannotRun: it isn't installed.
    """
    # Debian puts it where only root's PATH leads.
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise CannotRun("These tests need PgBouncer, and there is none: apt-get install pgbouncer")
    return program


class PgBouncer:
    """One that takes whoever comes by its socket in ``folder``, and goes to one server, as one user."""

    def __init__(self, folder: Path, account: int) -> None:
        self.folder = folder
        self.account = account
        self.address = {"host": str(folder), "port": str(PORT)}
        self.start()

    def start(self) -> None:
        """Start it, and return once it answers.

        :raises CannotRun: it isn't installed.
        """
        other = self.account != os.getuid()  # it refuses to run as root
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [find(), str(self.folder / "pgbouncer.ini")],
                stdout=log,
                stderr=log,
                user=self.account if other else None,
                group=pwd.getpwuid(self.account).pw_gid if other else None,
            )
        wait(self)

    def stop(self) -> None:
        """End it at once, with all its connections."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def url(self, database: str) -> str:
        """Return what DATABASE_URL is set to."""
        return f"postgresql://anybody@/{database}?host={self.folder}&port={PORT}"

    def ask(self, command: str) -> list[dict[str, Any]]:
        """Return what the console answers, row by row: ``SHOW POOLS``, ``KILL name``."""
        console = psycopg2.connect(**self.address, user="pgbouncer", dbname="pgbouncer")
        try:
            console.autocommit = True  # it knows no BEGIN
            with console.cursor() as cursor:
                cursor.execute(command)
                if cursor.description is None:
                    return []
                names = [column.name for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            console.close()

    def answers(self) -> bool:
        try:
            self.ask("SHOW VERSION")
        except psycopg2.OperationalError:
            return False
        return True

    def pool(self, database: str) -> dict[str, Any]:
        """Return what it says of its connections to this database, and of who waits for one."""
        (row,) = (row for row in self.ask("SHOW POOLS") if row["database"] == database)
        return row

    def transactions(self, database: str) -> int:
        """Return how many it has passed on, of this database."""
        return sum(row["total_xact_count"] for row in self.ask("SHOW STATS") if row["database"] == database)


@contextmanager
def running(server: Mapping[str, str], **settings: object) -> Iterator[PgBouncer]:
    """Run one in front of a server, for the block.

    :param server: what a connection to it is made with: ``host``, ``port``, ``user``, and ``password`` if need be.
    :param settings: what is set otherwise than in pgbouncer.ini.
    :raises CannotRun: it isn't installed.
    """
    find()
    folder = Path(tempfile.mkdtemp(prefix="issuetracker-bouncer-", dir="/tmp"))
    try:
        # PostgreSQL's OS user, who alone can reach the socket of an embedded one.
        socket = Path(server["host"])
        account = (socket.stat().st_uid if socket.is_dir() else os.getuid()) or pwd.getpwnam("postgres").pw_uid
        if account != os.getuid():
            os.chown(folder, account, -1)
        write_settings(folder, server, settings)
        bouncer = PgBouncer(folder, account)
        try:
            yield bouncer
        finally:
            bouncer.stop()
    finally:
        shutil.rmtree(folder)


def write_settings(folder: Path, server: Mapping[str, str], settings: Mapping[str, object]) -> None:
    """Write the shipped settings with another way in, and another server behind."""
    written = ConfigParser(interpolation=None)
    written.read_string(SHIPPED.read_text())
    written["databases"]["*"] = " ".join(f"{name}='{value}'" for name, value in server.items() if value)
    ours = {
        "listen_addr": "",
        "unix_socket_dir": folder,
        "auth_type": "any",  # whoever comes by the socket, which is in a folder of the tests' own
        "auth_file": "",
        "admin_users": "pgbouncer",
        **settings,
    }
    written["pgbouncer"].update({name: str(value) for name, value in ours.items()})
    with (folder / "pgbouncer.ini").open("w") as file:
        written.write(file)


def wait(bouncer: PgBouncer) -> None:
    """Return once it answers.

    :raises AssertionError: it ended, or did not in time.
    """
    deadline = time.monotonic() + PATIENCE
    while not bouncer.answers():
        said = (bouncer.folder / "log").read_text()
        assert bouncer.process.poll() is None, f"PgBouncer ended: {said}"
        assert time.monotonic() < deadline, f"PgBouncer does not answer: {said}"
        time.sleep(0.02)
