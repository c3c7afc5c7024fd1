"""Threads that compute, one job after another."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Job = TypeVar("Job")


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
        self._started = 0

    def submit(self, job: Job) -> None:
        """Let a thread work on it; only ever called by the same one."""
        self._jobs.put(job)
        if not self._without_work.acquire(blocking=False) and self._started < self._count:
            self._started += 1
            Thread(target=self._run, name=f"request-{self._started}", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._work(self._jobs.get())
            self._without_work.release()
