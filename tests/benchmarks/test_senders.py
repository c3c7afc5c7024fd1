"""Those who send events in the benchmarks send what an SDK sends, and read every answer."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import islice
from threading import Thread
from typing import Self

import pytest

from benchmarks.events import sample, senders
from benchmarks.events.sample import Sample
from benchmarks.events.senders import send
from events import form, meaning
from tests.factories import NOW

SIZES = form.Sizes(sent=10**6, decoded=10**6, event=10**6)


def test_bodies_are_of_as_many_issues_as_asked_each_with_an_id_of_its_own() -> None:
    read = []
    for body in islice(Sample().bodies(3), 4):
        posted = form.Envelope(form.decoded(BytesIO(body), "br", SIZES), SIZES).read()
        assert posted.event is not None
        read.append(
            meaning.read(posted.event, event_id=posted.event_id, sent_at=None, at=NOW, peer="", keep_addresses=False)
        )

    assert len({event.id for event in read}) == 4
    assert len({event.fingerprints for event in read}) == 3


def test_bodies_are_as_long_as_they_say_in_the_first_microsecond_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """One body of a million is of such a time: the service refused it, and a whole run of the benchmark failed."""

    class AtAWholeSecond(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2026, 12, 1, 14, 33, 7, tzinfo=tz)

    monkeypatch.setattr(sample, "datetime", AtAWholeSecond)

    (body,) = islice(Sample().bodies(1), 1)

    assert form.Envelope(form.decoded(BytesIO(body), "br", SIZES), SIZES).read().event is not None


class Server(ThreadingHTTPServer):
    """Answers POST with a status, and notes what came by which connection."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.connections: dict[object, int] = {}


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert self.rfile.read(int(self.headers["Content-Length"])) == b"event"
        self.server.connections[self.client_address] = self.server.connections.get(self.client_address, 0) + 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        running = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        yield server
        server.shutdown()
        running.join()


REQUEST = Sample().head("/", "0" * 32, 5) + b"event"


def test_sends_all_and_counts_each_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "REQUESTS_OF_A_CONNECTION", 10)

    sent = send(server.server_port, [REQUEST] * 100, seconds=60)

    assert len(sent.answers) == sum(server.connections.values()) == 100
    assert 0 < min(sent.answers) <= max(sent.answers) <= sent.seconds
    assert max(server.connections.values()) <= 10


def test_sends_no_faster_than_asked(server: Server) -> None:
    sent = send(server.server_port, [REQUEST] * 20, seconds=60, per_second=100)

    assert len(sent.answers) == 20
    assert sent.seconds >= 0.19


def test_an_answer_that_is_an_error_ends_it(server: Server) -> None:
    server.status = 429

    with pytest.raises(RuntimeError, match="429"):
        send(server.server_port, [REQUEST], seconds=60)
