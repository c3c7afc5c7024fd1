"""The loop of a worker: it alone reads what clients send, and sends what they get. Threads only compute.

A client that says nothing, sends a byte now and then, or never reads, costs a socket and what it has sent. It holds no
thread. When there is no more place, whoever has waited longest gives theirs.

What a request means, and what its answer is, the loop leaves to a ``Site``.
"""

import errno
import logging
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from threading import Semaphore
from typing import Any, NamedTuple, Protocol

from issuetracker.server import limits
from issuetracker.server.framing import Body, Head, path_in
from issuetracker.server.refusals import Ending, Overloaded, RequestTimeout
from issuetracker.server.threads import NotItsTurn, Threads, Turns

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
NO_MORE_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
SAID_AGAIN_SECONDS = 60

logger = logging.getLogger("gunicorn.error")


class Request(Protocol):
    """A request whose head is known."""

    path: str
    body: Body
    expects_continue: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, with its head; whether another request may follow on the connection."""

    content: bytes
    keeps_alive: bool


class Site(Protocol):
    """What the loop serves."""

    def read_head(self, head: bytes, peer: Any, number: int) -> Request:
        """Return what the head of the connection's so manieth request says. Called by the loop.

        :raises ParseException: it says nothing that is valid.
        """

    def answer(self, request: Any, peer: Any, *, is_its_turn: bool) -> Answer:
        """Return the answer to a whole request of ``read_head``, also if it fails. Called by a thread.

        :param is_its_turn: no other request has that before this one is answered.
        :raises NotItsTurn: it needs that; it is to be asked again then.
        """

    def refuse(self, error: Exception, peer: Any, path: str) -> Answer:
        """Return the answer to what is no request, or no whole one; of a path, if that came. Called by the loop."""


class Group(Enum):
    """What a connection waits for. In this order, the oldest first, they give their places to others."""

    SILENT = "for the first byte that its client ever sends"
    LINGERING = "for its client to close it"
    IDLE = "for the next request"
    BUSY = "for its client, in the middle of a request or an answer"
    WORKING = "for a thread"


class Connection:
    """One client, and what is known of it."""

    def __init__(self, sock: socket.socket, peer: Any, deadline: float) -> None:
        self.sock = sock
        self.peer = peer
        self.group = Group.SILENT
        self.deadline = deadline
        self.events = 0  # that are watched
        self.requests = 0
        self.received = bytearray()  # and not understood yet
        self.held = 0  # bytes, as far as they were counted
        self.begin()

    def begin(self) -> None:
        """Expect a request."""
        self.head = Head()
        self.request: Request | None = None
        self.ends_at = 0.0  # the latest deadline of the body, or of lingering
        self.answer = b""
        self.outgoing = memoryview(self.answer)  # what of it has not gone out yet
        self.is_last = False  # of the connection's answers
        self.discarded = 0

    def weight(self) -> int:
        """Return how many bytes are held for it."""
        answer = len(self.answer) if self.outgoing else 0  # whole as long as a part of it has to go
        return len(self.received) + answer + (self.request.body.content.in_memory if self.request else 0)


class Job(NamedTuple):
    """A whole request, to be answered by a thread."""

    connection: Connection
    request: Request
    is_its_turn: bool = False


class Loop:
    """Serves the clients of some listening sockets, by ``site``, with so many threads; at most ``places`` at once.

    With ``is_alone``, no other process takes clients in there. ``wakes`` is the reading end of a pipe that doesn't
    block: the loop looks at once at what has happened when somebody writes into ``waker``, its other end.
    """

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        site: Site,
        *,
        threads: int,
        places: int,
        is_alone: bool,
        wakes: int,
        waker: int,
    ) -> None:
        self.listeners = listeners
        self.is_alone = is_alone
        self.site = site
        self.places = places
        self.groups: dict[Group, dict[Connection, None]] = {group: {} for group in Group}
        self.held = 0
        self.in_files: dict[Connection, None] = {}  # whose bodies are, the oldest first
        self.is_ending = False
        self._threads: Threads[Job] = Threads(threads, self._work)
        self._turns: Turns[Job] = Turns(self._threads.submit)
        self._done: deque[tuple[Connection, Answer]] = deque()
        # Nobody counts these bytes yet: a thread that has one more waits until the loop has taken one.
        self._room_for_done = Semaphore(threads)
        self._waker = waker
        self._selector = selectors.DefaultSelector()
        self._selector.register(wakes, READ, partial(self._take_answers, wakes))
        self._space = bytearray(limits.ONE_READ_BYTES)
        self._is_accepting = False
        self._is_lightening = False
        self._accepts_again_at = 0.0
        self._leaves_to_others = False  # a client that has come, until then
        self._sweeps_at = 0.0
        self._said: dict[str, float] = {}

    @property
    def has_connections(self) -> bool:
        return any(self.groups.values())

    def turn(self, seconds: float) -> None:
        """Wait for what happens next, at most so long, and do what follows from it."""
        now = time.monotonic()
        self._accept_or_not(now)
        looks_again = self._leaves_to_others and self._is_accepting
        pause = self._accepts_again_at - now
        if self._leaves_to_others and pause > 0:  # after it, who can take nobody in waits for threads
            seconds = min(seconds, pause)
        for key, events in self._selector.select(seconds):
            if isinstance(key.data, Connection):
                if key.data.group is not Group.WORKING and key.data.events & events:  # not since closed, or changed
                    self._go_on(key.data, events)
            else:
                key.data()
        if looks_again:  # and it was taken just now, by whomever
            self._leaves_to_others = False
        now = time.monotonic()
        if now >= self._sweeps_at:
            self._sweeps_at = now + 0.25
            self._sweep(now)

    def end(self) -> None:
        """Accept nobody any more. Who waits is let go soon; requests in flight are answered as long as it turns."""
        self.is_ending = True
        self._accept_or_not(time.monotonic())
        for listener in self.listeners:
            listener.close()
        for connection in list(self.groups[Group.SILENT]):
            self._close(connection)
        leave_at = time.monotonic() + limits.LEAVE_SECONDS
        for group in self.groups.values():
            for connection in group:
                connection.deadline = min(connection.deadline, leave_at)
                connection.ends_at = min(connection.ends_at, leave_at)  # or a byte now and then would put it off

    def close(self) -> None:
        """Let go of everybody."""
        for group in self.groups.values():
            for connection in list(group):
                self._close(connection)
        self._selector.close()

    # -----------------------------------------------------------------------------------------------------------------
    # Places
    # -----------------------------------------------------------------------------------------------------------------

    def _accept_or_not(self, now: float) -> None:
        """Watch the listening sockets when somebody could be taken in, and only then."""
        wanted = not self.is_ending and now >= self._accepts_again_at and len(self.groups[Group.WORKING]) < self.places
        if wanted != self._is_accepting:
            self._is_accepting = wanted
            for listener in self.listeners:
                if wanted:
                    listener.setblocking(False)
                    self._selector.register(listener, READ, partial(self._accept, listener))
                else:
                    self._selector.unregister(listener)

    def _accept(self, listener: socket.socket) -> None:
        """Take a client in; who has waited longest gives its place, if there is no other.

        One that is at work leaves it for a moment to other workers, for longer the more it has to do. Connections stay
        where they are: with all of them in one worker, the others would have nothing to do as long as they last.
        """
        if self.groups[Group.WORKING] and not self.is_alone and not self._leaves_to_others:
            self._leaves_to_others = True
            pause = min(limits.LEFT_TO_OTHERS_SECONDS * len(self.groups[Group.WORKING]), limits.LEFT_AT_MOST_SECONDS)
            self._accepts_again_at = time.monotonic() + pause
            return
        if sum(map(len, self.groups.values())) >= self.places:
            self._say(f"All {self.places} connections of this worker are in use: who waited longest is let go.")
            self._make_room()
        try:
            sock, peer = listener.accept()
        except OSError as error:  # it has left again, or another worker was faster
            if error.errno in NO_MORE_DESCRIPTORS:
                self._say(f"No connection can be accepted ({os.strerror(error.errno)}): who waited longest is let go.")
                if not self._make_room():
                    self._accepts_again_at = time.monotonic() + limits.BREATH_SECONDS
            return
        sock.setblocking(False)
        connection = Connection(sock, peer, time.monotonic() + limits.IDLE_SECONDS)
        self.groups[Group.SILENT][connection] = None
        self._watch(connection, READ)
        self._read(connection)  # most have sent their request by now

    def _make_room(self) -> bool:
        """Let go of one that waits for its client. Return whether there was one."""
        for group in Group:
            if group is not Group.WORKING and self.groups[group]:
                self._close(next(iter(self.groups[group])))
                return True
        return False

    def _weigh(self, connection: Connection) -> None:
        """Count what is held for a connection; if that is too much for all of them, let go of the oldest large ones."""
        weight = connection.weight()
        self.held += weight - connection.held
        connection.held = weight
        if self.held > limits.HELD_BYTES and not self._is_lightening:  # not again for each that is let go
            self._is_lightening = True
            self._lighten(connection)
            self._is_lightening = False

    def _lighten(self, spared: Connection) -> None:
        """Let go of what clients hold up, the oldest first; who is in the middle of a request is told."""
        for connection in list(self.groups[Group.BUSY]):
            if self.held <= limits.HELD_BYTES:
                return
            if connection.held < limits.ONE_READ_BYTES or connection is spared:
                continue
            self._say("Requests and answers that wait for clients fill the memory they have: the oldest are let go.")
            if connection.outgoing:
                self._close(connection)
            else:
                self._refuse(connection, Overloaded())

    def _may_have_file(self, connection: Connection, request: Request) -> bool:
        """Return whether its body may be where it is; of too many in files, the oldest that isn't whole gives way."""
        if not request.body.content.is_in_file:
            self.in_files.pop(connection, None)
            return True
        self.in_files[connection] = None
        if len(self.in_files) <= limits.LARGE_BODIES:
            return True
        for other in self.in_files:
            if other.group is Group.BUSY and other is not connection:
                self._say("Large requests that wait for clients take all the files they may: the oldest is let go.")
                self._refuse(other, Overloaded())
                return True
        return False

    def _drop(self, connection: Connection) -> None:
        """Hold nothing of its request any more."""
        self.in_files.pop(connection, None)
        if connection.request is not None:
            connection.request.body.content.drop()
            connection.request = None

    def _sweep(self, now: float) -> None:
        """Give up on clients that took too long."""
        for group, connections in self.groups.items():
            if group is Group.WORKING:
                continue
            for connection in [connection for connection in connections if connection.deadline <= now]:
                if connection not in connections:  # let go of since, for what another one holds
                    continue
                if group is Group.BUSY and not connection.outgoing:
                    self._refuse(connection, Ending() if self.is_ending else RequestTimeout())
                else:
                    self._close(connection)

    def _say(self, what: str) -> None:
        """Log it, though not each time."""
        now = time.monotonic()
        if now >= self._said.get(what, 0):
            self._said[what] = now + SAID_AGAIN_SECONDS
            logger.warning(what)

    # -----------------------------------------------------------------------------------------------------------------
    # One connection
    # -----------------------------------------------------------------------------------------------------------------

    def _go_on(self, connection: Connection, events: int) -> None:
        if connection.events & events & WRITE:
            self._send(connection)
        else:
            self._read(connection)

    def _read(self, connection: Connection) -> None:
        """Read what there is, once: others wait, too."""
        try:
            count = connection.sock.recv_into(self._space)
        except BlockingIOError:
            return
        except OSError:  # reset
            count = 0
        if not count:  # it ended in the middle of a request, or between two: nothing was asked
            self._close(connection)
        elif connection.group is Group.LINGERING:
            self._discard(connection, count)
        else:
            connection.received += memoryview(self._space)[:count]
            self._understand(connection)

    def _understand(self, connection: Connection) -> None:
        """See whether the request is whole."""
        now = time.monotonic()
        if connection.group is not Group.BUSY:
            self._move(connection, Group.BUSY)
            connection.deadline = self._until(now, limits.PATIENCE_SECONDS)
        try:
            if connection.request is None:
                end = connection.head.end(connection.received)
                if end is None:
                    self._expect_more(connection)
                    return
                connection.requests += 1
                head = bytes(memoryview(connection.received)[:end])
                connection.request = self.site.read_head(head, connection.peer, connection.requests)
                del connection.received[:end]
                connection.ends_at = self._until(now, connection.request.body.room.seconds)
                is_whole = connection.request.body.take(connection.received)
                if not is_whole and connection.request.expects_continue:
                    with suppress(OSError):  # nothing else is on its way: it fits, or nobody is there
                        connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            else:
                is_whole = connection.request.body.take(connection.received)
        except Exception as error:
            self._refuse(connection, error)
            return
        connection.deadline = min(connection.ends_at, self._until(now, limits.PATIENCE_SECONDS))
        if not self._may_have_file(connection, connection.request):
            self._refuse(connection, Overloaded())
        elif is_whole or connection.request.body.is_given_up:
            self._move(connection, Group.WORKING)
            self._watch(connection, 0)
            self._weigh(connection)
            if self.held > limits.HELD_BYTES and connection.held >= limits.ONE_READ_BYTES:
                self._refuse(connection, Overloaded())  # they wait for threads, and nobody else can be let go
            else:
                self._threads.submit(Job(connection, connection.request))
        else:
            self._expect_more(connection)

    def _expect_more(self, connection: Connection) -> None:
        self._watch(connection, READ)
        self._weigh(connection)

    def _work(self, job: Job) -> None:
        """Make an answer; in a thread."""
        try:
            answer = self.site.answer(job.request, job.connection.peer, is_its_turn=job.is_its_turn)
        except NotItsTurn:
            self._turns.take(job._replace(is_its_turn=True))
            return
        if job.is_its_turn:
            self._turns.give_back()
        self._room_for_done.acquire()
        self._done.append((job.connection, answer))
        with suppress(OSError):  # the pipe is full, so that the loop is awake, or there is no loop any more
            os.write(self._waker, b"\0")

    def _take_answers(self, wakes: int) -> None:
        """Begin to send what the threads have made."""
        with suppress(BlockingIOError):
            os.read(wakes, 4096)
        while self._done:
            connection, answer = self._done.popleft()
            self._room_for_done.release()
            self._begin_answer(connection, answer)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        path = connection.request.path if connection.request else path_in(connection.received)
        connection.received.clear()
        self._begin_answer(connection, self.site.refuse(error, connection.peer, path))

    def _begin_answer(self, connection: Connection, answer: Answer) -> None:
        self._drop(connection)
        connection.answer = answer.content
        connection.outgoing = memoryview(connection.answer)
        connection.is_last = not answer.keeps_alive
        self._move(connection, Group.BUSY)
        self._weigh(connection)
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        """Send as much as the client has room for."""
        try:
            count = connection.sock.send(connection.outgoing)
        except BlockingIOError:
            count = 0
        except OSError:  # it has left
            self._close(connection)
            return
        connection.outgoing = connection.outgoing[count:]
        if connection.outgoing:
            connection.deadline = self._until(time.monotonic(), limits.UNREAD_SECONDS)
            self._watch(connection, WRITE)
            self._weigh(connection)
        elif connection.is_last:
            self._linger(connection)
        else:
            self._expect_next(connection)

    def _expect_next(self, connection: Connection) -> None:
        """Read the next request of the connection; it may be here already."""
        connection.begin()
        self._weigh(connection)
        self._move(connection, Group.IDLE)
        connection.deadline = self._until(time.monotonic(), limits.IDLE_SECONDS)
        if connection.received:
            self._understand(connection)
        else:
            self._watch(connection, READ)

    def _linger(self, connection: Connection) -> None:
        """End our side of the connection, and discard what the client still sends, within bounds.

        To close with bytes unread resets the connection, and a client that is still sending a long request line or body
        would see that and not the answer.
        """
        connection.begin()
        connection.received.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:  # reset by the client
            self._close(connection)
            return
        self._move(connection, Group.LINGERING)
        self._weigh(connection)
        now = time.monotonic()
        connection.ends_at = self._until(now, limits.LINGER_SECONDS)
        connection.deadline = self._until(now, limits.LINGER_SILENCE_SECONDS)
        self._watch(connection, READ)

    def _discard(self, connection: Connection, count: int) -> None:
        connection.discarded += count
        if connection.discarded > limits.LINGER_BYTES:
            self._close(connection)
            return
        now = time.monotonic()
        connection.deadline = min(connection.ends_at, self._until(now, limits.LINGER_SILENCE_SECONDS))

    def _close(self, connection: Connection) -> None:
        del self.groups[connection.group][connection]
        self.held -= connection.held
        if connection.group is not Group.WORKING:  # a thread may read it to the very end of the process
            self._drop(connection)
        self._watch(connection, 0)
        connection.sock.close()

    def _move(self, connection: Connection, group: Group) -> None:
        """Put it last in the group; where it is in it already, it keeps its place."""
        if connection.group is not group:
            del self.groups[connection.group][connection]
            self.groups[group][connection] = None
            connection.group = group

    def _watch(self, connection: Connection, events: int) -> None:
        if events == connection.events:
            return
        if not connection.events:
            self._selector.register(connection.sock, events, connection)
        elif not events:
            self._selector.unregister(connection.sock)
        else:
            self._selector.modify(connection.sock, events, connection)
        connection.events = events

    def _until(self, now: float, seconds: float) -> float:
        """Return the time so many seconds from now; when the server ends, that is soon."""
        return now + (min(seconds, limits.LEAVE_SECONDS) if self.is_ending else seconds)
