"""Everything that reaches into gunicorn: its master, its parser of heads, its WSGI environment and its answers.

gunicorn promises little about these parts. ``tests/issuetracker/test_on_gunicorn.py`` fails when another version is
installed, and names what is different in it: read that first, then change the test.

What gunicorn's own workers do (accept, read, send, wait) is not used: ``loop.py`` does it.
"""

import os
import re
import resource
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any
from wsgiref.types import WSGIApplication

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http import errors, wsgi
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.base import Worker as BaseWorker

from events.taking.turns import TURN
from issuetracker import logs, metrics
from issuetracker.server import limits, refusals
from issuetracker.server.companion import Companion
from issuetracker.server.framing import Body, ChunkedBody, Room, SizedBody, usual_room
from issuetracker.server.loop import Answer, Loop
from issuetracker.server.refusals import (
    BodyTooLong,
    Crashed,
    Fragment,
    GuardUnderscored,
    InvalidHTTPVersion,
    InvalidRequestLine,
    Refused,
    response,
)
from issuetracker.server.threads import NotItsTurn

READ_IN = "27.0.1"  # the version of gunicorn by which this was written
HTTP_2 = b"PRI * HTTP/2.0\r\n"
GUARD_UNDERSCORED = re.compile(rb"\r\n(?i:issues_expected):")

# What gunicorn's parser and answers raise, and what that is here; the first line that fits counts.
MEANT: tuple[tuple[tuple[type[Exception], ...], type[Refused]], ...] = (
    # Headers that the application wanted to send: not the client's fault, though gunicorn derives them from those.
    ((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName), Crashed),
    ((errors.LimitRequestLine,), refusals.LimitRequestLine),
    ((errors.LimitRequestHeaders,), refusals.LimitRequestHeaders),
    ((errors.InvalidRequestLine,), refusals.InvalidRequestLine),
    ((errors.InvalidRequestMethod,), refusals.InvalidRequestMethod),
    ((errors.InvalidHTTPVersion,), InvalidHTTPVersion),
    ((errors.ExpectationFailed,), refusals.ExpectationFailed),
    ((errors.UnsupportedTransferCoding,), refusals.UnsupportedTransferCoding),
    ((errors.InvalidHeader, errors.InvalidHeaderName, errors.ObsoleteFolding), refusals.InvalidHeader),
    (
        (errors.InvalidChunkSize, errors.ChunkMissingTerminator, errors.InvalidChunkExtension),
        refusals.InvalidChunks,
    ),
    ((errors.ParseException,), Refused),
)


def refused(error: BaseException) -> type[Refused]:
    """Return what the server answers to a request that failed outside of Django."""
    if isinstance(error, Refused):
        return type(error)
    return next((meant for kinds, meant in MEANT if isinstance(error, kinds)), Crashed)


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
        companions: Sequence[Companion] = (),
        when_worker_ends: Callable[[], None] = lambda: None,
    ) -> None:
        self.load = load  # called in each worker
        self.companions = companions
        self.options: dict[str, Any] = {
            "bind": f"fd://{listener.detach()}",
            "workers": workers,
            "threads": threads,
            "worker_class": Worker,
            "on_starting": lambda _: on_starting(),
            "when_ready": lambda _: when_ready(),
            "worker_exit": lambda server, worker: when_worker_ends(),  # in the worker
            "child_exit": lambda _, worker: metrics.bury(worker.pid),
            "on_exit": lambda _: self.end(),
        }
        super().__init__()

    def load_config(self) -> None:
        """Apply the settings; gunicorn prints what is raised here as ``Error: ...`` and exits with 1."""
        memory = "/dev/shm"
        options = self.options | {
            "proc_name": "issuetracker",
            # A parser in C would have to be compiled where it is installed, and is no faster for what is sent here.
            "http_parser": "python",
            # framing.Head sees to it; with a number here the parser would stop at 8,190 bytes at the latest.
            "limit_request_line": 0,
            "limit_request_fields": limits.HEADER_COUNT,
            "limit_request_field_size": limits.HEADER_BYTES + 2,  # with the end of the line
            # Of a worker's loop, not of a request: an "update all" may take minutes.
            "timeout": 30,
            "graceful_timeout": limits.GRACE_SECONDS,
            # A heartbeat file on a disk that stalls looks like a worker that hangs.
            "worker_tmp_dir": memory if os.access(memory, os.W_OK) else None,
            "control_socket_disable": True,
            # Whether a proxy's X-Forwarded-Proto counts is Django's to decide (SECURE_PROXY).
            "secure_scheme_headers": {},
            # Nor has anybody on this machine, a proxy that hands on what clients send for one, a say in what the path
            # is: SCRIPT_NAME would lead past what the proxy closes (/metrics).
            "forwarder_headers": "",
            "loglevel": "warning",
            "logger_class": Log,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until a signal ends it; always ends by SystemExit."""
        Master(self).run()

    def tend(self) -> None:
        """See to what runs beside the workers."""
        for companion in self.companions:
            companion.tend()

    def end(self) -> None:
        """Leave nothing behind, when the workers have ended."""
        for companion in self.companions:
            companion.end()
        metrics.end_sharing()


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

    def murder_workers(self) -> None:
        """Look after the workers, about once a second; and after what runs beside them."""
        super().murder_workers()
        self.app.tend()

    def spawn_worker(self) -> Any:
        """Fork a worker, which gets no signal before it can act on it.

        With gunicorn alone, Ctrl-C just after the start is lost: the worker still has the master's handlers, which only
        make a note of it, and the master waits for the worker until ``graceful_timeout``.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        try:
            return super().spawn_worker()
        except OSError as error:
            # No more processes, memory or descriptors. gunicorn would end, and those that work with it; here it is
            # tried again within a second. Not so in the child, nor at the start: nobody would be there to answer.
            if os.getpid() != self.pid or not self.WORKERS:
                raise
            self.log.error("A worker can't be started (%s), and is tried again", error.strerror)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)


