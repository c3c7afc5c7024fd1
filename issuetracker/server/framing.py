"""Where a request begins and ends, found in the bytes as they come. Nothing here waits, or knows a socket.

What a head says is read by gunicorn's parser, once, when it is whole (``on_gunicorn.py``).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from issuetracker.server import limits
from issuetracker.server.holding import Held
from issuetracker.server.refusals import (
    ChunkMissingTerminator,
    InvalidChunkExtension,
    InvalidChunkSize,
    InvalidHeader,
    InvalidRequestLine,
    LimitRequestHeaders,
    LimitRequestLine,
    Refused,
)

_LETTER = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_TOKEN = _LETTER + rb"+"
_STARTS_A_METHOD = re.compile(_LETTER)  # it is asked again for each piece: a token may be as long as a line
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;|$)")
# RFC 9112, 7.1.1, from the first ";" on.
_CHUNK_EXTENSION = re.compile(
    rb"(?:[ \t]*;[ \t]*"
    + _TOKEN
    + rb"(?:[ \t]*=[ \t]*(?:"
    + _TOKEN
    + rb'|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*'
)


_PATH = re.compile(rb"(?:\r\n)?[A-Z]{1,20} (/[!-~]{0,200}?)[ ?]")


def path_in(received: bytearray) -> str:
    """Return the path in a head that may not be whole, or valid; "" when none that is short enough has come."""
    found = _PATH.match(received)
    return found[1].decode("ascii") if found else ""


class Head:
    """The request line and the headers of one request: each byte is looked at once, and too many are refused early."""

    def __init__(self) -> None:
        self.lines = 0  # that have ended
        self._line_starts = 0
        self._searched = 0
        self._is_padded = False

    def end(self, received: bytearray) -> int | None:
        """Return where the head ends in what was received of it so far; None when it hasn't.

        One empty line before it is taken away.

        :raises LimitRequestLine: the request line is too long, or will be.
        :raises LimitRequestHeaders: there are too many headers, or one is too long, or will be.
        :raises InvalidRequestLine: it is none.
        :raises InvalidHeader: a line ends without CR.
        """
        if received.startswith(b"\r\n") and not self.lines and not self._is_padded:
            self._is_padded = True
            self._searched = 0
            del received[:2]
        while (newline := received.find(b"\n", self._searched)) >= 0:
            length = newline - 1 - self._line_starts
            if length < 0 or received[newline - 1] != ord("\r"):
                raise self._malformed("bare LF as line terminator")
            self._check(length)
            self._line_starts = self._searched = newline + 1
            if not length:
                if not self.lines:
                    raise self._malformed("an empty line")
                return newline + 1
            self.lines += 1
        self._searched = len(received)
        self._check(len(received) - 1 - self._line_starts)  # the last byte may be the CR
        if not self.lines and received and received != b"\r" and not _STARTS_A_METHOD.match(received):
            raise self._malformed("no method")  # TLS, for one, may never send the end of a line
        return None

    def _check(self, length: int) -> None:
        if not self.lines:
            if length > limits.REQUEST_LINE_BYTES:
                raise LimitRequestLine
        elif length > limits.HEADER_BYTES or (length > 0 and self.lines > limits.HEADER_COUNT):
            raise LimitRequestHeaders

    def _malformed(self, why: str) -> Refused:
        return InvalidHeader(why) if self.lines else InvalidRequestLine(why)


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a body is taken, in how many seconds, and how much of a larger one is read to find its end."""

    size: int
    seconds: float
    passed: int = 0


def usual_room() -> Room:
    """Return the room for all but what SDKs send: of a larger body nothing is read."""
    return Room(limits.BODY_BYTES, limits.BODY_SECONDS)


class Body(ABC):
    """The body of one request, taken out of what is received behind its head."""

    def __init__(self, room: Room | None = None) -> None:
        self.room = room or usual_room()
        self.content = Held()
        self.is_too_long = False  # it is not held
        self.is_given_up = False  # nor read to its end; where the next request begins is unknown then

    @abstractmethod
    def take(self, received: bytearray) -> bool:
        """Take what belongs to the body away from what was received. Return whether that is all of it."""

    def _expect(self, size: int) -> None:
        """Learn that all of it has so many bytes, or more."""
        if size > self.room.size:
            self.is_too_long = True
            self.is_given_up = size > self.room.passed
            self.content.drop()

    def _hold(self, piece: bytearray) -> None:
        if not self.is_too_long:
            self.content.add(piece)


