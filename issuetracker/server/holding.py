"""Where a body is while it comes: in memory, and what is larger in a file.

A file of the system's folder for such files (``TMPDIR``), without a name: it is gone with the request, or the process.
"""

from contextlib import suppress
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from issuetracker.server import limits
from issuetracker.server.refusals import NoRoomOnDisk


class Held:
    """The bytes of a body, as far as they came; up to ``limits.BODY_BYTES`` in memory."""

    def __init__(self) -> None:
        self.size = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    @property
    def is_in_file(self) -> bool:
        return self._file is not None

    @property
    def in_memory(self) -> int:
        """How many bytes of memory it takes."""
        return len(self._memory)

    def add(self, piece: bytes | bytearray) -> None:
        """Hold more.

        :raises NoRoomOnDisk: it can't be written.
        """
        self.size += len(piece)
        if self._file is None and self.size <= limits.BODY_BYTES:
            self._memory += piece
            return
        try:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115 - closed by drop()
                self._file.write(self._memory)
                self._memory = bytearray()
            self._file.write(piece)
            self._file.flush()  # or what the disk has no room for would be found out by whoever reads it
        except OSError as error:
            raise NoRoomOnDisk from error

    def open(self) -> IO[bytes]:
        """Return all of it, to be read from its start."""
        if self._file is None:
            return BytesIO(self._memory)
        self._file.seek(0)
        return self._file

    def drop(self) -> None:
        """Hold nothing any more."""
        self._memory = bytearray()
        if self._file is not None:
            with suppress(OSError):  # what it couldn't write
                self._file.close()
            self._file = None

    def __bytes__(self) -> bytes:
        return self.open().read()
