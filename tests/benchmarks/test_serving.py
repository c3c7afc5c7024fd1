"""The client of the benchmarks keeps its connection, and is not surprised when the server has closed it meanwhile."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from benchmarks.serving import IDLE_SECONDS, Client, RunningServer


class Server(ThreadingHTTPServer):
    """Answers everything with OK, and closes connections that have been idle for a tenth of a second."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.closed = Event()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 0.1

    def handle(self) -> None:
        self.server.connections += 1
        super().handle()

    def finish(self) -> None:
        super().finish()
        self.connection.close()
        self.server.closed.set()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

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


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(RunningServer(server.server_port, pid=0), "token")
    yield client
    client.close()


def test_is_asked_on_one_connection(server: Server, client: Client) -> None:
    answers = [client.ask("GET", "/") for _ in range(3)]

    assert [answer.body for answer in answers] == [b"OK"] * 3
    assert server.connections == 1


def test_is_connected_to_anew_after_long_idleness(server: Server, client: Client) -> None:
    client.ask("GET", "/")
    assert server.closed.wait(5)
    client.last_used -= IDLE_SECONDS

    answer = client.ask("GET", "/")

    assert answer.body == b"OK"
    assert server.connections == 2


def test_is_not_asked_twice_when_it_hangs_up_without_that(server: Server, client: Client) -> None:
    client.ask("GET", "/")
    assert server.closed.wait(5)

    with pytest.raises(ConnectionError):
        client.ask("GET", "/")

    assert server.connections == 1
