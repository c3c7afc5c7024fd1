"""What SDKs send has attachments: at these addresses a body may be larger, and what is over 1 MiB waits in a file."""

import json
import os
import re
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from events.form.refusals import TooLarge
from issuetracker.exceptions import RETRY_AFTER
from issuetracker.server import Unread, refusals
from issuetracker.wsgi import refuse_too_long
from projects.api.negotiation import BodyTooLarge
from tests.issuetracker.stand_in import ENOUGH, PATIENCE, Running, parsed, request

MIB = 2**20
MOST = 3 * MIB  # instead of the 20 MiB that settings.INGEST_REQUEST_BYTES is by default
PASSED = 8 * MIB  # instead of limits.LARGE_BODY_PASSED_BYTES
ADDRESSES = ["/api/1/envelope/", "/api/12/store/", "/api/1/security/", "/api/1/csp-report/", "/api/store/"]

Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server; it is ended after the test."""
    with ExitStack() as stack:

        def start(**environment: str) -> Running:
            usual = {"INGEST_REQUEST_BYTES": str(MOST), "LIMIT_LARGE_BODY_PASSED_BYTES": str(PASSED)}
            running = Running(**usual | environment)
            stack.callback(running.end)
            running.send(request("/"))  # the worker is there
            running.hear()
            return running

        yield start


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    started = Running(INGEST_REQUEST_BYTES=str(MOST), LIMIT_LARGE_BODY_PASSED_BYTES=str(PASSED))
    yield started
    started.stop()


def sized(target: str, size: int, *, sent: int | None = None, method: str = "POST") -> bytes:
    return request(target, f"Content-Length: {size}", method=method, body=b"a" * (size if sent is None else sent))


def chunked(target: str, size: int, *, method: str = "POST") -> bytes:
    step = 64 * 1024
    chunks = [b"%x\r\n%s\r\n" % (count, b"a" * count) for at in range(0, size, step) if (count := min(step, size - at))]
    return request(target, "Transfer-Encoding: chunked", method=method, body=b"".join(chunks) + b"0\r\n\r\n")


def stays(raw: bytes) -> bytes:
    return raw.replace(b"Connection: close\r\n", b"")


def files_of_worker(running: Running) -> int:
    """Return how many files without a name the worker has open."""
    (worker,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    links = []
    for link in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            links.append(os.readlink(link))
    return sum(link.startswith(f"{gettempdir()}/#") and link.endswith(" (deleted)") for link in links)


def wait_for(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + ENOUGH
    while not condition():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def read_answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return the next answer; the connection may stay."""
    client.settimeout(20)
    with client.makefile("rb") as stream:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            assert line, "the connection has ended"
            head += line
        (length,) = re.findall(rb"\r\nContent-Length: (\d+)\r\n", head)
        return parsed(head + stream.read(int(length)))


@pytest.mark.parametrize("make", [sized, chunked])
@pytest.mark.parametrize("target", [*ADDRESSES, *(address[:-1] for address in ADDRESSES), "/api/1/envelope/?a=b"])
def test_a_large_body_is_handed_on(running: Running, target: str, make: Callable[[str, int], bytes]) -> None:
    status, _, body = parsed(running.send(make(target, MOST)))

    assert (status, body.rpartition(b" bytes of query, ")[2]) == (200, b"%d bytes of body" % MOST)


@pytest.mark.parametrize("make", [sized, chunked])
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/api/1/envelope/"),
        ("POST", "/"),
        ("POST", "/api/0/projects/a/b/keys/"),
        ("POST", "/api/a/envelope/"),
        ("POST", "/api/1/envelope//"),
        ("POST", "/api/1/envelope/x"),
        ("POST", "/x/api/1/envelope/"),
        ("POST", "/api/envelope/"),
        ("POST", "/api/1/minidump/"),
        ("POST", "/?/api/1/envelope/"),
    ],
)
def test_nowhere_else(running: Running, method: str, target: str, make: Callable[..., bytes]) -> None:
    assert parsed(running.send(make(target, MIB, method=method)))[0] == 200

    status, headers, body = parsed(running.send(make(target, MIB + 1, method=method)))

    assert (status, json.loads(body)) == (413, {"detail": refusals.BodyTooLong.sentence})
    assert headers["Connection"] == "close"


@pytest.mark.parametrize("make", [sized, chunked])
def test_a_body_that_is_too_large_leaves_the_connection_usable(running: Running, make: Callable[..., bytes]) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        for size in (MOST + 1, PASSED):
            client.sendall(stays(make("/api/1/envelope/?unread", size)))
            assert read_answer(client)[2] == b"unread"

        client.sendall(stays(make("/api/1/envelope/", MIB + 5)))
        assert read_answer(client)[2] == b"0 ids, 0 bytes of query, %d bytes of body" % (MIB + 5)


@pytest.mark.parametrize("make", [sized, chunked])
def test_of_an_endless_one_no_more_is_read(running: Running, make: Callable[..., bytes]) -> None:
    answer = running.send(stays(make("/api/1/envelope/?unread", PASSED + 64 * 1024)))

    assert parsed(answer)[2] == b"unread"
    assert b"\r\nConnection: close\r\n" in answer


