"""Large requests, one after the other: 8 MiB of hostile JSON take 400 MB while they are read, and a thread for seconds.

Threads share one interpreter, so that several at once would not be done sooner: they would only take as much each.
"""

from collections.abc import Iterator
from threading import Lock
from types import TracebackType
from typing import Self

LARGE = 2**20  # bytes, decoded


class Turn:
    """What one request has of its process: nothing, until it turns out to be large; then all others that are wait."""

    _of_the_process = Lock()

    def __init__(self) -> None:
        self._is_ours = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_ours:
            self._is_ours = False
            self._of_the_process.release()

    def awaited(self, decoded: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the same pieces; before the one with which they are large, wait for the turn."""
        size = 0
        for piece in decoded:
            size += len(piece)
            if size > LARGE and not self._is_ours:
                self._of_the_process.acquire()
                self._is_ours = True
            yield piece