class SizedBody(Body):
    """A body whose length was said; no body, by a length of 0."""

    def __init__(self, length: int, room: Room | None = None) -> None:
        super().__init__(room)
        self._expect(length)
        self._missing = 0 if self.is_given_up else length

    def take(self, received: bytearray) -> bool:
        """Take what belongs to the body. Return whether that is all of it.

        :raises NoRoomOnDisk: it is large, and can't be held.
        """
        if self._missing:
            piece = received[: self._missing]
            del received[: self._missing]
            self._hold(piece)
            self._missing -= len(piece)
        return self.is_given_up or not self._missing


class ChunkedBody(Body):
    """A body that comes in chunks, each with its length.

    ``check_trailers`` is called with the headers behind the body, if there are any, without the last end of line.
    """

    def __init__(self, check_trailers: Callable[[bytes], object], room: Room | None = None) -> None:
        super().__init__(room)
        self._check_trailers = check_trailers
        self._size = 0  # of the chunks so far
        self._missing = 0  # of the chunk
        self._taken = 0
        self._most_taken = max(self.room.size, self.room.passed) - limits.BODY_BYTES + limits.CHUNKED_BYTES
        self._step = self._size_line
        self._trailers = bytearray()

    def take(self, received: bytearray) -> bool:
        """Take what belongs to the body. Return whether that is all of it.

        :raises InvalidChunkSize: of a chunk, or of the whole: there is far more around it than in it.
        :raises InvalidChunkExtension: behind the size of a chunk.
        :raises ChunkMissingTerminator: behind a chunk.
        :raises LimitRequestHeaders: of the trailers.
        :raises NoRoomOnDisk: it is large, and can't be held.
        :raises Exception: what ``check_trailers`` raises.
        """
        is_whole = None
        at = 0
        while is_whole is None:
            at, is_whole = self._step(received, at)
        self._taken += at
        del received[:at]
        if not is_whole and self._taken > self._most_taken:
            raise InvalidChunkSize("more framing than content")
        return is_whole

    # Each step goes on from a place in what was received. It returns the next place, and whether the body is whole:
    # True; False, when the next step needs more; None, when there is a next step.

    def _size_line(self, received: bytearray, at: int) -> tuple[int, bool | None]:
        end = received.find(b"\r\n", at, at + limits.CHUNK_LINE_BYTES)
        if end < 0:
            if len(received) - at >= limits.CHUNK_LINE_BYTES:
                raise InvalidChunkSize("a line without end")
            return at, False
        line = bytes(received[at:end])
        found = _CHUNK_SIZE.match(line)
        if found is None:
            raise InvalidChunkSize("no number")
        if not _CHUNK_EXTENSION.fullmatch(line, found.end(1)):
            raise InvalidChunkExtension
        self._missing = int(found[1], 16)
        self._size += self._missing
        self._expect(self._size)
        if self.is_given_up:
            return end + 2, True
        self._step = self._chunk if self._missing else self._trailer
        return end + 2, None

    def _chunk(self, received: bytearray, at: int) -> tuple[int, bool | None]:
        piece = received[at : at + self._missing]
        self._hold(piece)
        self._missing -= len(piece)
        if not self._missing:
            self._step = self._chunk_end
        return at + len(piece), False if self._missing else None

    def _chunk_end(self, received: bytearray, at: int) -> tuple[int, bool | None]:
        end = bytes(received[at : at + 2])
        if not b"\r\n".startswith(end):
            raise ChunkMissingTerminator
        if len(end) < 2:
            return at, False
        self._step = self._size_line
        return at + 2, None

    def _trailer(self, received: bytearray, at: int) -> tuple[int, bool | None]:
        newline = received.find(b"\n", at, at + limits.HEADER_BYTES + 2)
        if newline < 0:
            if len(received) - at > limits.HEADER_BYTES + 1:
                raise LimitRequestHeaders
            return at, False
        if newline == at or received[newline - 1] != ord("\r"):
            raise InvalidHeader("bare LF as line terminator")
        if newline == at + 1:
            if self._trailers:
                self._check_trailers(bytes(self._trailers[:-2]))
            return newline + 1, True
        self._trailers += received[at : newline + 1]
        if self._trailers.count(b"\n") > limits.HEADER_COUNT:
            raise LimitRequestHeaders
        return newline + 1, None
