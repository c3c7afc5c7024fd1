"""Data folders with an embedded PostgreSQL of their own, for tests that stop, kill or break it."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from tests import prepared
from tests.template import ingredients

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def folder(name: str) -> Iterator[Path]:
    """Give a data folder that PostgreSQL's OS user can reach, unlike pytest's own; in the end nothing of it is left."""
    home = Path(tempfile.mkdtemp(prefix="issuetracker-test-", dir="/tmp"))
    home.chmod(0o755)
    try:
        yield home / name
    finally:
        for pid in servers(home):
            os.kill(pid, signal.SIGQUIT)
        while servers(home):
            time.sleep(0.02)
        shutil.rmtree(home)


def empty(data: Path) -> None:
    """Make a data folder with a database, and nothing in it: to make one takes PostgreSQL seconds, most to sync it."""
    _copy("new", _make_empty, data)


def migrated(data: Path) -> None:
    """Make a data folder whose database has the tables, and no row: to migrate takes as long as some hundred tests."""
    _copy("with-tables", _make_migrated, data)


def _make_empty(data: Path) -> None:
    connect = "from django.db import connection; connection.ensure_connection()"
    done = manage(data, "shell", "-v0", "-c", connect, DATABASE_URL="")
    assert (done.returncode, done.stderr, servers(data)) == (0, "", [])
    # After a crash PostgreSQL syncs each of its files. No test cuts the power, and what was killed has written what it
    # said that it had.
    with (data / "cluster" / "postgresql.conf").open("a") as settings_of_postgres:
        settings_of_postgres.write("fsync = off\n")


def _make_migrated(data: Path) -> None:
    empty(data)
    done = manage(data, "migrate", "-v0", DATABASE_URL="")
    assert (done.returncode, done.stderr, servers(data)) == (0, "", [])


def _copy(name: str, make: Callable[[Path], None], data: Path) -> None:
    """Copy a data folder that stays beside the cluster of the tests, for as long as the migrations do (template.py)."""
    home = Path(settings.DATA_DIR)
    kept = home / f"{name}-{ingredients()}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process makes it, until the file is closed
        if not kept.exists():
            for old in home.glob(f"{name}-*"):
                shutil.rmtree(old)
            unfinished = kept.with_name(f"{kept.name}.unfinished")
            make(unfinished)
            unfinished.rename(kept)
    subprocess.run(["cp", "-a", kept, data], check=True)  # with its owner, who may be PostgreSQL's own


def servers(home: Path) -> list[int]:
    """Return the running postmasters whose data is below this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        words = command_of(int(process.name))
        if words[0].endswith("/postgres") and words[1] == "-D" and words[2].startswith(f"{home}/"):
            found.append(int(process.name))
    # A process that a postmaster has just forked has its command still.
    return [pid for pid in found if parent_of(pid) not in found]


def parent_of(pid: int) -> int:
    """Return a process's parent; 0, once the process has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def command_of(pid: int) -> list[str]:
    """Return the words of a process's command; one that is empty, once the process has ended."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except OSError:
        return [""]


def manage(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the service on this data folder, as a person would."""
    return prepared.run(*arguments, environment=os.environ | {"DATA_DIR": str(data)} | environment)
