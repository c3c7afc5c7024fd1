"""`manage.py serve` as a process of its own, in front of the test's database: settings, workers, signals and log."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

from benchmarks.serving import database_url
from tests.prepared import Process


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """The server, running; each request has a connection of its own, so that any worker may get it."""

    port: int
    process: Process
    log: IO[str]

    def send(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return Answer(response.status, dict(response.getheaders()), content)

    def workers(self) -> set[int]:
        """Return the process ids of the workers."""
        pid = self.process.pid
        return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def replace_workers(self) -> None:
        """Kill every worker, and return when there are others in their places."""
        before = self.workers()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(self.workers()) == len(before) and not self.workers() & before)

    def mapped(self, pattern: str) -> set[str]:
        """Return the files that workers have in memory."""
        maps = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in self.workers())
        return set(re.findall(pattern, maps))

    def logged(self) -> str:
        """Return all that was written to standard error."""
        self.log.seek(0)
        return self.log.read()


def wait_until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.05)


@contextmanager
def serving_site(log: Path, **environment: str) -> Iterator[Site]:
    """Serve until the end of the block, then end as on SIGTERM; ``log`` gets its standard error."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    alone = {"DATABASE_URL": database_url(), "SECRET_KEY": "of this test", "COUNT_EVENTS": "false", "PRUNE": "false"}
    with log.open("w+") as file:
        process = Process(
            "manage.py", "serve", "--port", str(port), environment=os.environ | alone | environment, stderr=file
        )
        try:
            assert process.stdout.readline().startswith("Serving on"), log.read_text()
            yield Site(port, process, file)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            finally:
                process.kill()  # does nothing to one that has ended
                process.communicate()
