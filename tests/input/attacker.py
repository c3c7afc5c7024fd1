"""A client that keeps to no rule: whatever bytes, slowly or too many, and a look at what they cost the server."""

import json
import multiprocessing
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in small letters, and the body."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def sentences(self) -> str:
        """What a person reads of it."""
        assert self.headers["content-type"] == "application/json", self
        found = self.json()
        assert isinstance(found, dict), self
        assert found, self
        return json.dumps(found)


@dataclass(frozen=True, slots=True)
class Attacker:
    """Sends to the server at an address, as the owner of a token."""

    address: str  # host:port
    token: str

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        media_type: str = "application/json",
        headers: Iterable[str] = (),
    ) -> Answer:
        """Send one request with the length of its body, and whatever other headers."""
        lines = [f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers]
        return self.send_raw(self.head(method, target, *lines) + body)

    def head(self, method: str, target: str, *headers: str) -> bytes:
        """Return the first part of a request: the line and the headers, with the token among them."""
        own = ["Host: localhost", "Connection: close", f"Authorization: Bearer {self.token}"]
        return "\r\n".join([f"{method} {target} HTTP/1.1", *own, *headers, "", ""]).encode("latin-1")

    def send_raw(self, raw: bytes) -> Answer:
        """Send whatever it is, and read until the server ends."""
        with self.connect() as connection:
            connection.sendall(raw)
            return read(connection)

    def connect(self) -> socket.socket:
        host, _, port = self.address.partition(":")
        return socket.create_connection((host, int(port)), timeout=60)


def read(connection: socket.socket) -> Answer:
    """Return the answer that a connection ends with."""
    head, _, content = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Answer(int(first.split()[1]), headers, content)


def peak_memory() -> int:
    """Return the most memory that the worker of :func:`tests.live.serving` ever had, in bytes: VmHWM."""
    (master,) = multiprocessing.active_children()
    (worker,) = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
    (line,) = [line for line in Path(f"/proc/{worker}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
