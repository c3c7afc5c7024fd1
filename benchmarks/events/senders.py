"""``python -m benchmarks.events.senders``: programs that send events, in a process of their own, as cheap as can be.

They share the machine with what is measured: whatever they spend is missing there. So everything is made before the
first is sent, and one thread has all connections. It sends some to warm up, says ``Ready``, begins with the next line
of standard input, and ends with a line of JSON.
"""

import json
import selectors
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from django.conf import settings

from benchmarks.events.sample import Sample

CLIENTS = 8
MOST_PER_SECOND = 2_500  # so many are made for each second; when all are sent, it ends before its time
WARM_UP = 200  # requests before those that count
# A connection stays with the worker that took it. With a few for the whole time, one might have most of the work.
REQUESTS_OF_A_CONNECTION = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: how long it took in all, and how long each answer took, in seconds."""

    seconds: float
    answers: list[float]

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds


class Sender:
    """One connection, with one request at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.sent_at = 0.0
        self.sent = 0

    @property
    def is_worn(self) -> bool:
        return self.sent >= REQUESTS_OF_A_CONNECTION

    def send(self, request: bytes) -> None:
        self.sent_at = perf_counter()
        self.sent += 1
        self.socket.sendall(request)

    def read(self) -> float:
        """Read the answer; return how long it took.

        :raises RuntimeError: it is another one than 200.
        """
        answer = self.socket.recv(65536)
        while b"\r\n\r\n" not in answer or len(answer) < _length(answer):
            more = self.socket.recv(65536)
            if not more:
                raise RuntimeError(f"The server has hung up after {answer!r}")
            answer += more
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"An event was answered {answer!r}")
        return perf_counter() - self.sent_at


def _length(answer: bytes) -> int:
    """Return how long an answer is in all, whose head is there."""
    head, _, _ = answer.partition(b"\r\n\r\n")
    _, _, said = head.lower().partition(b"content-length:")
    return len(head) + 4 + int(said.split(b"\r\n")[0])


def send(port: int, requests: list[bytes], *, seconds: float, per_second: float = 0) -> Sent:
    """Send for so many seconds; as fast as answers come, or so many a second."""
    answers: list[float] = []
    with selectors.DefaultSelector() as selector, ExitStack() as connections:

        def connect() -> Sender:
            sender = Sender(connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)))
            selector.register(sender.socket, selectors.EVENT_READ, sender)
            return sender

        free = [connect() for _ in range(CLIENTS)]
        started, begun = perf_counter(), 0
        while True:
            now = perf_counter() - started
            due = len(requests) if not per_second else min(len(requests), int(now * per_second) + 1)
            while free and begun < due and now < seconds:
                sender = free.pop()
                if sender.is_worn:
                    selector.unregister(sender.socket)
                    sender.socket.close()
                    sender = connect()
                sender.send(requests[begun])
                begun += 1
            if len(free) == CLIENTS and (begun == len(requests) or now >= seconds):
                return Sent(perf_counter() - started, answers)
            for key, _ in selector.select(0.001 if per_second else 1):
                answers.append(key.data.read())
                free.append(key.data)


def main() -> None:
    parser = ArgumentParser()
    for name, kind in (("port", int), ("project", int), ("key", str), ("issues", int), ("seconds", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--per-second", type=float, default=0)
    options = parser.parse_args()
    sample, path = Sample(), f"/api/{options.project}/envelope/"
    count = WARM_UP + round(options.seconds * (options.per_second or MOST_PER_SECOND))
    requests = [
        sample.head(path, options.key, len(body)) + body for body in islice(sample.bodies(options.issues), count)
    ]
    send(options.port, requests[:WARM_UP], seconds=60)
    sys.stdout.write("Ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sent = send(options.port, requests[WARM_UP:], seconds=options.seconds, per_second=options.per_second)
    sys.stdout.write(json.dumps([sent.seconds, sent.answers]) + "\n")


class Senders:
    """That process, ready to begin."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> Sent:
        """Wait for the last answer, and return what was sent.

        :raises RuntimeError: something else than 200 came back.
        """
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if self._process.wait() or not said:
            raise RuntimeError("Those who send events have ended early.")
        return Sent(*json.loads(said))


@contextmanager
def senders(
    port: int, project: int, key: str, *, issues: int, seconds: float, per_second: float = 0
) -> Iterator[Senders]:
    """Let a process make ready what it sends; :meth:`Senders.begin` lets it begin."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.events.senders", "--port", str(port), "--project", str(project)),
            *("--key", key, "--issues", str(issues), "--seconds", str(seconds), "--per-second", str(per_second)),
        ],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("Ready"):
            raise RuntimeError("Those who send events did not start.")
        yield Senders(process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