def test_who_asks_first_is_told_at_once(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(
            request("/api/1/envelope/?unread", f"Content-Length: {MOST + 1}", "Expect: 100-continue", method="POST")
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(request("/api/1/envelope/", f"Content-Length: {MOST}", "Expect: 100-continue", method="POST"))
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"a" * MOST)
        assert read_answer(client)[2].endswith(b" %d bytes of body" % MOST)


def test_large_bodies_are_not_held_in_memory(start: Start) -> None:
    running = start(INGEST_REQUEST_BYTES=str(64 * MIB), LIMIT_LARGE_BODY_PASSED_BYTES=str(128 * MIB))
    before = int(parsed(running.send(request("/memory")))[2])

    for make in (sized, chunked):
        for size in (48 * MIB, 96 * MIB):  # held in a file; not held at all
            assert parsed(running.send(make("/api/1/envelope/?unread", size)))[2] == b"unread"

    assert int(parsed(running.send(request("/memory")))[2]) - before < 16 * 1024  # kB


def test_a_file_is_gone_with_its_request(start: Start) -> None:
    running = start()
    assert files_of_worker(running) == 0
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(stays(sized("/api/1/envelope/", MOST, sent=2 * MIB)))
        wait_for(lambda: files_of_worker(running) == 1)
        client.sendall(b"a" * (MOST - 2 * MIB))
        read_answer(client)
        assert files_of_worker(running) == 0
        client.sendall(stays(sized("/api/1/envelope/", MOST, sent=2 * MIB)))
        wait_for(lambda: files_of_worker(running) == 1)
    wait_for(lambda: files_of_worker(running) == 0)


def test_too_large_a_body_in_chunks_gives_its_file_back(start: Start) -> None:
    running = start(LIMIT_PATIENCE_SECONDS="60")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(chunked("/api/1/envelope/", MOST + MIB)[: 2 * MIB])
        wait_for(lambda: files_of_worker(running) == 1)
        client.sendall(chunked("/api/1/envelope/", MOST + MIB)[2 * MIB : MOST + MIB])
        wait_for(lambda: files_of_worker(running) == 0)


def test_the_oldest_that_is_not_whole_gives_its_file_to_another(start: Start) -> None:
    running = start(LIMIT_LARGE_BODIES="2", LIMIT_PATIENCE_SECONDS="60", LIMIT_LARGE_BODY_SECONDS="60")
    with ExitStack() as stack:
        clients: list[socket.socket] = []
        for count in (1, 2, 2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=20))
            client.sendall(sized("/api/1/envelope/", MOST, sent=MOST - 1))
            clients.append(client)
            wait_for(lambda count=count: files_of_worker(running) == count)  # type: ignore[misc]  # of the loop

        status, headers, body = read_answer(clients[0])
        for client in clients[1:]:
            client.sendall(b"a")
            assert read_answer(client)[0] == 200

    assert (status, headers["Retry-After"]) == (503, RETRY_AFTER["Retry-After"])
    assert json.loads(body) == {"detail": refusals.Overloaded.sentence}
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_one_more_is_refused_while_all_others_are_worked_on(start: Start) -> None:
    running = start(LIMIT_LARGE_BODIES="2")
    with ExitStack() as stack:
        working = []
        for _ in range(2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=20))
            client.sendall(sized("/api/1/envelope/?slow", MOST))
            working.append(client)
        assert [running.hear(), running.hear()] == ["working"] * 2

        status, headers, _ = parsed(running.send(sized("/api/1/envelope/", MOST)))
        small = parsed(running.send(sized("/api/1/envelope/", MIB)))[0]

        assert (status, headers["Retry-After"], small) == (503, RETRY_AFTER["Retry-After"], 200)
        assert [read_answer(client)[0] for client in working] == [200, 200]


def test_a_full_disk_costs_the_request_and_not_the_worker(start: Start) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, allowed[1]))  # to write on fails as if the disk were full
    try:
        running = start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)

    status, headers, body = parsed(running.send(sized("/api/1/envelope/", MOST)))

    assert (status, headers["Retry-After"]) == (503, RETRY_AFTER["Retry-After"])
    assert json.loads(body) == {"detail": refusals.NoRoomOnDisk.sentence}
    assert parsed(running.send(sized("/api/1/envelope/", 2 * MIB)))[0] == 200
    assert files_of_worker(running) == 0


def test_a_large_body_may_take_longer_but_not_for_ever(start: Start) -> None:
    running = start(LIMIT_BODY_SECONDS="1", LIMIT_LARGE_BODY_SECONDS="3", LIMIT_PATIENCE_SECONDS=str(PATIENCE))
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(sized("/api/1/envelope/", 5, sent=0))
        for _ in range(5):
            time.sleep(0.3)
            client.sendall(b"a")
        assert read_answer(client)[2].endswith(b"5 bytes of body")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(sized("/api/1/envelope/", 100, sent=0))
        started, answer = time.monotonic(), b""
        client.settimeout(0.4)
        while not answer and time.monotonic() - started < ENOUGH:
            client.sendall(b"a")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started >= 3


@pytest.mark.parametrize(
    ("path", "refusal", "sentence"),
    [
        ("/api/1/envelope/", TooLarge, f"the body is larger than {MOST} bytes"),
        ("/api/store", TooLarge, f"the body is larger than {MOST} bytes"),
        ("/api/0/projects/a/b/issues/", BodyTooLarge, str(BodyTooLarge.default_detail)),
    ],
)
def test_who_reads_what_was_not_kept_is_refused_by_its_address(
    path: str, refusal: type[Exception], sentence: str
) -> None:
    environ: dict[str, Any] = {"PATH_INFO": path, "wsgi.input": Unread(MOST)}

    refuse_too_long(environ)

    with pytest.raises(refusal, match=sentence.replace(".", r"\.")) as refused:
        environ["wsgi.input"].read(1)
    assert getattr(refused.value, "status", getattr(refused.value, "status_code", 0)) == 413
