"""The HTTP server: gunicorn with threads, set up so that whatever it refuses by itself is JSON too.

``manage.py serve`` and ``manage.py demo`` are the ways in: they call ``listen()`` first, so that a port in use is known
before anything else starts, and ``serve()`` last. Both run in the calling process; workers are forked from it.
"""

import errno
import importlib.util
import json
import math
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.db import connection, connections
from django.utils.module_loading import import_string
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import RequestParser, errors
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import http_date
from gunicorn.workers.gthread import ThreadWorker

from issuetracker import logs, metrics
from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER

# What the fast parser takes when gunicorn's limit_request_line is 0; a number from 8,190 up would be cut to 8,190.
REQUEST_LINE_BYTES = 1024 * 1024
HEADER_COUNT = 100
HEADER_BYTES = 8190

# A request line with its headers must arrive within so many seconds; within a body, no pause may last longer.
PATIENCE_SECONDS = 15
# A body must arrive within so many: one of 1 MiB comes at 17 kB a second then. A byte now and then would hold a thread.
BODY_SECONDS = 60
# One read while looking for the end of the headers: every read copies what is there so far.
READ_BYTES = 64 * 1024

# After the last answer on a connection: for how long, and how much, the server still reads what the client sends.
LINGER_SECONDS = 5
LINGER_SILENCE_SECONDS = 1
LINGER_BYTES = 128 * 1024 * 1024


# ---------------------------------------------------------------------------------------------------------------------
# Listening and serving
# ---------------------------------------------------------------------------------------------------------------------


class CannotListen(Exception):
    """The address can't be had; the message is one sentence for the person who started the server."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address. Who connects before ``serve()`` waits, and is served then.

    :raises CannotListen: the port is in use, reserved, or the host is no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except socket.gaierror as error:
        raise CannotListen(f"There is no host named {host}; try 127.0.0.1, or 0.0.0.0 for all addresses.") from error
    except PermissionError as error:
        raise CannotListen(f"Only root may listen on port {port}; choose one above 1023, e.g. PORT=8001.") from error
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had ({os.strerror(error.errno or 0)})"
        raise CannotListen(f"Port {port} of {host} {reason}; end what listens there, or choose another.") from error


def serve(listener: socket.socket, *, when_ready: Callable[[], None]) -> NoReturn:
    """Serve the site on ``listener``, until SIGINT ends it at once, or SIGTERM when the requests in flight are done.

    ``when_ready`` is called once, when a request would be answered.
    """
    Server(
        listener,
        load=lambda: import_string(settings.WSGI_APPLICATION),
        workers=settings.WEB_WORKERS,
        threads=settings.WEB_THREADS,
        on_starting=_start,
        when_ready=when_ready,
    ).run()
    raise AssertionError("gunicorn ends by SystemExit")


def has_embedded_database() -> bool:
    """Return whether the database is this installation's own PostgreSQL, not one behind DATABASE_URL."""
    return bool(settings.DATABASES["default"]["ENGINE"] == "issuetracker.postgres")


def _start() -> None:
    """Make ready, in the master, what the workers have in common."""
    _hold_database()
    if settings.METRICS_TOKEN:
        metrics.share()


