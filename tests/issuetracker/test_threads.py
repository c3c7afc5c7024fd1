"""Threads that compute ...: where the system has no more of them."""

from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest

from issuetracker.server import threads
from issuetracker.server.threads import Threads

PATIENCE = 10


class Refused:
    """Stands for a thread that can't be started."""

    def __init__(self, **how: Any) -> None:
        pass

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def test_no_more_can_be_started_and_jobs_wait_for_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: SimpleQueue[int] = SimpleQueue()
    may_go_on = Event()

    def work(job: int) -> None:
        may_go_on.wait(PATIENCE)
        done.put(job)

    working: Threads[int] = Threads(4, work)
    working.submit(1)
    with monkeypatch.context() as patched:
        patched.setattr(threads, "Thread", Refused)
        working.submit(2)
        working.submit(3)
    may_go_on.set()

    assert [done.get(timeout=PATIENCE) for _ in range(3)] == [1, 2, 3]
    assert {record.getMessage() for record in caplog.records} == {
        "Requests wait for the 1 threads that there are: can't start new thread"
    }
    working.submit(4)
    assert done.get(timeout=PATIENCE) == 4


def test_a_server_with_no_thread_at_all_can_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    working: Threads[int] = Threads(4, lambda job: None)
    monkeypatch.setattr(threads, "Thread", Refused)

    with pytest.raises(RuntimeError):
        working.submit(1)
