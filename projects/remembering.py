"""What a process remembers for some seconds, and no longer."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

SWEPT_AT = 10_000  # with so many, those that are over are looked for, and forgotten


class Remembered(Generic[Value]):
    """Values by name. What is over goes when there are many: the memory of a process doesn't grow with its age."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, Value]] = {}
        self._sweep_at = SWEPT_AT

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: str) -> Value | None:
        """Return what was put there, unless it is over."""
        until, value = self._known.get(name, (0.0, None))
        return value if until > self._clock() else None

    def put(self, name: str, value: Value) -> None:
        """Remember it from now on."""
        now = self._clock()
        with self._lock:
            self._known[name] = now + self._seconds, value
            if len(self._known) >= self._sweep_at:
                self._known = {each: known for each, known in self._known.items() if known[0] > now}
                self._sweep_at = max(SWEPT_AT, 2 * len(self._known))

    def forget(self, name: str) -> None:
        """Remember it no more."""
        with self._lock:
            self._known.pop(name, None)
