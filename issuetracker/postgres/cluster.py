"""One PostgreSQL cluster in the data folder: created, started and stopped. Callers hold the lock of ``lease``."""

import contextlib
import enum
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError
from psycopg2 import sql

from issuetracker.postgres import binaries
from issuetracker.postgres.account import Account, name_of
from issuetracker.postgres.folder import CLUSTER

SUPERUSER = "issuetracker"
PORT = "5432"  # there is no TCP port; the number is part of the socket's name

SETTINGS = {
    "listen_addresses": "",  # the socket in a folder of mode 0700 is the only way in, hence no passwords
    "port": PORT,
    "max_connections": "100",
    "shared_buffers": "256MB",
    # Else the statement of a process that was killed runs on to its end, with its locks: an "update all" for minutes.
    "client_connection_check_interval": "1s",
    # Its log is not looked after by anybody, and lies beside the data. A statement that fails may be a mebibyte of ids,
    # and has what it was about in clear; what calls it logs that it failed. Checkpoints are no news.
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

# A socket's whole path has 104 bytes on macOS, 108 on Linux, one of them for the final zero.
LONGEST_SOCKET = 103

LEAVING = "the database system is shutting down"  # what a server says to who connects then

LARGEST_LOG = 10 * 1024 * 1024  # bytes; a larger one is put aside at the start, instead of the one before

START_SECONDS = 300  # replaying the log after a crash
LEAVE_SECONDS = 5  # for those who are connected, when somebody has asked the server to end after them
LINGER_SECONDS = 30  # what a killed postmaster leaves behind, until it notices
STOP_SECONDS = 60


class State(enum.Enum):
    """What the socket says."""

    UP = "takes connections"
    BUSY = "starting or recovering"
    LEAVING = "stopping: at once, or when those who are connected have left"
    DOWN = "nobody listens"


class Cluster:
    """The cluster of one data folder.

    :raises ImproperlyConfigured: the OS user can't use that folder.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder = data / CLUSTER  # PostgreSQL's own
        self.account = Account.of_owner(self.folder) if self.folder.exists() else Account.for_new_data()
        self.log = self.folder / "server.log"
        self.socket_dir = self._choose_socket_dir()
        self.child: int | None = None  # the server, if this process launched it

    def start(self, *, may_create: bool = True) -> None:
        """Return once the server takes connections; it's created and started as needed.

        :param may_create: else one that isn't there is refused, as what can't run here.
        :raises ImproperlyConfigured: it can't run here; the sentence says what to set.
        :raises OperationalError: PostgreSQL itself refused; the sentence says why.
        """
        if self.state() is State.UP:
            return
        programs = self._prepare(may_create=may_create)
        start_by = time.monotonic() + START_SECONDS
        linger_by = time.monotonic() + LINGER_SECONDS
        leave_by = time.monotonic() + LEAVE_SECONDS
        logged_before: int | None = None  # None: we haven't launched it
        while (state := self.state()) is not State.UP:
            if time.monotonic() > start_by:
                raise OperationalError(f"PostgreSQL didn't start within {START_SECONDS} s; see {self.log}.")
            if state is State.LEAVING and time.monotonic() > leave_by:
                self._disconnect_everyone()
            if state in {State.BUSY, State.LEAVING} or self.postmaster() or self._child_runs():
                time.sleep(0.02)
                continue
            if logged_before is not None:
                refusal = self._refusal(logged_before)
                # What a killed server leaves behind notices it soon; two servers on one cluster would destroy it.
                if "still in use" not in refusal or time.monotonic() > linger_by:
                    raise OperationalError(f"PostgreSQL didn't start: {refusal} (more in {self.log})")
                time.sleep(0.2)
            logged_before = self._launch(programs)

    def stop(self) -> None:
        """Disconnect everyone and return once the server has ended, its data written; nothing when it doesn't run."""
        if not self._disconnect_everyone():
            return
        stop_by = time.monotonic() + STOP_SECONDS
        while (self.postmaster() or self._child_runs()) and time.monotonic() < stop_by:
            time.sleep(0.01)
        if self.socket_dir != self.folder:
            with contextlib.suppress(OSError):  # not empty: it didn't stop in time
                self.socket_dir.rmdir()

    def _disconnect_everyone(self) -> bool:
        """Have the server end: a "fast" shutdown. Return whether there was one.

        A "smart" one, which is what a plain `kill` asks for, waits for those who are connected. Threads of a service
        stay so for good.
        """
        # Interrupted while it starts, it has no pid file yet.
        pid = self.postmaster() or (self.child if self._child_runs() else None)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        return True

    def create_database(self, name: str) -> None:
        """Create the database unless it exists.

        :raises psycopg2.Error: the server refused.
        """
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
                if not cursor.rowcount:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def state(self) -> State:
        """Return what a new connection is told."""
        try:
            self._connect().close()
        except psycopg2.OperationalError as error:
            if LEAVING in str(error):
                return State.LEAVING
            if "the database system is" in str(error):
                return State.BUSY
            # "Too many clients" and the like: somebody answered, so there is nothing to start.
            return State.UP if "FATAL" in str(error) else State.DOWN
        return State.UP

    def postmaster(self) -> int | None:
        """Return the process id of this cluster's running server. A zombie, or a reused id, is none."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if str(self.folder) in command_of(pid) else None

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.socket_dir), port=PORT, user=SUPERUSER, dbname="postgres", connect_timeout=10
        )

    def _prepare(self, *, may_create: bool) -> Path:
        """Return the programs to run; the cluster exists and is theirs."""
        if not (may_create or (self.folder / "PG_VERSION").exists()):
            raise ImproperlyConfigured(
                f"The database that was in {self.data} is gone: bring it back, or its disk. "
                "To begin with an empty one, start the service anew."
            )
        if not self.account.reaches(self.data):
            raise ImproperlyConfigured(
                f"PostgreSQL would run as the OS user {name_of(self.account.uid)}, who can't enter {self.data}: "
                "set DATA_DIR to a folder that is open to it, such as /var/lib/issuetracker, or set DATABASE_URL."
            )
        found = binaries.find()
        major = binaries.version(found).split(".")[0]
        programs = binaries.made_runnable(found, self.account, self.data)
        try:
            if not (self.folder / "PG_VERSION").exists():
                self._create(programs, int(major))
            written_by = (self.folder / "PG_VERSION").read_text().strip()
            self._make_socket_dir()
        except OSError as error:
            raise ImproperlyConfigured(
                f"The data folder {self.data} can't hold a database ({error.strerror}: {error.filename}): "
                "set DATA_DIR to another, or set DATABASE_URL."
            ) from error
        if written_by != major:
            raise ImproperlyConfigured(
                f"The data in {self.folder} was written by PostgreSQL {written_by}, but the programs in {found} are "
                f"version {major}: set PG_BINDIR to a bin folder of version {written_by}. To move to version {major}, "
                "run manage.py backup FILE with that, and without it manage.py restore FILE with DATA_DIR set to a new "
                "folder."
            )
        return programs

    def _create(self, programs: Path, major: int) -> None:
        """Run initdb beside the final place, then rename: whatever happens, no half-made cluster is ever used."""
        try:
            pwd.getpwuid(self.account.uid)
        except KeyError as error:
            raise ImproperlyConfigured(
                f"PostgreSQL needs a named OS user, and {self.account.uid} has no name in /etc/passwd: "
                "run this as a named user, or set DATABASE_URL."
            ) from error
        if found := re.search(r'["$`\\\n]', str(self.folder)):
            raise ImproperlyConfigured(
                f"PostgreSQL can't keep data in {self.folder}, because of the {found.group()!r} in its name: "
                "set DATA_DIR to another folder."
            )
        unfinished = self.folder.with_suffix(".new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        self.account.own(unfinished)
        # Plain C folds no letter outside ASCII: 'É' ILIKE 'é' would be false. What sorts by bytes needs no reindexing.
        locale = ["--locale=C.UTF-8"]
        if major >= 17:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self.account.run(
            programs / "initdb", "-D", unfinished, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", *locale
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished)
            raise ImproperlyConfigured(
                f"PostgreSQL couldn't create its files in {self.data}: {complaint(done)} "
                "Set DATA_DIR to another folder, or set DATABASE_URL."
            )
        unfinished.rename(self.folder)
        directory = os.open(self.data, os.O_RDONLY)
        try:
            os.fsync(directory)  # else a power cut could take the name back, and with it rows committed since
        finally:
            os.close(directory)

    def _launch(self, programs: Path) -> int:
        """Start the server, without waiting for it; return how long its log was before."""
        # Nobody listens, and no process is this cluster's: a pid file is what a killed server left. Its number may be
        # another process's by now, usual in containers, and PostgreSQL would refuse to start because of that one.
        for stale in (self.folder / "postmaster.pid", self.socket_dir / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)
        logged_before = self.log.stat().st_size if self.log.exists() else 0
        if logged_before > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
            logged_before = 0
        settings = SETTINGS | {"unix_socket_directories": str(self.socket_dir)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.child = self.account.spawn(programs / "postgres", "-D", self.folder, *options, log=self.log)
        return logged_before

    def _child_runs(self) -> bool:
        """Return whether the server that this process launched still runs; if it ended, take its zombie away."""
        if self.child is not None:
            try:
                if os.waitpid(self.child, os.WNOHANG) == (0, 0):
                    return True
            except ChildProcessError:  # somebody here waits for all children, as gunicorn's master does
                pass
            self.child = None
        return False

    def _refusal(self, logged_before: int) -> str:
        """Return why the server ended, by its log."""
        lines: list[str] = []
        if self.log.exists():
            with self.log.open("rb") as log:
                log.seek(logged_before)  # what is before may be of years
                lines = log.read().decode(errors="replace").splitlines()
        fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
        return (fatal or lines or ["it ended without a word"])[-1]

    def _choose_socket_dir(self) -> Path:
        """Return the cluster's own folder, or a short name when that is too long or odd for a socket.

        In /tmp rather than TMPDIR, which two processes need not share.
        """
        name = str(self.folder)
        fits = len(f"{name}/.s.PGSQL.{PORT}") <= LONGEST_SOCKET and re.fullmatch(r"[\w./+ -]+", name, re.ASCII)
        return self.folder if fits else Path(f"/tmp/issuetracker-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}")

    def _make_socket_dir(self) -> None:
        if self.socket_dir == self.folder:
            return
        with contextlib.suppress(FileExistsError):
            self.socket_dir.mkdir(mode=0o700)
            self.account.own(self.socket_dir)
        found = self.socket_dir.lstat()
        # /tmp is everyone's: whoever made this folder first could pose as our server.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or found.st_mode & 0o077:
            raise ImproperlyConfigured(
                f"{self.socket_dir} isn't a private folder of the OS user {name_of(self.account.uid)}: "
                "remove it, or set DATA_DIR to a folder with a shorter, plain name."
            )


def command_of(pid: int) -> list[str]:
    """Return the command line of a running process, nothing when there is none."""
    if Path("/proc/self").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
        except OSError:
            return []
    # macOS prints one line without quotes: split at the options, since the path may hold spaces.
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return re.split(r" -[Dc] ?", listed.stdout.strip())


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a failed program said, on one line and without its hints."""
    lines = [line.strip() for line in done.stdout.splitlines()]
    errors = [line for line in lines if "error:" in line or "FATAL:" in line]
    return " ".join(errors[-1:] or lines[-1:]) or f"it ended with {done.returncode}."
