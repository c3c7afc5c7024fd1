"""What is forked of a process that is prepared is to a command as one that was started."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests import prepared

TELL = """
import logging, os, re, resource, signal, sys
from django.conf import settings
from django.db import connection
print(connection.settings_dict, connection.connection)  # which fills in what is not said
for name in dir(settings):
    print(name, re.sub(" at 0x[0-9a-f]+", "", repr(getattr(settings, name))) if name.isupper() else "")
print(sys.argv, sys.path[0], os.getcwd(), sorted(os.environ.items()), os.umask(0), sorted(os.listdir("/proc/self/fd")))
print(logging.getLogger("issues.mutations").level, logging.getLogger().handlers, sys.stdin.read())
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE))
print("as it is", file=sys.stderr)
sys.exit(7)
"""
PLAIN = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SECRET_KEY": "plain"}
ODD = PLAIN | {
    "DATA_DIR": "/var/lib/odd",
    "ALLOWED_HOSTS": "a.example, b.example",
    "BASE_URL": "https://a.example",
    "LOG_LEVEL": "error",
    "DATABASE_URL": "postgresql://me:word@192.0.2.1:5433/issues",
    "THROTTLE_PER_MINUTE": "77",
}


@pytest.fixture
def hangup() -> Iterator[Callable[[signal.Handlers], object]]:
    inherited = signal.getsignal(signal.SIGHUP)
    yield lambda action: signal.signal(signal.SIGHUP, action)
    signal.signal(signal.SIGHUP, inherited)


@pytest.mark.parametrize(
    ("environment", "action"), [(PLAIN, signal.SIG_IGN), (ODD, signal.SIG_DFL)], ids=["plain, by nohup", "odd"]
)
def test_has_arguments_settings_and_streams_as_if_it_was_started(
    environment: dict[str, str], action: signal.Handlers, hangup: Callable[[signal.Handlers], object]
) -> None:
    """What it is told, and what it ignores, have nothing to do with each other: each of both once."""
    hangup(action)
    arguments = ["shell", "-v0", "-c", TELL]

    real = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=prepared.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    forked = prepared.run(*arguments, environment=environment)

    assert real.returncode == 7
    assert forked.stdout.splitlines() == real.stdout.splitlines()
    assert (forked.returncode, forked.stderr) == (real.returncode, real.stderr)