class Worker(BaseWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker process: one loop, and the threads that compute for it."""

    alive: bool  # gunicorn's: no signal has come yet
    is_hurried = False

    def init_signals(self) -> None:
        """Set gunicorn's handlers, then let come what was held back since the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, Master.SIGNALS)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once: as on SIGTERM, but without waiting for the connections that are open."""
        self.is_hurried = True
        self.handle_exit(sig, frame)

    def run(self) -> None:
        """Serve until a signal ends it, or the master is gone; then answer the requests in flight."""
        wakes, waker = self.PIPE  # gunicorn has Python write into it when a signal comes, so that the loop looks up
        site = Site(self)
        loop = Loop(
            self.sockets,
            site,
            threads=self.cfg.threads,
            places=places(self.cfg.threads),
            is_alone=self.cfg.workers == 1,
            wakes=wakes,
            waker=waker,
        )
        while self.alive and self.ppid == os.getppid():
            self.notify()
            loop.turn(1)
        self.alive = False
        loop.end()
        ends_at = time.monotonic() + self.cfg.graceful_timeout
        while loop.has_connections and not self.is_hurried and time.monotonic() < ends_at:
            self.notify()
            loop.turn(0.1)
        loop.close()
        # Ctrl-C comes twice, from the terminal and from the master. The second one would end the process half-way.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def places(threads: int) -> int:
    """Return how many clients a worker may have at once: fewer where few descriptors are allowed (``ulimit -n``)."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return limits.CONNECTIONS
    left = allowed - limits.RESERVED_DESCRIPTORS - limits.DESCRIPTORS_OF_A_THREAD * threads
    return max(limits.FEWEST_CONNECTIONS, min(limits.CONNECTIONS, left))


class ParsedRequest:
    """A request, as gunicorn reads its head."""

    def __init__(self, parsed: Any) -> None:
        self.parsed = parsed
        self.path: str = parsed.path
        self.expects_continue = bool(parsed._expected_100_continue)
        parsed._expected_100_continue = False  # or gunicorn would send what the loop sends
        self.body = body_of(parsed)
        if self.expects_continue and self.body.is_too_long:  # the client asks first, and is told
            self.body.is_given_up = True


def body_of(parsed: Any) -> Body:
    """Return what takes the body of a request, by what gunicorn's parser has found in its head."""
    room, reader = room_for(parsed.method, parsed.path), parsed.body.reader
    if isinstance(reader, ChunkedReader):
        return ChunkedBody(lambda lines: parsed.parse_headers(lines, from_trailer=True), room)
    assert isinstance(reader, LengthReader), "gunicorn knows another kind of body"
    return SizedBody(reader.length, room)


def room_for(method: str, path: str) -> Room:
    """Return how much is taken there: what SDKs send has attachments, which are passed over when it is read."""
    if method == "POST" and limits.LARGE_BODY_ADDRESSES.fullmatch(path):
        return Room(settings.INGEST_REQUEST_BYTES, limits.LARGE_BODY_SECONDS, limits.LARGE_BODY_PASSED_BYTES)
    return usual_room()


class Site:
    """The WSGI application of a worker, as the loop calls it."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.cfg = worker.cfg
        self.server = worker.sockets[0].getsockname()

    def read_head(self, head: bytes, peer: Any, number: int) -> ParsedRequest:
        """Return what a whole head says.

        :raises InvalidHTTPVersion: another one than is spoken here.
        :raises InvalidRequestLine: a blank in the target, to which gunicorn would speak of the version.
        :raises Fragment: a "#" in the target. gunicorn drops the rest, and of ``?query=pump#3&status=resolved`` an
            "update all" would be left that leaves out no status.
        :raises GuardUnderscored: gunicorn leaves out every header with an underscore, and the one by which a change
            fails if it is about another number of issues would be missing without a word.
        :raises ParseException: nothing that is valid, to gunicorn.
        """
        if head.startswith(HTTP_2):  # gunicorn would speak of its target
            raise InvalidHTTPVersion("HTTP/2.0")
        line = head.partition(b"\r\n")[0]
        if line.count(b" ") > 2:
            raise InvalidRequestLine
        if b"#" in line:
            raise Fragment
        if GUARD_UNDERSCORED.search(head, len(line)):
            raise GuardUnderscored
        parsed = Request(self.cfg, IterUnreader([head]), peer, number)
        if parsed.version > (1, 1):  # gunicorn would answer by the same
            raise InvalidHTTPVersion
        return ParsedRequest(parsed)

    def answer(self, request: ParsedRequest, peer: Any, *, is_its_turn: bool) -> Answer:
        """Return what the application answers, or that it failed.

        :raises NotItsTurn: the application needs that it is.
        """
        parsed = request.parsed
        try:
            sent = Sent()
            answer, environ = wsgi.create(parsed, sent, peer, self.server, self.cfg)
            environ["wsgi.multithread"] = True
            environ[TURN] = taken if is_its_turn else not_taken
            body = request.body
            environ["wsgi.input"] = Unread(body.room.size) if body.is_too_long else body.content.open()
            if isinstance(body, ChunkedBody):
                # Django reads no body without one: a chunked PUT would be taken for an empty one, and do nothing.
                environ["CONTENT_LENGTH"] = str(body.room.size + 1 if body.is_too_long else body.content.size)
            if body.is_given_up or not self.worker.alive:
                answer.force_close()
            pieces = self.worker.wsgi(environ, answer.start_response)
            try:
                for piece in pieces:
                    answer.write(piece)
                answer.close()
            finally:
                if hasattr(pieces, "close"):
                    pieces.close()
            return Answer(b"".join(sent.pieces), keeps_alive=not answer.should_close())
        except NotItsTurn:
            raise
        except BaseException as error:  # a thread that ended would be missing ever after
            return self._refuse(error, peer, method=parsed.method, path=request.path)

    def refuse(self, error: Exception, peer: Any, path: str) -> Answer:
        """Return the answer to what is no request, or no whole one."""
        return self._refuse(error, peer, method="", path=path)

    def _refuse(self, error: BaseException, peer: Any, *, method: str, path: str) -> Answer:
        """Log why a request has no answer of the application, and return one."""
        answer = refused(error)
        request_id = logs.new_request_id()  # the caller's own, if it has one, may be what is wrong
        with logs.about({"request_id": request_id}):
            if answer is Crashed:
                self.worker.log.error("No answer to %s %s", method or "a request of", path[:200], exc_info=error)
            else:  # by its kind only: the text of gunicorn's exceptions may hold a header's value
                self.worker.log.warning(
                    "Refused a request of %s: %d, %s", peer[0] if peer else "?", answer.status, type(error).__name__
                )
        metrics.REQUESTS.labels("none", "other", answer.status).inc()
        content = response(answer.status, answer.sentence, path=path, request_id=request_id, with_body=method != "HEAD")
        return Answer(content, keeps_alive=False)


def taken() -> None:
    """Let the application go on: it is the request's turn."""


def not_taken() -> None:
    """Have the request asked again when its turn is.

    :raises NotItsTurn: always.
    """
    raise NotItsTurn


class Sent:
    """Stands for the socket that gunicorn sends an answer through: what is sent is kept, for the loop."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, piece: bytes) -> None:
        self.pieces.append(bytes(piece))


class Unread:
    """Stands for a body that is longer than ``most``, which nobody has kept and nobody can read."""

    def __init__(self, most: int) -> None:
        self.most = most

    def read(self, size: int = -1) -> bytes:
        """Refuse; in the place of a shorter body, which would be another wish."""
        raise BodyTooLong

    readline = read

    def __iter__(self) -> "Unread":
        return self

    def __next__(self) -> bytes:
        return self.read()