def _hold_database() -> None:
    """Keep the embedded PostgreSQL running as long as the master does, and leave it no connection to share."""
    if has_embedded_database():
        # The first connection starts PostgreSQL and takes this process's lease on it. Without one in the master,
        # a lone worker that is replaced would take the database down with it.
        connection.ensure_connection()
    connections.close_all()  # two processes on one connection would read each other's answers


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured here and nowhere else: no file, no command line, no GUNICORN_CMD_ARGS."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        load: Callable[[], WSGIApplication],
        workers: int,
        threads: int,
        on_starting: Callable[[], None] = lambda: None,
        when_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self.load = load  # called in each worker
        self.options: dict[str, Any] = {
            "bind": f"fd://{listener.detach()}",
            "workers": workers,
            "threads": threads,
            "worker_class": Worker,
            "on_starting": lambda _: on_starting(),
            "when_ready": lambda _: when_ready(),
            "child_exit": lambda _, worker: metrics.bury(worker.pid),
            "on_exit": lambda _: metrics.end_sharing(),
        }
        super().__init__()

    def load_config(self) -> None:
        """Apply the settings; gunicorn prints what is raised here as ``Error: ...`` and exits with 1."""
        if importlib.util.find_spec("gunicorn_h1c") is None:
            # With http_parser="fast" gunicorn would start without it, and answer 500 to every request.
            raise RuntimeError("gunicorn_h1c is not installed; run: python -m pip install -r requirements.txt")
        memory = "/dev/shm"
        options = self.options | {
            "proc_name": "issuetracker",
            # The only pair under which 10,000 ids in one URL arrive and an endless line does not: gunicorn's Python
            # parser, the default when gunicorn_h1c is missing, reads a line without end for as long as it comes.
            "http_parser": "fast",
            "limit_request_line": 0,
            "limit_request_fields": HEADER_COUNT,
            "limit_request_field_size": HEADER_BYTES,
            # Of a worker's main loop, not of a request: an "update all" may take minutes.
            "timeout": 30,
            "graceful_timeout": 30,
            # Longer than the 60 s for which nginx and load balancers keep theirs: who closes first must be the client,
            # or its next PUT meets a closed connection.
            "keepalive": 75,
            # A heartbeat file on a disk that stalls looks like a worker that hangs.
            "worker_tmp_dir": memory if os.access(memory, os.W_OK) else None,
            "control_socket_disable": True,
            # Whether a proxy's X-Forwarded-Proto counts is Django's to decide (SECURE_PROXY).
            "secure_scheme_headers": {},
            "loglevel": "warning",
            "logger_class": Log,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until a signal ends it; always ends by SystemExit."""
        Master(self).run()


class Log(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own lines, which go where the site's go, and look the same (LOGGING in the settings)."""

    def setup(self, cfg: Any) -> None:
        """Give them to the root logger instead of a handler of gunicorn's."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Master(Arbiter):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's master process, which ends when its terminal is closed."""

    def init_signals(self) -> None:
        """Set gunicorn's handlers, but leave SIGHUP ignored where it was: the caller asked for that (nohup)."""
        hangup = signal.getsignal(signal.SIGHUP)
        super().init_signals()
        if hangup is signal.SIG_IGN:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle_hup(self) -> None:
        """End as on SIGTERM; gunicorn's reload would re-read nothing here, and outlive the terminal unseen."""
        self.handle_term()

    def spawn_worker(self) -> Any:
        """Fork a worker, which gets no signal before it can act on it.

        With gunicorn alone, Ctrl-C just after the start is lost: the worker still has the master's handlers, which only
        make a note of it, and the master waits for the worker until ``graceful_timeout``.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)


# ---------------------------------------------------------------------------------------------------------------------
# What the server answers by itself
# ---------------------------------------------------------------------------------------------------------------------


class RequestTimeout(errors.ParseException):  # type: ignore[misc]  # gunicorn ships no types
    """The client stopped in the middle of a request."""


_CRASHED = (500, "Internal server error. Look at the issues before you send this again.")

# By the exceptions of gunicorn's parser; the first line that fits counts. Messages never repeat what the client sent:
# it may hold a key.
_REFUSALS: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
    # Headers that the application wanted to send: not the client's fault, though gunicorn derives them from those.
    ((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName), *_CRASHED),
    (
        (errors.LimitRequestLine,),
        414,
        "The request line is longer than 1 MiB, some 70,000 ids. Send them in several requests.",
    ),
    (
        (errors.LimitRequestHeaders,),
        431,
        f"The headers are too long: at most {HEADER_COUNT} lines of {HEADER_BYTES:,} bytes each.",
    ),
    (
        (RequestTimeout,),
        408,
        f"The rest of the request did not arrive in time: the headers in {PATIENCE_SECONDS} seconds, the body in "
        f"{BODY_SECONDS}, without a pause of {PATIENCE_SECONDS}. Nothing was changed: send it again.",
    ),
    (
        (errors.InvalidRequestLine,),
        400,
        "This is no HTTP/1.1 request. It starts with a method, a target and HTTP/1.1, separated by one space; every "
        "line ends with CR LF; and in the target, all but printable ASCII is percent-encoded.",
    ),
    ((errors.InvalidRequestMethod,), 400, "The request's method is not valid: capital letters, such as PUT."),
    ((errors.InvalidHTTPVersion,), 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."),
    ((errors.ExpectationFailed,), 417, "The only Expect header that is understood is: Expect: 100-continue."),
    (
        (errors.UnsupportedTransferCoding,),
        501,
        "The Transfer-Encoding is not supported. Send the body with a Content-Length, or chunked.",
    ),
    (
        (errors.InvalidHeader, errors.InvalidHeaderName, errors.ObsoleteFolding),
        400,
        "A request header is not valid: a name of letters, digits and hyphens, a colon, and a value without control "
        "characters on one line; Host, Content-Type and Content-Length at most once; Content-Length a number, and not "
        "together with Transfer-Encoding.",
    ),
    (
        (errors.InvalidChunkSize, errors.ChunkMissingTerminator, errors.InvalidChunkExtension),
        400,
        "The chunked body is not valid HTTP/1.1. Nothing was changed.",
    ),
    ((errors.ParseException,), 400, "This is no valid HTTP/1.1 request."),
)


def refusal(error: BaseException) -> tuple[int, str]:
    """Return the status, and a sentence for the caller, of a request that failed outside of Django."""
    for kinds, status, detail in _REFUSALS:
        if isinstance(error, kinds):
            return status, detail
    return _CRASHED


def response(status: int, detail: str, *, request_id: str, with_body: bool = True) -> bytes:
    """Return a whole HTTP response, the last one of its connection."""
    body = json.dumps({"detail": detail}).encode("ascii")
    headers = {
        "Date": http_date(),
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **ON_API_ANSWERS,
        **ON_EVERY_ANSWER,
        "X-Request-Id": request_id,
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body if with_body else b"")


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's threaded worker; its own refusals are JSON, arrive, and no client holds a thread for ever."""

    def init_signals(self) -> None:
        """Set gunicorn's handlers, then let come what was held back since the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, Master.SIGNALS)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once: as on SIGTERM, but without waiting for the connections that are open.

        gunicorn shuts the thread pool down in here, under a lock which the code that the signal interrupts may hold;
        most of all the first signal's handler, since Ctrl-C comes twice, from the terminal and from the master. The
        worker would wait for itself then, until the master kills it.
        """
        self.cfg.set("graceful_timeout", 0)
        self.handle_exit(sig, frame)

    def handle(self, conn: Any) -> Any:
        """Answer one request in a thread of the pool; after the last one of a connection, let the answer arrive."""
        if conn.parser is None:
            conn.parser = PatientParser(self.cfg, conn.sock, conn.client)
        result = super().handle(conn)
        if result is False:
            linger(conn.sock)
        return result

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Log why a request has no answer from the application, and send one."""
        status, detail = refusal(exc)
        method, path = (req.method, req.path[:200]) if req is not None else ("a", "request")
        request_id = logs.new_request_id()  # the caller's own, if it has one, may be what is wrong
        with logs.about({"request_id": request_id}):
            if status == 500:
                self.log.error("No answer to %s %s", method, path, exc_info=exc)
            else:  # by its kind only: the text of gunicorn's exceptions may hold a header's value
                self.log.warning(
                    "Refused a request of %s: %d, %s", addr[0] if addr else "?", status, type(exc).__name__
                )
        metrics.REQUESTS.labels("none", "other", status).inc()
        with suppress(OSError):  # who went away meanwhile needs no answer
            client.settimeout(LINGER_SECONDS)
            client.sendall(response(status, detail, request_id=request_id, with_body=method != "HEAD"))

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except errors.ParseException:
            # The rest of a body that the application did not want is no HTTP. The request itself was answered: a second
            # answer would be taken for that of the next one. Close instead.
            return False


class PatientReader(SocketUnreader):  # type: ignore[misc]  # gunicorn ships no types
    """Reads what the client sends, for as long as the constants above say and not, as gunicorn does, for ever."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, READ_BYTES)
        self.deadline = math.inf  # of what is being read: the request line and the headers, then the body
        self.line_bytes: int | None = None  # of the request line so far, until its end was seen

    def start_request(self) -> None:
        """From here on, a request line and headers are read."""
        self.deadline = time.monotonic() + PATIENCE_SECONDS
        self.line_bytes = 0

    def end_headers(self) -> None:
        """From here on, a body is read, if anything."""
        self.deadline = time.monotonic() + BODY_SECONDS
        self.line_bytes = None

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes; none when the client has ended.

        :raises RequestTimeout: none came in time.
        :raises LimitRequestLine: the request line is too long already. gunicorn would wait for its end, until line and
            headers together are too long, and then speak of headers.
        """
        if self.sock.gettimeout() is not None:  # gunicorn bounds this read itself, and expects its own exception
            return bytes(super().chunk(size_hint))
        patience = min(PATIENCE_SECONDS, self.deadline - time.monotonic())
        if patience <= 0:
            raise RequestTimeout
        self.sock.settimeout(patience)
        try:
            piece = bytes(super().chunk(size_hint))
        except TimeoutError as error:
            raise RequestTimeout from error
        finally:
            self.sock.settimeout(None)
        if self.line_bytes is not None:
            self.line_bytes = None if b"\n" in piece else self.line_bytes + len(piece)
            if self.line_bytes is not None and self.line_bytes > REQUEST_LINE_BYTES:
                raise errors.LimitRequestLine(self.line_bytes, REQUEST_LINE_BYTES)
        return piece


class PatientParser(RequestParser):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's parser of the requests of one connection, on a ``PatientReader``."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any) -> None:
        super().__init__(cfg, sock, client)
        self.unreader = PatientReader(sock)

    def __next__(self) -> Any:
        self.unreader.start_request()
        try:
            return super().__next__()
        finally:
            self.unreader.end_headers()


def linger(sock: socket.socket) -> None:
    """End our side of the connection, and discard what the client still sends, within bounds.

    To close with bytes unread resets the connection, and a client that is still sending a long request line or body
    would see that and not the answer. gunicorn does so too, but for 64 KiB, and in the loop that all threads need.
    """
    deadline = time.monotonic() + LINGER_SECONDS
    discarded = 0
    with suppress(OSError):  # reset by the client, silent, or closed: nobody is left to wait for
        sock.shutdown(socket.SHUT_WR)
        while discarded < LINGER_BYTES and (left := deadline - time.monotonic()) > 0:
            sock.settimeout(min(left, LINGER_SILENCE_SECONDS))
            piece = sock.recv(READ_BYTES)
            if not piece:
                break
            discarded += len(piece)
    with suppress(OSError):  # not connected any more
        sock.shutdown(socket.SHUT_RD)  # so that gunicorn, which closes it next, waits for nothing
