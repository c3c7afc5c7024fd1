"""Threads that compute, one job after another."""

import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Generic, TypeVar

Job = TypeVar("Job")

logger = logging.getLogger("gunicorn.error")


class Threads(Generic[Job]):
    """At most so many threads, which each ``work`` on one job at a time; the others wait, in their order.

    A thread is started when there is none without work: each keeps a connection to the database. They are daemons, and
    not of ``concurrent.futures``, since a process does not end before all of those have: on Ctrl-C it should.
    """

    def __init__(self, count: int, work: Callable[[Job], None]) -> None:
        self._count = count
        self._work = work
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._without_work = Semaphore(0)
        self._starting = Lock()
        self._started = 0

    def submit(self, job: Job) -> None:
        """Let a thread work on it."""
        self._jobs.put(job)
        if self._without_work.acquire(blocking=False):
            return
        with self._starting:
            if self._started < self._count:
                try:
                    Thread(target=self._run, name=f"request-{self._started + 1}", daemon=True).start()
                except RuntimeError as error:  # no more memory, or places for threads
                    if not self._started:
                        raise
                    logger.warning("Requests wait for the %d threads that there are: %s", self._started, error)
                else:
                    self._started += 1

    def _run(self) -> None:
        while True:
            self._work(self._jobs.get())
            self._without_work.release()


class NotItsTurn(BaseException):
    """The job has to be done anew when its turn is (:class:`Turns`). No failure, so nobody on the way may catch it."""


class Turns(Generic[Job]):
    """Jobs that must be done one after another: who waits does so here, and holds no thread."""

    def __init__(self, submit: Callable[[Job], None]) -> None:
        self._submit = submit
        self._lock = Lock()
        self._waiting: deque[Job] = deque()
        self._is_taken = False

    def take(self, job: Job) -> None:
        """Submit the job when those before it have given the turn back."""
        with self._lock:
            if self._is_taken:
                self._waiting.append(job)
                return
            self._is_taken = True
        self._submit(job)

    def give_back(self) -> None:
        """Let the next one have its turn."""
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            self._is_taken = following is not None
        if following is not None:
            self._submit(following)
