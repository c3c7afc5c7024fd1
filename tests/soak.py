"""Tests that go on for as long as they are told to: `make soak`, each for SOAK_MINUTES."""

import os
from collections.abc import Iterator
from random import randrange
from time import monotonic

MINUTES = float(os.environ.get("SOAK_MINUTES", "5"))


def seeds() -> Iterator[int]:
    """Yield seeds of chance, others each time, until the time is over; one at least."""
    end = monotonic() + MINUTES * 60
    seed = randrange(2**32)
    while True:
        yield seed
        if monotonic() > end:
            return
        seed += 1
