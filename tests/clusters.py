"""Data folders with an embedded PostgreSQL of their own, for tests that stop, kill or break it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests import prepared

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


def servers(home: Path) -> list[int]:
    """Return the running postmasters whose data is below this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        words = command_of(int(process.name))
        if words[0].endswith("/postgres") and words[1] == "-D" and words[2].startswith(f"{home}/"):
            found.append(int(process.name))
    return found


def command_of(pid: int) -> list[str]:
    """Return the words of a process's command; one that is empty, once the process has ended."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except OSError:
        return [""]


def manage(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the service on this data folder, as a person would."""
    return prepared.run(*arguments, environment=os.environ | {"DATA_DIR": str(data)} | environment)
