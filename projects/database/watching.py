"""Connections on which nothing is answered in time, though PostgreSQL should have ended that: they are cut."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from os import dup
from threading import Condition, Thread
from time import monotonic
from typing import Any

GRACE_SECONDS = 1  # beyond the time limit of a statement, which PostgreSQL itself keeps as a rule


@dataclass(eq=False, slots=True)
class Wait:
    """For an answer.

    :ivar is_cut: it has not come.
    """

    seconds: float
    ends_at: float
    socket: socket.socket
    goes_on: Callable[[], bool] | None
    is_cut: bool = False

    def cut(self) -> None:
        self.is_cut = True
        with suppress(OSError):  # the other side has broken it off by now: who waits knows
            self.socket.shutdown(socket.SHUT_RDWR)


class _Watch:
    """Cuts connections on which nothing was answered in time.

    PostgreSQL ends a statement that takes too long by itself, unless it is frozen, or its host is gone: nobody says so,
    and the driver would wait for ever.
    """

    STEP_SECONDS = 0.1

    def __init__(self) -> None:
        self.waits: set[Wait] = set()
        self.changed = Condition()
        self.thread: Thread | None = None

    @contextmanager
    def within(self, driver: Any, seconds: float, goes_on: Callable[[], bool] | None) -> Iterator[Wait]:
        # A copy of the number: the driver may close its own, and another connection get it, at any time.
        with socket.socket(fileno=dup(driver.fileno())) as copy:
            wait = Wait(seconds, monotonic() + seconds, copy, goes_on)
            with self.changed:
                if not self.waits:
                    self.changed.notify()
                self.waits.add(wait)
                if self.thread is None or not self.thread.is_alive():  # not yet, or it was another process's
                    self.thread = Thread(target=self._run, name="database-watch", daemon=True)
                    self.thread.start()
            try:
                yield wait
            finally:
                with self.changed:
                    self.waits.discard(wait)

    def _run(self) -> None:
        with self.changed:
            while True:
                for wait in [wait for wait in self.waits if wait.ends_at <= monotonic()]:
                    if wait.goes_on is None:
                        self.waits.discard(wait)
                        wait.cut()
                    else:
                        wait.ends_at = inf  # until that is known; others are not kept waiting for it
                        Thread(target=self._ask, args=[wait, wait.goes_on], name="database-asked", daemon=True).start()
                self.changed.wait(self.STEP_SECONDS if self.waits else None)

    def _ask(self, wait: Wait, goes_on: Callable[[], bool]) -> None:
        may_come = goes_on()
        with self.changed:
            if wait not in self.waits:  # the answer has come
                return
            if may_come:
                wait.ends_at = monotonic() + wait.seconds
            else:
                self.waits.discard(wait)
                wait.cut()


_watch = _Watch()


@contextmanager
def watched(driver: Any, seconds: float, goes_on: Callable[[], bool] | None = None) -> Iterator[Wait]:
    """Let what is asked in here fail when it has no answer after so many seconds, whatever has become of the server.

    :param driver: the driver's connection.
    :param goes_on: asked then, and after as long again, whether it may still come.
    """
    with _watch.within(driver, seconds, goes_on) as wait:
        yield wait
