"""The real server as a process of its own: what it hands on, what it answers by itself, how it ends."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from issuetracker import server
from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER
from issuetracker.server import refusals
from tests.clusters import manage
from tests.issuetracker.stand_in import BODY, ENOUGH, PATIENCE, Running, parsed, request

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    started = Running()
    yield started
    started.stop()


def test_hands_on_ten_thousand_ids_in_one_url(running: Running) -> None:
    query = "&".join(f"id={number}" for number in range(1_000_000_000, 1_000_010_000))

    status, _, body = parsed(running.send(request(f"/?{query}")))

    assert (status, body) == (200, b"10000 ids, 139999 bytes of query, 0 bytes of body")


def test_takes_a_request_line_of_almost_one_mebibyte(running: Running) -> None:
    query = "&".join(["id=12345678"] * 87_000)

    status, _, body = parsed(running.send(request(f"/?{query}")))

    assert (status, body) == (200, b"87000 ids, 1043999 bytes of query, 0 bytes of body")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(request("/?" + "a" * MIB), refusals.LimitRequestLine, id="a line just too long"),
        pytest.param(request("/?" + "a" * 2 * MIB), refusals.LimitRequestLine, id="a line of 2 MiB"),
        pytest.param(b"a" * 64 * MIB, refusals.LimitRequestLine, id="64 MiB without a line's end"),
        pytest.param(request("/", "A: " + "b" * 9000), refusals.LimitRequestHeaders, id="a long header"),
        pytest.param(request("/", "A: " + "b" * 4 * MIB), refusals.LimitRequestHeaders, id="an endless header"),
        pytest.param(request("/", *["A: b"] * 101), refusals.LimitRequestHeaders, id="many headers"),
        pytest.param(b"nonsense\r\n\r\n", refusals.InvalidRequestLine, id="no HTTP"),
        pytest.param(request("/é"), refusals.InvalidRequestLine, id="a target that is not encoded"),
        pytest.param(request("/?query=pump 3"), refusals.InvalidRequestLine, id="a blank in the target"),
        pytest.param(request("/?query=pump#3&status=resolved"), refusals.Fragment, id="a fragment"),
        pytest.param(request("/?query=pump#"), refusals.Fragment, id="a fragment of nothing"),
        pytest.param(request("/", "Issues_Expected: 2"), refusals.GuardUnderscored, id="a guard with an underscore"),
        pytest.param(request("/", "A: b", "ISSUES_expected:2"), refusals.GuardUnderscored, id="and capitals"),
        pytest.param(b"PUT / HTTP/1.1\nHost: a\n\n", refusals.InvalidRequestLine, id="lines without CR"),
        pytest.param(b"\x16\x03\x01\x02\r\n\r\n", refusals.InvalidRequestLine, id="TLS"),
        pytest.param(request("/", method="put"), refusals.InvalidRequestMethod, id="small letters"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refusals.InvalidHTTPVersion, id="HTTP/2"),
        pytest.param(b"GET / HTTP/1.2\r\n\r\n", refusals.InvalidHTTPVersion, id="HTTP/1.2"),
        pytest.param(b"GET / HTTP/0.9\r\n\r\n", refusals.InvalidHTTPVersion, id="HTTP/0.9"),
        pytest.param(request("/", "Authorization : secret"), refusals.InvalidHeader, id="a blank in a name"),
        pytest.param(request("/", "Authorization: \x01secret"), refusals.InvalidHeader, id="a control character"),
        pytest.param(request("/", "Content-Length: secret"), refusals.InvalidHeader, id="a length that is none"),
        pytest.param(request("/", "Host: secret"), refusals.InvalidHeader, id="two hosts"),
        pytest.param(request("/", "Expect: secret"), refusals.ExpectationFailed, id="an expectation"),
        pytest.param(
            request("/", "Transfer-Encoding: chunked", body=b"secret\r\n"),
            refusals.InvalidChunkSize,
            id="chunks that are none",
        ),
        pytest.param(request("/crash"), refusals.Crashed, id="a crash"),
    ],
)
def test_answers_by_itself_in_json(running: Running, raw: bytes, reason: type[refusals.Refused]) -> None:
    status, headers, body = parsed(running.send(raw))

    assert (status, json.loads(body)) == (reason.status, {"detail": reason.sentence})
    assert headers.pop("Date")
    assert re.fullmatch("[0-9a-f]{32}", headers.pop("X-Request-Id"))
    assert headers == {
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **ON_API_ANSWERS,
        **ON_EVERY_ANSWER,
    }


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /closed", "PATH_INFO: /crash"])
def test_the_path_is_what_the_request_line_says(running: Running, header: str) -> None:
    status, _, _ = parsed(running.send(request("/closed/crash", header)))

    assert status == 200  # which /crash is not


def test_answers_a_crash_of_head_without_a_body(running: Running) -> None:
    answer = running.send(request("/crash", method="HEAD"))

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"\r\n\r\n")


def test_keeps_its_memory_when_a_line_does_not_end(running: Running) -> None:
    before = int(parsed(running.send(request("/memory")))[2])

    running.send(b"a" * 64 * MIB)

    after = int(parsed(running.send(request("/memory")))[2])
    assert after - before < 16 * 1024  # kB


def test_lets_http_client_read_why_a_line_is_too_long(running: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)

    connection.request("PUT", "/?" + "a" * 2 * MIB)

    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (
        414,
        {"detail": refusals.LimitRequestLine.sentence},
    )
    connection.close()


def test_lets_curl_read_why_headers_are_too_long(running: Running, tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("A: " + "b" * 60_000 + "\n")

    curl = subprocess.run(
        ["curl", "--silent", "--show-error", "-H", f"@{tmp_path / 'headers'}", f"http://127.0.0.1:{running.port}/"],
        env={"PATH": os.environ["PATH"]},  # no proxy
        capture_output=True,
        text=True,
        check=False,
    )

    assert (curl.returncode, curl.stderr) == (0, "")
    assert json.loads(curl.stdout) == {"detail": refusals.LimitRequestHeaders.sentence}


def test_lets_an_answer_arrive_while_a_large_body_is_still_coming(running: Running) -> None:
    raw = request("/unread", f"Content-Length: {30 * MIB}", body=b"a" * 30 * MIB)

    assert parsed(running.send(raw))[2] == b"unread"


def test_gives_one_answer_only_when_an_unread_body_is_no_http(running: Running) -> None:
    raw = request("/unread", "Transfer-Encoding: chunked", body=b"nonsense\r\n").replace(b"Connection: close\r\n", b"")

    assert running.send(raw).count(b"HTTP/1.1 ") == 1


def test_reads_no_request_out_of_a_body_that_was_not_read(running: Running) -> None:
    body = request("/memory").ljust(2 * MIB, b"a")
    raw = request("/unread", f"Content-Length: {len(body)}", body=body).replace(b"Connection: close\r\n", b"", 1)

    assert running.send(raw).count(b"HTTP/1.1 ") == 1


def test_hands_on_a_chunked_body_with_its_length(running: Running) -> None:
    raw = request("/", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n")

    assert parsed(running.send(raw))[2] == b"0 ids, 0 bytes of query, 9 bytes of body"


@pytest.mark.parametrize("head", ["Content-Length: 9", "Transfer-Encoding: chunked"])
def test_does_not_hand_on_a_body_that_breaks_off(running: Running, head: str) -> None:
    body = b"{}" if head.startswith("Content") else b"9\r\n{}"

    assert running.send(request("/?broken", head, body=body), end=True) == b""

    running.send(request("/?whole"))
    said = running.hear()
    while "5 bytes of query" not in said:  # what earlier tests sent
        assert "6 bytes of query" not in said
        said = running.hear()


@pytest.mark.parametrize(
    "raw",
    [
        b"PUT / HT",
        request("/", "Content-Length: 9", body=b"{}"),
        request("/", "Transfer-Encoding: chunked", body=b"9\r\n{}"),
    ],
    ids=["headers", "a body", "a chunk"],
)
def test_gives_up_on_a_client_that_stops_in_the_middle_of(running: Running, raw: bytes) -> None:
    started = time.monotonic()

    status, _, body = parsed(running.send(raw))

    assert (status, json.loads(body)) == (408, {"detail": refusals.RequestTimeout.sentence})
    assert time.monotonic() - started >= PATIENCE


@pytest.mark.parametrize(
    ("start", "drop", "seconds"),
    [
        (b"PUT / HTTP/1.1\r\n", b"A: b\r\n", PATIENCE),
        (request("/", "Content-Length: 100000"), b" ", BODY),
        (request("/", "Transfer-Encoding: chunked"), b"1\r\n \r\n", BODY),
    ],
    ids=["headers", "a body", "chunks"],
)
def test_gives_up_on_what_trickles(running: Running, start: bytes, drop: bytes, seconds: int) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        started = time.monotonic()
        connection.sendall(start)
        connection.settimeout(0.2)
        answer = b""
        while not answer and time.monotonic() - started < ENOUGH:
            connection.sendall(drop)
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started >= seconds


def test_serves_others_while_a_client_does_not_close() -> None:
    running = Running(LIMIT_LINGER_SECONDS="60", LIMIT_LINGER_SILENCE_SECONDS="60")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as lazy:
        lazy.sendall(request("/"))
        lazy.recv(65536)

        with socket.create_connection(("127.0.0.1", running.port), timeout=ENOUGH) as other:
            other.sendall(request("/"))
            assert other.recv(65536).startswith(b"HTTP/1.1 200 ")

    assert running.stop() == (0, "")


def test_serves_the_next_request_on_the_same_connection(running: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    bodies = []
    for _ in range(2):
        connection.request("PUT", "/", body=b"{}")
        bodies.append(connection.getresponse().read())
        assert connection.sock is not None
    connection.close()

    assert bodies == [b"0 ids, 0 bytes of query, 2 bytes of body"] * 2


def test_finishes_the_request_in_flight_on_sigterm_then_ends() -> None:
    running = Running()
    answers: list[bytes] = []
    client = Thread(target=lambda: answers.append(running.send(request("/slow?id=1"))))
    client.start()
    assert running.hear() == "working"

    code, logged = running.stop()

    client.join()
    assert [parsed(answer)[2] for answer in answers] == [b"1 ids, 4 bytes of query, 0 bytes of body"]
    assert (code, logged) == (0, "")


def test_ends_at_once_on_ctrl_c() -> None:
    running = Running()

    assert running.stop(signal.SIGINT) == (0, "")


def test_ends_at_once_on_ctrl_c_in_a_terminal_which_signals_the_workers_too() -> None:
    running = Running()
    running.send(request("/"))  # the worker is there

    os.killpg(running.pid, signal.SIGINT)

    assert running.stop(signal.SIGINT) == (0, "")


def test_ends_at_once_on_ctrl_c_whatever_a_thread_is_at() -> None:
    running = Running()
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(request("/hang"))
        assert running.hear() == "working"

        assert running.stop(signal.SIGINT) == (0, "")


def test_ends_at_once_on_ctrl_c_while_a_worker_starts() -> None:
    running = Running(SLOW_START="true")

    assert running.stop(signal.SIGINT) == (0, "")


def test_ends_when_its_terminal_is_closed() -> None:
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored, if it is nohup that runs the tests
    try:
        running = Running()
    finally:
        signal.signal(signal.SIGHUP, inherited)

    assert running.stop(signal.SIGHUP) == (0, "")


def test_opens_no_control_socket(tmp_path: Path) -> None:
    Running(HOME=str(tmp_path), XDG_RUNTIME_DIR="").stop()

    assert list(tmp_path.iterdir()) == []


def test_logs_refusals_without_what_was_sent() -> None:
    running = Running()
    running.send(request("/", "Authorization: \x01secret"))
    running.send(request("/?secret" + "a" * MIB))
    running.send(request("/crash?secret"))

    _, logged = running.stop()

    lines = [json.loads(line) for line in logged.splitlines()]
    assert [(line["level"], line["logger"], line["message"]) for line in lines] == [
        ("WARNING", "gunicorn.error", "Refused a request of 127.0.0.1: 400, InvalidHeader"),
        ("WARNING", "gunicorn.error", "Refused a request of 127.0.0.1: 414, LimitRequestLine"),
        ("ERROR", "gunicorn.error", "No answer to PUT /crash"),
    ]
    assert len({line["request_id"] for line in lines}) == 3
    assert "secret" not in logged


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_says_that_a_port_is_in_use_before_anything_is_started(command: str, tmp_path: Path) -> None:
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        refused = manage(tmp_path, command, "--port", str(port))

    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        f"CommandError: Port {port} of 127.0.0.1 is in use; end what listens there, or choose another.\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_says_that_a_host_is_none() -> None:
    with pytest.raises(server.CannotListen, match=r"^There is no host named no\.such\.host\.invalid; try 127\.0\.0\.1"):
        server.listen("no.such.host.invalid", 8000)


def test_says_that_an_address_is_not_this_machines() -> None:
    with pytest.raises(server.CannotListen, match=r"^Port 8000 of 192\.0\.2\.1 can't be had \(Cannot assign requested"):
        server.listen("192.0.2.1", 8000)


def test_says_that_a_port_is_none(tmp_path: Path) -> None:
    refused = manage(tmp_path, "serve", PORT="70000")

    assert refused.returncode == 1
    assert refused.stderr == "PORT is '70000'; it must be a whole number from 1 to 65535.\n"
