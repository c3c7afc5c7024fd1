"""Lines and payloads out of pieces: what is passed over is never held."""

import re
from collections.abc import Iterator

_NEWLINES = re.compile(rb"\n*")


class Pieces:
    """What comes in pieces, read from its start to its end, once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self._at = 0  # what is before it was read

    def _more(self) -> bool:
        """Hold another piece, and no more what was read. Return whether there was one."""
        piece = next(self._pieces, b"")
        if self._at:
            del self._held[: self._at]
            self._at = 0
        self._held += piece
        return bool(piece)

    def is_at_end(self) -> bool:
        return self._at == len(self._held) and not self._more()

    def pass_newlines(self) -> None:
        """Pass over newlines, as many as there are."""
        while True:
            found = _NEWLINES.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held) or not self._more():
                return

    def line(self, most: int) -> bytes | None:
        """Return what stands before the next newline, or the end, and pass over the newline.

        None if that has more bytes than ``most``; it is still to be read then.
        """
        length = 0  # as far as it is known
        while (newline := self._held.find(b"\n", self._at + length)) < 0:
            length = len(self._held) - self._at
            if length > most:
                return None
            if not self._more():
                newline = len(self._held)
                break
        if newline - self._at > most:
            return None
        line = bytes(memoryview(self._held)[self._at : newline])
        self._at = min(newline + 1, len(self._held))
        return line

    def pass_line(self) -> None:
        """Pass over what stands before the next newline, or the end, and the newline."""
        while (newline := self._held.find(b"\n", self._at)) < 0:
            self._at = len(self._held)
            if not self._more():
                return
        self._at = newline + 1

    def take(self, count: int) -> bytes | None:
        """Return the next so many bytes; None if there are fewer."""
        while len(self._held) - self._at < count:
            if not self._more():
                return None
        taken = bytes(memoryview(self._held)[self._at : self._at + count])
        self._at += count
        return taken

    def pass_bytes(self, count: int) -> bool:
        """Pass over the next so many bytes. Return whether there were so many."""
        while len(self._held) - self._at < count:
            count -= len(self._held) - self._at
            self._at = len(self._held)
            if not self._more():
                return False
        self._at += count
        return True

    def pass_newline(self) -> bool:
        """Pass over a newline. Return False if something else is there; at the end there needn't be one."""
        if self.is_at_end():
            return True
        if not self._held.startswith(b"\n", self._at):
            return False
        self._at += 1
        return True
