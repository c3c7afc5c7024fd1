"""Of which program or library an address in memory is, by the list of what was loaded.

Native programs have no names in them where nobody left them in. Of their frames SDKs send the address alone, and, once
for the whole event, where each program and library lay in memory. In the next process they lie elsewhere.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

MOST_OF_A_PATH = 255
MOST_WRITTEN = 200_000  # letters of paths: one is written into each of the frames, and there may be 25,000
END_OF_MEMORY = 2**64
ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20}", re.ASCII)


class Image(NamedTuple):
    """A program or a library in memory."""

    start: int
    end: int | None  # None: nobody says, so it is the next one's start
    path: str


def read_address(value: Any) -> int | None:
    """Return an address as a number: SDKs write it as a text, most as 0x7f3f1d32e305."""
    if type(value) is str and ADDRESS.fullmatch(value):
        value = int(value, 16 if value[:2] in ("0x", "0X") else 10)
    return value if type(value) is int and 0 <= value < END_OF_MEMORY else None


class Images:
    """What was loaded, as an event says it. What is no image there is left out: it isn't kept."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._meta = event.get("debug_meta")
        self._left = MOST_WRITTEN

    @cached_property
    def _by_start(self) -> tuple[list[int], list[Image]]:
        images = sorted(self._read(), key=lambda image: image.start)
        return [image.start for image in images], images

    def _read(self) -> Iterator[Image]:
        found = self._meta.get("images") if type(self._meta) is dict else None
        for image in found if type(found) is list else ():
            if type(image) is not dict:
                continue
            start, path = read_address(image.get("image_addr")), image.get("code_file")
            if start is not None and type(path) is str and 0 < len(path) <= MOST_OF_A_PATH:
                size = image.get("image_size")
                yield Image(start, start + size if type(size) is int and size > 0 else None, path)

    def complete(self, frame: dict[str, Any]) -> None:
        """Write into a frame what its address is of, where the SDK hasn't; the event is kept without the list."""
        address = read_address(frame.get("instruction_addr"))
        if address is None or "addr_mode" in frame:  # WebAssembly's: from where a module begins
            return
        starts, images = self._by_start
        index = bisect(starts, address) - 1
        if index < 0:
            return
        image = images[index]
        if (image.end is not None and address >= image.end) or len(image.path) > self._left:
            return
        if not frame.get("package"):
            frame["package"] = image.path
            self._left -= len(image.path)
        if frame["package"] == image.path and frame.get("image_addr") is None:
            frame["image_addr"] = hex(image.start)
