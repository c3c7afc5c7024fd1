"""`manage.py` without its start: a process that has imported all of it forks a child for each command.

To start Python and to import Django and the apps takes nearly two seconds of a core, and a hundred tests only want to
see what a command says. To a command the child is like a process of its own: arguments, environment, folder, standard
streams and exit code are the caller's, the settings are read anew, no connection was opened before. What signals do,
who is whose parent, and that `manage.py` starts at all is tested with real processes.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

import django
from django.conf import Settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from django.db import connections
from django.utils.functional import empty

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = "issuetracker.settings"
LARGEST = 1 << 17  # bytes of a request: arguments and environment
# A setting of the environment that is read before a command is there would be another one than the command's. DEBUG
# chooses between two files of the admin's.
READ_BEFORE = {"DEBUG"}

# ---------------------------------------------------------------------------------------------------------------------
# Who asks
# ---------------------------------------------------------------------------------------------------------------------


def run(*arguments: str, environment: Mapping[str, str], timeout: float = 300) -> "subprocess.CompletedProcess[str]":
    """Run ``manage.py`` with these arguments and this environment, and nothing on standard input.

    :raises TimeoutExpired: it had to be killed after so many seconds.
    """
    with open(os.devnull) as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = [*arguments]
        code = _ask(command, environment, [nothing.fileno(), out.fileno(), err.fileno()], timeout)
        return subprocess.CompletedProcess(command, code, _text(out), _text(err))


def _ask(arguments: list[str], environment: Mapping[str, str], streams: list[int], timeout: float) -> int:
    request = json.dumps([arguments, dict(environment)]).encode()
    assert len(request) <= LARGEST
    answer, its_end = os.pipe()
    with open(answer) as lines:
        socket.send_fds(_prepared(), [request], [*streams, its_end])
        os.close(its_end)
        pid = int(lines.readline())
        if not select.select([lines], [], [], timeout)[0]:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(arguments, timeout)
        return int(lines.readline())


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _prepared() -> socket.socket:
    """Return the way to the process that is prepared, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

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
    told = (ROOT / "issuetracker" / "settings.py").read_text()
    assert {name for name in settings.__dict__ if f'("{name}"' in told} <= READ_BEFORE
    gc.collect()
    gc.freeze()  # else each child copies what it looks at


def serve(requests: socket.socket) -> None:
    """Fork a child for each request, and return in it, as what the request asks for; end when nobody can ask."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that wait need not be waited for
    while True:
        request, fds, _, _ = socket.recv_fds(requests, LARGEST, 4)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            *streams, tell = fds
            if (pid := os.fork()) == 0:
                os.close(tell)
                become(streams, *json.loads(request))
                return
            os.write(tell, f"{pid}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.write(tell, f"{code}\n".encode())
            os._exit(0)
        for fd in fds:
            os.close(fd)


def become(streams: list[int], arguments: list[str], environment: dict[str, str]) -> None:
    for fd, stream in enumerate(streams):
        os.dup2(stream, fd)
        os.close(stream)
    os.environ.clear()
    os.environ.update({"DJANGO_SETTINGS_MODULE": SETTINGS} | environment)
    sys.argv = ["manage.py", *arguments]
    connections._settings = None  # type: ignore[attr-defined]  # which the stubs lack
    del connections["default"], connections.settings
    by_apps = {name: getattr(settings, name) for name in {*dir(settings)} - {*dir(Settings(SETTINGS))}}
    del sys.modules[SETTINGS]
    settings._wrapped = empty  # as before the first look at them
    with suppress(ImproperlyConfigured):  # manage.py will meet that, too
        for name, value in by_apps.items():
            setattr(settings, name, value)


if __name__ == "__main__":
    prepare()
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path("manage.py", run_name="__main__")
