"""Clients that hold on to the server: they say nothing, a byte now and then, or read nothing of what they asked for.

The others are answered, and what is in flight is done.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.issuetracker.stand_in import ENOUGH, Running, parsed, request

MIB = 1024 * 1024
KEPT = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server; it is ended after the test."""
    with ExitStack() as stack:

        def start(**environment: str) -> Running:
            running = Running(**{"LIMIT_PATIENCE_SECONDS": "60", "LIMIT_BODY_SECONDS": "60"} | environment)
            stack.callback(running.end)
            return running

        yield start


class Crowd(ExitStack):
    """Connections that stay."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.running = running

    def hold(self, count: int, said: bytes = b"") -> list[socket.socket]:
        """Let so many clients connect, and each say this."""
        made = []
        for _ in range(count):
            client = self.enter_context(socket.create_connection(("127.0.0.1", self.running.port), timeout=20))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(said)
            made.append(client)
        return made


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.01)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def assert_answers(running: Running, times: int = 10) -> None:
    for _ in range(times):
        started = time.monotonic()
        assert parsed(running.send(request("/")))[0] == 200
        assert time.monotonic() - started < ENOUGH


def memory_of_worker(running: Running) -> int:
    """Return the most that it ever had, in bytes."""
    running.send(request("/"))  # it is there
    (worker,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    (line,) = [line for line in Path(f"/proc/{worker}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nA: ",
        request("/", "Content-Length: 100000", body=b"{"),
        request("/", "Transfer-Encoding: chunked", body=b"5\r\n{"),
        request("/", "Content-Length: 5", "Expect: 100-continue"),
        request("/large", method="GET"),
    ],
    ids=[
        "nothing",
        "half a head",
        "half a body",
        "half a chunk",
        "nothing when told to go on",
        "no look at the answer",
    ],
)
def test_eighty_clients_that_have_said(start: Start, said: bytes) -> None:
    running = start()
    with Crowd(running) as crowd:
        crowd.hold(80, said)

        assert_answers(running)


def test_clients_that_drip(start: Start) -> None:
    running = start()
    with Crowd(running) as crowd:
        clients = crowd.hold(30, b"GET / HTTP/1.1\r\nA: ") + crowd.hold(30, request("/", "Content-Length: 100000"))

        for _ in range(10):
            for client in clients:
                client.sendall(b"a")
            assert_answers(running, times=1)


def test_whoever_reads_slowly_gets_all(start: Start) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as slow:
        slow.sendall(request("/large", method="GET"))
        time.sleep(1)

        answer = b"".join(iter(lambda: slow.recv(65536), b""))

    assert len(parsed(answer)[2]) == 20_000_000


def test_whoever_never_reads_is_let_go(start: Start) -> None:
    running = start(LIMIT_UNREAD_SECONDS="1")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(request("/large", method="GET"))
        time.sleep(3)

        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                answer += piece

    assert len(answer) < 20_000_000


def test_when_all_places_are_taken_the_oldest_that_said_nothing_gives_its_own(start: Start) -> None:
    running = start(LIMIT_CONNECTIONS="20")
    with Crowd(running) as crowd:
        (kept,) = crowd.hold(1, KEPT)
        kept.recv(65536)
        (asking,) = crowd.hold(1, b"GET / HTTP/1.1\r\n")
        silent = crowd.hold(60)

        assert_answers(running)

        assert [is_open(client) for client in silent[:41]] == [False] * 41
        assert is_open(silent[-1])
        kept.settimeout(ENOUGH)
        kept.sendall(KEPT)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        asking.settimeout(ENOUGH)
        asking.sendall(b"Host: localhost\r\n\r\n")
        assert asking.recv(65536).startswith(b"HTTP/1.1 200 ")

    _, logged = running.stop()
    assert logged.count("All 20 connections of this worker are in use: who waited longest is let go.") == 1


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nA: ", request("/", "Content-Length: 9"), request("/large", method="GET"), KEPT],
    ids=["half a head", "half a body", "no look at the answer", "a whole request"],
)
def test_when_all_places_are_taken_by_others_they_give_theirs(start: Start, said: bytes) -> None:
    running = start(LIMIT_CONNECTIONS="20")
    with Crowd(running) as crowd:
        crowd.hold(60, said)

        assert_answers(running)


def test_when_all_places_are_being_worked_for_a_client_waits(start: Start) -> None:
    running = start(LIMIT_CONNECTIONS="2")
    with Crowd(running) as crowd:
        working = crowd.hold(2, request("/slow"))
        running.hear()

        assert_answers(running, times=1)

        for client in working:
            assert b"HTTP/1.1 200 " in client.recv(65536)


@pytest.mark.parametrize("reserved", [64, -1000], ids=["places are left", "none are left"])
def test_few_descriptors_end_no_worker_and_no_request(start: Start, reserved: int) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, allowed[1]))
    try:
        running = start(LIMIT_RESERVED_DESCRIPTORS=str(reserved))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    with Crowd(running) as crowd:
        (flying,) = crowd.hold(1, request("/slow?id=1"))
        assert running.hear() == "working"
        crowd.hold(300)

        assert b"HTTP/1.1 200 " in flying.recv(65536)
        assert_answers(running)

    _, logged = running.stop()
    assert logged.count("Too many open files") == (1 if reserved < 0 else 0)
    assert "ERROR" not in logged


def test_large_requests_that_are_not_whole_give_way_to_others(start: Start) -> None:
    running = start(LIMIT_HELD_BYTES=str(8 * MIB))
    before = memory_of_worker(running)
    with Crowd(running) as crowd:
        (small,) = crowd.hold(1, request("/", "Content-Length: 9", body=b"12345678"))
        large = crowd.hold(60, request("/", f"Content-Length: {MIB}", body=b"a" * (MIB - 1)))

        assert_answers(running)

        small.sendall(b"9")
        assert small.recv(65536).startswith(b"HTTP/1.1 200 ")
        large[-1].sendall(b"a")
        assert large[-1].recv(65536).startswith(b"HTTP/1.1 200 ")
        for client in large[:51]:
            assert parsed(client.recv(65536))[0] == 503
        assert all(is_open(client) for client in large[53:-1])
        assert memory_of_worker(running) - before < 32 * MIB


def test_large_requests_that_wait_for_a_thread_are_bounded_too(start: Start) -> None:
    running = start(LIMIT_HELD_BYTES=str(8 * MIB))
    before = memory_of_worker(running)
    with Crowd(running) as crowd:
        clients = crowd.hold(60, request("/slow?id=1", f"Content-Length: {MIB}", body=b"a" * MIB))
        small = crowd.hold(5, request("/?id=1", "Content-Length: 1", body=b"a"))

        statuses = []
        for client in clients:
            status, headers, _ = parsed(b"".join(iter(partial(client.recv, 65536), b"")))
            statuses.append(status)
            assert status == 200 or headers["Retry-After"] == "5"
        assert statuses.count(200) in (7, 8)  # as there is room for 8, or for 7 and a small one
        assert set(statuses) == {200, 503}
        for client in small:
            assert b"HTTP/1.1 200 " in client.recv(65536)
        assert memory_of_worker(running) - before < 32 * MIB


def test_a_whole_large_request_without_room_is_refused(start: Start) -> None:
    running = start(LIMIT_HELD_BYTES=str(2 * MIB), LIMIT_GRACE_SECONDS="1")
    with Crowd(running) as crowd:
        crowd.hold(2, request("/hang", f"Content-Length: {MIB}", body=b"a" * MIB))
        assert [running.hear(), running.hear()] == ["working"] * 2

        status, headers, body = parsed(running.send(request("/", f"Content-Length: {MIB}", body=b"a" * MIB)))

        assert (status, headers["Retry-After"]) == (503, "5")
        assert json.loads(body) == {
            "detail": "Too many large requests are here at once. Nothing was changed: send it again."
        }


def test_large_answers_that_nobody_reads_give_way_to_others(start: Start) -> None:
    running = start(LIMIT_HELD_BYTES=str(50_000_000))
    before = memory_of_worker(running)
    with Crowd(running) as crowd:
        crowd.hold(20, request("/large", method="GET"))

        assert_answers(running)

        assert memory_of_worker(running) - before < 250_000_000  # twenty of them would be 400


def test_a_crowd_is_let_go_at_the_end_and_what_is_in_flight_is_done(start: Start) -> None:
    running = start(LIMIT_LEAVE_SECONDS="1")
    with Crowd(running) as crowd:
        crowd.hold(20)
        crowd.hold(20, b"GET / HTTP/1.1\r\nA: ")
        crowd.hold(20, request("/", "Content-Length: 100000", body=b"{"))
        crowd.hold(20, request("/large", method="GET"))
        crowd.hold(20, KEPT)
        (flying,) = crowd.hold(1, request("/slow?id=1"))
        while running.hear() != "working":
            pass
        started = time.monotonic()

        assert running.stop(signal.SIGTERM)[0] == 0

        assert time.monotonic() - started < ENOUGH
        assert b"\r\n\r\n1 ids, 4 bytes of query" in flying.recv(65536)


def test_clients_that_drip_are_told_at_the_end(start: Start) -> None:
    running = start(LIMIT_LEAVE_SECONDS="1")
    with Crowd(running) as crowd:
        clients = crowd.hold(5, b"GET / HTTP/1.1\r\nA: ") + crowd.hold(5, request("/", "Content-Length: 100000"))
        assert_answers(running, times=1)
        ended = Event()

        def drip() -> None:
            while not ended.wait(0.2):
                for client in clients:
                    with contextlib.suppress(OSError):
                        client.send(b"a")

        dripping = Thread(target=drip)
        dripping.start()
        started = time.monotonic()
        try:
            assert running.stop(signal.SIGTERM)[0] == 0
            assert time.monotonic() - started < ENOUGH
        finally:
            ended.set()
            dripping.join()
        for client in clients:
            status, headers, body = parsed(client.recv(65536))
            assert (status, headers["Retry-After"]) == (503, "5")
            assert json.loads(body) == {
                "detail": "The server is being stopped, and the request was not complete. Nothing was changed: send it "
                "again."
            }


def test_a_client_that_is_about_to_ask_is_answered_at_the_end(start: Start) -> None:
    running = start()
    with Crowd(running) as crowd:
        (kept,) = crowd.hold(1, KEPT)
        kept.recv(65536)
        os.kill(running.pid, signal.SIGTERM)
        time.sleep(0.5)

        kept.sendall(KEPT)

        assert b"\r\nConnection: close\r\n" in kept.recv(65536)
