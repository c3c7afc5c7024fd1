"""The real server as a process of its own, before a stand-in for Django that says what reached it: no database."""

import os
import signal
import socket
from contextlib import suppress

from tests import prepared

PATIENCE = 1  # seconds, instead of limits.PATIENCE_SECONDS
BODY = 2  # seconds, instead of limits.BODY_SECONDS
# Seconds for what is done at once, on however busy a machine; what it must not wait for takes longer, or has no end.
ENOUGH = 20

STAND_IN = f"""
import os, resource, time
import django, gunicorn.util
django.setup()  # with the site's log
from issuetracker import server
from issuetracker.server import limits

def application(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/crash":
        raise ValueError("a bug")
    if path == "/slow" or query == "slow":
        say("working"); time.sleep(1)
    if path == "/hang":
        say("working"); time.sleep(60)
    if path == "/unread" or query == "unread":
        answer = "unread"
    elif path == "/large":
        answer = "x" * 20_000_000
    elif path == "/memory":
        answer = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = f"{{query.count('id=')}} ids, {{len(query)}} bytes of query, {{len(body)}} bytes of body"
        say(answer)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer.encode()]

def say(word):
    # In one write: print's end of line is a second one, and two threads' words came as one line.
    os.write(1, f"{{word}}\\n".encode())

limits.PATIENCE_SECONDS, limits.BODY_SECONDS = {PATIENCE}, {BODY}
for name, value in os.environ.items():
    if name.startswith("LIMIT_"):
        setattr(limits, name.removeprefix("LIMIT_"), int(value))
if "SLOW_START" in os.environ:  # of a worker, between the fork and its own signal handlers
    gunicorn.util.seed = lambda: time.sleep(0.5)
listener = server.listen("127.0.0.1", 0)
port = listener.getsockname()[1]
server.Server(listener, load=lambda: application, workers=1, threads=2, when_ready=lambda: say(port)).run()
"""


class Running(prepared.Process):
    """The server, ready; its standard output is what the stand-in says, its standard error what gunicorn logs.

    ``LIMIT_NAME`` in the environment is another value for ``limits.NAME``.
    """

    def __init__(self, **environment: str) -> None:
        super().__init__(STAND_IN, environment=os.environ | environment)
        self.port = int(self.hear())

    def hear(self) -> str:
        return self.stdout.readline().strip()

    def send(self, raw: bytes, *, end: bool = False) -> bytes:
        """Send it, then read until the server closes; ``end`` our side first."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=ENOUGH) as connection:
            connection.sendall(raw)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def end(self) -> None:
        """Kill it, and its workers with it: they would notice within a second, too."""
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self.pid, signal.SIGKILL)
        self.communicate()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Return the exit code, and all that was logged.

        :raises TimeoutExpired: it has not ended soon enough to have waited for nobody.
        """
        self.send_signal(number)
        try:
            _, logged = self.communicate(timeout=ENOUGH)
        finally:
            self.kill()  # does nothing to one that has ended
        return self.wait(), logged


def request(target: str, *headers: str, method: str = "PUT", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return int(first.split()[1]), headers, body
