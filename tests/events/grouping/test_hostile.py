"""No name and no text costs more than its length (contract 7.6)."""

import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20  # of the processor; one or two are enough, and a careless pattern needs minutes


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def test_what_is_hostile_is_read_once() -> None:
    """A limit of the processor's time, not of the clock's: a busy machine changes nothing."""
    read = subprocess.run(
        [sys.executable, "-m", "tests.events.grouping.hostile"],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )

    assert read.stdout.splitlines()[-1:] == ["all were read"], read.stderr
    assert read.returncode == 0
