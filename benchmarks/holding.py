"""``python -m benchmarks.holding PORT``: clients that hold on to a server of this machine, until standard input ends.

They need no credential. Some say nothing, some send a byte of a request every second, some ask for a large file and
don't read it. Whoever is let go comes again.
"""

import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from django.conf import settings

SILENT, DRIPPING, UNREAD = 1_000, 200, 100
LARGE_FILE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
DRIP_SECONDS = 1.0
UNREAD_SECONDS = 30.0  # after which it asks anew: who doesn't read doesn't see that it was let go
SMALL_WINDOW = 4096

HEAD = b"PUT /api/0/ HTTP/1.1\r\nHost: localhost\r\n"
# More of them than the system keeps for a client that doesn't read.
GREEDY = f"GET {LARGE_FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 4


@dataclass(frozen=True, slots=True)
class Kind:
    """What clients of one kind say at first, then every second."""

    said: bytes = b""
    drop: bytes = b""


KINDS = {
    Kind(): SILENT,
    Kind(HEAD + b"A: ", b"a"): DRIPPING // 2,
    Kind(HEAD + b"Content-Length: 100000\r\n\r\n", b" "): DRIPPING // 2,
    Kind(GREEDY): UNREAD,
}


class Holders:
    """All those clients, in one thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._drip_at = 0.0
        self._dripping: dict[socket.socket, Kind] = {}
        self._unread: dict[socket.socket, float] = {}  # since when
        self._gone: list[Kind] = [kind for kind, count in KINDS.items() for _ in range(count)]

    def connect(self) -> None:
        """Let all who are not there connect."""
        gone, self._gone = self._gone, []
        for kind in gone:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
            try:
                client.connect(("127.0.0.1", self._port))
                client.sendall(kind.said)
            except OSError:  # the server is full, or has let it go already
                client.close()
                self._gone.append(kind)
                continue
            client.setblocking(False)
            if kind.said == GREEDY:
                self._unread[client] = monotonic()
                continue
            self._selector.register(client, selectors.EVENT_READ, kind)
            if kind.drop:
                self._dripping[client] = kind

    def hold(self) -> None:
        """Drip, and see who is let go, until standard input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select(DRIP_SECONDS / 4):
                if key.fileobj is sys.stdin:
                    return
                assert isinstance(key.fileobj, socket.socket)
                self._let_go(key.fileobj, key.data)
            if monotonic() >= self._drip_at:
                self._drip_at = monotonic() + DRIP_SECONDS
                self._drip()
                self.connect()

    def _drip(self) -> None:
        for client, kind in list(self._dripping.items()):
            try:
                client.send(kind.drop)
            except OSError:
                self._let_go(client, kind)
        for client, since in list(self._unread.items()):
            if monotonic() - since > UNREAD_SECONDS:
                del self._unread[client]
                client.close()
                self._gone.append(Kind(GREEDY))

    def _let_go(self, client: socket.socket, kind: Kind) -> None:
        self._selector.unregister(client)
        self._dripping.pop(client, None)
        client.close()
        self._gone.append(kind)


@contextmanager
def holding(port: int) -> Iterator[None]:
    """Let all those clients hold on to the server, in a process of their own, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.holding", str(port)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline().startswith("Holding"):
            raise RuntimeError(f"The clients that hold on did not start: they ended with {process.wait()}.")
        yield
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


if __name__ == "__main__":
    holders = Holders(int(sys.argv[1]))
    holders.connect()
    sys.stdout.write(f"Holding on: {SILENT} silent, {DRIPPING} dripping, {UNREAD} that don't read.\n")
    sys.stdout.flush()
    holders.hold()
