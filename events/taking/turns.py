"""Large requests, one after the other: 8 MiB of hostile JSON take 400 MB while they are read, and a thread for seconds.

Threads share one interpreter, so that several at once would not be done sooner: they would only take as much each. Nor
do they wait in threads: with as many large requests as a worker has threads, small ones would wait for all of them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

LARGE = 2**20  # bytes, decoded

# Under this name a WSGI environment has what sees to it that the request is the only large one. Where it can't be now,
# it raises what nobody here catches, and the server asks again when the turn has come (issuetracker/server/).
TURN = "issuetracker.turn"


def in_turn(decoded: Iterator[bytes], environ: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the same pieces; before the one with which they are large, see that it is their turn.

    Nothing of the request may have been done by then that can't be done again.
    """
    take: Callable[[], None] = environ.get(TURN, _at_once)
    size = 0
    for piece in decoded:
        if size <= LARGE < size + len(piece):
            take()
        size += len(piece)
        yield piece


def _at_once() -> None:
    """Let it be read: there is no server that would ask again."""
