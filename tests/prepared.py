"""`manage.py` without its start: a process that has imported all of it forks a child for each command.

To start Python and to import Django and the apps takes nearly two seconds of a core, and a hundred tests only want to
see what a command says. To a command the child is like a process of its own: arguments, environment, folder, standard
streams and exit code are the caller's, the settings are read anew, no connection was opened before; it leads a group
of its own. That `manage.py` starts at all, and who ends with whom, is tested with real processes.
"""

import atexit
import gc
import json
import os
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import django
from django.conf import Settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from django.db import connections
from django.utils.functional import empty

from issuetracker.processes import dies_with_this_process
from tests import migrating

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = "issuetracker.settings"
LARGEST = 1 << 17  # bytes of a request: arguments and environment
LIMITS = [resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE]  # which are a child's, too
# A setting of the environment that is read before a command is there would be another one than the command's. DEBUG
# chooses between two files of the admin's.
READ_BEFORE = {"DEBUG"}

# ---------------------------------------------------------------------------------------------------------------------
# Who asks
# ---------------------------------------------------------------------------------------------------------------------


class Process:
    """A program that runs, to be used like ``subprocess.Popen``: it is a child of another process.

    The program is ``manage.py``, or the text of one. It gets the environment and nothing else of ours; on its standard
    input there is nothing. ``stderr``: the file that it is written to, instead of a pipe.
    """

    def __init__(
        self, program: str, *arguments: str, environment: Mapping[str, str], stderr: IO[str] | None = None
    ) -> None:
        self.arguments = [program, *arguments]
        self.returncode: int | None = None
        limits = {number: resource.getrlimit(number) for number in LIMITS}
        # What is prepared was started by who asked first, and may ignore it where the caller doesn't, as under nohup.
        hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        request = json.dumps([program, arguments, dict(environment), [*limits.items()], hangs_up]).encode()
        assert len(request) <= LARGEST
        self.stdout, said = _pipe()
        self.stderr, complained = _pipe()
        self._told, tell = _pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        streams = [nothing, said, complained if stderr is None else stderr.fileno(), tell]
        socket.send_fds(_prepared(), [request], streams)
        for fd in (nothing, said, complained, tell):
            os.close(fd)
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Return the exit code, or minus the signal by which it was killed; None while it runs."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, when there is one.

        :raises TimeoutExpired: there was none after so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return what it says on standard output and standard error from now on, when it has ended.

        :raises TimeoutExpired: it had not after so many seconds.
        """
        ends_at = time.monotonic() + timeout if timeout is not None else None
        heard: dict[IO[str], list[bytes]] = {self.stdout: [], self.stderr: []}
        going_on = [stream for stream in heard if not stream.closed]
        while going_on:
            left = max(0, ends_at - time.monotonic()) if ends_at is not None else None
            ready = select.select(going_on, [], [], left)[0]
            if not ready:
                raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
            for stream in ready:
                heard[stream].append(os.read(stream.fileno(), 65536))
                if not heard[stream][-1]:
                    stream.close()
                    going_on.remove(stream)
        self.wait(timeout)
        said, complained = (b"".join(pieces).decode() for pieces in heard.values())
        return said, complained

    def send_signal(self, number: int) -> None:
        """Send it, unless the program has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _pipe() -> tuple[IO[str], int]:
    ours, theirs = os.pipe()
    return open(ours, encoding="utf-8"), theirs


def run(*arguments: str, environment: Mapping[str, str], timeout: float = 300) -> "subprocess.CompletedProcess[str]":
    """Run ``manage.py`` with these arguments and this environment to its end.

    :raises TimeoutExpired: it had to be killed after so many seconds.
    """
    process = Process("manage.py", *arguments, environment=environment)
    try:
        said, complained = process.communicate(timeout)
    finally:
        process.kill()  # does nothing to one that has ended
    return subprocess.CompletedProcess(process.arguments, process.wait(), said, complained)


@cache
def _prepared() -> socket.socket:
    """Return the way to the process that is prepared, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


# ---------------------------------------------------------------------------------------------------------------------
# Who is asked
# ---------------------------------------------------------------------------------------------------------------------


def prepare() -> None:
    """Import what commands need."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    django.setup()
    for name, app in get_commands().items():
        load_command_class(app, name)
    import_module("issuetracker.urls")
    migrating.quickly()
    told = (ROOT / "issuetracker" / "settings.py").read_text()
    assert {name for name in settings.__dict__ if f'("{name}"' in told} <= READ_BEFORE
    gc.collect()
    gc.freeze()  # else each child copies what it looks at


def serve(requests: socket.socket) -> str:
    """Fork a child for each request, and return the program in it; end when nobody can ask any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that wait need not be waited for
    while True:
        request, fds, _, _ = socket.recv_fds(requests, LARGEST, 4)
        if not request:
            os.killpg(0, signal.SIGKILL)  # those that wait, too, and with each its program
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            *streams, tell = fds
            bind = dies_with_this_process()
            if (pid := os.fork()) == 0:
                os.close(tell)
                if bind is not None:
                    bind()
                return become(streams, *json.loads(request))
            for stream in streams:
                os.close(stream)
            os.write(tell, f"{pid}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.write(tell, f"{code}\n".encode())
            os._exit(0)
        for fd in fds:
            os.close(fd)


def become(
    streams: list[int],
    program: str,
    arguments: list[str],
    environment: dict[str, str],
    limits: list[Any],
    hangs_up: bool,
) -> str:
    """Be as at the start of the program; return that."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL if hangs_up else signal.SIG_IGN)
    for number, of_the_caller in limits:
        resource.setrlimit(number, of_the_caller)
    for fd, stream in enumerate(streams):
        os.dup2(stream, fd)
        os.close(stream)
    os.environ.clear()
    os.environ.update({"DJANGO_SETTINGS_MODULE": SETTINGS} | environment)
    sys.argv = [program if program == "manage.py" else "-c", *arguments]
    connections._settings = None  # type: ignore[attr-defined]  # which the stubs lack
    del connections["default"], connections.settings
    by_apps = {name: getattr(settings, name) for name in {*dir(settings)} - {*dir(Settings(SETTINGS))}}
    del sys.modules[SETTINGS]
    settings._wrapped = empty  # as before the first look at them
    with suppress(ImproperlyConfigured):  # manage.py will meet that, too
        for name, value in by_apps.items():
            setattr(settings, name, value)
    return program


if __name__ == "__main__":
    prepare()
    program = serve(socket.socket(fileno=int(sys.argv[1])))
    if program == "manage.py":
        runpy.run_path(program, run_name="__main__")
    else:
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
