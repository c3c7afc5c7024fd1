"""The server that is measured: ``manage.py serve``, on the database of the benchmarks."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from time import perf_counter
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

END_SECONDS = 40  # the server itself gives requests in flight 30
IDLE_SECONDS = 30  # after which a client connects anew: the server closes a connection that has been idle for 75


@dataclass(frozen=True, slots=True)
class RunningServer:
    port: int
    pid: int

    def workers(self) -> list[int]:
        """Return the process ids of the workers, none where /proc has no such list."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []


SITE = ("manage.py", "serve", "--port")


@contextmanager
def serving(program: Sequence[str] = SITE) -> Iterator[RunningServer]:
    """Run the server with the settings' workers and threads, until the end of the block.

    :param program: what Python runs; the port comes after it.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "ERROR"),  # else each mutation has a line, among those of the progress
        "THROTTLE_PER_MINUTE": "0",
        "COUNT_EVENTS": "false",  # counters are measured by themselves
        "PRUNE": "false",
        "INGEST_PER_MINUTE": "0",
    }
    process = subprocess.Popen(
        [sys.executable, *program, str(port)],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        if not process.stdout.readline().startswith("Serving on"):
            raise RuntimeError(f"The server did not start: it ended with {process.wait()}.")
        yield RunningServer(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def database_url() -> str:
    """Return the address of the database that this process uses, for another process."""
    name = connection.settings_dict["NAME"]
    if given := os.environ.get("DATABASE_URL"):
        return urlunsplit(urlsplit(given)._replace(path=f"/{name}"))
    parameters = connection.get_connection_params()  # starts the embedded PostgreSQL, if it is that
    return f"postgresql://{quote(parameters['user'])}@{quote(parameters['host'], safe='')}/{name}"


@dataclass(frozen=True, slots=True)
class Answer:
    seconds: float  # from the first byte sent to the last one read
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def changed(self) -> int:
        return int(self.headers.get("Issues-Changed", 0))


class Client:
    """A caller with a token, on one connection that is kept."""

    def __init__(self, server: RunningServer, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=3600)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.last_used = 0.0

    def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """Return the answer.

        :raises RuntimeError: it is an error.
        """
        self._connect()
        started = perf_counter()
        self.connection.request(method, target, body or None, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        self.last_used = perf_counter()
        seconds = self.last_used - started
        if response.status >= 300 or (not content and response.status == 200):
            raise RuntimeError(f"{method} {target[:80]} was answered {response.status}: {content[:500]!r}")
        return Answer(seconds, response.status, response.headers, content)

    def _connect(self) -> None:
        """See that there is a connection that the server will not close just now: no part of what is timed."""
        if self.connection.sock is None or perf_counter() - self.last_used > IDLE_SECONDS:
            self.connection.close()
            self.connection.connect()

    def close(self) -> None:
        self.connection.close()


def peak_memory(pids: Sequence[int]) -> int:
    """Return the most bytes that any of these processes has had in memory so far; 0 where nobody tells."""
    return max((_memory(pid, "VmHWM") for pid in pids), default=0)


def private_memory(pid: int) -> int:
    """Return the bytes that a process has for itself now, without what it shares with others; 0 where nobody tells.

    The peak of a database backend would hold all of PostgreSQL's shared buffers that it ever touched.
    """
    return _memory(pid, "RssAnon")


def _memory(pid: int, name: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{name}:")), 0)
